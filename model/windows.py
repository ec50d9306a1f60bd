"""Cut token sequences that are longer than the model reads into overlapping windows."""

from dataclasses import dataclass

MAX_WINDOWS = 8


@dataclass(frozen=True, slots=True)
class Window:
    """A slice [start, end) of a text's content tokens; `text` is the text's position."""

    text: int
    start: int
    end: int


def windows_of(lengths: list[int], room: int) -> tuple[list[Window], list[bool]]:
    """Windows over texts of the given token counts, and whether each text was cut off at the end.

    Windows hold at most `room` tokens and overlap by a quarter, so that a sentence at a border is
    whole in one of them. Text beyond MAX_WINDOWS windows is not read.
    """
    step = max(1, room - room // 4)
    windows, cut = [], []
    for text, length in enumerate(lengths):
        starts = list(range(0, max(1, length - (room - step)), step))
        cut.append(len(starts) > MAX_WINDOWS)
        windows += [Window(text, start, min(length, start + room)) for start in starts[:MAX_WINDOWS]]
    return windows, cut
