"""Paragraphs a second, and how many times as fast one thing is as another, measured by turns."""

import statistics
import time
from collections.abc import Callable

REPEATS = 3


def rate(run: Callable[[], object], n: int, repeats: int = REPEATS) -> list[float]:
    """Paragraphs a second of each repeat."""
    found = []
    for _ in range(repeats):
        started = time.monotonic()
        run()
        found.append(n / (time.monotonic() - started))
    return found


def times(ours: list[float], theirs: list[float]) -> str:
    """The median ratio of the rounds, with the least and the greatest."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    return f"ours {statistics.median(ratios):.1f} times as fast [{min(ratios):.1f}, {max(ratios):.1f}]"
