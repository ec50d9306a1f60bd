"""Which article is for training, validation or testing: decided once per corpus version.

Articles that share a near-duplicate paragraph stay together. The embedded corpus has its splits
in `train/corpus/splits.csv` (made by `python -m communique.train.make_splits`); for other data
they are drawn here by a seed and written into the run.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from communique.model.corpus import Corpus
from communique.model.errors import DataError
from communique.model.gold import gold_arrays
from communique.train.near_duplicates import near_duplicate_groups

SPLITS = ("train", "validation", "test", "test_settings", "contrast")


def article_groups(corpus: Corpus) -> npt.NDArray[np.int64]:
    """A group number for each paragraph, (n,): one article, or articles that share a text."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, article = np.unique(corpus.articles, return_inverse=True)
    duplicate = near_duplicate_groups(corpus.texts)
    n_articles = article.max() + 1
    size = n_articles + duplicate.max() + 1
    links = coo_matrix((np.ones(len(article)), (article, n_articles + duplicate)), shape=(size, size))
    _, component = connected_components(links, directed=False)
    return np.asarray(component[article], dtype=np.int64)


def pair_columns(corpus: Corpus) -> npt.NDArray[np.float64]:
    """(n, k) indicators of each (topic, stance) pair, of topics whose stance was not judged, and of no topic."""
    gold = gold_arrays(corpus)
    taxonomy = corpus.taxonomy
    columns = []
    for topic in range(taxonomy.n_topics):
        if taxonomy.has_stance[topic]:
            columns += [gold.stance[:, topic] == stance for stance in range(taxonomy.n_stances)]
            columns.append(gold.present[:, topic] & (gold.stance[:, topic] < 0))
        else:
            columns.append(gold.topic[:, topic] == 1)
    columns.append(~gold.present.any(axis=1))
    return np.stack(columns, axis=1).astype(np.float64)


def draw_splits(corpus: Corpus, fractions: Mapping[str, float], seed: int) -> dict[str, str]:
    """Assign every article to a split, stratified over (topic, stance) pairs.

    Groups are dealt, rarest labels first, to the split that lacks most of them (iterative
    stratification: Sechidis et al. 2011, with groups in place of single examples).
    `fractions` name the splits and sum to one.
    """
    names = list(fractions)
    share = np.array([fractions[name] for name in names])
    indicators = pair_columns(corpus)
    groups = article_groups(corpus)
    n_groups = groups.max() + 1
    counts = np.zeros((n_groups, indicators.shape[1]))
    np.add.at(counts, groups, indicators)
    need = np.outer(share, counts.sum(axis=0))
    rarity = 1.0 / np.maximum(counts.sum(axis=0), 1)
    shuffled = np.random.default_rng(seed).permutation(n_groups)
    order = shuffled[np.argsort(-(counts * rarity).sum(axis=1)[shuffled], kind="stable")]
    assigned = np.zeros(n_groups, dtype=int)
    for group in order:
        lack = need * rarity / share[:, None] @ counts[group]
        chosen = int(np.argmax(lack))
        assigned[group] = chosen
        need[chosen] -= counts[group]
    return {article: names[assigned[group]] for article, group in zip(corpus.articles, groups, strict=True)}


def read_splits(path: Path) -> dict[str, str]:
    """Read a split file: CSV with the columns `article,split`.

    Raises:
        DataError: columns missing, an unknown split, or an article in two splits.
    """
    if not path.is_file():
        raise DataError(f"split file {path} does not exist; correct [corpus] splits or leave it out to draw splits")
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if not {"article", "split"} <= set(reader.fieldnames or ()):
            raise DataError(f"{path}: expected the columns article,split; found {reader.fieldnames}")
        splits: dict[str, str] = {}
        for row in reader:
            article, split = row["article"], row["split"]
            if split not in SPLITS:
                raise DataError(
                    f"{path}:{reader.line_num}: unknown split {split!r}; expected one of {', '.join(SPLITS)}"
                )
            if splits.setdefault(article, split) != split:
                raise DataError(f"{path}:{reader.line_num}: article {article!r} is in two splits; keep one line")
        return splits


def write_splits(splits: Mapping[str, str], path: Path) -> None:
    """Write a split file, sorted by article."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(["article", "split"])
        writer.writerows(sorted(splits.items()))


def split_corpus(corpus: Corpus, splits: Mapping[str, str]) -> dict[str, Corpus]:
    """The corpus of each split. An article that the file does not name goes to training: splits
    are frozen per corpus version, and paragraphs added later are for training only.

    Raises:
        DataError: a paragraph or a near-duplicate of it stands on two sides, naming the articles.
    """
    of_example = np.array([splits.get(article, "train") for article in corpus.articles])
    groups = article_groups(corpus)
    leaks = []
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(set(of_example[members])) > 1:
            named = sorted({f"{corpus.articles[i]} ({of_example[i]})" for i in members})
            leaks.append(" ~ ".join(named))
    if leaks:
        listing = "\n  ".join(leaks)
        raise DataError(
            "the same paragraph, or a near-duplicate, is on two sides of the split:\n  "
            f"{listing}\nPut these articles into one split, or remove the copies."
        )
    return {name: corpus.only(np.flatnonzero(of_example == name)) for name in SPLITS if (of_example == name).any()}
