"""Plain text and Markdown to an article: its title line, its front matter, its text."""

import re
from collections.abc import Iterator

from communique.model.errors import InputError
from communique.model.texts import Article
from communique.serve.clutter import is_clutter
from communique.serve.decode import decode
from communique.serve.read_json import language_code

MAX_BYTES = 8_000_000
_MAX_TITLE = 200
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.S)
_FIELD = re.compile(r"^(title|date|published|outlet|source|lang|language|url|link|author|byline):(.*)", re.M)
# No pattern searches past the next opening of its construct, lest many openings make it quadratic.
_TARGET = r"\((?:[^()\n]++|\([^()\n]*+\))*+\)"
_MARKDOWN = (  # pattern, replacement: keeps the words of each construct
    (re.compile(rf"!\[[^\[\]\n]*+\]{_TARGET}"), ""),  # image
    (re.compile(rf"\[([^\[\]\n]++)\]{_TARGET}"), r"\1"),  # link
    (re.compile(r"^#{1,6}[ \t]+", re.M), ""),  # heading
    (re.compile(r"^>[ \t]?", re.M), ""),  # quotation
    (re.compile(r"(\*\*|__)(?=\S)((?:(?!\1).){1,2000}+)(?<=\S)\1"), r"\2"),  # strong
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]++)(?<=\S)\*(?![\w*])"), r"\1"),  # emphasis
)


def read_text(data: bytes, path: str, markdown: bool = False) -> Article:
    """The bytes of a text file to its article; raises `InputError` when binary, huge or empty.

    The title stays in the text: `segment` leaves it out.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"the text is over {MAX_BYTES:,} bytes; write one file an article, or JSON Lines")
    decoded = decode(data)
    text, fields = _read_markdown(decoded.text) if markdown else (decoded.text, {})
    if not text.strip():
        raise InputError("no text: the file is empty, or its bytes are no text in any known encoding")
    return Article(
        path=path,
        text=text,
        title=fields.get("title") or title_line(text),
        outlet=fields.get("outlet") or fields.get("source"),
        published=fields.get("published") or fields.get("date"),
        language=language_code(fields.get("language") or fields.get("lang")),
        content_lost=decoded.content_lost,
        url=fields.get("url") or fields.get("link"),
        author=fields.get("author") or fields.get("byline"),
    )


def title_line(text: str) -> str | None:
    """The first line that is not clutter, if it reads as a title: short, no final full stop,
    followed by more text. Lines that continue it in lower case are part of it."""
    lines = _article_lines(text)
    title = next(lines, "")
    following = next(lines, "")
    while title and following[:1].islower() and len(title) + len(following) < _MAX_TITLE:
        title, following = f"{title} {following}", next(lines, "")
    if not following or not 0 < len(title) <= _MAX_TITLE or title.endswith((".", ".”", '."', ",")):
        return None
    return title


def _article_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        line = " ".join(line.split())
        if line and not is_clutter(line):
            yield line


def _read_markdown(text: str) -> tuple[str, dict[str, str]]:
    """Markdown to its words, and the fields of its front matter."""
    fields: dict[str, str] = {}
    if block := _FRONT_MATTER.match(text):
        found = ((name, value.strip().strip("\"'")) for name, value in _FIELD.findall(block[1]))
        fields = {name: value for name, value in found if value}
        text = text[block.end() :]
    for pattern, words in _MARKDOWN:
        text = pattern.sub(words, text)
    return text, fields
