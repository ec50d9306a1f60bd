"""Score files and folders of articles into Parquet: streaming, resumable, one bad file never stops it."""

import importlib.metadata
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from communique.model.errors import InputError, OutputError
from communique.model.predictions import Prediction
from communique.serve.clusters import assign_clusters, forget_clusters
from communique.serve.copies import KnownTexts
from communique.serve.inputs import find_inputs
from communique.serve.items import Item, ReadFailure
from communique.serve.output import clear_partial_files, locked, prepare, write_run
from communique.serve.parts import Part, Piece, forget, has_changed, pieces, plan_parts, write_sidecar
from communique.serve.pool import ParserPool
from communique.serve.rows import article_row, article_schema, paragraph_rows, paragraph_schema
from communique.serve.sketches import SketchFile
from communique.serve.tagger import Tagger
from communique.serve.worker import Parsed, ParseOptions
from communique.serve.writers import PartWriter

CHUNK_CHARACTERS = 400_000
COUNTS = ("articles", "paragraphs", "failed", "skipped", "read")
# Up to this size plain documents are read in this process, for a quick start.
SMALL_BYTES = 200_000
PLAIN = (".txt", ".md", ".json", ".jsonl")


@dataclass(frozen=True)
class ScoreOptions:
    """What a run was asked for. `language` is the code that is scored, or "any"; `columns` are our field
    names to the user's; `workers` parse (None: one a core), each item within `seconds`."""

    formats: tuple[str, ...] = ()
    language: str = "en"
    overwrite: bool = False
    glob: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    gate: bool = True
    workers: int | None = None
    seconds: float = 60.0


@dataclass(frozen=True)
class ScoreResult:
    """Counts over the whole output folder; `reused` articles were finished by an earlier run."""

    articles: int
    paragraphs: int
    failed: int
    skipped: int
    reused: int
    seconds: float
    paragraphs_per_second: float
    out: str


Progress = Callable[[int, int], None]
# Scores the parts that are not complete and returns the sidecars of all, in order.
Engine = Callable[[Sequence[Part], Tagger, Path, ScoreOptions, Progress], list[dict[str, Any]]]


def score(
    paths: Sequence[str | Path],
    tagger: Tagger,
    out: Path,
    options: ScoreOptions,
    progress: Progress,
    engine: Engine | None = None,
) -> ScoreResult:
    """Score every article under `paths` into the folder `out`.

    `progress(done, total)` is told the number of input files. A rerun with the same model and
    options continues where the last one stopped. `engine` None scores in this process.

    Raises:
        InputError: a path does not exist, there is nothing to read, or `out` holds results of
            another model or other options, or is being written by another run. Nothing is written then.
        OutputError: the disk is full or cannot be written; what was finished is kept.
    """
    started = time.monotonic()
    files, ignored = find_inputs([str(path) for path in paths], options.glob, out)
    if not files:
        raise InputError(f"no article under {', '.join(map(str, paths))}; `communique score --help` names what is read")
    settings = {
        "communique": importlib.metadata.version("communique"),
        "model": tagger.bundle.sha256,
        "language": options.language,
        "formats": list(options.formats),
        "prior": tagger.prior,
        "columns": dict(options.columns),
        "gate": options.gate and tagger.bundle.gate is not None,
    }
    prepare(out, settings, options.overwrite)
    with locked(out):
        clear_partial_files(out)
        parts = plan_parts(files, out)
        reused = [content for part in parts for content in part.done]
        if not all(part.complete for part in parts):
            forget_clusters(out)
        try:
            finished = (engine or score_here)(parts, tagger, out, options, progress)
            assign_clusters(out, [content["name"] for content in finished], options.formats)
        except OSError as error:  # what cannot be read is recorded where it is read
            raise OutputError(
                f"{out} cannot be written: {error.strerror or error}. What was finished is kept: free some space or "
                "mend the folder, then run the same command again"
            ) from error
        seconds = time.monotonic() - started
        counts = {name: sum(content[name] for content in finished) for name in COUNTS}
        fresh = counts["paragraphs"] - sum(content["paragraphs"] for content in reused)
        result = ScoreResult(
            articles=counts["articles"],
            paragraphs=counts["paragraphs"],
            failed=counts["failed"],
            skipped=counts["skipped"],
            reused=sum(content["articles"] for content in reused),
            seconds=round(seconds, 3),
            paragraphs_per_second=round(fresh / seconds, 1),
            out=str(out),
        )
        write_run(out, settings, tagger, asdict(result), finished, ignored)
    return result


def score_here(
    parts: Sequence[Part], tagger: Tagger, out: Path, options: ScoreOptions, progress: Progress
) -> list[dict[str, Any]]:
    """The local engine: parsing in worker processes, the model in this one."""
    total = sum(len(part.files) for part in parts)
    finished: list[dict[str, Any]] = []
    done = 0
    with ExitStack() as stack:
        pool: ParserPool | None = None
        for part in parts:
            if not part.complete and pool is None:
                pool = stack.enter_context(open_pool(parts, options))
                texts = KnownTexts(tagger, options.gate)
            finished += part.done
            if not part.complete and pool is not None:
                before = done
                finished += score_part(
                    part, texts, pool, out, options, lambda n, before=before: progress(before + n, total)
                )
            done += len(part.files)
            progress(done, total)
    return finished


def open_pool(parts: Sequence[Part], options: ScoreOptions) -> ParserPool:
    """As many workers as asked for, or as there are cores; none for a few small plain files."""
    from communique.model.onnx import usable_cores

    files = [file for part in parts if not part.complete for file in part.files]
    plain = all(file.path.lower().endswith(PLAIN) for file in files)
    small = plain and sum(file.size for file in files) <= SMALL_BYTES
    workers = options.workers if options.workers is not None else 0 if small else min(usable_cores(), len(files))
    return ParserPool(workers, ParseOptions(options.language, options.columns), options.seconds)


def score_part(
    part: Part,
    texts: KnownTexts,
    pool: ParserPool,
    out: Path,
    options: ScoreOptions,
    progress: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Score what is missing of a part; the rows of each piece appear together, and its sidecar last."""
    forget(part, out)
    sidecars = []
    for piece in pieces(part):
        content = _score_piece(piece, texts, pool, out, options.formats, progress)
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
