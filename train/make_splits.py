"""Draw the frozen splits of the embedded corpus: `python -m communique.train.make_splits`.

Run once per corpus version. `contrast` holds the contrast sets (a behaviour test), `test_settings`
every article about the conflicts below, and the rest is divided by article, stratified.
"""

import csv
from pathlib import Path

from communique.model.corpus import Corpus, read_corpus
from communique.model.taxonomy import load_taxonomy
from communique.train.splits import article_groups, draw_splits, write_splits

CORPUS = Path(__file__).parent / "corpus"
TEST_CONFLICTS = {"korea", "haiti", "armenia_azerbaijan", "cyprus", "libya"}
VERSION_1 = "[ap]*.jsonl"  # what came later (n*) is for training and is not named in the split file
FRACTIONS = {"train": 0.76, "validation": 0.12, "test": 0.12}
SEED = 20261122


def conflict_of_setting(path: Path) -> dict[str, str]:
    """Read `settings.csv`: which conflict each spelling of `setting` belongs to."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["setting"]: row["conflict"] for row in csv.DictReader(lines)}


def fixed_split(corpus: Corpus, conflicts: dict[str, str]) -> dict[str, str]:
    """The articles whose split follows from what they are, with their near-duplicates' articles."""
    groups = article_groups(corpus)
    of_group: dict[int, str] = {}
    for example, group in zip(corpus.examples, groups, strict=True):
        if conflicts[example.setting] in TEST_CONFLICTS:
            of_group[int(group)] = "test_settings"
    for example, group in zip(corpus.examples, groups, strict=True):
        if example.style == "contrast":
            of_group[int(group)] = "contrast"
    return {
        example.article: of_group[int(group)]
        for example, group in zip(corpus.examples, groups, strict=True)
        if int(group) in of_group
    }


def main() -> None:
    corpus = read_corpus(sorted(CORPUS.glob(VERSION_1)), load_taxonomy())
    splits = fixed_split(corpus, conflict_of_setting(CORPUS / "settings.csv"))
    free = corpus.only(i for i, article in enumerate(corpus.articles) if article not in splits)
    splits |= draw_splits(free, FRACTIONS, SEED)
    write_splits(splits, CORPUS / "splits.csv")


if __name__ == "__main__":
    main()
