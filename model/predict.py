"""From texts to `Prediction` values: the one scoring path behind Python, the command line and MLflow."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from communique.model.blend import BlendedClassifier
from communique.model.bundle import Bundle
from communique.model.calibration import Calibration, Decisions, decide
from communique.model.classifier import Scores
from communique.model.gate import cascade
from communique.model.predictions import Prediction, TopicPrediction
from communique.model.taxonomy import Taxonomy
from communique.model.texts import Paragraph

Prior = npt.NDArray[np.float64] | None


def predict(
    bundle: Bundle,
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    prior: Prior = None,
    gate: bool = False,
) -> list[Prediction]:
    """Predict each text on its own; `index` counts from 1 and spans the whole text.

    With `gate` the paragraphs that the bundle's gate holds back are decided by its linear model; a
    bundle without a gate reads them all.
    """
    texts = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate is no text for a tokenizer
    inputs = bundle.inputs(texts, [None] * len(texts) if titles is None else titles)
    predictor = bundle.classifier
    if gate and bundle.gate is not None and isinstance(predictor, BlendedClassifier):
        whole, linear, read = cascade(predictor, bundle.gate, inputs)
        found = iter(_predictions(whole, bundle.manifest.calibration, bundle.taxonomy, prior))
        cheap = _predictions(linear, bundle.gate.calibration, bundle.taxonomy, prior)
        rows = [next(found) if passed else replace(cheap[row], gated=True) for row, passed in enumerate(read)]
    else:
        rows = _predictions(predictor.scores(inputs), bundle.manifest.calibration, bundle.taxonomy, prior)
    return [
        replace(row, index=index, text=text, end=len(text))
        for index, (row, text) in enumerate(zip(rows, texts, strict=True), start=1)
    ]


def predict_paragraphs(
    bundle: Bundle, paragraphs: Sequence[Paragraph], titles: Sequence[str | None], prior: Prior = None
) -> list[Prediction]:
    """Predict paragraphs, each with its article's title, in the order given."""
    found = predict(bundle, [paragraph.text for paragraph in paragraphs], titles, prior)
    return [placed(prediction, paragraph) for prediction, paragraph in zip(found, paragraphs, strict=True)]


def placed(prediction: Prediction, paragraph: Paragraph) -> Prediction:
    """What was predicted of a text, said of a paragraph that has this text."""
    return replace(prediction, index=paragraph.index, text=paragraph.text, start=paragraph.start, end=paragraph.end)


def _predictions(scores: Scores, calibration: Calibration, taxonomy: Taxonomy, prior: Prior) -> list[Prediction]:
    """One prediction a row, of a text that is still to be named."""
    decisions = decide(scores, calibration, taxonomy, prior)
    return [
        Prediction(
            index=1,
            text="",
            start=0,
            end=0,
            all_topics=_topics(taxonomy, scores, decisions, row),
            confidence=float(decisions.confidence[row]),
            abstained=bool(decisions.abstained[row]),
            truncated=bool(scores.truncated[row]),
        )
        for row in range(len(scores))
    ]


def _topics(taxonomy: Taxonomy, scores: Scores, decisions: Decisions, row: int) -> tuple[TopicPrediction, ...]:
    topics = []
    for column, topic in enumerate(taxonomy.topics):
        present = bool(decisions.present[row, column])
        stances = (
            dict(zip(taxonomy.stances, map(float, decisions.stance[row, column]), strict=True)) if topic.stance else {}
        )
        stated = present and topic.stance  # a topic without stances has no holder and no evidence of one
        evidence = scores.evidence[row][column] if scores.evidence is not None and stated else None
        topics.append(
            TopicPrediction(
                name=topic.name,
                probability=float(decisions.probability[row, column]),
                present=present,
                stances=stances,
                stance=taxonomy.stances[decisions.stance_index[row, column]] if stated else None,
                holder=scores.holders[row][column] if scores.holders is not None and stated else None,
                evidence=None if evidence is None else evidence.text,
            )
        )
    return tuple(topics)
