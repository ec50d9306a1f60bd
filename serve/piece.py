"""Score one part of the output, piece by piece: read, parse, tag, write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any

from communique.model.predictions import Prediction
from communique.serve import parts
from communique.serve.copies import KnownTexts
from communique.serve.inputs import InputFile, has_changed
from communique.serve.items import Item, ReadFailure, read_items
from communique.serve.parts import Part
from communique.serve.pool import ParserPool
from communique.serve.rows import article_row, article_schema, paragraph_rows, paragraph_schema
from communique.serve.sketches import SketchFile
from communique.serve.worker import Parsed
from communique.serve.writers import PartWriter, write_json

CHUNK_CHARACTERS = 400_000
COUNTS = ("articles", "paragraphs", "failed", "skipped", "read")


def score_part(
    part: Part,
    texts: KnownTexts,
    pool: ParserPool,
    out: Path,
    formats: Sequence[str],
    progress: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Score what is missing of a part; the rows of each piece appear together, and its sidecar last.

    Returns the new sidecars, without the failures, which stay on disk.
    """
    sidecars = []
    number = len(part.done)
    seen = _Records(part, sum(content["records"] for content in part.done), progress)
    last = False
    while not last:
        name = part.name(number)
        content = _score_piece(name, seen.some(parts.SLICE_RECORDS if part.sliced else None), texts, pool, out, formats)
        last = seen.at_end()
        content |= {"digest": part.digest, "slice": number, "last": last, "records": seen.taken}
        content["changed"] = [file.path for file in part.files if last and has_changed(file)]
        write_json(out / "manifest" / f"{name}.json", content)
        del content["failures"]
        sidecars.append({**content, "name": name})
        number += 1
    return sidecars


class _Records:
    """The items of a part from record number `first` on, cut into pieces while they are read once."""

    def __init__(self, part: Part, first: int, progress: Callable[[int], None]) -> None:
        self._items = self._all(part.files, first, progress)
        self.taken = 0

    def _all(
        self, files: Sequence[InputFile], first: int, progress: Callable[[int], None]
    ) -> Iterator[Item | ReadFailure]:
        for number, file in enumerate(files):
            progress(number)
            yield from read_items(file, first)

    def some(self, limit: int | None) -> Iterator[Item | ReadFailure]:
        """The next items, at most `limit`; `taken` counts them."""
        self.taken = 0
        for item in islice(self._items, limit):
            self.taken += 1
            yield item

    def at_end(self) -> bool:
        """Whether no item is left."""
        following = next(self._items, None)
        if following is not None:
            self._items = chain([following], self._items)
        return following is None


def _score_piece(
    name: str,
    items: Iterator[Item | ReadFailure],
    texts: KnownTexts,
    pool: ParserPool,
    out: Path,
    formats: Sequence[str],
) -> dict[str, Any]:
    taxonomy = texts.tagger.bundle.taxonomy
    counts = dict.fromkeys(COUNTS, 0)
    failures: list[ReadFailure] = []
    with (
        PartWriter(out, "paragraphs", name, paragraph_schema(taxonomy), formats) as paragraphs,
        PartWriter(out, "articles", name, article_schema(taxonomy), formats) as articles,
        SketchFile(out, name) as sketches,
    ):
        for chunk in _chunks(pool.run(items), failures):
            tagged = _tag(chunk, texts, failures)
            paragraphs.write([row for parsed, found in tagged for row in paragraph_rows(parsed, found, taxonomy)])
            articles.write([article_row(parsed, found, taxonomy) for parsed, found in tagged])
            sketches.add(parsed for parsed, _ in tagged)
            counts["skipped"] += sum(parsed.skipped is not None for parsed, _ in tagged)
            counts["articles"] += sum(parsed.skipped is None for parsed, _ in tagged)
            counts["paragraphs"] += sum(len(found) for _, found in tagged)
            counts["read"] += sum(not prediction.gated for _, found in tagged for prediction in found)
    counts["failed"] = len(failures)
    return {**counts, "seconds": pool.seconds, "failures": [asdict(failure) for failure in failures]}


def _chunks(results: Iterator[list[Parsed | ReadFailure]], failures: list[ReadFailure]) -> Iterator[list[Parsed]]:
    """Articles in reading order, in chunks of bounded size: a pure function of what was read. Failures
    are put into `failures`."""
    articles: list[Parsed] = []
    size = 0
    for found in (one for several in results for one in several):
        if isinstance(found, ReadFailure):
            failures.append(found)
            continue
        articles.append(found)
        size += sum(len(paragraph.text) for paragraph in found.paragraphs)
        if size >= CHUNK_CHARACTERS:
            yield articles
            articles, size = [], 0
    yield articles


def _tag(
    articles: list[Parsed], texts: KnownTexts, failures: list[ReadFailure]
) -> list[tuple[Parsed, list[Prediction]]]:
    """Tag a chunk in one pass; if that fails, article by article, so that one cannot take others along."""
    try:
        return list(zip(articles, texts.predictions(articles), strict=True))
    except Exception:  # whatever one article makes the runtime raise is recorded below
        done: list[tuple[Parsed, list[Prediction]]] = []
        for parsed in articles:
            try:
                done.append((parsed, texts.predictions([parsed])[0]))
            except Exception as error:
                article = parsed.article
                failures.append(ReadFailure(article.path, article.record, "tag", type(error).__name__, str(error)))
        return done
