"""An article's text to paragraphs with exact offsets, without the page's clutter."""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from communique.model.texts import Article, Paragraph
from communique.serve.clutter import is_clutter, is_list_header

__all__ = ["MAX_PARAGRAPH", "is_clutter", "segment"]

MAX_PARAGRAPH = 2500

_LINE = re.compile(r"\S[^\n]*+")
_WORD_START = re.compile(r"\S")
_SENTENCE_FINAL = re.compile(r"[.!?…:;,。！？।؟][\"'”’»)\]*]*$")
_QUOTED = re.compile(r"[\"“«'‘].*[\"”»'’]$", re.S)
_FULL_STOP = re.compile(r"[.!…:;][\"'”’»)\]*]*$")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+(?=[\"'“‘«(]*[A-Z0-9])")
_BULLET = re.compile(r"[-*•–—]\s|\d{1,2}[.)]\s")
# Hard-wrapped text: lines of this length that break in mid-sentence.
_WRAP_MIN, _WRAP_MAX = 40, 110
# The share of breaks in mid-sentence from which a text counts as wrapped; prose has about 3 in 4.
_WRAPPED_SHARE = 0.25
# How many lines either side of a line are its neighbourhood.
_NEIGHBOURS = 2
# Longer lines are prose, whatever they end in; shorter ones above the article may be its menu.
_MAX_HEADLINE, _MAX_MENU = 130, 40
# Letters of a pull quote, and from how many lines on they are not looked for: it is quadratic.
_MIN_PULL_QUOTE, _MAX_PULL_QUOTE, _MAX_UNITS_COMPARED = 18, 300, 400
# The title is looked for among the first units only: later, its words may be a quotation.
_TITLE_WITHIN = 8


class Span(NamedTuple):
    """A stretch of an article's text, without the white space around it."""

    start: int
    end: int
    text: str


def segment(article: Article) -> list[Paragraph]:
    """The paragraphs of an article: `article.text[p.start:p.end] == p.text` for each.

    A paragraph is a line, or the lines of a hard-wrapped one; clutter and the title are left out.
    """
    units = _join_wrapped(article.text)
    clutter = _find_clutter(units)
    title = _key(article.title or "")
    paragraphs: list[Paragraph] = []
    for number, (unit, is_dropped) in enumerate(zip(units, clutter, strict=True)):
        if is_dropped or (number < _TITLE_WITHIN and title and _key(unit.text) == title):
            continue
        for start, end in _split_long(unit):
            text = article.text[start:end]
            paragraphs.append(Paragraph(len(paragraphs) + 1, text, start, end))
    return paragraphs


def _key(text: str) -> str:
    """What two copies of a title have in common: their letters and digits."""
    return "".join(re.findall(r"\w+", text.casefold()))


def _lines(text: str) -> Iterator[Span]:
    for match in _LINE.finditer(text):
        line = match[0].rstrip()
        yield Span(match.start(), match.start() + len(line), line)


def _join_wrapped(text: str) -> list[Span]:
    """The lines of a text, those of one hard-wrapped paragraph joined."""
    lines = list(_lines(text))
    width = _wrap_width(text, lines)
    bounds: list[tuple[int, int]] = []
    last = None
    for line in lines:
        joined = last and width and _continues(text, last, line, width)
        bounds.append((bounds.pop()[0] if joined else line.start, line.end))
        last = line
    return [Span(start, end, text[start:end]) for start, end in bounds]


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
    if _is_blank_between(text, line, following) or _BULLET.match(following.text):
        return False
    if text[following.start - 2 : following.start] in ("  ", "\n\t"):  # an indented first line
        indented = text[line.start - 2 : line.start] in ("  ", "\n\t")
        if not indented:
            return False
    if is_clutter(line.text) or is_clutter(following.text) or len(line.text) > width + 8:
        return False
    first_word = following.text.split(maxsplit=1)[0]
    # Where the next word would have fitted, the break was meant.
    no_room = len(line.text) + 1 + len(first_word) > width
    return no_room or (len(line.text) > 0.6 * width and _runs_on(line, following))


def _runs_on(line: Span, following: Span) -> bool:
    return following.text[0].islower() and not _FULL_STOP.search(line.text)


def _is_blank_between(text: str, line: Span, following: Span) -> bool:
    return text.count("\n", line.end, following.start) > 1


def _find_clutter(units: list[Span]) -> list[bool]:
    """Which units to drop: clutter by itself, and what only its surroundings show to be clutter."""
    certain = [is_clutter(unit.text) for unit in units]
    prose = [not c and _is_prose(unit.text) for c, unit in zip(certain, units, strict=True)]
    dropped = list(certain)
    in_list = False
    for i, unit in enumerate(units):
        if certain[i]:
            in_list = in_list or is_list_header(unit.text)
            continue
        # In a list of other stories a headline may be a question.
        in_list = in_list and (not prose[i] or unit.text.endswith("?"))
        before, after = certain[max(0, i - _NEIGHBOURS) : i], certain[i + 1 : i + 1 + _NEIGHBOURS]
        dropped[i] = in_list or (any(before) and any(after) and not prose[i])
    _drop_ends(units, certain, prose, dropped)
    _drop_pull_quotes(units, dropped)
    return dropped


def _is_prose(text: str) -> bool:
    """Whether a line reads as part of an article: long, a finished sentence, or a quotation."""
    return len(text) > _MAX_HEADLINE or bool(_SENTENCE_FINAL.search(text) or _QUOTED.match(text))


def _drop_ends(units: list[Span], certain: list[bool], prose: list[bool], dropped: list[bool]) -> None:
    """Drop menus before the first line of prose and lists after the last, if clutter is there."""
    if not any(prose):
        return
    first, last = prose.index(True), len(prose) - 1 - prose[::-1].index(True)
    if any(certain[last + 1 :]):
        dropped[last + 1 :] = [True] * (len(units) - last - 1)
    menu_end = max((i for i in range(first) if certain[i]), default=0)
    for i in range(menu_end):
        dropped[i] = dropped[i] or len(units[i].text) <= _MAX_MENU


def _drop_pull_quotes(units: list[Span], dropped: list[bool]) -> None:
    """Drop short units that a longer one repeats word for word."""
    keys = [_key(unit.text) for unit in units]
    longer = [key for key in keys if len(key) > _MIN_PULL_QUOTE]
    if len(longer) > _MAX_UNITS_COMPARED:
        return
    for i, key in enumerate(keys):
        if _MIN_PULL_QUOTE <= len(key) <= _MAX_PULL_QUOTE:
            dropped[i] = dropped[i] or any(key in other and key != other for other in longer)


def _split_long(unit: Span) -> Iterator[tuple[int, int]]:
    """The unit's offsets, or those of its parts of at most `MAX_PARAGRAPH`, cut between sentences
    where there are any, else between words."""
    start = 0
    while len(unit.text) - start > MAX_PARAGRAPH:
        window = unit.text[start : start + MAX_PARAGRAPH]
        ends = [match.end() for match in _SENTENCE_END.finditer(window)]
        cut = ends[-1] if ends else window.rfind(" ") + 1 or MAX_PARAGRAPH
        yield unit.start + start, unit.start + start + len(window[:cut].rstrip())
        start += cut
        if word := _WORD_START.search(unit.text, start):
            start = word.start()
    yield unit.start + start, unit.end
