"""One item to its articles; runs in a worker process that may be killed."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

from communique.model.errors import InputError
from communique.model.texts import Article
from communique.serve.cut import LIMITS, Item, ReadFailure, failure
from communique.serve.read_feed import read_feed
from communique.serve.read_html import Page, read_page
from communique.serve.read_json import json_records, parse_json, to_article
from communique.serve.read_mail import read_mail
from communique.serve.read_pdf import read_pdf
from communique.serve.read_text import read_text
from communique.serve.streams import open_location, read_document

# Pages are sometimes saved as .txt or .xml; their markup is not text.
_PAGE_START = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml[^<>]{0,500}\?>\s*)?<(!doctype html|html)\b", re.I)


def parse_item(item: Item, columns: Mapping[str, str] | None = None) -> list[Article | ReadFailure]:
    """The articles of an item; a document or record that cannot be read is a failure.

    `columns` gives the keys of records for our fields, as {"text": "body"}.
    """
    try:
        if item.kind == "record":
            record = parse_json(item.data) if isinstance(item.data, bytes) else item.data
            return [_finished(to_article(record, item.path, item.record, columns), item, False)]
        data, lost = _bytes(item)
    except OSError as error:
        return [failure(item.path, item.record, error, "read")]
    except Exception as error:
        return [failure(item.path, item.record, error, "parse")]
    return list(_parsed(item, data, lost, columns))


def _bytes(item: Item) -> tuple[bytes, bool]:
    """A document's bytes, at most one over its limit, and whether their end is lost."""
    data: Any = io.BytesIO(item.data) if isinstance(item.data, bytes) else open_location(item.location or "")
    with data as stream:
        return read_document(stream, LIMITS[item.kind])


def _parsed(item: Item, data: bytes, lost: bool, columns: Mapping[str, str] | None) -> Iterator[Article | ReadFailure]:
    number = item.record
    try:
        for found in _found(item, data, columns):
            if isinstance(found, Exception):
                yield failure(item.path, number, found)
            else:
                yield _finished(replace(found, path=item.path, record=number), item, lost)
            number += 1
        if number == item.record:
            raise InputError("no text: the file holds no records")
    except Exception as error:  # a parser's own bug must not end a run over a million pages
        yield failure(item.path, number, error)


def _found(item: Item, data: bytes, columns: Mapping[str, str] | None) -> Iterator[Article | Exception]:
    """The articles of a document, without path and number, errors in place of those that cannot be read."""
    if not data.strip():
        raise InputError("no text: the file is empty")
    kind = _kind(item.kind, data)
    if kind == "json":
        for record in json_records(data, columns):
            try:
                yield to_article(record, item.path, 0, columns)
            except Exception as error:  # of one record
                yield error
    elif kind == "feed":
        for entry in read_feed(data):
            yield entry if isinstance(entry, Exception) else _article(entry)
    elif kind == "html":
        yield _article(read_page(data, item.charset, item.url))
    elif kind == "pdf":
        yield _article(read_pdf(data))
    elif kind == "mail":
        yield _article(read_mail(data))
    else:
        yield read_text(data, item.path, markdown=kind == "markdown")


def _kind(kind: str, data: bytes) -> str:
    """What a document is by its first bytes, where its name may say otherwise."""
    if data.startswith(b"%PDF-"):
        return "pdf"
    return "html" if kind in ("text", "markdown", "feed") and _PAGE_START.match(data) else kind


def _article(page: Page) -> Article:
    return Article(path="", **asdict(page))


def _finished(article: Article, item: Item, lost: bool) -> Article:
    """An article with what its container knows; where a page was fetched goes before what it says of itself."""
    url = item.url or article.url
    return replace(
        article,
        url=url,
        outlet=article.outlet or _host(url),
        published=article.published or item.published,
        content_lost=article.content_lost or lost or item.content_lost,
    )


def _host(url: str | None) -> str | None:
    """The host name of an address, without "www."."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.") or None
    except ValueError:
        return None
