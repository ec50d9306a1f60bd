"""From texts to `Prediction` values: the one scoring path behind Python, the command line and MLflow."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from communique.model.bundle import Bundle
from communique.model.calibration import Decisions, decide
from communique.model.classifier import Scores
from communique.model.predictions import Prediction, TopicPrediction
from communique.model.texts import Paragraph


def predict(
    bundle: Bundle,
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    prior: npt.NDArray[np.float64] | None = None,
) -> list[Prediction]:
    """Predict each text on its own; `index` counts from 1 and spans the whole text."""
    clean = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate is no text for a tokenizer
    paragraphs = [Paragraph(index, text, 0, len(text)) for index, text in enumerate(clean, start=1)]
    return predict_paragraphs(bundle, paragraphs, [None] * len(texts) if titles is None else titles, prior)


def predict_paragraphs(
    bundle: Bundle,
    paragraphs: Sequence[Paragraph],
    titles: Sequence[str | None],
    prior: npt.NDArray[np.float64] | None = None,
) -> list[Prediction]:
    """Predict paragraphs, each with its article's title, in the order given."""
    scores = bundle.classifier.scores(bundle.inputs([paragraph.text for paragraph in paragraphs], titles))
    decisions = decide(scores, bundle.manifest.calibration, bundle.taxonomy, prior)
    return [
        Prediction(
            index=paragraph.index,
            text=paragraph.text,
            start=paragraph.start,
            end=paragraph.end,
            all_topics=_topics(bundle, scores, decisions, row),
            confidence=float(decisions.confidence[row]),
            abstained=bool(decisions.abstained[row]),
            truncated=bool(scores.truncated[row]),
        )
        for row, paragraph in enumerate(paragraphs)
    ]


def _topics(bundle: Bundle, scores: Scores, decisions: Decisions, row: int) -> tuple[TopicPrediction, ...]:
    taxonomy = bundle.taxonomy
    topics = []
    for column, topic in enumerate(taxonomy.topics):
        present = bool(decisions.present[row, column])
        stances = (
            dict(zip(taxonomy.stances, map(float, decisions.stance[row, column]), strict=True)) if topic.stance else {}
        )
        evidence = scores.evidence[row][column] if scores.evidence is not None and present else None
        topics.append(
            TopicPrediction(
                name=topic.name,
                probability=float(decisions.probability[row, column]),
                present=present,
                stances=stances,
                stance=taxonomy.stances[decisions.stance_index[row, column]] if present and topic.stance else None,
                holder=scores.holders[row][column] if scores.holders is not None and present else None,
                evidence=None if evidence is None else evidence.text,
            )
        )
    return tuple(topics)
