"""The contract of every model family: texts in, one array of scores per kind of answer out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from communique.model.predictions import Span

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scores:
    """Uncalibrated scores of n texts, in input order.

    topic_logits: (n, n_topics). stance: (n, n_topics, n_stances), each row a distribution over the
    stances given the topic (n_stances is 0 for a taxonomy without stances). truncated: (n,), true
    where the text was longer than the family can read. holders and evidence: n rows of n_topics
    spans (None where there is none to name), or None where the family does not predict them.
    """

    topic_logits: Floats
    stance: Floats
    truncated: npt.NDArray[np.bool_]
    holders: tuple[tuple[Span | None, ...], ...] | None = None
    evidence: tuple[tuple[Span | None, ...], ...] | None = None

    def __len__(self) -> int:
        return len(self.topic_logits)


class Classifier(Protocol):
    """A trained family at inference: pure numpy or ONNX Runtime, no training library."""

    def scores(self, texts: Sequence[str]) -> Scores:
        """Score texts; an empty list gives arrays with n = 0. The order of texts is kept."""
        ...


def softmax(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Softmax over the last axis in float64; works for an empty last axis."""
    if logits.shape[-1] == 0:
        return logits.astype(np.float64)
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def sigmoid(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Logistic function in float64, stable for large values of either sign."""
    values = logits.astype(np.float64)
    return np.asarray(np.where(values >= 0, 1.0, np.exp(np.minimum(values, 0))) / (1.0 + np.exp(-np.abs(values))))
