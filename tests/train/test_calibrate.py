"""Calibration learned on synthetic scores whose truth is known."""

import numpy as np
import numpy.typing as npt
import pytest

from communique.model.calibration import Calibration, decide, topic_probability
from communique.model.classifier import Scores, sigmoid, softmax
from communique.model.errors import ConfigError
from communique.model.evaluation import evaluate, judge
from communique.model.gold import Gold
from communique.model.prior import observed_prior, prior_weights
from communique.model.statistics import exact_match_error
from communique.model.taxonomy import Taxonomy, Topic
from communique.train.calibrate import fit_calibration, uncalibrated
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


@pytest.fixture(scope="module")
def drawn() -> tuple[Scores, Gold]:
    """Two topics whose true logits are reported as 4 z + 2, and stances as if twice as sure."""
    rng = np.random.default_rng(0)
    z = rng.normal(-1.0, 1.5, size=(N, 2))
    topic = (rng.random((N, 2)) < sigmoid(z)).astype(int)
    lean = rng.normal(0.0, 1.0, size=(N, 2))
    stance = np.where(topic == 1, (rng.random((N, 2)) < sigmoid(lean)).astype(int), -1)
    said = softmax(np.stack([np.zeros_like(lean), 2.0 * lean], axis=2))
    return scores_of(4.0 * z + 2.0, said), gold_of(topic, stance)


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


@pytest.fixture(scope="module")
def exclusive() -> tuple[Scores, Gold]:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(N, 2)) * 2
    first = rng.random(N) < softmax(z)[:, 0]
    return scores_of(3.0 * z + [1.0, 0.0]), gold_of(np.stack([first, ~first], axis=1))


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


def test_uncalibrated_keeps_the_prior(drawn: tuple[Scores, Gold]) -> None:
    calibration = fit(*drawn, TWO)
    raw = uncalibrated(calibration)
    np.testing.assert_array_equal(raw.prior, calibration.prior)
    np.testing.assert_allclose(topic_probability(drawn[0], raw, TWO), sigmoid(drawn[0].topic_logits))
