"""Intervals of metrics and of paired differences, by bootstrap over articles."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from communique.model.calibration import Decisions
from communique.model.evaluation import (
    bootstrap_weights,
    evaluate,
    interval,
    judge,
    paired_differences,
)
from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy

Make = Callable[..., Any]
N = 240


def report(case: tuple[Gold, Decisions, Iterable[str]], taxonomy: Taxonomy, **more: Any) -> dict[str, Any]:
    """The evaluation; a string of letters names an article for each paragraph."""
    gold, decisions, articles = case
    return evaluate(judge(gold, decisions, list(articles), taxonomy, **more), n_bootstrap=50)


def test_intervals_hold_the_point(random_case: Any, taxonomy: Taxonomy) -> None:
    found = evaluate(judge(*random_case, taxonomy), n_bootstrap=400)
    for name in ("joint_macro_f1", "topic_macro_f1", "stance_macro_f1", "stance_favg", "exact_match", "aurc"):
        low, high = found["intervals"][name]
        assert low < found[name] < high


def test_articles_are_resampled_whole(random_case: Any, taxonomy: Taxonomy) -> None:
    """Copies of one article say no more than the article: the interval of a single article has no width."""
    gold, decisions, _ = random_case
    low, high = report((gold, decisions, ["a"] * N), taxonomy)["intervals"]["exact_match"]
    assert low == high


def test_bootstrap_draws_as_many_articles_as_there_are() -> None:
    weights = bootstrap_weights(7, 20)
    assert weights.sum(axis=1).tolist() == [7.0] * 20
    assert (weights == bootstrap_weights(7, 20)).all()
    assert (weights != bootstrap_weights(7, 20, seed=1)).any()


@pytest.mark.parametrize(
    ("values", "expected"),
    [(np.arange(101.0), [2.5, 97.5]), ([np.nan, 1.0, 1.0], [1.0, 1.0]), ([np.nan] * 3, None)],
)
def test_interval(values: Any, expected: list[float] | None) -> None:
    assert interval(np.array(values)) == expected


def test_differences_are_paired(random_case: Any, taxonomy: Taxonomy, make_decisions: Make) -> None:
    gold, decisions, articles = random_case
    perfect = make_decisions(gold.topic == 1, gold.stance, confidence=decisions.confidence)
    a, b = judge(gold, perfect, articles, taxonomy), judge(gold, decisions, articles, taxonomy)
    table = paired_differences(a, b, 50)
    row = table["joint_macro_f1"]
    assert (row["a"], row["difference"]) == (1.0, pytest.approx(1.0 - row["b"]))
    assert row["interval"][0] > 0
    assert row["share_a_better"] == 1.0
    assert table["holder_exact"]["difference"] is None


def test_a_model_does_not_differ_from_itself(random_case: Any, taxonomy: Taxonomy) -> None:
    judged = judge(*random_case, taxonomy)
    row = paired_differences(judged, judged, 50)["joint_macro_f1"]
    assert (row["difference"], row["interval"], row["share_a_better"]) == (0.0, [0.0, 0.0], 0.5)


def test_less_risk_is_better(random_case: Any, taxonomy: Taxonomy, make_decisions: Make) -> None:
    gold, decisions, articles = random_case
    perfect = make_decisions(gold.topic == 1, gold.stance, confidence=decisions.confidence)
    a, b = judge(gold, perfect, articles, taxonomy), judge(gold, decisions, articles, taxonomy)
    assert paired_differences(a, b, 50)["aurc"]["share_a_better"] == 1.0


def test_undefined_replicates_are_left_out(taxonomy: Taxonomy, make_gold: Make, make_decisions: Make) -> None:
    """Only article a has gold; the replicates without it say nothing."""
    gold = make_gold([[1, 0, 0], [0, 0, 0]], [[0, -1, -1], [-1] * 3])
    a, b = (judge(gold, make_decisions([[p, 0, 0], [0] * 3], [[0, 0, -1]] * 2), ["a", "b"], taxonomy) for p in (1, 0))
    assert paired_differences(a, b, 50)["joint_macro_f1"]["share_a_better"] == 1.0
