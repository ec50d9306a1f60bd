"""Windows over long token sequences."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communique.model.windows import MAX_WINDOWS, Window, windows_of


@pytest.mark.parametrize(
    ("length", "spans", "cut"),
    [
        (0, [(0, 0)], False),
        (1, [(0, 1)], False),
        (4, [(0, 4)], False),
        (5, [(0, 4), (3, 5)], False),
        (7, [(0, 4), (3, 7)], False),
        (8, [(0, 4), (3, 7), (6, 8)], False),
        (25, [(3 * n, 3 * n + 4) for n in range(8)], False),
        (26, [(3 * n, 3 * n + 4) for n in range(8)], True),
    ],
)
def test_windows_of_four(length: int, spans: list[tuple[int, int]], cut: bool) -> None:
    windows, was_cut = windows_of([length], 4)
    assert [(window.start, window.end) for window in windows] == spans
    assert was_cut == [cut]


def test_windows_name_their_text() -> None:
    windows, cut = windows_of([5, 0, 2], 4)
    assert windows == [Window(0, 0, 4), Window(0, 3, 5), Window(1, 0, 0), Window(2, 0, 2)]
    assert cut == [False] * 3
    assert windows_of([], 4) == ([], [])


@given(lengths=st.lists(st.integers(0, 300), max_size=5), room=st.integers(1, 40))
def test_every_token_is_read_unless_cut(lengths: list[int], room: int) -> None:
    windows, cut = windows_of(lengths, room)
    for text, length in enumerate(lengths):
        mine = [window for window in windows if window.text == text]
        read = {token for window in mine for token in range(window.start, window.end)}
        assert read == set(range(max(window.end for window in mine)))
        assert (len(read) < length) is cut[text]
        assert len(mine) <= MAX_WINDOWS
        assert all(window.end - window.start <= room for window in mine)
        assert all(later.start <= sooner.end - room // 4 for sooner, later in pairwise(mine))
