"""An article's text to paragraphs with exact offsets, without the page's clutter.

A paragraph is a line, or the lines of one that is hard-wrapped or has a line for each sentence. A sentence that ends
in a colon and the short list below it are one paragraph. Headings within an article are kept as paragraphs of their
own: no rule tells every heading from a short paragraph, and what is kept can be left out later.
"""

import itertools
import re
from collections.abc import Iterator

from communique.model.texts import Article, Paragraph
from communique.serve.clutter import find_clutter, is_clutter
from communique.serve.lines import BULLET, Span, join_lines

__all__ = ["MAX_PARAGRAPH", "is_clutter", "segment"]

MAX_PARAGRAPH = 2500

_WORD = re.compile(r"\w+")
_WORD_START = re.compile(r"\S")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+(?=[\"'“‘«(]*[A-Z0-9])")
# A list stays with the line that leads in to it when it has at most so many items and, with it, characters.
_MAX_ITEMS, _MAX_LIST = 12, 1000
# Letters of a pull quote, and how many more the paragraph has that it was taken from.
_MIN_PULL_QUOTE, _MAX_PULL_QUOTE, _LONGER_THAN_QUOTE = 18, 300, 30
# The title is looked for among the first units only: later, its words may be a quotation.
_TITLE_WITHIN = 8


def segment(article: Article) -> list[Paragraph]:
    """The paragraphs of an article, in order: `article.text[p.start:p.end] == p.text` for each.

    Clutter and the title are left out; nothing else but white space is.
    """
    units = join_lines(article.text)
    dropped = find_clutter([unit.text for unit in units])
    _drop_pull_quotes(units, dropped)
    title = _key(article.title or "")
    for number, unit in enumerate(units[:_TITLE_WITHIN] if title else ()):
        dropped[number] = dropped[number] or _key(unit.text) == title
    paragraphs: list[Paragraph] = []
    for unit in _join_lists(article.text, units, dropped):
        for start, end in _split_long(unit):
            paragraphs.append(Paragraph(len(paragraphs) + 1, article.text[start:end], start, end))
    return paragraphs


def _key(text: str) -> str:
    """What two copies of a title have in common: their letters and digits."""
    return "".join(_WORD.findall(text.casefold()))


def _join_lists(text: str, units: list[Span], dropped: list[bool]) -> Iterator[Span]:
    """The units that stay, each short list joined to the line before it that ends in a colon."""
    i = 0
    while i < len(units):
        unit, i = units[i], i + 1
        if dropped[i - 1]:
            continue
        end = i
        if unit.text.endswith(":"):
            while end - i <= _MAX_ITEMS and end < len(units) and not dropped[end] and BULLET.match(units[end].text):
                end += 1
        is_short = end - i <= _MAX_ITEMS and units[end - 1].end - unit.start <= _MAX_LIST
        if i < end and is_short:
            yield Span(unit.start, units[end - 1].end, text[unit.start : units[end - 1].end])
            i = end
        else:
            yield unit


def _drop_pull_quotes(units: list[Span], dropped: list[bool]) -> None:
    """Drop short units that a much longer one repeats word for word.

    Each word of the text is looked up once, among those that a short unit begins with: linear in the text.
    """
    words = [[] if d else _WORD.findall(unit.text.casefold()) for unit, d in zip(units, dropped, strict=True)]
    keys = ["".join(of_unit) for of_unit in words]
    short = {key for key in keys if _MIN_PULL_QUOTE <= len(key) <= _MAX_PULL_QUOTE}
    lengths: dict[str, set[int]] = {}  # of the short units, by how they begin
    for key in short:
        lengths.setdefault(key[:_MIN_PULL_QUOTE], set()).add(len(key))
    openings = {of_unit[0] for of_unit, key in zip(words, keys, strict=True) if key in short}
    repeated: set[str] = set()
    for of_unit, key in zip(words, keys, strict=True):
        if len(key) < _MIN_PULL_QUOTE + _LONGER_THAN_QUOTE:
            continue
        starts = itertools.accumulate(map(len, of_unit), initial=0)
        for start in [start for start, word in zip(starts, of_unit, strict=False) if word in openings]:
            for length in lengths.get(key[start : start + _MIN_PULL_QUOTE], ()):
                if length + _LONGER_THAN_QUOTE <= len(key) and key[start : start + length] in short:
                    repeated.add(key[start : start + length])
    for i, key in enumerate(keys):
        dropped[i] = dropped[i] or key in repeated


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
