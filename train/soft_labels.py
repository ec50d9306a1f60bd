"""Soft labels: a larger model's probabilities for the corpus' paragraphs, for a smaller one to learn from.

    python -m communique.train.soft_labels BUNDLE... --out soft.csv [--config CONFIG.toml]

The file has a row a paragraph: `article, paragraph`, then per topic its logit and, if it has
stances, each stance's probability. With several bundles their scores are averaged. Knowledge
distillation: Hinton, Vinyals & Dean 2015.
"""

import csv
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from communique.model.blend import blend
from communique.model.bundle import load_bundle, open_classifier
from communique.model.classifier import Scores, sigmoid
from communique.model.corpus import Corpus
from communique.model.errors import DataError
from communique.model.taxonomy import Taxonomy
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import SOFT_LABELS, load_splits

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SoftLabels:
    """Probabilities of n paragraphs: topic (n, t), stance (n, t, s); NaN where there are none."""

    topic: npt.NDArray[np.float32]
    stance: npt.NDArray[np.float32]


def columns(taxonomy: Taxonomy) -> list[str]:
    """The file's columns after `article` and `paragraph`."""
    names = []
    for topic in taxonomy.topics:
        names.append(f"{topic.name}.logit")
        names += [f"{topic.name}.{stance}" for stance in taxonomy.stances]
    return names


def write_soft_labels(path: Path, corpus: Corpus, scores: Scores) -> None:
    """Write the scores of a corpus' paragraphs, rounded to three decimals."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["article", "paragraph", *columns(corpus.taxonomy)])
        for row, example in enumerate(corpus.examples):
            values = np.concatenate([scores.topic_logits[row][:, None], scores.stance[row]], axis=1)
            writer.writerow([example.article, example.paragraph, *(f"{value:.3f}" for value in values.flatten())])


def read_soft_labels(path: Path, corpus: Corpus) -> SoftLabels:
    """The soft labels of a corpus' paragraphs, in its order.

    Raises:
        DataError: the file is missing, was written for another taxonomy, or knows none of the paragraphs.
    """
    n, n_topics = len(corpus), corpus.taxonomy.n_topics
    width = 1 + len(corpus.taxonomy.stances)
    rows = dict(_rows(path, corpus.taxonomy))
    values = np.full((n, n_topics, width), np.nan, dtype=np.float32)
    for index, example in enumerate(corpus.examples):
        if (example.article, example.paragraph) in rows:
            values[index] = rows[example.article, example.paragraph].reshape(n_topics, width)
    known = int((~np.isnan(values[:, 0, 0])).sum())
    log.info("soft labels for %d of %d training paragraphs", known, n)
    if n and known == 0:
        raise DataError(
            f"{path} has no row for any training paragraph, so it was made for another corpus; make one for this "
            'with communique.train.soft_labels --config, or set encoder.soft_labels = "none"'
        )
    return SoftLabels(sigmoid(values[..., 0]).astype(np.float32), values[..., 1:])


def soft_labelled(path: Path, taxonomy: Taxonomy) -> set[tuple[str, int]]:
    """The (article, paragraph) that a file has soft labels of."""
    return {key for key, _ in _rows(path, taxonomy)}


def _rows(path: Path, taxonomy: Taxonomy) -> Iterator[tuple[tuple[str, int], npt.NDArray[np.float32]]]:
    try:
        file = path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            f"soft labels {path} cannot be read: {error.strerror}; make them with communique.train.soft_labels"
        ) from error
    with file:
        lines = csv.reader(file)
        expected = ["article", "paragraph", *columns(taxonomy)]
        found = next(lines, [])
        if found != expected:
            raise DataError(f"{path}: expected the columns {', '.join(expected)}; found {', '.join(found)}")
        for line in lines:
            try:
                yield (line[0], int(line[1])), np.array(line[2:], dtype=np.float32).reshape(len(expected) - 2)
            except (ValueError, IndexError) as error:
                raise DataError(f"{path}, line {lines.line_num}: not a row of numbers ({error})") from error


def teacher_scores(bundles: list[Path], corpus: Corpus) -> Scores:
    """The mean scores of several bundles, each without its blend: what TF-IDF knows the labels say already.

    Raises:
        DataError: a bundle has other topics or stances than the corpus, or has them in another order.
    """
    total: Scores | None = None
    for count, folder in enumerate(bundles, start=1):
        bundle = load_bundle(folder)
        manifest = bundle.manifest
        if columns(manifest.taxonomy) != columns(corpus.taxonomy):
            known, wanted = (", ".join(columns(taxonomy)) for taxonomy in (manifest.taxonomy, corpus.taxonomy))
            raise DataError(
                f"{folder} knows {known}; the corpus has {wanted}; "
                "a teacher must have the same topics and stances in the same order"
            )
        onnx = None if manifest.onnx is None else manifest.onnx.model_copy(update={"blend": None})
        classifier = open_classifier(folder, manifest.family, manifest.taxonomy, onnx)
        scores = classifier.scores(bundle.inputs(corpus.texts, [example.title for example in corpus.examples]))
        total = scores if total is None else blend(total, scores, 1 / count)
    assert total is not None
    return total


def main(
    bundles: Annotated[list[Path], typer.Argument(help="Teacher bundles; their scores are averaged.")],
    out: Annotated[Path, typer.Option("--out", help="The CSV file to write.")] = SOFT_LABELS,
    config: Annotated[Path | None, typer.Option("--config", help="Whose corpus; the embedded one by default.")] = None,
) -> None:
    """Score a corpus' training paragraphs, and its unlabelled ones, with one or more teachers."""
    embedded = {"name": "soft-labels", "model": {"family": "encoder"}, "output": {"bundle": "unused"}}
    settings = TrainingConfig.model_validate(embedded) if config is None else load_config(config)
    splits = load_splits(settings)
    train = Corpus((*splits.train.examples, *splits.unlabelled), splits.taxonomy)
    write_soft_labels(out, train, teacher_scores(bundles, train))


if __name__ == "__main__":
    typer.run(main)
