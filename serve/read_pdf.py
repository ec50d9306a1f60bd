"""The text of a PDF file as paragraphs: lines joined, page heads and numbers left out."""

import io
import itertools
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from communique.model.errors import InputError
from communique.serve.decode import REPLACEMENT, clean
from communique.serve.formats import load_library
from communique.serve.read_html import Page, one_line
from communique.serve.read_text import title_line

MAX_PDF_BYTES = 100_000_000
MAX_PAGES = 1_000
MAX_TEXT = 8_000_000
# What begins a paragraph: a gap of so many usual ones above it, an indent of so many points, or a
# last line before it of less than this share of the longest.
_GAP, _MAX_GAP, _INDENT, _MAX_INDENT, _SHORT = 1.35, 20, 8, 40, 0.75
# A heading's letters differ from the text's by at least this share.
_RESIZED = 0.15
_BULLET = re.compile(r"[•◦▪‣●]\s")
_NUMBER = re.compile(r"\W*(?:page\s*)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?\W*", re.I)
_SENTENCE_END = re.compile(r"[.!?…:][\"'”’»)\]]*$")
_HYPHENATED = re.compile(r"(\w+)-$")
_WORD = re.compile(r"\w+(?:-\w+)*")
_LONGEST_WORD = 60
# What programs write as the title of a document that was given none.
_NO_TITLE = re.compile(r"untitled|microsoft word|document\d*$|slide \d|.*\.(?:docx?|odt|pdf|indd|tex|qxd|pptx?)$", re.I)


@dataclass(slots=True)
class _Line:
    """A line of a page: its place in points from the lower left corner and the size of its letters.

    None and 0 where they are not known.
    """

    text: str
    x: float | None = None
    y: float | None = None
    size: float = 0.0


def read_pdf(data: bytes) -> Page:
    """A PDF's text, paragraphs parted by a blank line.

    Raises `InputError` when it is huge, damaged, encrypted or without text, such as a scan.
    """
    if len(data) > MAX_PDF_BYTES:
        raise InputError(f"the PDF is over {MAX_PDF_BYTES:,} bytes; extract its text first")
    pypdf = load_library("pypdf", "PDF files")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # each flaw of a file would be a line on the terminal
    try:
        document = pypdf.PdfReader(io.BytesIO(data))
        if document.is_encrypted and not document.decrypt(""):
            raise InputError("the PDF is encrypted; save it without the password first")
        n_pages = len(document.pages)
        pages, lost = _read_pages(document, min(n_pages, MAX_PAGES))
    except pypdf.errors.DependencyError as error:
        raise InputError(f"the PDF is encrypted and reading it needs more: {error}") from None
    except (pypdf.errors.PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"the PDF cannot be read ({type(error).__name__}: {error}); print it to PDF anew") from None
    text = clean("\n\n".join(_paragraphs(pages)))[:MAX_TEXT]
    if not text.strip():
        raise InputError(
            f"no text in the {n_pages} pages of the PDF; pages that are images, as of a scan, need OCR first"
        )
    title = _metadata(document, "title")
    return Page(
        text=text,
        title=title if title and not _NO_TITLE.match(title) else title_line(text),
        content_lost=lost or n_pages > MAX_PAGES or len(text) == MAX_TEXT or REPLACEMENT in text,
        author=_metadata(document, "author"),
    )


def _metadata(document: Any, name: str) -> str | None:
    try:
        return one_line(getattr(document.metadata, name, None))
    except Exception:  # metadata never costs the text
        return None


def _read_pages(document: Any, n_pages: int) -> tuple[list[list[_Line]], bool]:
    """The lines of each page, and whether a page could not be read."""
    pages: list[list[_Line]] = []
    lost = False
    for number in range(n_pages):
        try:
            pages.append(_lines(document.pages[number]))
        except Exception:  # one damaged page must not cost the others
            lost = True
    return _without_heads(pages), lost


def _lines(page: Any) -> list[_Line]:
    lines = [_Line("")]

    def visit(text: str, cm: Any, tm: Any, _font: Any, size: float) -> None:
        for number, piece in enumerate(text.split("\n")):
            if number:
                lines.append(_Line(""))
            line = lines[-1]
            if line.y is None and piece.strip():
                line.x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
                line.y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
                line.size = abs(size * tm[3] * cm[3])
            line.text += piece

    page.extract_text(visitor_text=visit)
    for line in lines:
        line.text = " ".join(line.text.split())
    return [line for line in lines if line.text]


def _without_heads(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Drop page numbers, and the first and last lines that most pages share but for their digits."""
    edges = Counter(key for page in pages for key in {_head(line) for line in page[:2] + page[-2:]})
    often = {key for key, n in edges.items() if n >= max(3, len(pages) / 2)}
    kept: list[list[_Line]] = []
    for page in pages:
        last = len(page) - 2
        kept.append(
            [
                line
                for i, line in enumerate(page)
                if not ((i < 2 or i >= last) and (_head(line) in often or _NUMBER.fullmatch(line.text)))
            ]
        )
    return kept


def _head(line: _Line) -> str:
    return re.sub(r"\d+", "0", line.text)


def _paragraphs(pages: list[list[_Line]]) -> Iterator[str]:
    words = Counter(word for page in pages for line in page for word in _WORD.findall(line.text.lower()))
    paragraph = ""
    for page in pages:
        starts = _starts(page)
        for i, (line, is_start) in enumerate(zip(page, starts, strict=True)):
            if i == 0:  # over the end of a page
                is_start = not line.text[:1].islower() or bool(_SENTENCE_END.search(paragraph))
            if is_start and paragraph:
                yield paragraph
                paragraph = ""
            paragraph = _joined(paragraph, line.text, words)
    if paragraph:
        yield paragraph


def _starts(page: list[_Line]) -> list[bool]:
    """Which lines begin a paragraph: by the gap above, an indent, a short last line before, or their letters."""
    pairs = list(itertools.pairwise(page))
    gaps = [_distance(line.y, above.y) for above, line in pairs]
    usual = median([gap for gap in gaps if gap > 1] or [0.0])
    width = max((len(line.text) for line in page), default=0)
    starts = [True] if page else []
    for above, line in pairs:
        ended = bool(_SENTENCE_END.search(above.text)) and not line.text[:1].islower()
        starts.append(
            (ended and len(above.text) < _SHORT * width)
            or bool(_BULLET.match(line.text))
            or abs(above.size - line.size) > _RESIZED * line.size
            or (ended and _is_within(_distance(above.x, line.x), _INDENT, _MAX_INDENT))
            or (usual > 0 and _is_within(_distance(line.y, above.y), _GAP * usual, _MAX_GAP * usual))
        )
    return starts


def _distance(start: float | None, end: float | None) -> float:
    return 0.0 if start is None or end is None else end - start


def _is_within(value: float, low: float, high: float) -> bool:
    return low < value < high


def _joined(paragraph: str, line: str, words: Counter[str]) -> str:
    """A paragraph with its next line; a word parted by a hyphen is one again.

    The hyphen stays where the document has the word with it elsewhere, and not without.
    """
    if not paragraph:
        return line
    head, tail = _HYPHENATED.search(paragraph[-_LONGEST_WORD:]), _WORD.match(line)
    if not head or not tail or not line[0].islower():
        return f"{paragraph} {line}"
    first, second = head[1].lower(), tail[0].lower()
    if words[f"{first}-{second}"] > words[first + second]:
        return paragraph + line
    return paragraph[:-1] + line
