"""The data of one run: the corpus the config names, checked and split, unlabelled paragraphs apart."""

import csv
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from communique.model.bundle import input_text
from communique.model.corpus import Corpus, Example, corpus_from_rows, read_corpus
from communique.model.errors import DataError
from communique.model.tables import Problem, Row
from communique.model.taxonomy import Taxonomy
from communique.train.config import CorpusConfig, TrainingConfig
from communique.train.splits import draw_splits, read_splits, split_corpus

log = logging.getLogger(__name__)
LABELLED_SHARE = 0.15
EMBEDDED = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Splits:
    """The corpora of a run by split name; `train` and `validation` are always there. The `unlabelled` paragraphs are
    of no split; soft labels teach with them."""

    parts: dict[str, Corpus]
    taxonomy: Taxonomy
    with_title: bool
    sha256: str
    unlabelled: tuple[Example, ...] = ()

    @property
    def train(self) -> Corpus:
        return self.parts["train"]

    @property
    def validation(self) -> Corpus:
        return self.parts["validation"]

    @property
    def held_out(self) -> dict[str, Corpus]:
        """Every split that nothing is fitted to."""
        return {name: part for name, part in self.parts.items() if name not in ("train", "validation")}

    @property
    def with_unlabelled(self) -> "Splits":
        """The same with the unlabelled paragraphs in the training split; labelled ones that they would drown are
        repeated up to a share of it."""
        times = max(1, round(LABELLED_SHARE * len(self.unlabelled) / max(1, len(self.train))))
        train = Corpus((*(self.train.examples * times), *self.unlabelled), self.taxonomy)
        return replace(self, parts={**self.parts, "train": train})

    def inputs(self, name: str) -> list[str]:
        """A split's texts as the classifier reads them."""
        return [input_text(example.text, example.title, self.with_title) for example in self.parts[name].examples]


def load_splits(config: TrainingConfig) -> Splits:
    """Read, check and split the corpus of a config.

    Raises:
        DataError: the labelled data break the contract, or a split is empty.
    """
    taxonomy = config.corpus.load_taxonomy()
    corpus = load_corpus(config.corpus, taxonomy)
    labelled = corpus.only(i for i, example in enumerate(corpus.examples) if example.labels is not None)
    split_file = EMBEDDED / "splits.csv" if config.corpus.embedded else config.corpus.splits
    if split_file is not None:
        assignment = read_splits(split_file)
    else:
        held_out = {"validation": config.split.validation, "test": config.split.test}
        fractions = {
            "train": 1.0 - sum(held_out.values()),
            **{name: share for name, share in held_out.items() if share},
        }
        assignment = draw_splits(labelled, fractions, config.split.seed)
    parts = split_corpus(labelled, assignment)
    for needed in ("train", "validation"):
        if needed not in parts:
            raise DataError(f"the {needed} split is empty: label more articles, or correct {split_file or '[split]'}")
    log.info("corpus: %s", ", ".join(f"{name} {len(part)}" for name, part in parts.items()))
    unlabelled = tuple(
        example
        for example in corpus.examples
        if example.labels is None and assignment.get(example.article, "train") == "train"
    )
    if len(labelled) < len(corpus):
        log.info(
            "%d unlabelled paragraphs, %d of them in no held-out article: only soft labels teach with these",
            len(corpus) - len(labelled),
            len(unlabelled),
        )
    return Splits(parts, taxonomy, config.model.title, corpus.sha256, unlabelled)


def load_corpus(config: CorpusConfig, taxonomy: Taxonomy) -> Corpus:
    """The corpus a config names: the embedded one, files, or a `datasets` source."""
    if config.embedded:
        return _with_conflicts(read_corpus([EMBEDDED], taxonomy))
    if config.dataset is None:
        return read_corpus(list(config.paths), taxonomy, config.mapping)
    problems: list[Problem] = []
    return corpus_from_rows(_dataset_rows(config), taxonomy, config.mapping, problems)


def _dataset_rows(config: CorpusConfig) -> Iterator[Row]:
    from datasets import Dataset, DatasetDict, load_dataset

    try:
        loaded = load_dataset(config.dataset, **config.dataset_options)
    except Exception as error:  # datasets raises its own errors, OSError and ValueError alike
        raise DataError(
            f"datasets could not load {config.dataset!r}: {error}. Expected a hub name or a local path; "
            "further arguments go into [corpus.dataset_options]"
        ) from error
    parts: dict[str, Dataset] = dict(loaded) if isinstance(loaded, DatasetDict) else {"data": loaded}
    for name, part in parts.items():
        for line, values in enumerate(part, start=1):
            yield Row(f"{config.dataset}[{name}]", line, dict(values))


def _with_conflicts(corpus: Corpus) -> Corpus:
    """Replace the corpus' many spellings of `setting` by the conflicts of settings.csv."""
    with (EMBEDDED / "settings.csv").open(encoding="utf-8", newline="") as lines:
        conflicts = {row["setting"]: row["conflict"] for row in csv.DictReader(lines)}
    examples = tuple(
        replace(example, setting=conflicts.get(example.setting, example.setting)) for example in corpus.examples
    )
    return Corpus(examples, corpus.taxonomy)
