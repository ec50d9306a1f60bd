"""A saved e-mail, such as a newsletter, to its text."""

import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

from communique.model.errors import InputError
from communique.serve.decode import REPLACEMENT, decode, known_charset
from communique.serve.read_html import Page, extract, fragment_text, one_line
from communique.serve.read_json import language_code

MAX_MAIL_BYTES = 32_000_000
_MAX_BODY = 8_000_000
# Newsletters are laid out in tables, which the page reader leaves out as data.
_TABLE = re.compile(r"<(/?)(?:table|tbody|thead|tr|td|th)\b[^<>]*+>", re.I)


def read_mail(data: bytes) -> Page:
    """A message's HTML part, or its plain one where that says more; raises `InputError` without text."""
    from email import policy
    from email.parser import BytesParser

    if len(data) > MAX_MAIL_BYTES:
        raise InputError(f"the message is over {MAX_MAIL_BYTES:,} bytes; save it without its attachments")
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        html, plain = _body(message, "html"), _body(message, "plain")
    except RecursionError:
        raise InputError("the message's parts are nested too deep") from None
    if not html and not plain:
        raise InputError("no text: the message has neither a text nor an HTML part; is it an e-mail?")
    page = _html_page(html) if html else None
    if page is None or len(page.text) < len(plain) / 2:
        page = Page(text=plain or fragment_text(html))
    if not page.text.strip():
        raise InputError("no text: the message is empty")
    title = _header(message, "Subject", str)
    return replace(
        page,
        title=title or page.title,
        outlet=_header(message, "From", _sender),
        published=_header(message, "Date", lambda header: header.datetime.isoformat()),
        language=page.language or language_code(_header(message, "Content-Language", str)),
        content_lost=REPLACEMENT in page.text + (title or ""),
        author=None,
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    if len(content) > _MAX_BODY:
        raise InputError(f"the message's text is over {_MAX_BODY:,} bytes; save the article alone")
    return decode(content, known_charset(str(part.get_content_charset("")))).text


def _html_page(source: str) -> Page | None:
    try:
        return extract(_TABLE.sub(r"<\1div>", source))
    except InputError:
        return None


def _header(message: EmailMessage, name: str, read: Callable[[Any], str | None]) -> str | None:
    try:
        header = message[name]
        return None if header is None else one_line(read(header))
    except Exception:  # a header that breaks the standard never costs the text
        return None


def _sender(header: Any) -> str:
    address = header.addresses[0]
    return str(address.display_name or address.domain)
