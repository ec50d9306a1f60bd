"""Every metric against scikit-learn or a count by hand."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from communique.model.calibration import Decisions
from communique.model.evaluation import (
    METRICS,
    evaluate,
    f1_scores,
    judge,
    reliability,
)
from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy

Make = Callable[..., Any]
N = 240


def report(case: tuple[Gold, Decisions, Iterable[str]], taxonomy: Taxonomy, **more: Any) -> dict[str, Any]:
    """The evaluation; a string of letters names an article for each paragraph."""
    gold, decisions, articles = case
    return evaluate(judge(gold, decisions, list(articles), taxonomy, **more), n_bootstrap=50)


def test_joint_f1(random_case: Any, taxonomy: Taxonomy) -> None:
    gold, decisions, _ = random_case
    found = report(random_case, taxonomy)
    scores = {}
    for column, topic in enumerate(taxonomy.topic_names):
        for index, stance in enumerate(taxonomy.stances) if column < 2 else [(-1, None)]:
            truth = (gold.topic[:, column] == 1) & (gold.stance[:, column] == index)
            guess = decisions.present[:, column] & (decisions.stance_index[:, column] == index)
            scores[f"{topic}/{stance}" if stance else topic] = f1_score(truth, guess)
    assert {name: row["f1"] for name, row in found["per_pair"].items()} == pytest.approx(scores)
    assert found["joint_macro_f1"] == pytest.approx(np.mean(list(scores.values())))


def test_topic_f1(random_case: Any, taxonomy: Taxonomy) -> None:
    gold, decisions, _ = random_case
    found = report(random_case, taxonomy)
    assert found["topic_macro_f1"] == pytest.approx(f1_score(gold.topic, decisions.present, average="macro"))
    assert [row["support"] for row in found["per_topic"].values()] == gold.topic.sum(axis=0).tolist()


def test_stance_f1_given_the_gold_topic(random_case: Any, taxonomy: Taxonomy) -> None:
    gold, decisions, _ = random_case
    found = report(random_case, taxonomy)
    truths = [gold.stance[gold.present[:, t], t] for t in (0, 1)]
    guesses = [decisions.stance_index[gold.present[:, t], t] for t in (0, 1)]
    per_topic = [f1_score(truth, guess, average="macro") for truth, guess in zip(truths, guesses, strict=True)]
    assert found["stance_macro_f1"] == pytest.approx(np.mean(per_topic))
    poles = f1_score(np.concatenate(truths), np.concatenate(guesses), labels=[0, 1], average="macro")
    assert found["stance_favg"] == pytest.approx(poles)


def test_exact_match_and_coverage(random_case: Any, taxonomy: Taxonomy) -> None:
    gold, decisions, _ = random_case
    right = np.array(
        [
            {(t, gold.stance[n, t]) for t in range(3) if gold.topic[n, t]}
            == {(t, decisions.stance_index[n, t]) for t in range(3) if decisions.present[n, t]}
            for n in range(N)
        ]
    )
    kept = ~decisions.abstained
    found = report(random_case, taxonomy)
    assert found["exact_match"] == pytest.approx(right.mean())
    assert found["coverage"] == pytest.approx(kept.mean())
    assert found["selective_exact_match"] == pytest.approx(right[kept].mean())
    assert 0.0 < right.mean() < 1.0


@pytest.mark.parametrize("block", ["ece_topic", "ece_stance"])
def test_calibration_error_by_hand(taxonomy: Taxonomy, make_gold: Make, make_decisions: Make, block: str) -> None:
    """Of 15 bins, .90 and .92 share one: |.9 + .92 - 1| there, |.1 - 0| and |.55 - 1| elsewhere."""
    sure, right = np.array([0.1, 0.9, 0.92, 0.55]), np.array([0, 1, 0, 1])
    if block == "ece_topic":
        gold = make_gold([[r, -1, -1] for r in right], [[-1] * 3] * 4)
        decisions = make_decisions([[1, 0, 0]] * 4, [[0, 0, -1]] * 4, probability=[[p, 0.5, 0.5] for p in sure])
    else:
        gold = make_gold([[1, -1, -1]] * 4, [[0 if r else 1, -1, -1] for r in right])
        stance = [[[p, 0, 0], [0.5, 0, 0], [0.5, 0, 0]] for p in sure]
        decisions = make_decisions([[1, 0, 0]] * 4, [[0, 0, -1]] * 4, stance=stance)
    assert report((gold, decisions, "abcd"), taxonomy)[block] == pytest.approx((0.1 + 0.82 + 0.45) / 4)


def test_topic_calibration_error_is_weighted(taxonomy: Taxonomy, make_gold: Make, make_decisions: Make) -> None:
    gold = make_gold([[0, -1, -1], [1, -1, -1]], [[-1] * 3] * 2)
    decisions = make_decisions([[1, 0, 0]] * 2, [[0, 0, -1]] * 2, probability=[[0.2, 0, 0], [0.5, 0, 0]])
    found = report((gold, decisions, "ab"), taxonomy, weights=np.array([1.5, 0.5]))
    assert found["ece_topic"] == pytest.approx((1.5 * 0.2 + 0.5 * 0.5) / 2)
    assert found["ece_topic_unweighted"] == pytest.approx((0.2 + 0.5) / 2)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
def test_area_under_the_risk_coverage_curve_by_hand(
    taxonomy: Taxonomy, make_gold: Make, make_decisions: Make, order: list[int]
) -> None:
    """From the surest on: right, wrong, right, wrong."""
    present = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]])[order]
    confidence = np.array([0.9, 0.8, 0.7, 0.6])[order]
    gold = make_gold([[0] * 3] * 4, [[-1] * 3] * 4)
    decisions = make_decisions(present, [[0, 0, -1]] * 4, confidence=confidence)
    found = report((gold, decisions, "abcd"), taxonomy)
    assert found["aurc"] == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)


def test_holders(taxonomy: Taxonomy, make_gold: Make, make_decisions: Make) -> None:
    spans = (((True, "Ann Lee"), (True, None), (False, None)), ((True, "Bob"), (False, None), (False, None)))
    gold = make_gold([[1, 1, 0], [1, 0, 0]], [[0, 0, -1], [0, -1, -1]], spans)
    case = (gold, make_decisions([[1, 1, 0]] * 2, [[0, 0, -1]] * 2), "ab")
    found = report(case, taxonomy, holders=[["Lee", None, "x"], ["Bob", "y", None]])
    assert found["holder_exact"] == pytest.approx(2 / 3)
    assert found["holder_token_f1"] == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert report(case, taxonomy)["holder_exact"] is None


def test_a_pair_without_gold_is_left_out_and_listed(taxonomy: Taxonomy, make_gold: Make, make_decisions: Make) -> None:
    gold = make_gold([[1, 0, 1], [1, 0, 0]], [[0, -1, -1], [0, -1, -1]])
    found = report((gold, make_decisions([[1, 1, 1], [0, 0, 0]], [[0, 1, -1]] * 2), "ab"), taxonomy)
    assert found["pairs_without_gold"] == [name for name in found["per_pair"] if name not in ("truce/favor", "rain")]
    assert found["joint_macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["topic_macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["per_pair"]["guard/against"] == {"precision": 0.0, "recall": None, "f1": None, "support": 0}


def test_unjudged_topics_count_neither_way(random_case: Any, taxonomy: Taxonomy, make_gold: Make) -> None:
    gold, decisions, articles = random_case
    unjudged = np.vstack([gold.topic, np.full((2, 3), -1)])
    twice = np.r_[np.arange(N), 0, 1]
    wider = Decisions(*(getattr(decisions, name)[twice] for name in Decisions.__slots__))
    more = make_gold(unjudged, np.vstack([gold.stance, np.full((2, 3), -1)]))
    before, after = (
        report((gold, decisions, articles), taxonomy),
        report((more, wider, [*articles, "x", "y"]), taxonomy),
    )
    assert {name: after[name] for name in METRICS} == pytest.approx({name: before[name] for name in METRICS})
    assert after["n_paragraphs"] == N + 2


def test_nothing_judged_is_none_not_zero(taxonomy: Taxonomy, make_gold: Make, make_decisions: Make) -> None:
    case = (make_gold([[-1] * 3], [[-1] * 3]), make_decisions([[1, 0, 0]], [[0, 0, -1]]), "a")
    found = report(case, taxonomy)
    assert [found[name] for name in METRICS] == [None] * len(METRICS)
    assert set(found["intervals"].values()) == {None}


def test_topics_without_stances(exclusive_taxonomy: Taxonomy, make_gold: Make, make_decisions: Make) -> None:
    truth, guess = np.eye(3)[[0, 1, 2, 0]], np.eye(3)[[0, 1, 1, 0]]
    case = (make_gold(truth, [[-1] * 3] * 4), make_decisions(guess, [[-1] * 3] * 4, stance=np.zeros((4, 3, 0))), "abcd")
    found = report(case, exclusive_taxonomy)
    assert found["joint_macro_f1"] == found["topic_macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert found["exact_match"] == 0.75
    assert found["stance_macro_f1"] is found["stance_favg"] is found["ece_stance"] is None


def test_paragraph_order_does_not_matter(random_case: Any, taxonomy: Taxonomy, make_gold: Make) -> None:
    gold, decisions, articles = random_case
    order = np.random.default_rng(0).permutation(N)
    moved = Decisions(*(getattr(decisions, name)[order] for name in Decisions.__slots__))
    shuffled = (make_gold(gold.topic[order], gold.stance[order]), moved, [articles[i] for i in order])
    before, after = report(random_case, taxonomy), report(shuffled, taxonomy)
    assert {name: after[name] for name in METRICS} == pytest.approx({name: before[name] for name in METRICS})
    assert after["intervals"]["joint_macro_f1"] == pytest.approx(before["intervals"]["joint_macro_f1"])


@pytest.mark.parametrize(
    ("counts", "f1"), [([2, 1, 1], 2 / 3), ([0, 0, 3], 0.0), ([3, 0, 0], 1.0), ([0, 2, 0], None), ([0, 0, 0], None)]
)
def test_f1_is_undefined_without_gold(counts: list[float], f1: float | None) -> None:
    found = f1_scores(np.array([counts], dtype=float))[0, 0]
    assert np.isnan(found) if f1 is None else found == pytest.approx(f1)


def test_reliability_bins(taxonomy: Taxonomy, make_gold: Make, make_decisions: Make) -> None:
    gold = make_gold([[1, -1, -1], [0, -1, -1], [1, -1, -1]], [[-1] * 3] * 3)
    probability = [[0.95, 0, 0], [0.97, 0, 0], [1.0, 0, 0]]
    judged = judge(
        gold, make_decisions([[1, 0, 0]] * 3, [[0, 0, -1]] * 3, probability=probability), list("abc"), taxonomy
    )
    bins = reliability(judged, "ece_topic")
    assert bins[-1] == pytest.approx([3, (0.95 + 0.97 + 1.0) / 3, 2 / 3])
    assert bins[:-1, 0].tolist() == [0.0] * 14
    assert np.isnan(bins[:-1, 1:]).all()
