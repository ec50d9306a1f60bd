"""Articles from JSON and JSON Lines, whatever the usual names of their fields."""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from communique.model.errors import InputError
from communique.model.texts import Article
from communique.serve.decode import REPLACEMENT, decode
from communique.serve.read_html import one_line, plain

MAX_FILE_BYTES = 256_000_000
MAX_LINE_BYTES = 32_000_000

# The names each field goes by, the preferred ones first; compared without case, "_" and "-".
ALIASES = {
    "title": ("title", "headline", "article_title"),
    "text": (
        "text", "body", "content", "article", "maintext", "article_body", "article_text",
        "full_text", "content_html", "paragraphs",
    ),
    "outlet": (
        "outlet", "source", "publisher", "source_domain", "source_name", "site_name", "publication",
        "domain",
    ),
    "published": (
        "published", "date", "published_at", "date_publish", "pub_date", "date_published",
        "publish_date", "published_date", "publication_date", "datetime", "timestamp",
    ),
    "language": ("language", "lang", "in_language"),
}  # fmt: skip
_WRAPPERS = ("articles", "data", "items", "results", "documents", "records")
_LANGUAGE_NAMES = {"english": "en", "eng": "en"}


def json_records(stream: IO[bytes]) -> Iterator[Any]:
    """The records of a JSON file: the object itself, or those of its list or wrapper.

    Raises `InputError` when the file is too big or is not JSON.
    """
    data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InputError(
            f"the JSON file is over {MAX_FILE_BYTES:,} bytes; write one object a line (.jsonl), "
            "which is read as a stream"
        )
    value = _parse(decode(data).text)
    if isinstance(value, dict) and not _first(value, "text"):
        value = next((value[w] for w in _WRAPPERS if isinstance(value.get(w), list)), value)
    yield from value if isinstance(value, list) else [value]


def json_line_records(stream: IO[bytes]) -> Iterator[Any]:
    """The records of a JSON Lines file, one line at a time; a bad line yields its `InputError`."""
    head = stream.read(4)
    stream.seek(0)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:  # UTF-16 cuts no line at "\n"
        stream = io.BytesIO(decode(stream.read(MAX_FILE_BYTES)).text.encode())
    for line in _lines(stream):
        if isinstance(line, InputError):
            yield line
        elif line.strip():
            try:
                yield _parse(decode(line).text)
            except InputError as error:
                yield error


def to_article(record: Any, path: str, number: int) -> Article:
    """One record to an `Article`; raises `InputError` when it has no text."""
    if not isinstance(record, dict):
        raise InputError(f"expected an object with the article's fields, found {_kind(record)}")
    text = _text(_first(record, "text"))
    if not text.strip():
        raise InputError(
            f"the record has no text: found the keys {', '.join(map(str, record)) or '(none)'}; "
            f"accepted for the text: {', '.join(ALIASES['text'])}"
        )
    title = _metadata(one_line, _first(record, "title"))
    return Article(
        path=path,
        text=text,
        record=number,
        title=title,
        outlet=_metadata(_outlet, _first(record, "outlet")),
        published=_metadata(_published, _first(record, "published")),
        language=_metadata(language_code, _first(record, "language")),
        content_lost=REPLACEMENT in text + (title or ""),
    )


def language_code(value: object) -> str | None:
    """A language as files give it ("en-US", "EN", "English") to its primary subtag."""
    name = (one_line(value) or "").lower()
    if re.fullmatch(r"[a-z]{2,3}([-_].*)?", name):
        name = re.split("[-_]", name)[0]
    return _LANGUAGE_NAMES.get(name, name) or None


def _parse(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise InputError("invalid JSON: nested too deep") from None
    except json.JSONDecodeError as error:
        raise InputError(f"invalid JSON at character {error.pos}: {error.msg}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(f"invalid JSON: {error}") from None


def _lines(stream: IO[bytes]) -> Iterator[bytes | InputError]:
    """Lines of at most `MAX_LINE_BYTES`; a longer one is skipped and reported."""
    while line := stream.readline(MAX_LINE_BYTES):
        if len(line) < MAX_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield InputError(f"the line is over {MAX_LINE_BYTES:,} bytes; one line is one article")


def _first(record: Mapping[Any, Any], field: str) -> Any:
    """The value of the first alias of a field that has one; None without."""
    found = {re.sub("[-_ ]", "", str(key)).lower(): value for key, value in record.items()}
    for alias in ALIASES[field]:
        value = found.get(alias.replace("_", ""))
        if value not in (None, "", [], {}):
            return value
    return None


def _metadata(read: Callable[[Any], str | None], value: Any) -> str | None:
    try:
        return read(value)
    except Exception:  # whatever is wrong with it, metadata never costs the article
        return None


def _text(value: Any) -> str:
    """A string, a list of paragraphs, or an object around either, to plain text."""
    if isinstance(value, dict):
        value = next((value[k] for k in ("text", "html", "rendered", "body") if k in value), None)
    if isinstance(value, list):
        return "\n\n".join(filter(None, (_text(item).strip() for item in value)))
    return plain(value) if isinstance(value, str) else ""


def _outlet(value: Any) -> str | None:
    if isinstance(value, dict):
        value = next((value[k] for k in ("name", "title", "domain", "id") if value.get(k)), None)
    if isinstance(value, list):
        return _outlet(value[0]) if value else None
    return one_line(value)


def _published(value: Any) -> str | None:
    """A date as ISO 8601 where its form is known; else the string as it was."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            seconds = value / 1000 if abs(value) > 1e11 else value
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return None
    text = one_line(value)
    if text and re.match(r"[A-Z][a-z]{2}, \d", text):  # the dates of feeds: Tue, 04 Mar 2025 …
        try:
            return parsedate_to_datetime(text).isoformat()
        except (ValueError, OverflowError):
            return text
    return text


def _kind(value: Any) -> str:
    names = {str: "a string", list: "a list", type(None): "null", bool: "true or false"}
    return names.get(type(value), "a number")
