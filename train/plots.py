"""The pictures of an evaluation: confusion matrix, precision-recall curves, reliability diagrams."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt

from communique.model.calibration import Calibration, decide
from communique.model.classifier import Scores
from communique.model.corpus import Corpus
from communique.model.evaluation import Judged, reliability
from communique.model.gold import gold_arrays
from communique.train.assessment import Assessment

matplotlib.use("Agg")


def draw_plots(assessment: Assessment, folder: Path) -> list[Path]:
    """Write the three pictures of one split as PNG; returns their paths."""
    name = assessment.split
    return [
        _save(
            _confusion(assessment.scores, assessment.calibration, assessment.corpus), folder / f"{name}-confusion.png"
        ),
        _save(
            _precision_recall(assessment.scores, assessment.calibration, assessment.corpus),
            folder / f"{name}-precision-recall.png",
        ),
        _save(_reliability(assessment.judged), folder / f"{name}-reliability.png"),
    ]


def _save(figure: Any, path: Path) -> Path:
    from matplotlib import pyplot

    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path


def confusion_matrix(scores: Scores, calibration: Calibration, corpus: Corpus) -> npt.NDArray[np.int64]:
    """Per topic, (n_topics, 1 + k, 1 + k): rows gold, columns predicted; first "none", then stances.

    A stanceless topic has k = 1 ("present"). Paragraphs whose topic or stance was not judged are
    left out.
    """
    gold, decisions, taxonomy = gold_arrays(corpus), decide(scores, calibration, corpus.taxonomy), corpus.taxonomy
    k = max(1, taxonomy.n_stances)
    matrix = np.zeros((taxonomy.n_topics, 1 + k, 1 + k), dtype=np.int64)
    for topic in range(taxonomy.n_topics):
        stanced = taxonomy.has_stance[topic]
        truth = np.where(gold.present[:, topic], 1 + (gold.stance[:, topic] if stanced else 0), 0)
        guess = np.where(decisions.present[:, topic], 1 + (decisions.stance_index[:, topic] if stanced else 0), 0)
        known = gold.judged[:, topic]
        if stanced:
            known = known & (~gold.present[:, topic] | (gold.stance[:, topic] >= 0))
        np.add.at(matrix[topic], (truth[known], guess[known]), 1)
    return matrix


def _confusion(scores: Scores, calibration: Calibration, corpus: Corpus) -> Any:
    from matplotlib import pyplot

    taxonomy = corpus.taxonomy
    matrix = confusion_matrix(scores, calibration, corpus)
    labels = ["none", *(taxonomy.stances or ("present",))]
    figure, axes = pyplot.subplots(1, taxonomy.n_topics, figsize=(3.4 * taxonomy.n_topics, 3.4), squeeze=False)
    for topic, axis in enumerate(axes[0]):
        axis.imshow(np.log1p(matrix[topic]), cmap="Blues")
        for row, column in np.ndindex(matrix[topic].shape):
            axis.text(column, row, str(matrix[topic][row, column]), ha="center", va="center", fontsize=8)
        axis.set_xticks(range(len(labels)), labels, rotation=45, fontsize=7)
        axis.set_yticks(range(len(labels)), labels, fontsize=7)
        axis.set_title(taxonomy.topic_names[topic], fontsize=9)
        axis.set_xlabel("predicted", fontsize=8)
    axes[0][0].set_ylabel("gold", fontsize=8)
    return figure


def _precision_recall(scores: Scores, calibration: Calibration, corpus: Corpus) -> Any:
    from matplotlib import pyplot
    from sklearn.metrics import precision_recall_curve

    gold, decisions = gold_arrays(corpus), decide(scores, calibration, corpus.taxonomy)
    figure, axis = pyplot.subplots(figsize=(4.5, 4))
    for topic, name in enumerate(corpus.taxonomy.topic_names):
        judged = gold.judged[:, topic]
        if not gold.present[judged, topic].any():
            continue
        precision, recall, _ = precision_recall_curve(gold.present[judged, topic], decisions.probability[judged, topic])
        axis.plot(recall, precision, label=name)
    axis.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))
    if axis.lines:
        axis.legend(fontsize=7)
    return figure


def _reliability(judged: Judged) -> Any:
    from matplotlib import pyplot

    blocks = ["ece_topic"] + (["ece_stance"] if judged.taxonomy.n_stances else [])
    figure, axes = pyplot.subplots(1, len(blocks), figsize=(4 * len(blocks), 3.8), squeeze=False)
    for axis, block in zip(axes[0], blocks, strict=True):
        bins = reliability(judged, block)
        filled = bins[:, 0] > 0
        axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        axis.plot(bins[filled, 1], bins[filled, 2], marker="o")
        axis.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
        axis.set_title(
            f"{block.removeprefix('ece_')} (at the stated prior)" if block == "ece_topic" else "stance given the topic",
            fontsize=9,
        )
    return figure
