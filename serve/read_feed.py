"""The entries of an RSS or Atom feed."""

import io
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from communique.model.errors import InputError
from communique.serve.decode import REPLACEMENT
from communique.serve.formats import load_library
from communique.serve.read_html import Page, one_line, plain
from communique.serve.read_json import language_code

MAX_FEED_BYTES = 32_000_000
_END = re.compile(rb"<\0?/\0?(?:r\0?s\0?s|f\0?e\0?e\0?d|r\0?d\0?f\0?:\0?R\0?D\0?F)", re.I)
_END_BYTES = 2_000


def read_feed(data: bytes) -> Iterator[Page | InputError]:
    """The entries of a feed; an entry without text yields its `InputError`, and so does a missing end.

    Raises `InputError` when the file is huge or no feed.
    """
    if len(data) > MAX_FEED_BYTES:
        raise InputError(f"the feed is over {MAX_FEED_BYTES:,} bytes; write its articles as JSON Lines")
    feedparser = load_library("feedparser", "feeds")
    # As bytes in a stream: a string might be taken for an address to fetch.
    feed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not feed.entries:
        what = "the feed has no entries" if feed.version else "the XML is no RSS or Atom feed"
        raise InputError(f"{what}; expected <item> or <entry> elements, found: {_start(data)}")
    for entry in feed.entries:
        try:
            yield _page(entry, feed.feed)
        except InputError as error:
            yield error
    if not _END.search(data[-_END_BYTES:]):
        yield InputError("the feed breaks off: its end is missing, and the last entry may be short; fetch it again")


def _page(entry: Any, feed: Any) -> Page:
    bodies = [content.get("value") or "" for content in entry.get("content", ())] + [entry.get("summary") or ""]
    text = max((plain(body) for body in bodies), key=len).strip()
    if not text:
        raise InputError("the entry has no text: neither content nor a summary; fetch the page it links to")
    title = one_line(entry.get("title"))
    source = entry.get("source") or {}
    return Page(
        text=text,
        title=title,
        outlet=one_line(source.get("title")) or one_line(feed.get("title")),
        # As a plain dict: feedparser warns where it puts one of the two for the other.
        published=_time(dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")),
        language=language_code(feed.get("language")),
        content_lost=REPLACEMENT in text + (title or ""),
        url=one_line(entry.get("link")),
        author=one_line(entry.get("author")),
    )


def _time(moment: Any) -> str | None:
    """ISO 8601 of a time tuple in UTC."""
    try:
        return datetime.fromtimestamp(timegm(moment), UTC).isoformat() if moment else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _start(data: bytes) -> str:
    return " ".join(data[:80].decode("utf-8", "replace").split()) or "nothing"
