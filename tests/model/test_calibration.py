"""From scores to decisions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from communique.model.calibration import Calibration, TopicCalibration, decide, stance_probability, thresholds_at
from communique.model.classifier import Scores, sigmoid, softmax
from communique.model.taxonomy import Taxonomy, load_taxonomy

FLAT = ((0.0, 0.5), (1.0, 0.5))
Make = Callable[..., Any]


def topic(**values: Any) -> TopicCalibration:
    return TopicCalibration(**{"slope": 1.0, "intercept": 0.0, "prior": 0.3, "thresholds": FLAT, **values})


@pytest.mark.parametrize("value", [-1000.0, -3.0, 0.0, 0.5, 1000.0])
def test_sigmoid_and_softmax_agree_and_do_not_overflow(value: float) -> None:
    assert sigmoid(np.array([value])) == pytest.approx(softmax(np.array([[value, 0.0]]))[:, 0])
    assert 0.0 <= sigmoid(np.array([value]))[0] <= 1.0


def test_softmax_of_nothing() -> None:
    assert softmax(np.zeros((2, 3, 0), dtype=np.float32)).shape == (2, 3, 0)
    assert softmax(np.zeros((0, 3), dtype=np.float32)).shape == (0, 3)


def test_platt_scaling(taxonomy: Taxonomy, make_scores: Make) -> None:
    calibration = Calibration(topics=(topic(slope=2.0, intercept=-1.0), topic(), topic()), topical_share=0.5)
    probability = decide(make_scores([[1.5, 0.0, -1.0]]), calibration, taxonomy).probability
    assert probability[0] == pytest.approx([1 / (1 + np.exp(-2.0)), 0.5, 1 / (1 + np.exp(1.0))])


def test_present_from_the_threshold_on(taxonomy: Taxonomy, make_scores: Make, make_calibration: Make) -> None:
    decisions = decide(make_scores([[0.0, -1e-3, 1e-3]]), make_calibration(3), taxonomy)
    assert decisions.present.tolist() == [[True, False, True]]


@pytest.mark.parametrize(("prior", "threshold"), [(0.0, 0.3), (0.1, 0.3), (0.2, 0.4), (0.3, 0.5), (0.9, 0.5)])
def test_thresholds_are_interpolated(prior: float, threshold: float) -> None:
    calibration = Calibration(topics=(topic(thresholds=((0.1, 0.3), (0.3, 0.5))),), topical_share=0.5)
    assert thresholds_at(calibration, np.array([prior])) == pytest.approx([threshold])


def test_another_prior_moves_probability_and_threshold(taxonomy: Taxonomy, make_scores: Make) -> None:
    steep = topic(prior=0.5, thresholds=((0.1, 0.05), (0.5, 0.6)))
    calibration = Calibration(topics=(steep,) * 3, topical_share=0.5)
    here = decide(make_scores([[0.0, 1.0, -5.0]]), calibration, taxonomy)
    there = decide(make_scores([[0.0, 1.0, -5.0]]), calibration, taxonomy, np.full(3, 0.1))
    odds = there.probability / (1 - there.probability)
    assert odds * 9 == pytest.approx(here.probability / (1 - here.probability))
    assert here.present.tolist() == [[False, True, False]]
    assert there.present.tolist() == [[True, True, False]]


def test_its_own_prior_changes_nothing(taxonomy: Taxonomy, make_scores: Make, make_calibration: Make) -> None:
    scores, calibration = make_scores([[0.2, -1.0, 3.0]]), make_calibration(3)
    same = decide(scores, calibration, taxonomy, calibration.prior)
    assert same.probability == pytest.approx(decide(scores, calibration, taxonomy).probability)


@given(
    logits=arrays(np.float32, (4, 3), elements=st.floats(-30, 30, width=32)),
    stance=arrays(np.float32, (4, 3, 3), elements=st.floats(0, 1, width=32)),
    temperature=st.floats(0.2, 5.0),
)
def test_probabilities_are_probabilities(logits: Any, stance: Any, temperature: float) -> None:
    calibration = Calibration(topics=(topic(temperature=temperature),) * 3, topical_share=0.5)
    decisions = decide(Scores(logits, stance, np.zeros(4, dtype=np.bool_)), calibration, load_taxonomy())
    assert decisions.stance.sum(axis=2) == pytest.approx(np.ones((4, 3)))
    for values in (decisions.probability, decisions.stance, decisions.confidence):
        assert ((values >= 0) & (values <= 1)).all()
    assert (np.take_along_axis(stance, decisions.stance_index[..., None], 2)[..., 0] >= stance.max(2) - 1e-6).all()


@pytest.mark.parametrize(
    ("temperature", "expected"), [(1.0, [0.2, 0.7, 0.1]), (0.5, [4 / 54, 49 / 54, 1 / 54]), (1e6, [1 / 3] * 3)]
)
def test_stance_temperature(make_scores: Make, temperature: float, expected: list[float]) -> None:
    calibration = Calibration(topics=(topic(temperature=temperature),), topical_share=0.5)
    found = stance_probability(make_scores([[0.0]], [[[0.2, 0.7, 0.1]]]), calibration)
    assert found[0, 0] == pytest.approx(expected, abs=1e-5)


def test_a_stanceless_topic_has_no_stance_index(taxonomy: Taxonomy, make_scores: Make, make_calibration: Make) -> None:
    stance = [[[0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.1, 0.8, 0.1]]]
    assert decide(make_scores([[-9.0, 9.0, 9.0]], stance), make_calibration(3), taxonomy).stance_index.tolist() == [
        [0, 2, -1]
    ]


def test_confidence_is_that_of_the_label_set(taxonomy: Taxonomy, make_scores: Make, make_calibration: Make) -> None:
    logits = np.log(np.array([[0.8, 0.3, 0.9]]) / np.array([[0.2, 0.7, 0.1]]))
    stance = [[[0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.4, 0.3, 0.3]]]
    decisions = decide(make_scores(logits, stance), make_calibration(3), taxonomy)
    assert decisions.confidence == pytest.approx([0.8 * 0.6 * (1 - 0.3) * 0.9])


@pytest.mark.parametrize(("below", "abstained"), [(0.0, False), (0.124, False), (0.126, True)])
def test_abstention_is_a_flag_alone(
    taxonomy: Taxonomy, make_scores: Make, make_calibration: Make, below: float, abstained: bool
) -> None:
    scores = make_scores([[-1e-6] * 3])
    decisions = decide(scores, make_calibration(3, abstain_below=below), taxonomy)
    assert decisions.abstained.tolist() == [abstained]
    assert decisions.probability.tolist() == decide(scores, make_calibration(3), taxonomy).probability.tolist()


def test_exclusive_topics(exclusive_taxonomy: Taxonomy, make_scores: Make, make_calibration: Make) -> None:
    scores = make_scores(np.log([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]]), n_stances=0)
    decisions = decide(scores, make_calibration(3), exclusive_taxonomy)
    assert decisions.probability == pytest.approx(np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]]))
    assert decisions.present.tolist() == [[False, True, False], [True, False, False]]
    assert decisions.confidence == pytest.approx([0.5, 0.4])
    assert decisions.stance.shape == (2, 3, 0)


def test_stance_index_without_stances(exclusive_taxonomy: Taxonomy, make_scores: Make, make_calibration: Make) -> None:
    decisions = decide(make_scores([[0.0, 1.0, 2.0]] * 2, n_stances=0), make_calibration(3), exclusive_taxonomy)
    assert decisions.stance_index.tolist() == [[-1] * 3] * 2


def test_no_paragraph(
    taxonomy: Taxonomy, exclusive_taxonomy: Taxonomy, make_scores: Make, make_calibration: Make
) -> None:
    empty = decide(make_scores(np.zeros((0, 3))), make_calibration(3), taxonomy)
    assert (empty.present.shape, empty.stance.shape, empty.confidence.shape) == ((0, 3), (0, 3, 3), (0,))
    assert decide(make_scores(np.zeros((0, 3)), n_stances=0), make_calibration(3), exclusive_taxonomy).present.size == 0
