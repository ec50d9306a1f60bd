"""The columns that every metric is a function of."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from communique.model.statistics import (
    Statistics,
    exact_match_error,
    holder_columns,
    paragraph_statistics,
    token_f1,
)
from communique.model.taxonomy import Taxonomy

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("truth", "guess", "f1"),
    [
        (None, None, 1.0),
        ("Ann", None, 0.0),
        (None, "Ann", 0.0),
        ("Ann", "Ann", 1.0),
        ("Ann", "ANN", 1.0),
        ("the foreign minister", "foreign minister", 0.8),
        ("the the minister", "the minister", 0.8),
        ("Ann Lee", "Bob Ray", 0.0),
        ("Ann", "Annie", 0.0),
    ],
)
def test_token_f1(truth: str | None, guess: str | None, f1: float) -> None:
    assert token_f1(truth, guess) == pytest.approx(f1)
    assert token_f1(guess, truth) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("truth", "guess", "columns"),
    [
        ((True, None), None, [1, 1, 1]),
        ((True, "Ann Lee"), "Ann Lee", [1, 1, 1]),
        ((True, "Ann Lee"), "Lee", [0, 2 / 3, 1]),
        ((True, "Ann"), None, [0, 0, 1]),
        ((False, None), "Ann", [0, 0, 0]),
        ((False, None), None, [0, 0, 0]),
    ],
)
def test_holders(make_gold: Make, truth: Any, guess: str | None, columns: list[float]) -> None:
    gold = make_gold([[1]], [[0]], ((truth,),))
    assert holder_columns(gold, [[guess]])[0] == pytest.approx(columns)


def test_holders_add_up_over_topics(make_gold: Make) -> None:
    gold = make_gold([[1, 1]], [[0, 0]], (((True, "Ann"), (True, None)),))
    assert holder_columns(gold, [["Bob", None]]).tolist() == [[1, 1, 2]]


@pytest.mark.parametrize(
    ("topic", "stance", "present", "index", "error", "countable"),
    [
        ([1, 0, 0], [0, -1, -1], [1, 0, 0], [0, 2, -1], False, True),
        ([1, 0, 0], [0, -1, -1], [1, 0, 0], [1, 2, -1], True, True),
        ([1, 0, 0], [0, -1, -1], [0, 0, 0], [0, 2, -1], True, True),
        ([0, 0, 0], [-1, -1, -1], [0, 0, 0], [0, 2, -1], False, True),
        ([0, 0, 0], [-1, -1, -1], [0, 0, 1], [0, 2, -1], True, True),
        ([0, 0, 1], [-1, -1, -1], [0, 0, 1], [0, 2, -1], False, True),
        ([1, 0, 0], [-1, -1, -1], [1, 0, 0], [0, 2, -1], None, False),
        ([0, -1, 0], [-1, -1, -1], [0, 0, 0], [0, 2, -1], None, False),
        ([-1, -1, -1], [-1, -1, -1], [0, 0, 0], [0, 2, -1], None, False),
    ],
)
def test_exact_match(
    taxonomy: Taxonomy,
    make_gold: Make,
    make_decisions: Make,
    topic: Any,
    stance: Any,
    present: Any,
    index: Any,
    error: bool | None,
    countable: bool,
) -> None:
    found, counts = exact_match_error(make_gold([topic], [stance]), make_decisions([present], [index]), taxonomy)
    assert counts.tolist() == [countable]
    if error is not None:
        assert found.tolist() == [error]


@pytest.mark.parametrize(
    ("topic", "stance", "present", "index", "pair", "topics", "stances"),
    [
        (1, 0, 1, 0, {0: "tp"}, "tp", {0: "tp"}),
        (1, 0, 1, 1, {0: "fn", 1: "fp"}, "tp", {0: "fn", 1: "fp"}),
        (1, 0, 0, 0, {0: "fn"}, "fn", {0: "tp"}),
        (0, -1, 1, 2, {2: "fp"}, "fp", {}),
        (0, -1, 0, 2, {}, None, {}),
        (1, -1, 1, 0, {}, "tp", {}),
        (1, -1, 0, 0, {}, "fn", {}),
        (-1, -1, 1, 0, {}, None, {}),
        (-1, -1, 0, 0, {}, None, {}),
    ],
)
def test_counts_of_one_topic(
    taxonomy: Taxonomy,
    make_gold: Make,
    make_decisions: Make,
    topic: int,
    stance: int,
    present: int,
    index: int,
    pair: dict[int, str],
    topics: str | None,
    stances: dict[int, str],
) -> None:
    gold = make_gold([[topic, -1, -1]], [[stance, -1, -1]])
    decisions = make_decisions([[present, 0, 0]], [[index, 0, -1]])
    blocks = paragraph_statistics(gold, decisions, taxonomy, np.ones(1), None).blocks
    kinds = ("tp", "fp", "fn")
    expected = {0: topics} if topics else {}
    for name, counts in (("pair", pair), ("topic", expected), ("stance", stances)):
        hits = np.argwhere(blocks[name].reshape(-1, 3))
        assert {int(row): kinds[column] for row, column in hits} == counts


def test_blocks_come_back_from_their_matrix() -> None:
    statistics = Statistics({"a": np.ones((2, 3)), "none": np.zeros((2, 0)), "b": np.full((2, 1), 5.0)})
    blocks = statistics.split(statistics.matrix())
    assert {name: block.tolist() for name, block in blocks.items()} == {
        name: block.tolist() for name, block in statistics.blocks.items()
    }
