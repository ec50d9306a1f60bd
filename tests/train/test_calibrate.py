"""Calibration learned on synthetic scores whose truth is known."""

import numpy as np
import pytest
from synthetic_scores import (
    CORPUS,
    EXCLUSIVE,
    PLAIN,
    TWO,
    draw,
    draw_exclusive,
    fit,
    gold_of,
    scores_of,
    weighted_error,
)

from communique.model.calibration import decide, topic_probability
from communique.model.classifier import Scores, sigmoid
from communique.model.errors import ConfigError
from communique.model.gold import Gold
from communique.model.prior import observed_prior, prior_weights
from communique.train.calibrate import fit_calibration, uncalibrated
from communique.train.config import CalibrationConfig


@pytest.fixture(scope="module")
def drawn() -> tuple[Scores, Gold]:
    return draw()


def test_platt_undoes_slope_and_intercept(drawn: tuple[Scores, Gold]) -> None:
    for topic in fit(*drawn, TWO).topics:
        assert (topic.slope, topic.intercept) == pytest.approx((0.25, -0.5), abs=0.05)
        assert topic.temperature == pytest.approx(2.0, rel=0.15)


@pytest.mark.parametrize("prior", ["corpus", 0.2, 0.6])
@pytest.mark.parametrize("method", ["platt", "temperature"])
def test_calibration_error_falls(drawn: tuple[Scores, Gold], prior: float | str, method: str) -> None:
    scores, gold = drawn
    if method == "temperature":
        scores = scores_of(scores.topic_logits - 2.0, scores.stance)
    calibration = fit(scores, gold, TWO, CalibrationConfig.model_validate({"prior": prior, "method": method}))
    before, after = (weighted_error(scores, gold, used, TWO) for used in (uncalibrated(calibration), calibration))
    assert after["ece_topic"] < 0.03 < before["ece_topic"]
    assert after["ece_stance"] < 0.03 < before["ece_stance"]


def test_temperature_takes_its_intercept_from_the_prior(drawn: tuple[Scores, Gold]) -> None:
    scores, gold = drawn
    config = CalibrationConfig(prior={"rail": 0.1, "dam": 0.5}, method="temperature")
    old = observed_prior(gold.topic)
    expected = np.log([0.1 / 0.9, 1.0]) - np.log(old / (1 - old))
    np.testing.assert_allclose([topic.intercept for topic in fit(scores, gold, TWO, config).topics], expected)


@pytest.mark.parametrize(
    ("prior", "expected"),
    [("corpus", lambda base, share: base), (0.2, lambda base, share: base * 0.2 / share)],
)
def test_stated_prior(drawn: tuple[Scores, Gold], prior: float | str, expected: object) -> None:
    base, share = observed_prior(drawn[1].topic), (drawn[1].topic == 1).any(axis=1).mean()
    calibration = fit(*drawn, TWO, CalibrationConfig.model_validate({"prior": prior}))
    np.testing.assert_allclose(calibration.prior, expected(base, share))
    assert calibration.topical_share == pytest.approx(share if prior == "corpus" else prior)


def test_prior_of_each_topic(drawn: tuple[Scores, Gold]) -> None:
    calibration = fit(*drawn, TWO, CalibrationConfig(prior={"dam": 0.3, "rail": 0.1}))
    np.testing.assert_allclose(calibration.prior, [0.1, 0.3])


def test_probabilities_have_the_stated_mean(drawn: tuple[Scores, Gold]) -> None:
    scores, gold = drawn
    calibration = fit(scores, gold, TWO, CalibrationConfig(prior={"rail": 0.1, "dam": 0.3}))
    probability = topic_probability(scores, calibration, TWO)
    weights = prior_weights(gold.topic, calibration.prior)
    np.testing.assert_allclose(np.average(probability, axis=0, weights=weights), [0.1, 0.3], atol=1e-3)


def test_base_shares_are_those_of_training(drawn: tuple[Scores, Gold]) -> None:
    train = gold_of([[1, 0], [1, 1], [0, 0], [1, 0]])
    calibration = fit_calibration(*drawn, train, TWO, CORPUS)
    np.testing.assert_allclose(calibration.prior, [0.75, 0.25])
    assert calibration.topical_share == 0.75


def test_prior_without_a_topic_is_explained(drawn: tuple[Scores, Gold]) -> None:
    with pytest.raises(ConfigError, match="dam"):
        fit(*drawn, TWO, CalibrationConfig(prior={"rail": 0.1}))


def test_prior_with_an_unknown_topic_is_refused(drawn: tuple[Scores, Gold]) -> None:
    with pytest.raises(ConfigError, match="bridge"):
        fit(*drawn, TWO, CalibrationConfig(prior={"rail": 0.1, "dam": 0.1, "bridge": 0.1}))


def test_order_is_kept_even_where_scores_mislead() -> None:
    logits = np.linspace(-2, 2, 40)[:, None].repeat(2, axis=1)
    calibration = fit(scores_of(logits), gold_of((logits < 0).astype(int)), PLAIN)
    assert all(topic.slope > 0 for topic in calibration.topics)


def test_topic_of_one_class_stays_uncalibrated(caplog: pytest.LogCaptureFixture) -> None:
    topic = np.zeros((40, 2), dtype=int)
    topic[:20, 1] = 1
    logits = np.random.default_rng(0).normal(size=(40, 2))
    train = gold_of([[1, 0], [0, 1]])
    calibration = fit_calibration(scores_of(logits), gold_of(topic), train, PLAIN, CORPUS)
    assert calibration.topics[0].slope == 1.0
    assert calibration.topics[1].slope != 1.0
    assert "one class of topic rail" in caplog.text


def test_topic_validation_did_not_judge_stays_uncalibrated(drawn: tuple[Scores, Gold]) -> None:
    scores, gold = drawn
    topic = gold.topic.copy()
    topic[:, 0] = -1
    calibration = fit_calibration(scores, gold_of(topic), gold, TWO, CORPUS)
    assert calibration.topics[0].slope == 1.0


def test_uncalibrated_keeps_the_prior(drawn: tuple[Scores, Gold]) -> None:
    calibration = fit(*drawn, TWO)
    raw = uncalibrated(calibration)
    np.testing.assert_array_equal(raw.prior, calibration.prior)
    np.testing.assert_allclose(topic_probability(drawn[0], raw, TWO), sigmoid(drawn[0].topic_logits))


@pytest.fixture(scope="module")
def exclusive() -> tuple[Scores, Gold]:
    return draw_exclusive()


@pytest.mark.parametrize("prior", ["corpus", {"rail": 0.2, "dam": 0.8}])
@pytest.mark.parametrize("method", ["platt", "temperature"])
def test_exclusive(exclusive: tuple[Scores, Gold], prior: str | dict[str, float], method: str) -> None:
    scores, gold = exclusive
    config = CalibrationConfig.model_validate({"prior": prior, "method": method})
    calibration = fit(scores, gold, EXCLUSIVE, config)
    assert len({topic.slope for topic in calibration.topics}) == 1
    assert {topic.thresholds for topic in calibration.topics} == {((0.0, 0.5), (1.0, 0.5))}
    decisions = decide(scores, calibration, EXCLUSIVE)
    np.testing.assert_allclose(decisions.probability.sum(axis=1), 1.0)
    assert (decisions.present.sum(axis=1) == 1).all()
    before = weighted_error(scores, gold, uncalibrated(calibration), EXCLUSIVE)
    assert weighted_error(scores, gold, calibration, EXCLUSIVE)["ece_topic"] < before["ece_topic"] / 2


def test_exclusive_platt_undoes_slope_and_intercepts(exclusive: tuple[Scores, Gold]) -> None:
    rail, dam = fit(*exclusive, EXCLUSIVE).topics
    assert rail.slope == pytest.approx(1 / 3, rel=0.1)
    assert dam.intercept - rail.intercept == pytest.approx(1 / 3, abs=0.1)


def test_exclusive_topics_need_a_share_each(exclusive: tuple[Scores, Gold]) -> None:
    with pytest.raises(ConfigError, match="a share for each topic"):
        fit(*exclusive, EXCLUSIVE, CalibrationConfig(prior=0.25))
