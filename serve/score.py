"""Score files and folders of articles into Parquet: streaming, resumable, one bad file never stops it."""

import importlib.metadata
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from communique.model.errors import InputError, OutputError
from communique.serve.clusters import assign_clusters, forget_clusters
from communique.serve.copies import KnownTexts
from communique.serve.inputs import find_inputs
from communique.serve.output import clear_partial_files, keep_stdin, locked, prepare, write_run
from communique.serve.parts import Part, plan_parts
from communique.serve.piece import COUNTS, score_part
from communique.serve.pool import ParserPool
from communique.serve.tagger import Tagger
from communique.serve.worker import ParseOptions

# Up to this size plain documents are read in this process, for a quick start.
SMALL_BYTES = 200_000
STDIN = "-"
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
    named = [str(path) for path in paths if str(path) != STDIN]
    files, ignored = find_inputs(named, options.glob, out)
    if not files and len(named) == len(paths):
        raise InputError(f"no article under {', '.join(map(str, paths))}; `communique score --help` names what is read")
    settings = _settings(tagger, options)
    with locked(out):
        try:
            prepare(out, settings, options.overwrite)
            clear_partial_files(out)
            if len(named) < len(paths):
                files.append(keep_stdin(sys.stdin.buffer, out))
            parts = plan_parts(files, out, options.seconds, options.formats)
            reused = [content for part in parts for content in part.done]
            if not all(part.complete for part in parts):
                forget_clusters(out)
            finished = (engine or score_here)(parts, tagger, out, options, progress)
            assign_clusters(out, [content["name"] for content in finished], options.formats)
        except OSError as error:  # what cannot be read is recorded where it is read
            raise OutputError(
                f"{out} cannot be written: {error.strerror or error}. What was finished is kept: free some space or "
                "mend the folder, then run the same command again"
            ) from error
        result = _result(finished, reused, time.monotonic() - started, out)
        write_run(out, settings, tagger, asdict(result), finished, ignored)
    return result


def _settings(tagger: Tagger, options: ScoreOptions) -> dict[str, Any]:
    """What all rows of a folder have in common; rows of other settings do not go into it."""
    return {
        "communique": importlib.metadata.version("communique"),
        "model": tagger.bundle.sha256,
        "language": options.language,
        "formats": list(options.formats),
        "prior": tagger.prior,
        "columns": dict(options.columns),
        "gate": options.gate and tagger.bundle.gate is not None,
    }


def _result(
    finished: Sequence[dict[str, Any]], reused: Sequence[dict[str, Any]], seconds: float, out: Path
) -> ScoreResult:
    counts = {name: sum(content[name] for content in finished) for name in COUNTS}
    fresh = counts["paragraphs"] - sum(content["paragraphs"] for content in reused)
    return ScoreResult(
        articles=counts["articles"],
        paragraphs=counts["paragraphs"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        reused=sum(content["articles"] for content in reused),
        seconds=round(seconds, 3),
        paragraphs_per_second=round(fresh / seconds, 1),
        out=str(out),
    )


def score_here(
    parts: Sequence[Part], tagger: Tagger, out: Path, options: ScoreOptions, progress: Progress
) -> list[dict[str, Any]]:
    """The local engine: parsing in worker processes, the model in this one."""
    total = sum(len(part.files) for part in parts)
    finished: list[dict[str, Any]] = []
    done = 0
    texts = KnownTexts(tagger, options.gate)
    with open_pool(parts, options) as pool:
        for part in parts:
            finished += part.done
            if not part.complete:
                finished += score_part(
                    part, texts, pool, out, options.formats, partial(_shifted, progress, done, total)
                )
            done += len(part.files)
            progress(done, total)
    return finished


def _shifted(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def open_pool(parts: Sequence[Part], options: ScoreOptions) -> ParserPool:
    """As many workers as asked for, or as there are cores; none for a few small plain files."""
    from communique.model.onnx import usable_cores

    files = [file for part in parts if not part.complete for file in part.files]
    plain = all(file.path.lower().endswith(PLAIN) for file in files)
    small = plain and sum(file.size for file in files) <= SMALL_BYTES
    workers = options.workers if options.workers is not None else 0 if small else min(usable_cores(), len(files))
    return ParserPool(workers, ParseOptions(options.language, options.columns), options.seconds)
