"""Scores drawn so that the probabilities behind them are known, for the tests of calibration."""

import numpy as np
import numpy.typing as npt

from communique.model.calibration import Calibration, decide
from communique.model.classifier import Scores, sigmoid, softmax
from communique.model.evaluation import evaluate, judge
from communique.model.gold import Gold
from communique.model.prior import prior_weights
from communique.model.taxonomy import Taxonomy, Topic
from communique.train.calibrate import fit_calibration
from communique.train.config import CalibrationConfig

RAIL, DAM = Topic(name="rail", definition="r"), Topic(name="dam", definition="d")
TWO = Taxonomy(stances=("favor", "against"), topics=(RAIL, DAM))
PLAIN = Taxonomy(topics=tuple(Topic(name=name, definition="x", stance=False) for name in ("rail", "dam")))
EXCLUSIVE = PLAIN.model_copy(update={"exclusive": True})
CORPUS = CalibrationConfig(prior="corpus")
N = 4000
Floats = npt.NDArray[np.float64]


def scores_of(logits: Floats, stance: Floats | None = None) -> Scores:
    stance = np.zeros((*logits.shape, 0)) if stance is None else stance
    return Scores(logits.astype(np.float32), stance.astype(np.float32), np.zeros(len(logits), dtype=np.bool_))


def gold_of(topic: object, stance: object = None) -> Gold:
    topics = np.array(topic, dtype=np.int8)
    return Gold(topics, np.full_like(topics, -1) if stance is None else np.array(stance, dtype=np.int8), ())


def fit(scores: Scores, gold: Gold, taxonomy: Taxonomy, config: CalibrationConfig = CORPUS) -> Calibration:
    return fit_calibration(scores, gold, gold, taxonomy, config)


def weighted_error(scores: Scores, gold: Gold, calibration: Calibration, taxonomy: Taxonomy) -> dict[str, float]:
    weights = prior_weights(gold.topic, calibration.prior)
    articles = [str(i) for i in range(len(gold))]
    return evaluate(judge(gold, decide(scores, calibration, taxonomy), articles, taxonomy, weights), n_bootstrap=1)


def draw() -> tuple[Scores, Gold]:
    """Two topics whose true logits are reported as 4 z + 2, and stances as if twice as sure."""
    rng = np.random.default_rng(0)
    z = rng.normal(-1.0, 1.5, size=(N, 2))
    topic = (rng.random((N, 2)) < sigmoid(z)).astype(int)
    lean = rng.normal(0.0, 1.0, size=(N, 2))
    stance = np.where(topic == 1, (rng.random((N, 2)) < sigmoid(lean)).astype(int), -1)
    said = softmax(np.stack([np.zeros_like(lean), 2.0 * lean], axis=2))
    return scores_of(4.0 * z + 2.0, said), gold_of(topic, stance)


def draw_exclusive() -> tuple[Scores, Gold]:
    """One of two topics each, whose true logits are reported as 3 z and 1 too high for the first."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(N, 2)) * 2
    first = rng.random(N) < softmax(z)[:, 0]
    return scores_of(3.0 * z + [1.0, 0.0]), gold_of(np.stack([first, ~first], axis=1))
