"""Priors: read, resolved, reached by weights, and moved to."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communique.model.classifier import sigmoid, softmax
from communique.model.errors import ConfigError
from communique.model.prior import (
    observed_prior,
    parse_prior,
    prior_weights,
    resolve_prior,
    shift_logits,
    topical_share,
)
from communique.model.taxonomy import Taxonomy

share = st.floats(0.01, 0.99)
shares3 = st.tuples(share, share, share).map(np.array)
EVERY_COMBINATION = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T.astype(np.int8)


@given(prior=shares3, extra=st.lists(st.tuples(*[st.sampled_from([-1, 0, 1])] * 3), max_size=20))
def test_weights_reach_the_shares_asked_for(prior: Any, extra: list[tuple[int, int, int]]) -> None:
    topic = np.concatenate([EVERY_COMBINATION, np.array(extra, dtype=np.int8).reshape(-1, 3)])
    weights = prior_weights(topic, prior)
    assert weights.min() >= 0
    assert weights.mean() == pytest.approx(1.0)
    reached = (weights[:, None] * (topic == 1)).sum(axis=0) / (weights[:, None] * (topic >= 0)).sum(axis=0)
    assert reached == pytest.approx(prior, abs=1e-6)


def test_weights_of_exclusive_topics() -> None:
    topic = np.eye(3, dtype=np.int8)[[0, 0, 0, 1, 2, 2]]
    assert prior_weights(topic, np.array([0.1, 0.6, 0.3])) == pytest.approx([0.2, 0.2, 0.2, 3.6, 0.9, 0.9], abs=1e-6)


@pytest.mark.parametrize("topic", [[[1], [1]], [[0], [0]], [[-1], [-1]], [[1], [-1]]], ids=str)
def test_weights_without_both_classes_stay_even(topic: list[list[int]]) -> None:
    assert prior_weights(np.array(topic, dtype=np.int8), np.array([0.3])).tolist() == [1.0, 1.0]


def test_weights_are_even_at_the_observed_prior() -> None:
    topic = np.array([[1, 0], [0, 0], [0, 1], [1, 1]], dtype=np.int8)
    assert prior_weights(topic, observed_prior(topic)) == pytest.approx(np.ones(4))


@given(logits=st.lists(st.floats(-20, 20), min_size=3, max_size=3), old=shares3, new=shares3, exclusive=st.booleans())
def test_shifting_there_and_back_changes_nothing(logits: list[float], old: Any, new: Any, exclusive: bool) -> None:
    there = shift_logits(np.array([logits]), old, new, exclusive)
    assert shift_logits(there, new, old, exclusive)[0] == pytest.approx(logits, abs=1e-9)


@given(old=shares3, new=shares3)
def test_a_text_that_says_nothing_is_shifted_to_the_new_prior(old: Any, new: Any) -> None:
    assert sigmoid(shift_logits(np.log(old / (1 - old)), old, new, exclusive=False)) == pytest.approx(new)
    old, new = old / old.sum(), new / new.sum()
    assert softmax(shift_logits(np.log(old), old, new, exclusive=True)) == pytest.approx(new)


@pytest.mark.parametrize(
    ("topic", "shares", "topical"),
    [
        ([[1, 0], [0, 0], [0, 0], [1, 1]], [0.5, 0.25], 0.5),
        ([[1, -1], [0, 1], [0, 0], [0, -1]], [0.25, 0.5], 2 / 3),
        ([[0, 0]], [0.001, 0.001], 0.001),
        ([[1, 1]], [0.999, 0.999], 0.999),
    ],
)
def test_observed_shares(topic: list[list[int]], shares: list[float], topical: float) -> None:
    assert observed_prior(np.array(topic, dtype=np.int8)) == pytest.approx(shares)
    assert topical_share(np.array(topic, dtype=np.int8)) == pytest.approx(topical)


def test_unlabelled_paragraphs_are_not_off_topic() -> None:
    assert topical_share(np.array([[1], [0], [-1], [-1]], dtype=np.int8)) == 0.5


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("0.25", 0.25),
        ("truce=0.1,guard=0.2,rain=0.3", {"truce": 0.1, "guard": 0.2, "rain": 0.3}),
        (" rain = 0.3, guard=.2 ,truce=1e-2", {"rain": 0.3, "guard": 0.2, "truce": 0.01}),
    ],
)
def test_parse(taxonomy: Taxonomy, text: str, prior: Any) -> None:
    assert parse_prior(text, taxonomy) == prior


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "could not convert"),
        ("a quarter", "could not convert"),
        ("25%", "could not convert"),
        ("0", "not between 0 and 1"),
        ("1", "not between 0 and 1"),
        ("nan", "not between 0 and 1"),
        ("truce=0.1,guard=2,rain=0.3", "2.0 is not between"),
        ("truce=0.1", "must name every topic once"),
        ("truce=0.1,guard=0.2,rain=0.3,snow=0.1", "must name every topic once"),
        pytest.param(
            "truce=0.1,truce=0.5,guard=0.2,rain=0.3",
            "must name every topic once",
        ),
    ],
)
def test_parse_refuses(taxonomy: Taxonomy, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_prior(text, taxonomy)


@pytest.mark.parametrize(
    ("prior", "shares", "topical"),
    [
        (0.25, [0.1, 0.15, 0.05], 0.25),
        (0.5, [0.2, 0.3, 0.1], 0.5),
        ({"truce": 0.1, "guard": 0.1, "rain": 0.1}, [0.1, 0.1, 0.1], 0.25),
    ],
)
def test_resolve(taxonomy: Taxonomy, prior: Any, shares: list[float], topical: float) -> None:
    found, share = resolve_prior(prior, np.array([0.2, 0.3, 0.1]), 0.5, taxonomy)
    assert found == pytest.approx(shares)
    assert share == pytest.approx(topical)


def test_resolve_exclusive(exclusive_taxonomy: Taxonomy) -> None:
    stated = {"art": 0.2, "sport": 0.1, "trade": 0.1}
    shares, topical = resolve_prior(stated, np.array([0.3, 0.3, 0.4]), 1.0, exclusive_taxonomy)
    assert shares == pytest.approx([0.25, 0.25, 0.5])
    assert topical == 1.0
    with pytest.raises(ConfigError, match="state a share for each topic"):
        resolve_prior(0.25, np.array([0.3, 0.3, 0.4]), 1.0, exclusive_taxonomy)
