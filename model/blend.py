"""Two classifiers as one: their logits averaged.

The encoder reads meaning, the TF-IDF model reads wording; they err on different paragraphs, and the
linear one costs next to nothing at inference.
"""

from collections.abc import Sequence

import numpy as np

from communique.model.classifier import Classifier, Scores, softmax

SMALLEST = 1e-9


class BlendedClassifier:
    """`weight` is the share of `second`; holders, evidence and truncation are those of `first`."""

    def __init__(self, first: Classifier, second: Classifier, weight: float) -> None:
        self.first = first
        self.second = second
        self.weight = weight

    def scores(self, texts: Sequence[str]) -> Scores:
        """Score texts with both models."""
        return blend(self.first.scores(texts), self.second.scores(texts), self.weight)


def blend(first: Scores, second: Scores, weight: float) -> Scores:
    """Topic logits averaged, stance distributions averaged geometrically."""
    stance = (1 - weight) * np.log(first.stance + SMALLEST) + weight * np.log(second.stance + SMALLEST)
    topic_logits = (1 - weight) * first.topic_logits + weight * second.topic_logits
    return Scores(
        topic_logits.astype(np.float32),
        softmax(stance).astype(np.float32),
        first.truncated,
        first.holders,
        first.evidence,
    )
