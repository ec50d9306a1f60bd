"""Thresholds and abstention learned on synthetic scores whose truth is known."""

import numpy as np
import pytest
from synthetic_scores import (
    PLAIN,
    TWO,
    N,
    draw,
    fit,
    gold_of,
    scores_of,
)

from communique.model.calibration import decide, topic_probability
from communique.model.classifier import Scores
from communique.model.gold import Gold
from communique.model.prior import prior_weights
from communique.model.statistics import exact_match_error
from communique.model.taxonomy import Taxonomy
from communique.train.config import CalibrationConfig


@pytest.fixture(scope="module")
def drawn() -> tuple[Scores, Gold]:
    return draw()


def test_fixed_threshold(drawn: tuple[Scores, Gold]) -> None:
    calibration = fit(*drawn, TWO, CalibrationConfig(threshold=0.3))
    assert {topic.thresholds for topic in calibration.topics} == {((0.0, 0.3), (1.0, 0.3))}


@pytest.mark.parametrize("threshold", ["joint_f1", "topic_f1"])
def test_thresholds_rise_with_the_prior(drawn: tuple[Scores, Gold], threshold: str) -> None:
    calibration = fit(*drawn, TWO, CalibrationConfig.model_validate({"prior": 0.3, "threshold": threshold}))
    for topic in calibration.topics:
        priors, values = np.array(topic.thresholds).T
        assert topic.prior in priors
        assert (np.diff(priors) > 0).all()
        assert values[0] < 0.25 < values[-1] <= 0.95


def test_threshold_rises_with_certainty() -> None:
    """The best threshold is half the best F1: low where topics are hard to tell."""
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 2, size=(2000, 2))
    logits = (2 * topic - 1) * [1.2, 0.3] + rng.normal(size=topic.shape)
    calibration = fit(scores_of(logits), gold_of(topic), PLAIN)
    sure, unsure = (dict(item.thresholds)[item.prior] for item in calibration.topics)
    assert 0.2 < unsure < sure - 0.05 < 0.5


def test_threshold_of_separable_scores_lies_between() -> None:
    topic = np.tile([[1, 0], [0, 1], [0, 0]], (20, 1))
    calibration = fit(scores_of(topic * 6.0 - 3.0), gold_of(topic), PLAIN)
    assert all(0.3 <= dict(item.thresholds)[item.prior] <= 0.7 for item in calibration.topics)


def test_threshold_maximises_f1(drawn: tuple[Scores, Gold]) -> None:
    scores, gold = drawn
    calibration = fit(scores, gold, TWO, CalibrationConfig(prior="corpus", threshold="topic_f1"))
    probability = topic_probability(scores, calibration, TWO)
    for column, topic in enumerate(calibration.topics):
        truth = gold.topic[:, column] == 1
        f1 = {
            cut: 2 * (truth & (said := probability[:, column] >= cut)).sum() / (truth.sum() + said.sum())
            for cut in (*np.arange(0.05, 0.95, 0.05), dict(topic.thresholds)[topic.prior])
        }
        assert f1[dict(topic.thresholds)[topic.prior]] > max(f1.values()) - 0.01


def test_sure_stances_leave_the_threshold_where_it_was(drawn: tuple[Scores, Gold]) -> None:
    """With the stance known for certain, joint F1 asks for no other threshold than the topic's."""
    scores, gold = drawn
    side = np.random.default_rng(1).integers(0, 2, size=(N, 2))
    sure = scores_of(scores.topic_logits, np.eye(2)[side])
    known = gold_of(gold.topic, np.where(gold.topic == 1, side, -1))
    joint, topic = (
        fit(sure, known, TWO, CalibrationConfig.model_validate({"prior": "corpus", "threshold": name})).topics
        for name in ("joint_f1", "topic_f1")
    )
    for one, other in zip(joint, topic, strict=True):
        assert dict(one.thresholds)[one.prior] == pytest.approx(dict(other.thresholds)[other.prior], abs=0.03)


@pytest.mark.parametrize("target", [0.05, 0.2])
@pytest.mark.parametrize("prior", ["corpus", 0.2])
def test_abstention_keeps_the_target_risk(drawn: tuple[Scores, Gold], target: float, prior: float | str) -> None:
    scores, gold = drawn
    config = CalibrationConfig.model_validate({"prior": prior, "target_risk": target})
    calibration = fit(scores, gold, TWO, config)
    decisions = decide(scores, calibration, TWO)
    error, _ = exact_match_error(gold, decisions, TWO)
    weights = prior_weights(gold.topic, calibration.prior)
    kept = ~decisions.abstained
    assert calibration.target_risk == target
    assert np.average(error[kept], weights=weights[kept]) <= target
    more = decisions.confidence >= calibration.abstain_below - 0.05
    assert np.average(error[more], weights=weights[more]) > target


@pytest.mark.parametrize(("target", "flagged"), [(0.01, True), (None, False)])
def test_unreachable_target_flags_everything(
    target: float | None, flagged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Every paragraph is tagged and every stance is wrong."""
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 2, size=(60, 2))
    stance = np.broadcast_to([0.9, 0.1], (60, 2, 2))
    scores, gold = scores_of(rng.normal(size=(60, 2)), stance), gold_of(topic, np.where(topic == 1, 1, -1))
    calibration = fit(scores, gold, TWO, CalibrationConfig(threshold=0.001, target_risk=target))
    assert (decide(scores, calibration, TWO).abstained == flagged).all()
    assert ("every paragraph is flagged" in caplog.text) is flagged


def test_equal_confidences_are_kept_or_flagged_together() -> None:
    """Twenty clear texts, then twenty that look alike, the right half of them first."""
    logits = np.repeat([3.0, -3.0, 0.0], [10, 10, 20])[:, None]
    topic = np.repeat([1, 0, 0, 1], 10)[:, None]
    one = Taxonomy(topics=PLAIN.topics[:1])
    scores, gold = scores_of(logits), gold_of(topic)
    calibration = fit(scores, gold, one, CalibrationConfig(prior="corpus", threshold=0.6, target_risk=0.1))
    decisions = decide(scores, calibration, one)
    error, _ = exact_match_error(gold, decisions, one)
    assert error[~decisions.abstained].mean() <= 0.1
