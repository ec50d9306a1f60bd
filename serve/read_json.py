"""Articles from records: JSON and the rows of tables, whatever the usual names of their fields."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from communique.model.errors import InputError
from communique.model.texts import Article
from communique.serve.decode import REPLACEMENT, decode
from communique.serve.read_html import one_line, plain

MAX_FILE_BYTES = 256_000_000
MAX_TEXT = 8_000_000

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
    "author": ("author", "authors", "byline", "creator"),
    "url": ("url", "link", "canonical_url", "article_url", "source_url", "permalink"),
}  # fmt: skip
_WRAPPERS = ("articles", "data", "items", "results", "documents", "records")
_LANGUAGE_NAMES = {"english": "en", "eng": "en"}


def json_records(data: bytes, columns: Mapping[str, str] | None = None) -> list[Any]:
    """The records of a JSON file: the object itself, or those of its list or wrapper.

    An object with a text, by our names or by `columns`, is a record.

    Raises `InputError` when the file is too big or is not JSON.
    """
    if len(data) > MAX_FILE_BYTES:
        raise InputError(
            f"the JSON file is over {MAX_FILE_BYTES:,} bytes; write one object a line (.jsonl), "
            "which is read as a stream"
        )
    value = parse_json(data)
    if isinstance(value, dict) and not (_named(value, (columns or {}).get("text", "")) or _first(value, "text")):
        value = next((value[w] for w in _WRAPPERS if isinstance(value.get(w), list)), value)
    return value if isinstance(value, list) else [value]


def parse_json(data: bytes) -> Any:
    """The value of a JSON text; raises `InputError` when it is none."""
    try:
        return json.loads(decode(data).text, strict=False)
    except RecursionError:
        raise InputError("invalid JSON: nested too deep") from None
    except json.JSONDecodeError as error:
        hint = "; one object a line is JSON Lines: name the file .jsonl" if error.msg == "Extra data" else ""
        raise InputError(f"invalid JSON at character {error.pos}: {error.msg}{hint}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(f"invalid JSON: {error}") from None


def to_article(record: Any, path: str, number: int, columns: Mapping[str, str] | None = None) -> Article:
    """One record to an `Article`.

    `columns` gives the key of some fields ("text" to "author", a dot for each level); the others
    go by `ALIASES`.

    Raises:
        InputError: the record has no text, or not the key that `columns` gives for it.
    """
    columns = columns or {}
    if not isinstance(record, dict):
        raise InputError(f"expected an object with the article's fields, found {_kind(record)}")
    values = {field: _named(record, columns[field]) if field in columns else _first(record, field) for field in ALIASES}
    text = _text(values["text"])
    if not text.strip():
        raise InputError(_no_text(record, columns.get("text")))
    if len(text) > MAX_TEXT:
        raise InputError(f"the text is over {MAX_TEXT:,} characters; one record is one article")
    title = _metadata(one_line, values["title"])
    return Article(
        path=path,
        text=text,
        record=number,
        title=title,
        outlet=_metadata(_outlet, values["outlet"]),
        published=_metadata(_published, values["published"]),
        language=_metadata(language_code, values["language"]),
        content_lost=REPLACEMENT in text + (title or ""),
        url=_metadata(_outlet, values["url"]),
        author=_metadata(_author, values["author"]),
    )


def check_columns(columns: Mapping[str, str]) -> None:
    """Raise `InputError` when a field is none of ours."""
    for field in columns:
        if field not in ALIASES:
            raise InputError(f"unknown field {field!r}; expected one of {', '.join(ALIASES)}, as in text=body")


def language_code(value: object) -> str | None:
    """A language as files give it ("en-US", "EN", "English") to its primary subtag."""
    name = (one_line(value) or "").lower()
    if re.fullmatch(r"[a-z]{2,3}([-_].*)?", name):
        name = re.split("[-_]", name)[0]
    return _LANGUAGE_NAMES.get(name, name) or None


def _no_text(record: Mapping[Any, Any], key: str | None) -> str:
    found = f"found the keys {', '.join(map(str, record)) or '(none)'}"
    if key is None:
        accepted = ", ".join(ALIASES["text"])
        return f"the record has no text: {found}; accepted for the text: {accepted}; --column text=KEY names another"
    if _named(record, key) is None:
        return f"the record has no {key!r}, the key named for the text: {found}"
    return f"the record has no text: its {key!r} is empty or no text; {found}"


def _named(record: Mapping[Any, Any], key: str) -> Any:
    """The value of a key, or, behind dots, of a key of the objects inside; None without."""
    if key in record:
        return record[key]
    outer, _, inner = key.partition(".")
    value = record.get(outer)
    return _named(value, inner) if inner and isinstance(value, dict) else None


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
    if isinstance(value, bytes):  # a Parquet column without the mark of a string
        value = decode(value).text
    return plain(value) if isinstance(value, str) else ""


def _outlet(value: Any) -> str | None:
    if isinstance(value, dict):
        value = next((value[k] for k in ("name", "title", "domain", "id") if value.get(k)), None)
    if isinstance(value, list):
        return _outlet(value[0]) if value else None
    return one_line(value)


def _author(value: Any) -> str | None:
    names = [_outlet(one) for one in (value if isinstance(value, list) else [value])]
    return ", ".join(name for name in names if name) or None


def _published(value: Any) -> str | None:
    """A date as ISO 8601 where its form is known; else the string as it was."""
    from email.utils import parsedate_to_datetime

    if isinstance(value, date):  # from Parquet
        return value.isoformat()
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
