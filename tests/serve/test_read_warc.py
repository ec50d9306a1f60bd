"""WARC files to pages."""

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from communique.model.texts import Article

Read = Callable[..., list[Any]]
STORY = "<p>The café reopened on Monday, and the ferry sailed again, full of flour.</p>" * 9


def page(title: str = "Ferry", head: str = "") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body><article>{STORY}</article></body></html>"


def record(body: bytes, *headers: str, kind: str = "response", status: str = "200 OK", uri: str = "") -> bytes:
    http = "\r\n".join([f"HTTP/1.1 {status}", *(headers or ("Content-Type: text/html",)), "", ""]).encode() + body
    warc = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri or 'https://www.post.example/a'}\r\n"
        f"WARC-Date: 2025-03-04T05:06:07Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return warc.encode() + http + b"\r\n\r\n"


def test_what_the_crawl_knows(read_bytes: Read) -> None:
    html = "Content-Type: text/html; charset=windows-1252"
    (found,) = read_bytes("a.warc", record(page().encode("windows-1252"), html))
    assert (found.path, found.record, found.title, found.content_lost) == ("a.warc", 0, "Ferry", False)
    assert (found.url, found.outlet) == ("https://www.post.example/a", "post.example")
    assert found.published == "2025-03-04T05:06:07Z"
    assert found.text.startswith("The café")


def test_what_the_page_says_goes_first(read_bytes: Read) -> None:
    head = (
        '<meta property="og:site_name" content="The Post"><meta name="author" content="Ada Writer">'
        '<meta property="article:published_time" content="2024-01-02T03:04:05Z">'
        '<link rel="canonical" href="https://other.example/b">'
    )
    (found,) = read_bytes("a.warc.gz", gzip.compress(record(page(head=head).encode())))
    assert (found.outlet, found.author, found.published) == ("The Post", "Ada Writer", "2024-01-02")
    assert found.url == "https://www.post.example/a"


def test_only_successful_html_responses_count(read_bytes: Read) -> None:
    body = page().encode()
    data = b"".join(
        [
            record(b"", kind="request"),
            record(body, "Content-Type: image/png"),
            record(body, status="404 Not Found"),
            record(body, kind="revisit"),
            record(body, "Content-Type: TEXT/HTML;charset=utf-8"),
            record(body, "Content-Type: application/xhtml+xml"),
        ]
    )
    found = read_bytes("a.warc", data)
    assert [one.record for one in found] == [0, 1]
    assert read_bytes("a.warc", data, first=1) == found[1:]
    (nothing,) = read_bytes("b.warc", record(b"", kind="request"))
    assert "no records" in nothing.message


def chunked(body: bytes) -> bytes:
    pieces = [body[i : i + 500] for i in range(0, len(body), 500)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


BODY = page().encode()


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (gzip.compress(BODY), "Content-Encoding: gzip"),
        (zlib.compress(BODY), "Content-Encoding: deflate"),
        (zlib.compress(BODY)[2:-4], "Content-Encoding: deflate"),
        (chunked(BODY), "Transfer-Encoding: chunked"),
        (BODY, "Content-Encoding: gzip"),
        (BODY, "Content-Encoding: deflate"),
        (BODY, "Content-Encoding: br"),
        (BODY, "Transfer-Encoding: chunked"),
    ],
)
def test_encoded_bodies_and_headers_that_no_longer_hold(read_bytes: Read, body: bytes, header: str) -> None:
    data = record(body, "Content-Type: text/html; charset=utf-8", header) + record(BODY)
    first, second = read_bytes("a.warc", data)
    assert first.text == second.text
    assert not first.content_lost


@pytest.mark.parametrize("compress", [False, True])
def test_cut_off(read_bytes: Read, compress: bool) -> None:
    records = [record(BODY + b" " * i) for i in range(4)]
    parts = [gzip.compress(one) for one in records] if compress else records
    found = read_bytes("a.warc.gz" if compress else "a.warc", b"".join(parts)[: -len(parts[3]) // 2])
    assert [isinstance(one, Article) for one in found] == [True, True, True, False]
    assert "the file is cut off" in found[-1].message


def test_damage(read_bytes: Read) -> None:
    (none,) = read_bytes("a.warc", b"hello world\n" * 50)
    assert "the WARC file is damaged or none" in none.message
    first, failure = read_bytes(
        "b.warc.gz", gzip.compress(record(BODY)) + gzip.compress(record(BODY))[:40] + b"x" * 900
    )
    assert isinstance(first, Article)
    assert "damaged" in failure.message
