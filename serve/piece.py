"""Score one part of the output, piece by piece: read, parse, tag, write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from communique.model.predictions import Prediction
from communique.serve.copies import KnownTexts
from communique.serve.items import Item, ReadFailure
from communique.serve.parts import Part, Piece, forget, has_changed, pieces, write_sidecar
from communique.serve.pool import ParserPool
from communique.serve.rows import article_row, article_schema, paragraph_rows, paragraph_schema
from communique.serve.sketches import SketchFile
from communique.serve.worker import Parsed
from communique.serve.writers import PartWriter

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
    """Score what is missing of a part; the rows of each piece appear together, and its sidecar last."""
    forget(part, out)
    sidecars = []
    for piece in pieces(part):
        content = _score_piece(piece, texts, pool, out, formats, progress)
        sidecars.append(write_sidecar(out / "manifest", piece, part, content))
        if sidecars[-1]["last"]:
            break
    return sidecars


def _score_piece(
    piece: Piece,
    texts: KnownTexts,
    pool: ParserPool,
    out: Path,
    formats: Sequence[str],
    progress: Callable[[int], None],
) -> dict[str, Any]:
    taxonomy = texts.tagger.bundle.taxonomy
    counts = dict.fromkeys(COUNTS, 0)
    failures: list[ReadFailure] = []
    seen = _Counted(piece, progress)
    with (
        PartWriter(out, "paragraphs", piece.name, paragraph_schema(taxonomy), formats) as paragraphs,
        PartWriter(out, "articles", piece.name, article_schema(taxonomy), formats) as articles,
        SketchFile(out, piece.name) as sketches,
    ):
        for chunk in _chunks(pool.run(seen.items()), failures):
            tagged = _tag(chunk, texts, failures)
            paragraphs.write([row for parsed, found in tagged for row in paragraph_rows(parsed, found, taxonomy)])
            articles.write([article_row(parsed, found, taxonomy) for parsed, found in tagged])
            sketches.add(parsed for parsed, _ in tagged)
            counts["skipped"] += sum(parsed.skipped is not None for parsed, _ in tagged)
            counts["articles"] += sum(parsed.skipped is None for parsed, _ in tagged)
            counts["paragraphs"] += sum(len(found) for _, found in tagged)
            counts["read"] += sum(not prediction.gated for _, found in tagged for prediction in found)
    counts["failed"] = len(failures)
    changed = [file.path for file in piece.files if has_changed(file)]
    return {**counts, "records": seen.records, "failures": [asdict(f) for f in failures], "changed": changed}


class _Counted:
    """The items of a piece, counted as they are taken."""

    def __init__(self, piece: Piece, progress: Callable[[int], None]) -> None:
        self._piece = piece
        self._progress = progress
        self.records = 0

    def items(self) -> Iterator[Item | ReadFailure]:
        last = -1
        for number, item in self._piece.items():
            self.records += 1
            if number != last:
                self._progress(number)
                last = number
            yield item


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
