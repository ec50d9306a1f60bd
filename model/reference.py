"""What a model says of its own validation paragraphs: what a scored folder is held against to see drift."""

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from communique.model.calibration import Decisions
from communique.model.gold import Gold
from communique.model.prior import observed_prior

N_BINS = 10
FLOOR = 1e-4  # an empty bin would make the index infinite


class Reference(BaseModel):
    """Kept in the bundle. `training_shares` are each topic's share of the training paragraphs, by the labels.
    The others are of the validation paragraphs, weighted to the stated prior: each topic's mean `probability`,
    the mean `confidence` in a paragraph's label set, the inner edges of ten equally filled bins of it
    (`confidence_deciles`, ascending), the share that `abstained`, and `paragraphs`, how many there were."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    training_shares: tuple[float, ...]
    probability: tuple[float, ...]
    confidence: float
    confidence_deciles: tuple[float, ...]
    abstained: float
    paragraphs: int


def make_reference(training: Gold, decisions: Decisions, weights: npt.NDArray[np.float64]) -> Reference:
    """Sum up the decisions on n validation paragraphs with these `weights`, (n,)."""
    deciles = np.quantile(decisions.confidence, np.arange(1, N_BINS) / N_BINS, method="inverted_cdf", weights=weights)
    return Reference(
        training_shares=tuple(map(float, observed_prior(training.topic))),
        probability=tuple(map(float, np.average(decisions.probability, axis=0, weights=weights))),
        confidence=float(np.average(decisions.confidence, weights=weights)),
        confidence_deciles=tuple(map(float, deciles)),
        abstained=float(np.average(decisions.abstained, weights=weights)),
        paragraphs=len(weights),
    )


def stability_index(shares: npt.NDArray[np.float64]) -> float:
    """The population stability index of the shares found in the ten bins, (10,), against a tenth in each.

    Zero if nothing moved; above 0.25 is commonly called a large shift (Siddiqi 2006, "Credit Risk Scorecards").
    """
    found = np.maximum(shares, FLOOR)
    return float(((found - 1 / N_BINS) * np.log(found * N_BINS)).sum())
