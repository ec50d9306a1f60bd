"""PDF files to paragraphs."""

import io
from collections.abc import Callable
from typing import Any

import pypdf
import pytest

from communique.model.texts import Article
from communique.serve import read_pdf
from communique.serve.segment import segment

Read = Callable[..., list[Any]]
FIRST = [
    "The council voted on Tuesday to extend the peace-",
    "keeping mission in the valley by a year, after a",
    "long-standing dispute with the ministers of both",
    "sides over its cost.",
]
SECOND = [
    "A truce without guarantees is a pause, the deputy",
    "minister said, and the long-",
    "standing demand of the villages stays what it was.",
]


def pdf(*pages: list[tuple[float, float, str]], title: str = "") -> bytes:
    """A PDF of one font; a page is lines with their place in points from the lower left corner."""
    writer = pypdf.PdfWriter()
    name, kind = pypdf.generic.NameObject, pypdf.generic.DictionaryObject
    font = writer._add_object(
        kind(
            {
                name("/Type"): name("/Font"),
                name("/Subtype"): name("/Type1"),
                name("/BaseFont"): name("/Helvetica"),
                name("/Encoding"): name("/WinAnsiEncoding"),
            }
        )
    )
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        page[name("/Resources")] = kind({name("/Font"): kind({name("/F1"): font})})
        content = pypdf.generic.DecodedStreamObject()
        shown = (f"BT /F1 {14 if text.isupper() else 11} Tf {x} {y} Td ({text}) Tj ET" for x, y, text in lines)
        content.set_data("\n".join(shown).encode("latin-1"))
        page[name("/Contents")] = writer._add_object(content)
    if title:
        writer.add_metadata({"/Title": title, "/Author": "Ada Writer"})
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


def laid_out(
    *paragraphs: list[str], top: float = 780, gap: float = 0, indent: float = 0
) -> list[tuple[float, float, str]]:
    lines = []
    for paragraph in paragraphs:
        for number, text in enumerate(paragraph):
            lines.append((72 + (0 if number else indent), top, text))
            top -= 14
        top -= gap
    return lines


ONE = (
    "The council voted on Tuesday to extend the peacekeeping mission in the valley by a year, after a "
    "long-standing dispute with the ministers of both sides over its cost."
)
TWO = (
    "A truce without guarantees is a pause, the deputy minister said, and the long-standing demand of the "
    "villages stays what it was."
)


@pytest.mark.parametrize("options", [{}, {"gap": 10}, {"indent": 14}])
def test_lines_become_paragraphs(read_bytes: Read, options: dict[str, float]) -> None:
    (found,) = read_bytes("a.pdf", pdf(laid_out(FIRST, SECOND, **options)))
    assert isinstance(found, Article), found
    assert found.text == f"{ONE}\n\n{TWO}"
    assert [paragraph.text for paragraph in segment(found)] == [ONE, TWO]
    assert not found.content_lost


def test_pages(read_bytes: Read) -> None:
    """Heads and page numbers go; a sentence goes on over the page."""
    pages = [
        [(72.0, 820.0, "The Valley Post, March 2025"), *laid_out(body), (290.0, 30.0, f"Page {n} of 3")]
        for n, body in enumerate((FIRST[:2], FIRST[2:], SECOND), start=1)
    ]
    (found,) = read_bytes("a.pdf", pdf(*pages, title="Council extends mission"))
    assert found.text == f"{ONE}\n\n{TWO}"
    assert (found.title, found.author) == ("Council extends mission", "Ada Writer")


def test_headings_and_bullets(read_bytes: Read) -> None:
    """Letters of another size, here capitals, and bullets begin a paragraph without any gap."""
    lines = ["COUNCIL EXTENDS MISSION", "The council voted on Tuesday to extend the", "mission. It is for:"]
    (found,) = read_bytes("a.pdf", pdf(laid_out([*lines, "\\225 flour,", "\\225 grain."])))
    assert found.text.split("\n\n") == [lines[0], " ".join(lines[1:]), "• flour,", "• grain."]


def test_titles_that_are_none(read_bytes: Read) -> None:
    heading = ["Council extends mission"]
    (found,) = read_bytes("a.pdf", pdf(laid_out(heading, FIRST, gap=12), title="Microsoft Word - draft3.docx"))
    assert found.title == "Council extends mission"


def test_scan_and_damage(read_bytes: Read) -> None:
    (scan,) = read_bytes("a.pdf", pdf([], []))
    assert "no text in the 2 pages of the PDF; pages that are images" in scan.message
    data = pdf(laid_out(FIRST))
    for number, broken in enumerate((data[:40], b"%PDF-1.7", b"%PDF-1.7\n" + bytes(range(256)) * 20)):
        (found,) = read_bytes(f"{number}.pdf", broken)
        assert "the PDF cannot be read" in found.message or "no text" in found.message
    (empty,) = read_bytes("b.pdf", b"")
    assert "the file is empty" in empty.message


@pytest.mark.parametrize(("password", "read"), [("", True), ("secret", False)])
def test_encrypted(read_bytes: Read, password: str, read: bool) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(laid_out(FIRST))))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    sink = io.BytesIO()
    writer.write(sink)
    (found,) = read_bytes("a.pdf", sink.getvalue())
    assert isinstance(found, Article) == read
    if not read:
        assert "save it without the password first" in found.message


def test_pages_over_the_limit_are_said(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_pdf, "MAX_PAGES", 1)
    (found,) = read_bytes("a.pdf", pdf(laid_out(FIRST), laid_out(SECOND)))
    assert (found.text, found.content_lost) == (ONE, True)
