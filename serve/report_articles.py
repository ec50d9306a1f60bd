"""The articles of a report as compressed blocks of JSON, for the browser in the page.

Layout, kept short because there are many: a block is a list of articles, an article is
`[title, outlet, date, published, path, url, language, n_paragraphs, paragraphs]` with `outlet` an index or -1, and
a paragraph is `[number, text, flags, confidence, tags]` with flags 1 = abstained, 2 = truncated and the confidence
in per cent. A tag is `[topic, probability, stance, [stance probabilities], holder, evidence]`, topics and stances as
indices, probabilities in per cent and spans as `[start, end]` in UTF-16 code units, which is how JavaScript counts.
"""

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from communique.serve.report_folder import ScoredFolder, TopicColumns
from communique.serve.report_passages import evidence_span, holder_span, safe_link

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BLOCK = 1_500_000
# Base64 of all blocks, in bytes; with everything else a report stays under 30 MB.
MOST_BYTES = 27_000_000
# News in English takes about half a byte a character when compressed and in base64.
MOST_CHARACTERS = 2 * MOST_BYTES
ABSTAINED, TRUNCATED = 1, 2
FIXED = (
    "article_id path record title outlet date published url language paragraph text abstained truncated confidence"
).split()


@dataclass(frozen=True)
class Blocks:
    """The encoded blocks and what is in them. `topical_only` says that only paragraphs on a topic, or abstained,
    were kept; the totals count the whole folder."""

    encoded: list[str]
    outlets: list[str]
    articles: int
    paragraphs: int
    total_articles: int
    total_paragraphs: int
    topical_only: bool


def article_blocks(
    connection: "DuckDBPyConnection", folder: ScoredFolder, max_articles: int | None, most_bytes: int = MOST_BYTES
) -> Blocks:
    """Encode the articles, those with most paragraphs on a topic first, as far as they fit.

    If all text does not fit, only paragraphs on a topic or abstained are kept; if those do not fit either, the
    articles at the end are left out.
    """
    topical = " OR ".join(["abstained", *(topic.column("present") for topic in folder.topics)])
    characters, total_articles, total = connection.execute(
        "SELECT coalesce(sum(length(text)), 0), count(DISTINCT article_id), count(*) FROM paragraphs"
    ).fetchall()[0]
    most = total_articles if max_articles is None else min(max_articles, total_articles)
    # The share of the text that the chosen articles have is taken as their share of the articles.
    fits = characters * (most / max(total_articles, 1)) <= MOST_CHARACTERS * most_bytes / MOST_BYTES
    kept = "TRUE" if fits else topical
    _choose(connection, topical, most, kept, most_bytes)
    writer = _Writer(folder, most_bytes)
    for article in _articles(connection, folder, kept):
        if not writer.add(article):
            break
    writer.finish()
    return Blocks(
        writer.encoded, list(writer.outlets), writer.articles, writer.paragraphs, total_articles, total, not fits
    )


def _choose(connection: "DuckDBPyConnection", topical: str, most: int, kept: str, most_bytes: int) -> None:
    """Put the chosen articles with their places into the table `chosen`; only as many as can possibly fit."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE chosen AS
        WITH counted AS (
            SELECT article_id, count_if({topical}) AS topical, count(*) AS n_paragraphs,
                sum(length(text)) FILTER ({kept}) AS characters
            FROM paragraphs GROUP BY article_id HAVING count_if({kept}) > 0
        ), placed AS (
            SELECT *, row_number() OVER (ORDER BY topical DESC, article_id) AS place,
                sum(characters) OVER (ORDER BY topical DESC, article_id) AS so_far FROM counted
        )
        SELECT article_id, place, n_paragraphs FROM placed
        WHERE place <= {most} AND so_far - characters <= {8 * most_bytes}"""
    )


def _articles(connection: "DuckDBPyConnection", folder: ScoredFolder, kept: str) -> Iterator[list[dict[str, Any]]]:
    """The rows of each chosen article, streamed."""
    optional = {"url", "confidence"} - folder.columns
    fixed = [f"NULL AS {name}" if name in optional else f"paragraphs.{name}" for name in FIXED]
    own = [
        topic.column(name)
        for topic in folder.topics
        for name in (
            ("probability", "present", *topic.stances, "holder", "holder_start", "evidence")
            + (("stance",) if topic.stances else ())
        )
    ]
    result = connection.execute(
        f"""SELECT {", ".join([*fixed, *own])}, n_paragraphs FROM paragraphs JOIN chosen USING (article_id)
        WHERE {kept} ORDER BY place, paragraph"""
    )
    names = [column[0] for column in result.description or []]

    def rows() -> Iterator[dict[str, Any]]:
        while batch := result.fetchmany(2000):
            for row in batch:
                yield dict(zip(names, row, strict=True))

    for _, group in groupby(rows(), key=itemgetter("article_id")):
        yield list(group)


class _Writer:
    """Collects articles into blocks until the bytes are used up."""

    def __init__(self, folder: ScoredFolder, most_bytes: int) -> None:
        self.encoded: list[str] = []
        self.outlets: dict[str, int] = {}
        self.articles = self.paragraphs = 0
        self._topics, self._stances = folder.topics, folder.stances
        self._left = most_bytes
        self._pending: list[str] = []
        self._counts = [0, 0]
        self._size = 0

    def add(self, rows: list[dict[str, Any]]) -> bool:
        """Take an article; False if the block that was full did not fit any more."""
        text = json.dumps(self._article(rows), ensure_ascii=False, separators=(",", ":"))
        self._pending.append(text)
        self._counts = [self._counts[0] + 1, self._counts[1] + len(rows)]
        self._size += len(text)
        return self._size < BLOCK or self.finish()

    def finish(self) -> bool:
        """Encode what is pending; False, and dropped, if it does not fit."""
        block = base64.b64encode(zlib.compress(f"[{','.join(self._pending)}]".encode(), 9)).decode()
        fits = len(block) <= self._left
        if self._pending and fits:
            self.encoded.append(block)
            self._left -= len(block)
            self.articles += self._counts[0]
            self.paragraphs += self._counts[1]
        self._pending, self._counts, self._size = [], [0, 0], 0
        return fits

    def _article(self, rows: list[dict[str, Any]]) -> list[Any]:
        first = rows[0]
        outlet = (first["outlet"] or "").strip()
        return [
            first["title"],
            self.outlets.setdefault(outlet, len(self.outlets)) if outlet else -1,
            first["date"],
            first["published"] if first["date"] is None else None,
            first["path"] + (f" #{first['record']}" if first["record"] else ""),
            safe_link(first["url"]),
            first["language"],
            first["n_paragraphs"],
            [self._paragraph(row) for row in rows],
        ]

    def _paragraph(self, row: dict[str, Any]) -> list[Any]:
        flags = ABSTAINED * bool(row["abstained"]) + TRUNCATED * bool(row["truncated"])
        tags = [self._tag(n, topic, row) for n, topic in enumerate(self._topics) if row[f"{topic.name}.present"]]
        return [row["paragraph"], row["text"], flags, _per_cent(row["confidence"]), tags]

    def _tag(self, number: int, topic: TopicColumns, row: dict[str, Any]) -> list[Any]:
        text = row["text"]
        stance = row[f"{topic.name}.stance"] if topic.stances else None
        holder = holder_span(text, row[f"{topic.name}.holder"], row[f"{topic.name}.holder_start"])
        return [
            number,
            _per_cent(row[f"{topic.name}.probability"]),
            self._stances.index(stance) if stance in self._stances else -1,
            [_per_cent(row[f"{topic.name}.{one}"]) for one in topic.stances],
            _utf16(text, holder),
            _utf16(text, evidence_span(text, row[f"{topic.name}.evidence"])),
        ]


def _per_cent(value: float | None) -> int | None:
    return None if value is None else round(100 * value)


def _utf16(text: str, span: tuple[int, int] | None) -> tuple[int, ...] | None:
    """A span of code points in UTF-16 code units."""
    return None if span is None else tuple(len(text[:place].encode("utf-16-le")) // 2 for place in span)
