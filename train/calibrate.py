"""Learn calibration, thresholds and abstention on validation reweighted to the config's prior."""

import logging

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from communique.model.calibration import (
    Calibration,
    TopicCalibration,
    decide,
    stance_probability,
    topic_probability,
)
from communique.model.classifier import Scores, sigmoid, softmax
from communique.model.gold import Gold
from communique.model.prior import observed_prior, prior_weights, resolve_prior, shift_logits, topical_share
from communique.model.statistics import exact_match_error
from communique.model.taxonomy import Taxonomy
from communique.train.config import CalibrationConfig

log = logging.getLogger(__name__)
Array = npt.NDArray[np.float64]
PRIOR_GRID = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
CANDIDATES = np.round(np.arange(0.05, 0.951, 0.01), 2)
PLATEAU = 1e-6
EPSILON = 1e-9


def fit_calibration(
    scores: Scores,
    gold: Gold,
    train_gold: Gold,
    taxonomy: Taxonomy,
    config: CalibrationConfig,
    unjudged_share: float = 0.2,
) -> Calibration:
    """Fit everything of a `Calibration` on validation scores.

    The base topic shares, which a single prior number scales, are those of the training split, and
    `unjudged_share` that of a topic that no training paragraph was judged on.
    """
    prior, topical = stated_prior(train_gold, taxonomy, config, unjudged_share)
    weights = prior_weights(gold.topic, prior)
    slope, intercept = _fit_topics(scores, gold, prior, weights, taxonomy, config)
    topics = tuple(
        TopicCalibration(
            slope=float(slope[topic]),
            intercept=float(intercept[topic]),
            prior=float(prior[topic]),
            temperature=_stance_temperature(scores.stance[:, topic], gold.stance[:, topic], weights),
            thresholds=((0.0, 0.5), (1.0, 0.5)),
        )
        for topic in range(taxonomy.n_topics)
    )
    calibration = Calibration(topics=topics, topical_share=topical)
    if not taxonomy.exclusive:
        calibration = _with_thresholds(calibration, scores, gold, taxonomy, config)
    return _with_abstention(calibration, scores, gold, weights, taxonomy, config.target_risk)


def stated_prior(
    train_gold: Gold, taxonomy: Taxonomy, config: CalibrationConfig, unjudged_share: float = 0.2
) -> tuple[Array, float]:
    """The config's prior as a share per topic (n_topics,), and the share of topical paragraphs.

    Raises:
        ConfigError: a table that does not name every topic, or one number for exclusive topics.
    """
    judged = train_gold.judged.any(axis=0)
    base = np.where(judged, observed_prior(train_gold.topic), unjudged_share)
    base_topical = topical_share(train_gold.topic[:, judged]) if judged.any() else unjudged_share
    if config.prior == "corpus":
        return base, base_topical
    return resolve_prior(config.prior, base, base_topical, taxonomy)


def uncalibrated(calibration: Calibration) -> Calibration:
    """The same prior with raw scores and thresholds of one half, to compare calibration with."""
    plain = [
        topic.model_copy(
            update={"slope": 1.0, "intercept": 0.0, "temperature": 1.0, "thresholds": ((0.0, 0.5), (1.0, 0.5))}
        )
        for topic in calibration.topics
    ]
    return Calibration(topics=tuple(plain), topical_share=calibration.topical_share)


def _fit_topics(
    scores: Scores, gold: Gold, prior: Array, weights: Array, taxonomy: Taxonomy, config: CalibrationConfig
) -> tuple[Array, Array]:
    """Slopes and intercepts by weighted log-loss; `temperature` fits the slope alone and takes the
    intercept from the move between the validation's own shares and the prior."""
    logits = scores.topic_logits.astype(np.float64)
    shift = shift_logits(np.zeros((1, taxonomy.n_topics)), observed_prior(gold.topic), prior, taxonomy.exclusive)[0]
    shift[~gold.judged.any(axis=0)] = 0.0  # nothing says at what share its scores stand
    if taxonomy.exclusive:
        return _fit_exclusive(logits, gold, shift, weights, config)
    slopes, intercepts = np.ones(taxonomy.n_topics), shift.copy()
    for topic in range(taxonomy.n_topics):
        rows = gold.judged[:, topic]
        z, y, w = logits[rows, topic], gold.topic[rows, topic].astype(float), weights[rows]
        if len(y) == 0 or y.min() == y.max():
            log.warning(
                "validation has one class of topic %s; its scores stay uncalibrated", taxonomy.topic_names[topic]
            )
            continue

        def loss(parameters: Array, z: Array = z, y: Array = y, w: Array = w, shift: float = shift[topic]) -> float:
            offset = parameters[1] if config.method == "platt" else shift
            p = np.clip(sigmoid(np.exp(parameters[0]) * z + offset), EPSILON, 1 - EPSILON)
            return float(-(w * (y * np.log(p) + (1 - y) * np.log1p(-p))).mean())

        best = minimize(
            loss, np.array([0.0, shift[topic]]), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9}
        ).x
        slopes[topic] = np.exp(best[0])
        intercepts[topic] = best[1] if config.method == "platt" else shift[topic]
    return slopes, intercepts


def _fit_exclusive(
    logits: Array, gold: Gold, shift: Array, weights: Array, config: CalibrationConfig
) -> tuple[Array, Array]:
    """One slope for all classes; Platt also fits an intercept for each class."""
    rows = gold.judged.all(axis=1)
    z, truth, w = logits[rows], gold.topic[rows].argmax(axis=1), weights[rows]

    def loss(parameters: Array) -> float:
        offsets = parameters[1:] if config.method == "platt" else shift
        p = softmax(np.exp(parameters[0]) * z + offsets)[np.arange(len(z)), truth]
        return float(-(w * np.log(np.maximum(p, EPSILON))).mean())

    best = minimize(loss, np.concatenate([[0.0], shift]), method="L-BFGS-B").x
    offsets = best[1:] if config.method == "platt" else shift
    return np.full(len(shift), np.exp(best[0])), offsets


def _stance_temperature(stance: npt.NDArray[np.float32], gold: npt.NDArray[np.int8], weights: Array) -> float:
    rows = gold >= 0
    if not rows.any():
        return 1.0
    logits, truth, w = np.log(np.maximum(stance[rows].astype(np.float64), 1e-12)), gold[rows], weights[rows]

    def loss(log_temperature: float) -> float:
        p = softmax(logits / np.exp(log_temperature))[np.arange(len(truth)), truth]
        return float(-(w * np.log(np.maximum(p, EPSILON))).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 3.0), method="bounded").x))


def _with_thresholds(
    calibration: Calibration, scores: Scores, gold: Gold, taxonomy: Taxonomy, config: CalibrationConfig
) -> Calibration:
    """Thresholds of each topic over a grid of priors, so that `--prior` needs no data."""
    if isinstance(config.threshold, float):
        flat = ((0.0, config.threshold), (1.0, config.threshold))
        return calibration.model_copy(
            update={"topics": tuple(topic.model_copy(update={"thresholds": flat}) for topic in calibration.topics)}
        )
    stance = stance_probability(scores, calibration)
    topics = []
    for column, topic in enumerate(calibration.topics):
        by_stance = taxonomy.has_stance[column] and config.threshold == "joint_f1"
        stances = stance[:, column] if by_stance else np.ones((len(gold), 1))
        judged = gold.judged[:, column]
        table = []
        for share in sorted({*PRIOR_GRID, topic.prior}):
            prior = calibration.prior
            prior[column] = share
            weights = prior_weights(gold.topic[:, [column]], prior[[column]])
            probability = topic_probability(scores, calibration, taxonomy, prior)[:, column]
            table.append((share, _best_threshold(probability[judged], stances[judged], weights[judged])))
        topics.append(topic.model_copy(update={"thresholds": tuple(table)}))
    return calibration.model_copy(update={"topics": tuple(topics)})


def _best_threshold(probability: Array, stances: Array, weights: Array) -> float:
    """The threshold with the highest expected F1, averaged over stances (n, n_stances).

    Counts are expected under the calibrated probabilities themselves, not read off the labels: as
    good where the model is calibrated and far steadier on a few hundred paragraphs (the plug-in
    rule: Ye et al. 2012, "Optimizing F-measure: a tale of two approaches").
    """
    tagged = (probability[None, :] >= CANDIDATES[:, None]) * weights
    quality = []
    for stance in range(stances.shape[1]):
        said = stances.argmax(axis=1) == stance
        expected = probability * stances[:, stance]
        n_tagged, total = tagged @ said, float(weights @ expected)
        quality.append(2.0 * (tagged @ (said * expected)) / np.maximum(n_tagged + total, EPSILON))
    mean = np.mean(quality, axis=0)
    best = np.flatnonzero(mean >= mean.max() - PLATEAU)
    return float(np.round(CANDIDATES[best].mean(), 3))


def _with_abstention(
    calibration: Calibration, scores: Scores, gold: Gold, weights: Array, taxonomy: Taxonomy, target: float | None
) -> Calibration:
    """The lowest confidence above which at most `target` of validation is wrong."""
    if target is None:
        return calibration
    decisions = decide(scores, calibration, taxonomy)
    error, countable = exact_match_error(gold, decisions, taxonomy)
    order = np.argsort(-decisions.confidence[countable], kind="stable")
    w, wrong = weights[countable][order], error[countable][order]
    risk = np.cumsum(w * wrong) / np.cumsum(w)
    confident = decisions.confidence[countable][order]
    last_of_equals = np.append(np.diff(confident) < 0, True)
    allowed = np.flatnonzero((risk <= target) & last_of_equals)
    if len(allowed) == 0:
        log.warning("no confidence keeps the risk at %g on validation; every paragraph is flagged as abstained", target)
    threshold = float(confident[allowed[-1]]) if len(allowed) else 1.0 + EPSILON
    return calibration.model_copy(update={"target_risk": target, "abstain_below": threshold})
