"""Which lines of a scraped page are not part of its article: by themselves, and by their surroundings.

The rules are tables in `clutter_rules`, `clutter_credits` and `clutter_phrases`; `make bench-clutter` measures them.
"""

import functools
import operator
import re
from collections.abc import Sequence

from communique.serve.clutter_credits import CREDITS, NOTICES
from communique.serve.clutter_phrases import NOTES, PHRASES
from communique.serve.clutter_rules import END_HEADERS, LIST_HEADERS, PATTERNS

MAX_CHARS, MAX_PIECE = 320, 100
# How many lines either side of a line are its neighbourhood.
_NEIGHBOURS = 2
# Longer lines are prose, whatever they end in; shorter ones above the article may be its menu.
_MAX_HEADLINE, _MAX_MENU = 130, 40
# After the heading of comments or of an author's life there may be this many sentences of at most this length,
# together at most this share of the article's; more than that, and the heading stood amid the article.
_MAX_AFTER_END, _MAX_NOTE, _MAX_SHARE_AFTER_END = 3, 200, 0.25

# Without re.I, upon a line in lower case: faster, for the engine can then tell alternatives by their first letter.
_CLUTTER = re.compile("|".join((*(pattern for pattern, _ in (*PATTERNS, *NOTICES)), *LIST_HEADERS)))
_HEADER = re.compile("|".join(LIST_HEADERS))
_END = re.compile("|".join(END_HEADERS))
_CREDIT = re.compile("|".join(CREDITS))
_PHRASES = [(word, re.compile(pattern)) for words, pattern, _ in PHRASES for word in words.split("|")]
_NOTES = [(word, re.compile(pattern)) for words, pattern, _ in NOTES for word in words.split("|")]
_SEPARATOR = re.compile(r" +[|·•●▸] +")
# A piece of a row of buttons, or lines joined by mistake, that open with a sentence of the article.
_SENTENCE_FIRST = re.compile(r".{40,}?[.!?…][\"'”’»)]* ")
_SENTENCE = re.compile(r".{25,}\.[\"'”’»)]*")
# Somebody speaks: never clutter, whatever words the line begins with.
_SPEECH = re.compile(
    r"[\"“«‘'].+ .+|"
    r".*\b(?:said|says|told|added|adds|warned|asked|argued|insisted|wrote|stressed|noted)\b"
    r".*[.!?][\"”’»)]*"
)
_SENTENCE_FINAL = re.compile(r"[.!?…:;,。！？।؟][\"'”’»)\]*]*$")
_QUOTED = re.compile(r"[\"“«'‘].*[\"”»'’]$", re.S)
_BULLET = re.compile(r"[-*•–—]\s+\S|\d{1,2}[.)]\s+\S")


def is_clutter(line: str) -> bool:
    """Whether a line of a page is certainly not part of an article's text."""
    line = " ".join(line.split())
    return len(line) <= MAX_CHARS and (not line or _is_short_clutter(line))


@functools.lru_cache(maxsize=4096)  # joining lines, finding the title and dropping clutter ask about the same ones
def _is_short_clutter(line: str) -> bool:
    # The veto of speech comes second: it is rarely needed and slow.
    is_known = _matches_rule(line) or bool(_CREDIT.fullmatch(line)) or _is_button_row(line)
    return is_known and not _SPEECH.fullmatch(line)


def _matches_rule(line: str) -> bool:
    line = line.lower()
    return bool(_CLUTTER.fullmatch(line)) or _has_phrase(line, line, _PHRASES)


def _has_phrase(line: str, lower: str, rules: list[tuple[str, re.Pattern[str]]]) -> bool:
    patterns = [pattern for word, pattern in rules if word in lower]
    return any(pattern.fullmatch(line) for pattern in patterns)


def _is_button_row(line: str) -> bool:
    """Whether a line is a row of buttons or headlines: "Cite as · Share · Our quiz of the week"."""
    pieces = _SEPARATOR.split(line)
    if len(pieces) == 1 or max(map(len, pieces)) > MAX_PIECE or any(map(_SENTENCE_FIRST.match, pieces)):
        return False
    if 2 * sum(map(_matches_rule, pieces)) > len(pieces):
        return True
    # A live blog's "14:02 · Doha · The two ministers walked in." is no row of headlines.
    return len(pieces) > 2 and not any(_SENTENCE.fullmatch(piece) for piece in pieces)


def is_list_header(line: str) -> bool:
    """Whether a line heads a list of other stories or of tags, such as "Related:"."""
    return bool(_HEADER.fullmatch(" ".join(line.lower().split())))


def find_clutter(lines: Sequence[str]) -> list[bool]:
    """Which lines of a page are clutter, by themselves or by their surroundings; a line may be several joined."""
    is_joined = ["\n" in line for line in lines]
    lines = [" ".join(line.split()) for line in lines]
    certain = [is_clutter(line) for line in lines]
    notes = [not c and _is_note(line) for c, line in zip(certain, lines, strict=True)]
    prose = [
        not c and not n and (_is_prose(line) or (j and bool(_SENTENCE_FIRST.match(line))))
        for c, n, j, line in zip(certain, notes, is_joined, lines, strict=True)
    ]
    listed = _find_listed(lines, certain, prose)
    prose = [p and not x for p, x in zip(prose, listed, strict=True)]
    first, last = _article_bounds(lines, prose)
    dropped = list(map(operator.or_, certain, listed))
    for i, line in enumerate(lines):
        if not prose[i] and _is_near(certain, prose, i, -1) and _is_near(certain, prose, i, 1):
            # Within a live blog, times and counters stand around sentences without a full stop.
            dropped[i] |= not first < i < last or notes[i] or not _reads_as_sentence(line)
    _drop_ends(lines, certain, notes, (first, last), dropped)
    return dropped


def _is_near(certain: list[bool], prose: list[bool], i: int, step: int) -> bool:
    """Whether clutter stands within the neighbourhood of line `i` on one side, with no prose between."""
    for j in range(i + step, i + step * (_NEIGHBOURS + 1), step):
        if not 0 <= j < len(certain) or prose[j]:
            return False
        if certain[j]:
            return True
    return False


def _find_listed(lines: Sequence[str], certain: list[bool], prose: list[bool]) -> list[bool]:
    """Which lines stand in a list of other stories: from its heading to the next prose."""
    listed = [False] * len(lines)
    in_list = False
    for i, line in enumerate(lines):
        if certain[i]:
            in_list = in_list or is_list_header(line)
        else:  # a headline may be a question
            in_list = in_list and (line.endswith("?") or not prose[i])
            listed[i] = in_list
    return listed


def _is_note(line: str) -> bool:
    return len(line) <= MAX_CHARS and _has_phrase(line, line.lower(), _NOTES)


def _is_prose(text: str) -> bool:
    """Whether a line reads as part of an article: long, a finished sentence, or a quotation."""
    return len(text) > _MAX_HEADLINE or bool(_SENTENCE_FINAL.search(text) or _QUOTED.match(text))


def _reads_as_sentence(line: str) -> bool:
    """Whether a line without a full stop may be a sentence: long, and few of its words have capitals."""
    words = re.findall(r"[^\W\d_]+", line)
    return len(line) > _MAX_MENU and 2 * sum(word[0].isupper() for word in words) < len(words)


def _article_bounds(lines: Sequence[str], prose: list[bool]) -> tuple[int, int]:
    """The first and last line of prose; the last before comments and the like. (n, -1) without any."""
    found = [i for i, is_prose in enumerate(prose) if is_prose]
    if not found:
        return len(lines), -1
    n_chars = sum(len(lines[i]) for i in found)
    for rank in range(max(0, len(found) - 1 - _MAX_AFTER_END), len(found) - 1):
        last, after = found[rank], found[rank + 1 :]
        lengths = [len(lines[i]) for i in after]
        if max(lengths) > _MAX_NOTE or sum(lengths) > _MAX_SHARE_AFTER_END * n_chars:
            continue
        if any(_END.fullmatch(line.lower()) for line in lines[last + 1 : after[0]]):
            return found[0], last
    return found[0], found[-1]


def _drop_ends(
    lines: Sequence[str], certain: list[bool], notes: list[bool], bounds: tuple[int, int], dropped: list[bool]
) -> None:
    """Drop menus before the first line of prose; after the last, whatever follows clutter or a note."""
    first, last = bounds
    if last < 0:
        return
    tail = next((i for i in range(last + 1, len(lines)) if certain[i] or notes[i]), len(lines))
    dropped[tail:] = [True] * (len(lines) - tail)
    menu_end = max((i for i in range(first) if certain[i]), default=0)
    for i in range(first):
        is_menu = i < menu_end and len(lines[i]) <= _MAX_MENU and not _BULLET.match(lines[i])
        dropped[i] = dropped[i] or is_menu or notes[i]
