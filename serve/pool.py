"""Parsing in worker processes that can be killed: a page that hangs or crashes its parser costs that page."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

from communique.serve.items import Item, ReadFailure
from communique.serve.worker import Parsed, ParseOptions, parse

Task = list[Item | ReadFailure]
Results = list[Parsed | ReadFailure]
TASK_ITEMS, TASK_BYTES = 16, 1_000_000
# Tasks given out for each worker before their results are asked for.
AHEAD = 4
# How often in a row a pool may break before the run gives up.
BROKEN_POOLS = 3


class ParserPool:
    """`workers` processes; 0 parses in this process, without a time limit.

    `seconds` is the limit for one item. Results come in the order of the items whatever the number of
    workers.
    """

    def __init__(self, workers: int, options: ParseOptions, seconds: float) -> None:
        self._workers = workers
        self._options = options
        self.seconds = seconds
        self._pool: Any = None

    def __enter__(self) -> "ParserPool":
        if self._workers:
            self._open()
        return self

    def _open(self) -> None:
        from pebble import ProcessPool

        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=self._workers, context=context, initializer=_ignore_interrupts)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.stop() if kind else self._pool.close()
            self._pool.join()

    def run(self, items: Iterable[Item | ReadFailure]) -> Iterator[Results]:
        """What the items give, in their order, a few items at a time."""
        if self._pool is None:
            for item in items:
                yield parse([item], self._options)
            return
        waiting: deque[tuple[Task, Any]] = deque()
        for task in tasks(items):
            waiting.append((task, self._submit(task)))
            if len(waiting) > AHEAD * self._workers:
                yield self._results(*waiting.popleft())
        while waiting:
            yield self._results(*waiting.popleft())

    def _submit(self, task: Task) -> Any:
        try:
            return self._pool.schedule(parse, args=(task, self._options), timeout=self.seconds)
        except RuntimeError:  # the pool broke: a worker died while it had nothing to do
            self._open()
            return self._pool.schedule(parse, args=(task, self._options), timeout=self.seconds)

    def _results(self, task: Task, future: Any) -> Results:
        """A task's results; when it hung or its worker died, those of each of its items by itself."""
        for _ in range(BROKEN_POOLS):
            try:
                return self._given(task, future)
            except BrokenProcessPool:
                future = self._submit(task)
        return self._given(task, future)

    def _given(self, task: Task, future: Any) -> Results:
        from pebble import ProcessExpired

        try:
            return list(future.result())
        except (FutureTimeout, ProcessExpired) as error:
            if len(task) > 1:
                return [result for item in task for result in self._results([item], self._submit([item]))]
            return [_lost(task[0], error, self.seconds)]


def tasks(items: Iterable[Item | ReadFailure]) -> Iterator[Task]:
    """Items in groups that are worth sending to another process."""
    task: Task = []
    size = 0
    for item in items:
        task.append(item)
        data = None if isinstance(item, ReadFailure) else item.data
        size += len(data) if isinstance(data, bytes) else 10_000
        if len(task) >= TASK_ITEMS or size >= TASK_BYTES:
            yield task
            task, size = [], 0
    if task:
        yield task


def _lost(item: Item | ReadFailure, error: Exception, seconds: float) -> ReadFailure:
    if isinstance(error, FutureTimeout):
        message = (
            f"reading it took over {seconds:g} seconds and was ended; raise --time-limit, or extract its text first"
        )
    else:
        message = f"the process that read it died ({error}); extract its text first, or report the file"
    return ReadFailure(item.path, item.record, "parse", type(error).__name__, message)


def _ignore_interrupts() -> None:
    """Ctrl-C goes to every process of the terminal; the main one ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
