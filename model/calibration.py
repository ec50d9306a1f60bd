"""From scores to decisions: calibrated probabilities, thresholds, stances and abstention.

Everything here is learned on validation data reweighted to a stated prior
(`communique.train.calibrate`), stored in the bundle, and applied with numpy alone.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from communique.model.classifier import Scores, sigmoid, softmax
from communique.model.prior import shift_logits
from communique.model.taxonomy import Taxonomy


class TopicCalibration(BaseModel):
    """What was learned about one topic.

    P(topic) = sigmoid(slope · logit + intercept) at the share `prior` (Platt 1999); with exclusive
    topics a softmax over the same terms. Stance probabilities are raised to 1 / `temperature` and
    renormalised (Guo et al. 2017). `thresholds` are (prior, threshold on P at that prior) pairs,
    by rising prior, interpolated for a prior in between.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    slope: float
    intercept: float
    prior: float
    temperature: float = 1.0
    thresholds: tuple[tuple[float, float], ...] = Field(min_length=1)


class Calibration(BaseModel):
    """The calibration of a bundle: one entry per topic in taxonomy order.

    A paragraph whose confidence is below `abstain_below` is flagged; on validation, reweighted to the
    prior, the share of wrong label sets among the others was at most `target_risk` (None: no
    abstention asked for).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    topics: tuple[TopicCalibration, ...]
    topical_share: float
    target_risk: float | None = None
    abstain_below: float = 0.0

    @property
    def prior(self) -> npt.NDArray[np.float64]:
        """(n_topics,): the share of each topic that the probabilities are for."""
        return np.array([topic.prior for topic in self.topics])


@dataclass(frozen=True, slots=True)
class Decisions:
    """probability and present: (n, n_topics); stance: (n, n_topics, n_stances), rows sum to one;
    stance_index: (n, n_topics), the likeliest stance (-1 for a topic without stance), whether or
    not the topic is present; confidence and abstained: (n,)."""

    probability: npt.NDArray[np.float64]
    present: npt.NDArray[np.bool_]
    stance: npt.NDArray[np.float64]
    stance_index: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    abstained: npt.NDArray[np.bool_]


def decide(
    scores: Scores, calibration: Calibration, taxonomy: Taxonomy, prior: npt.NDArray[np.float64] | None = None
) -> Decisions:
    """Apply a calibration, at its own prior or shifted to another one (n_topics,)."""
    probability = topic_probability(scores, calibration, taxonomy, prior)
    stance = stance_probability(scores, calibration)
    shares = calibration.prior if prior is None else prior
    if taxonomy.exclusive:
        present = np.zeros(probability.shape, dtype=np.bool_)
        if len(present):
            present[np.arange(len(present)), probability.argmax(axis=1)] = True
    else:
        present = probability >= thresholds_at(calibration, shares)
    stanced = np.array(taxonomy.has_stance)
    likeliest = stance.argmax(axis=2) if taxonomy.n_stances else np.full(probability.shape, -1)
    index = np.where(stanced, likeliest, -1)
    confidence = label_set_probability(probability, present, stance, stanced, taxonomy.exclusive)
    return Decisions(probability, present, stance, index, confidence, confidence < calibration.abstain_below)


def topic_probability(
    scores: Scores, calibration: Calibration, taxonomy: Taxonomy, prior: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.float64]:
    """P(topic), (n, n_topics)."""
    slope = np.array([topic.slope for topic in calibration.topics])
    intercept = np.array([topic.intercept for topic in calibration.topics])
    logits = scores.topic_logits.astype(np.float64) * slope + intercept
    if prior is not None:
        logits = shift_logits(logits, calibration.prior, prior, taxonomy.exclusive)
    return softmax(logits) if taxonomy.exclusive else sigmoid(logits)


def stance_probability(scores: Scores, calibration: Calibration) -> npt.NDArray[np.float64]:
    """P(stance | topic), (n, n_topics, n_stances)."""
    temperature = np.array([topic.temperature for topic in calibration.topics])
    logits = np.log(np.maximum(scores.stance.astype(np.float64), 1e-12))
    return softmax(logits / temperature[:, None])


def thresholds_at(calibration: Calibration, prior: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The threshold of each topic at a prior, (n_topics,), interpolated in the prior."""
    thresholds = []
    for share, topic in zip(prior, calibration.topics, strict=True):
        shares, values = np.array(topic.thresholds).T
        thresholds.append(float(np.interp(share, shares, values)))
    return np.array(thresholds)


def label_set_probability(
    probability: npt.NDArray[np.float64],
    present: npt.NDArray[np.bool_],
    stance: npt.NDArray[np.float64],
    stanced: npt.NDArray[np.bool_],
    exclusive: bool,
) -> npt.NDArray[np.float64]:
    """The probability of the predicted label set, (n,), topics taken as independent given the text."""
    best = stance.max(axis=2) if stance.shape[2] else np.ones(present.shape)
    chosen = probability * np.where(stanced, best, 1.0)
    absent = np.ones(present.shape) if exclusive else 1.0 - probability
    return np.asarray(np.where(present, chosen, absent).prod(axis=1))
