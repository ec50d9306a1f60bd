"""Saved e-mail to articles."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

Read = Callable[..., list[Any]]
PLAIN = "The ferry sailed again.\n\nNobody waved.\n"
CELLS = "".join(f"<tr><td><p>The ferry sailed again on day {i}, full of flour.</p></td></tr>" for i in range(9))
NEWSLETTER = f"<html lang=en><body><table>{CELLS}</table></body></html>"


def message(plain: str = "", html: str = "", **headers: str) -> bytes:
    mail = EmailMessage()
    named = {"Subject": "Ferry «sails»", "From": "The Valley Post <news@post.example>", **headers}
    for name, value in ({"Date": "Tue, 04 Mar 2025 05:06:07 +0100"} | named).items():
        mail[name] = value
    if plain:
        mail.set_content(plain)
    if html and plain:
        mail.add_alternative(html, subtype="html")
    elif html:
        mail.set_content(html, subtype="html", charset="iso-8859-1")
    return mail.as_bytes()


def test_plain(read_bytes: Read) -> None:
    (found,) = read_bytes("a.eml", message(PLAIN))
    assert found.text.split() == PLAIN.split()
    assert (found.title, found.outlet) == ("Ferry «sails»", "The Valley Post")
    assert (found.published, found.content_lost) == ("2025-03-04T05:06:07+01:00", False)


@pytest.mark.parametrize("plain", ["", "View this message in your browser."])
def test_newsletters_laid_out_in_tables(read_bytes: Read, plain: str) -> None:
    (found,) = read_bytes("a.eml", message(plain, NEWSLETTER))
    paragraphs = found.text.split("\n\n")
    assert len(paragraphs) == 9
    assert paragraphs[8] == "The ferry sailed again on day 8, full of flour."
    assert found.language == "en"


def test_the_plain_part_where_the_page_says_less(read_bytes: Read) -> None:
    (found,) = read_bytes("a.eml", message(PLAIN * 20, "<p>Your client shows no HTML.</p>"))
    assert found.text.startswith("The ferry sailed again.")


def test_attachments_and_charsets(read_bytes: Read) -> None:
    mail = (
        b"Subject: =?utf-8?q?caf=C3=A9?=\r\nFrom: news@post.example\r\nDate: yesterday\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        + "The café agrees.".encode("windows-1252")
        + b"\r\n--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n--x--\r\n"
    )
    (found,) = read_bytes("a.eml", mail)
    assert (found.title, found.text.strip(), found.outlet) == ("café", "The café agrees.", "post.example")
    assert found.published is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"From: a@b.c\r\n\r\n", "no text"),
        (b"Content-Type: image/png\r\n\r\nabc", "neither a text nor an HTML part"),
    ],
)
def test_failures(read_bytes: Read, data: bytes, message: str) -> None:
    (found,) = read_bytes("a.eml", data)
    assert message in found.message


def test_deep_parts(read_bytes: Read) -> None:
    data = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (i, i) for i in range(5000))
    (found,) = read_bytes("a.eml", data + b"\r\nThe end.")
    assert "nested too deep" in found.message
