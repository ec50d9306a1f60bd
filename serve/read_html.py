"""The main text of an HTML page or fragment, with guards for deep markup and huge pages."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from communique.model.errors import InputError
from communique.serve.decode import REPLACEMENT, clean, declared_charset, decode, known_charset

# `trafilatura.extract` does not keep to its own limit: 29 MB took it 84 seconds.
MAX_BYTES = 8_000_000
# libxml2 drops what is nested deeper than 255, silently; trafilatura adds levels of its own.
MAX_DEPTH = 150
# Time goes with the number of tags, 80 microseconds and more each; a news page has a few thousand.
MAX_TAGS = 60_000
_MIN_BODY = 200

# No pattern may search to the end of the page from each of many places: "*+" never backtracks, and
# what may follow a "<" without closing it is bounded or excludes the next "<".
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|noscript|template|svg|textarea)\b.*?(?:</\1\s*>|\Z)"
    r"|<(/?)([a-z][a-z0-9:-]*+)[^<>]*+>",
    re.I | re.S,
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
# Elements that close themselves; a page need not close them, so they are not counted but weighed.
_IMPLIED = frozenset("p li dt dd td th tr thead tbody tfoot option html head body".split())
_WEIGHT = {"table": 4, "ul": 2, "ol": 2, "dl": 2, "select": 2}
_INLINE = frozenset("a abbr b big center cite em font i ins s small span strong sub sup u".split())
_XML_DECLARATION = re.compile(r"<\?xml[^<>]{0,500}\?>")
_LANG = re.compile(r"""<html\b[^<>]{0,2000}?\blang\s{0,20}=\s{0,20}["']?([a-z]{2,3})\b""", re.I)
_JSON_LD = re.compile(r"<script\b[^<>]{1,500}?application/ld\+json[^<>]{0,500}+>(.*?)(?:</script|\Z)", re.I | re.S)
_ARTICLE_TYPE = re.compile(r"Article|Posting|Report")
_MARKUP = re.compile(
    r"</?(?:p|div|br|span|h[1-6]|ul|ol|li|blockquote|article|section|em|strong|b|i|a|img|figure|html)\b[^<>]*+>",
    re.I,
)
_ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-f]{2,6}|[a-z]{2,8});", re.I)
_SKIPPED = frozenset("script style noscript template table figure aside form svg iframe button".split())
_BLOCK = frozenset(
    "p div li ul ol blockquote section article main header footer tr pre hr br h1 h2 h3 h4 h5 h6".split()
)


@dataclass(frozen=True, slots=True)
class Page:
    """What an HTML page says: its main text, paragraphs parted by a blank line, and metadata."""

    text: str
    title: str | None = None
    outlet: str | None = None
    published: str | None = None
    language: str | None = None
    content_lost: bool = False
    url: str | None = None
    author: str | None = None


def read_page(data: bytes, charset: str | None = None, url: str | None = None) -> Page:
    """The bytes of a page to its `Page`; raises `InputError` when huge, binary or without text.

    `charset` is that of its HTTP header, `url` where it was fetched.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"the page is over {MAX_BYTES:,} bytes; save the article alone, without embedded "
            "images and data, or extract its text first"
        )
    decoded = decode(data, known_charset(charset) or declared_charset(data))
    page = extract(decoded.text, url)
    lost = decoded.content_lost or REPLACEMENT in page.text + (page.title or "")
    return replace(page, content_lost=lost)


def extract(source: str, url: str | None = None) -> Page:
    """The markup of a whole page to its `Page`; raises `InputError` when there is no main text."""
    from trafilatura import bare_extraction  # slow to import

    source = clean(source).strip()
    if declaration := _XML_DECLARATION.match(source):
        source = source[declaration.end() :].lstrip()
    found: Any = bare_extraction(
        flatten(source),
        url=url,
        include_comments=False,
        include_tables=False,
        include_links=False,
        with_metadata=True,
    )
    lines = clean(found.text or "").split("\n") if found else []
    text = "\n\n".join(line.strip() for line in lines if line.strip())
    body = _json_ld_body(source)
    # A paywall, text set by a script, or trafilatura's own fallback, which joins the paragraphs.
    lost = len(text) < len(body) / 2 or ("\n" not in text and len(text) < len(body) * 1.1)
    if len(body) >= _MIN_BODY and lost:
        text = body
    if not text:
        raise InputError("no main text found in the page; was it saved before its text was loaded?")
    language = _LANG.search(source)
    return Page(
        text=text,
        title=one_line(found.title) if found else None,
        outlet=one_line(found.sitename) if found else None,
        published=one_line(found.date) if found else None,
        language=language[1].lower() if language else None,
        url=one_line(found.url) if found else None,
        author=one_line(found.author) if found else None,
    )


def has_markup(text: str) -> bool:
    """Whether a string from a record is HTML rather than plain text."""
    return bool(_MARKUP.search(text))


def fragment_text(source: str) -> str:
    """The text of an HTML fragment, such as a feed's body: all its blocks, nothing left out.

    A fragment is main text already; looking for the main text in it would only lose some.
    """
    from lxml import html as lxml_html

    root = lxml_html.document_fromstring(f"<div>{flatten(clean(source))}</div>")
    pieces: list[str] = []
    _collect(root, pieces)
    blocks = (" ".join(block.split()) for block in "".join(pieces).split("\0"))
    return clean("\n\n".join(block for block in blocks if block))


def plain(text: str) -> str:
    """A record's text field to plain text: markup read, stray entities decoded."""
    if re.search(r"<(?:html|body)\b", text, re.I):
        return extract(text).text
    if has_markup(text):
        return fragment_text(text)
    return clean(_unescape(text) if _ENTITY.search(text) else text)


def one_line(value: object) -> str | None:
    """A metadata value to one clean line of text; None when it is not a string or is empty."""
    if not isinstance(value, str):
        return None
    if has_markup(value):
        value = _MARKUP.sub(" ", value)
    return " ".join(clean(_unescape(value)).split()) or None


def _unescape(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a character number of thousands of digits
        return text


def flatten(source: str) -> str:
    """Drop the tags nested deeper than `MAX_DEPTH`, keeping their text; else `source` unchanged.

    A dropped block leaves a `<p>`, so that paragraphs stay apart. Raises `InputError` when the
    page has more than `MAX_TAGS` tags.
    """
    pieces: list[str] = []
    stack: list[tuple[str, int]] = []  # name and weight; weight 0: the tag was dropped
    open_names: dict[str, int] = {}
    depth = copied = 0
    for number, tag in enumerate(_TAG.finditer(source)):
        if number == MAX_TAGS:
            raise InputError(f"the page has over {MAX_TAGS:,} tags; save the article alone")
        name = (tag[3] or "").lower()
        if not name or name in _VOID or name in _IMPLIED:
            continue
        dropped = False
        if not tag[2]:
            weight = _WEIGHT.get(name, 1)
            dropped = depth + weight > MAX_DEPTH
            stack.append((name, 0 if dropped else weight))
            open_names[name] = open_names.get(name, 0) + 1
            depth += stack[-1][1]
        elif open_names.get(name):
            while stack:
                last, weight = stack.pop()
                open_names[last] -= 1
                depth -= weight
                if last == name:
                    dropped = weight == 0
                    break
        if dropped:
            pieces += source[copied : tag.start()], "" if name in _INLINE else "<p>"
            copied = tag.end()
    return "".join(pieces) + source[copied:] if pieces else source


def _collect(element: Any, pieces: list[str]) -> None:
    """Append an element's text to `pieces`, with NULs where blocks begin and end."""
    named = isinstance(element.tag, str)  # comments have a function as their tag
    edge = "\0" if named and element.tag in _BLOCK else ""
    pieces.append(edge)
    if named and element.tag not in _SKIPPED:
        pieces.append(element.text or "")
        for child in element:
            _collect(child, pieces)
    pieces += edge, element.tail or ""


def _json_ld_body(source: str) -> str:
    """The longest `articleBody` in a page's JSON-LD, as plain text; "" when there is none."""
    bodies: list[str] = []
    for script in _JSON_LD.finditer(source):
        try:
            bodies += _article_bodies(json.loads(script[1], strict=False), depth=8)
        except (ValueError, RecursionError):
            continue  # metadata only: a page is not refused for it
    body = max(bodies, key=len, default="")
    if has_markup(body):
        return fragment_text(body)
    return re.sub(r"\n+", "\n\n", clean(_unescape(body)).strip())


def _article_bodies(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, list) and depth:
        for item in value:
            yield from _article_bodies(item, depth - 1)
    elif isinstance(value, dict) and depth:
        body = value.get("articleBody")
        if isinstance(body, str) and _ARTICLE_TYPE.search(str(value.get("@type"))):
            yield body
        for item in value.values():
            if isinstance(item, (list, dict)):
                yield from _article_bodies(item, depth - 1)
