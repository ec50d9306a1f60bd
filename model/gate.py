"""The cascade: a cheap model decides which paragraphs the encoder must read.

In a crawl most paragraphs have none of the topics, and the linear model that an encoder is blended
with sees that for most of them. What it is sure of it decides alone; the rest goes on to the encoder.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from communique.model.blend import BlendedClassifier, blend
from communique.model.calibration import Calibration
from communique.model.classifier import Scores


class Gate(BaseModel):
    """When the encoder need not read a paragraph: no topic's gate logit of the linear model reaches
    that topic's entry in `thresholds`.

    `calibration` makes probabilities of the linear model's scores alone, for the paragraphs that it
    decides. On validation, at the stated prior: `recall` is the share of the paragraphs tagged by the
    labels or by the whole model that pass, `skipped` the share of all paragraphs that do not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    thresholds: tuple[float, ...]
    calibration: Calibration
    recall: float
    skipped: float


def passes(gate: Gate, linear: Scores) -> npt.NDArray[np.bool_]:
    """Which of n paragraphs the encoder must read, (n,), from the linear model's scores."""
    return np.asarray((linear.topic_logits >= np.array(gate.thresholds)).any(axis=1))


def cascade(
    classifier: BlendedClassifier, gate: Gate, texts: Sequence[str]
) -> tuple[Scores, Scores, npt.NDArray[np.bool_]]:
    """(whole, linear, read): the scores of the m texts that pass the gate by the whole model, those of
    all n texts by the linear model, and which of the n passed."""
    linear = classifier.second.scores(texts)
    read = passes(gate, linear)
    chosen = np.flatnonzero(read)
    first = classifier.first.scores([text for text, passed in zip(texts, read, strict=True) if passed])
    part = Scores(linear.topic_logits[chosen], linear.stance[chosen], linear.truncated[chosen])
    return blend(first, part, classifier.weight), linear, read
