"""Parsing in worker processes: the order, the time limit, a worker that dies."""

import multiprocessing
from collections.abc import Iterable

import pytest

from communique.serve.items import Item, ReadFailure
from communique.serve.pool import ParserPool, tasks
from communique.serve.worker import Parsed, ParseOptions

OPTIONS = ParseOptions("any")


def texts(n: int) -> list[Item | ReadFailure]:
    return [
        Item(f"{i}.txt", 0, "text", data=f"Report {i} on the truce was read out in full.".encode()) for i in range(n)
    ]


def paths(pool: ParserPool, items: Iterable[Item | ReadFailure]) -> list[str]:
    found = [one for several in pool.run(items) for one in several]
    return [one.article.path if isinstance(one, Parsed) else f"failed {one.path}" for one in found]


@pytest.mark.parametrize("workers", [0, 2])
def test_results_keep_the_order_of_the_items(workers: int) -> None:
    items = texts(100)
    items[50] = ReadFailure("lost.txt", 0, "read", "OSError", "gone")
    with ParserPool(workers, OPTIONS, 60) as pool:
        found = paths(pool, items)
    assert found == [f"{i}.txt" if i != 50 else "failed lost.txt" for i in range(100)]


def test_what_takes_too_long_is_a_failure_with_the_remedy() -> None:
    page = b"<html><body>" + b"<div>" * 1000 + b"<p>The truce holds in every valley, the envoy said.</p>" * 20_000
    slow = Item("slow.html", 0, "html", data=page)
    with ParserPool(1, OPTIONS, 0.05) as pool:
        (failure,) = [one for several in pool.run([slow]) for one in several]
    assert isinstance(failure, ReadFailure)
    assert (failure.path, failure.error) == ("slow.html", "TimeoutError")
    assert "--time-limit" in failure.message


def test_a_worker_that_dies_costs_nothing_that_can_be_read_again() -> None:
    with ParserPool(1, OPTIONS, 60) as pool:
        results = pool.run(texts(200))
        found = next(results)
        for child in multiprocessing.active_children():
            child.kill()
        found += [one for several in results for one in several]
    assert [one.article.path for one in found if isinstance(one, Parsed)] == [f"{i}.txt" for i in range(200)]


def test_tasks_are_bounded_by_number_and_size() -> None:
    assert [len(task) for task in tasks(texts(40))] == [16, 16, 8]
    big: list[Item | ReadFailure] = [Item("a", 0, "html", data=b"x" * 600_000) for _ in range(3)]
    assert [len(task) for task in tasks(big)] == [2, 1]
