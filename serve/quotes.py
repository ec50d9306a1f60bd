"""Quotations that run over paragraphs: in English, each paragraph of one opens with a mark and only the last closes."""

import itertools
import re
from collections.abc import Iterator, Sequence

from communique.model.texts import Paragraph

__all__ = ["MAX_RUN", "quote_starts"]

# A quotation of more paragraphs is one whose closing mark was lost.
MAX_RUN = 8

_FAMILY = {
    **dict.fromkeys('"“”„‟＂', "double"),
    **dict.fromkeys("'‘’‚‛", "single"),
    **dict.fromkeys("«»", "guillemets"),
    **dict.fromkeys("‹›", "single guillemets"),
}
_MARK = re.compile("[" + "".join(_FAMILY) + "]")
# A dash or a bullet may stand before the mark that goes on with a quotation.
_LEADING = re.compile(rf"\s*(?:[-–—•*]\s+)?({_MARK.pattern})")
_ALWAYS_OPEN, _OPENS_AFTER = "„‚", "([{<—–-/:" + "".join(_FAMILY)
# Words that lose their beginning: an apostrophe before them opens nothing.
_CLIPPED = re.compile(r"(?:\d\ds?|em|n|tis|twas|til|cause|round|bout)\b", re.I)


def quote_starts(paragraphs: Sequence[Paragraph]) -> list[int | None]:
    """For each paragraph the index of the one in which a quotation still open at its start began, else None.

    A quotation goes on where a paragraph leaves one open and the next begins with a mark of the same family
    (straight and curly are one family; double, single and guillemets are three); without such a mark it has ended.
    It runs over at most `MAX_RUN` paragraphs. Apostrophes and inches are no marks.
    """
    starts: list[int | None] = []
    family, began, n_run = None, 0, 0
    for paragraph in paragraphs:
        leading = _LEADING.match(paragraph.text)
        goes_on = family and leading and _FAMILY[leading[1]] == family and n_run < MAX_RUN
        starts.append(began if goes_on else None)
        family = _open_at_end(paragraph.text, family if goes_on else None, leading.end() if goes_on and leading else 0)
        began, n_run = (began, n_run + 1) if goes_on else (paragraph.index, 1)
    return starts


def _open_at_end(text: str, family: str | None, position: int) -> str | None:
    """The family of the quotation open at the end of a text, when `family` is open at `position`.

    Of marks within a quotation only those of its own family count.
    """
    marks = list(_marks(text, position))
    leading = _LEADING.match(text)
    is_whole = family is not None  # whether the quotation has been open since the paragraph's first mark
    for number, (mark, i) in enumerate(marks):
        if family is None:
            family = _FAMILY[mark] if _opens(text, i) else None
            is_whole = leading is not None and i == leading.start(1)
        elif _FAMILY[mark] == family and _closes(text, i):
            rest = (j for m, j in itertools.islice(marks, number + 1, None) if _FAMILY[m] == family)
            if not _is_doubtful(text, i) or not (
                (is_whole and family == "single") or _closes_only(text, next(rest, None))
            ):
                family = None
    return family


def _marks(text: str, position: int) -> Iterator[tuple[str, int]]:
    for match in _MARK.finditer(text, position):
        yield match[0], match.start()


def _opens(text: str, i: int) -> bool:
    before, after = text[i - 1 : i] if i else "", text[i + 1 : i + 2]
    if text[i] in "«‹" and after.isspace():  # French sets a space within its marks
        return True
    begins_word = (not before or before.isspace() or before in _OPENS_AFTER) and bool(after) and not after.isspace()
    if _FAMILY[text[i]] == "single" and _CLIPPED.match(text, i + 1):
        return False
    return text[i] in _ALWAYS_OPEN or (begins_word and (after.isalnum() or after in _OPENS_AFTER or after in "…$€£¡¿"))


def _closes(text: str, i: int) -> bool:
    before, after = text[i - 1 : i] if i else "", text[i + 1 : i + 2]
    if text[i] in "»›" and before.isspace():
        return True
    return bool(before) and not before.isspace() and not after.isalnum()


def _closes_only(text: str, i: int | None) -> bool:
    return i is not None and _closes(text, i) and not _opens(text, i)


def _is_doubtful(text: str, i: int) -> bool:
    """Whether a mark that could close may be inches (`a 6" gun`) or a plural's apostrophe (`the troops' return`)."""
    family, before = _FAMILY[text[i]], text[i - 1]
    is_within = text[i + 1 : i + 2].isspace() and text[i + 2 : i + 3].islower()
    return is_within and ((family == "double" and before.isdigit()) or (family == "single" and before in "sz"))
