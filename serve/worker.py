"""What a worker makes of an item: its articles, cut into paragraphs, with what finding copies needs."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from communique.model.texts import Article, Paragraph
from communique.serve.items import Item, ReadFailure, parse_item
from communique.serve.language import article_language
from communique.serve.quotes import quote_starts
from communique.serve.segment import segment

ANY = "any"
SHINGLE_WORDS, PERMUTATIONS, SEED = 3, 64, 1
# Shorter paragraphs are alike by chance; only their exact copies are copies.
MIN_WORDS = 12
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class ParseOptions:
    """The language that is scored (ISO 639-1, or "any"), and our field names to the user's columns."""

    language: str = "en"
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An article with its paragraphs; for each of them `quotes` has the paragraph in which a quotation
    that is open at its start began (None: none is), `copies` its `copy_key` and `sketches` its `sketch`.
    `skipped` says why an article is not scored; it has no paragraphs then."""

    article: Article
    paragraphs: tuple[Paragraph, ...] = ()
    quotes: tuple[int | None, ...] = ()
    copies: tuple[str, ...] = ()
    sketches: tuple[bytes | None, ...] = ()
    skipped: str | None = None


def parse(items: Sequence[Item | ReadFailure], options: ParseOptions) -> list[Parsed | ReadFailure]:
    """Every article and failure of some items, in their order. Never raises for what a file holds."""
    results: list[Parsed | ReadFailure] = []
    for item in items:
        for found in [item] if isinstance(item, ReadFailure) else parse_item(item, options.columns):
            results.append(found if isinstance(found, ReadFailure) else _cut(found, options.language))
    return results


def _cut(article: Article, wanted: str) -> Parsed | ReadFailure:
    try:
        article = replace(article, language=article_language(article))
        if wanted != ANY and article.language not in (wanted, None):
            return Parsed(replace(article, text=""), skipped=f"language: {article.language}")
        paragraphs = tuple(segment(article))
        return Parsed(
            replace(article, text=""),
            paragraphs,
            tuple(quote_starts(paragraphs)),
            tuple(copy_key(paragraph.text) for paragraph in paragraphs),
            tuple(sketch(paragraph.text) for paragraph in paragraphs),
        )
    except Exception as error:  # one article's text must not end a run over a million
        return ReadFailure(article.path, article.record, "segment", type(error).__name__, str(error))


def copy_key(text: str) -> str:
    """Equal for paragraphs that are the same but for case, spacing and punctuation: 16 hexadecimal digits."""
    return hashlib.sha256(" ".join(_WORD.findall(text.casefold())).encode()).hexdigest()[:16]


def sketch_of(text: str) -> tuple[str, bytes | None]:
    """A paragraph's `copy_key` and `sketch`."""
    return copy_key(text), sketch(text)


def sketch(text: str) -> bytes | None:
    """The MinHash of a paragraph's three-word shingles, 64 numbers of 4 bytes (Broder 1997, "On the
    resemblance and containment of documents"); None when it is too short to be compared."""
    from rensa import RMinHash

    words = _WORD.findall(text.casefold())
    if len(words) < MIN_WORDS:
        return None
    minhash = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    minhash.update([" ".join(words[i : i + SHINGLE_WORDS]) for i in range(len(words) - SHINGLE_WORDS + 1)])
    return b"".join(int(number).to_bytes(4, "little") for number in minhash.digest())
