"""The lines of a text, those of one paragraph joined: hard-wrapped lines, and lines of one sentence each."""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from communique.serve.clutter import is_clutter

__all__ = ["BULLET", "Span", "join_lines"]

BULLET = re.compile(r"(?:[-*•‣◦▪–—→]|\(?(?:\d{1,2}|[a-z])[.)])\s")
_LINE = re.compile(r"\S[^\n]*+")
_FULL_STOP = re.compile(r"[.!…:;][\"'”’»)\]*]*$")
_CLOSING = "\"'”’»)]*"  # marks that may follow a full stop
# The end of a sentence within a line; after three small letters or digits, for "Gen. Berg" and "the U.S. Army" go on.
_SENTENCE_BREAK = re.compile(r"[.!?…](?<=[a-z]{3}.|[0-9]{3}.)[\"'”’»)\]]*\s+[\"'“‘«(]*[A-Z]")
# Hard-wrapped text: lines of this length that break in mid-sentence.
_WRAP_MIN, _WRAP_MAX = 40, 110
# The share of breaks in mid-sentence from which a text counts as wrapped; prose has about 3 in 4.
_WRAPPED_SHARE = 0.25
# Text of one sentence a line: this share of its lines, in blocks that have more than one line on average and at most
# so many; a longer block is a page whose every line is a paragraph.
_SENTENCE_SHARE, _MAX_BLOCK = 0.9, 8


class Span(NamedTuple):
    """A stretch of an article's text, without the white space around it."""

    start: int
    end: int
    text: str


def join_lines(text: str) -> list[Span]:
    """The lines of a text, without empty ones; lines that make one paragraph are joined.

    They do where the text is hard-wrapped, and where every sentence has its own line and blank lines part the
    paragraphs. Everywhere else a line is a paragraph. Line ends may be CRLF; an indentation of the whole text
    changes nothing.
    """
    lines = list(_lines(text))
    width = _wrap_width(text, lines)
    by_sentence = not width and _is_by_sentence(text, lines)
    bounds: list[tuple[int, int]] = []
    last = None
    for line in lines:
        joined = last and (
            _continues(text, last, line, width) if width else by_sentence and _shares_paragraph(text, last, line)
        )
        bounds.append((bounds.pop()[0] if joined else line.start, line.end))
        last = line
    return [Span(start, end, text[start:end]) for start, end in bounds]


def _lines(text: str) -> Iterator[Span]:
    for match in _LINE.finditer(text):
        line = match[0].rstrip()
        yield Span(match.start(), match.start() + len(line), line)


def _wrap_width(text: str, lines: list[Span]) -> int:
    """The width a text is hard-wrapped at; 0 when it is not wrapped."""
    breaks = mid_sentence = width = 0
    for line, following in itertools.pairwise(lines):
        if _is_blank_between(text, line, following) or len(line.text) < _WRAP_MIN:
            continue
        breaks += 1
        if len(line.text) <= _WRAP_MAX and _runs_on(line, following):
            mid_sentence += 1
            width = max(width, len(line.text))
    return width if mid_sentence and mid_sentence >= _WRAPPED_SHARE * breaks else 0


def _continues(text: str, line: Span, following: Span, width: int) -> bool:
    """Whether `following` goes on with the paragraph of `line`, in text wrapped at `width`."""
    if _is_blank_between(text, line, following) or BULLET.match(following.text):
        return False
    if _indentation(text, following) >= _indentation(text, line) + 2 or len(line.text) > width + 8:
        return False
    runs_on = len(line.text) > 0.6 * width and _runs_on(line, following)
    if runs_on and len(following.text) >= _WRAP_MIN:  # in mid-sentence no line need be asked whether it is clutter
        return True
    first_word = following.text.split(maxsplit=1)[0]
    # Where the next word would have fitted, the break was meant.
    no_room = len(line.text) + 1 + len(first_word) > width
    return (runs_on or no_room) and not is_clutter(line.text) and not is_clutter(following.text)


def _is_by_sentence(text: str, lines: list[Span]) -> bool:
    """Whether a text has one sentence a line and blank lines between paragraphs, at least two of several lines."""
    blocks: list[list[Span]] = []
    for line in lines:
        if not blocks or _is_blank_between(text, blocks[-1][-1], line):
            blocks.append([])
        blocks[-1].append(line)
    # Menus and headings do not count.
    counts = [sum(_is_sentence(line) for line in block) for block in blocks]
    sentences = [line for line in lines if _is_sentence(line)]
    if sum(count > 1 for count in counts) < 2 or max(counts) > _MAX_BLOCK:
        return False
    if 2 * sum(count > 1 for count in counts) < sum(count > 0 for count in counts):
        return False
    n_single = sum(not _SENTENCE_BREAK.search(line.text) for line in sentences)
    return n_single >= _SENTENCE_SHARE * len(sentences)


def _shares_paragraph(text: str, line: Span, following: Span) -> bool:
    """Whether two lines stand in one paragraph, in text of one sentence a line."""
    return not (
        _is_blank_between(text, line, following)
        or not _is_sentence(line)  # a heading
        or not _is_sentence(following)
        or BULLET.match(line.text)
        or BULLET.match(following.text)
        or is_clutter(line.text)
        or is_clutter(following.text)
    )


def _is_sentence(line: Span) -> bool:
    return line.text.rstrip(_CLOSING).endswith((".", "!", "?", "…"))


def _runs_on(line: Span, following: Span) -> bool:
    return following.text[0].islower() and not _FULL_STOP.search(line.text)


def _is_blank_between(text: str, line: Span, following: Span) -> bool:
    return text.count("\n", line.end, following.start) > 1


def _indentation(text: str, line: Span) -> int:
    """How many columns of white space stand before a line; a tab counts four."""
    start = text.rfind("\n", 0, line.start) + 1
    return len(text[start : line.start].expandtabs(4))
