"""Score files and folders of articles into Parquet: streaming, resumable, one bad file never stops it."""

import importlib.metadata
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from communique.model.errors import InputError
from communique.model.predictions import Prediction
from communique.model.texts import Article
from communique.serve.language import article_language
from communique.serve.parts import InputFile, Part, input_files, plan_parts, write_sidecar
from communique.serve.reading import ReadFailure, find_files, ignored_files, read_articles
from communique.serve.rows import article_row, article_schema, paragraph_rows, paragraph_schema
from communique.serve.tagger import Tagger
from communique.serve.writers import PartWriter

CHUNK_CHARACTERS = 400_000
COUNTS = ("articles", "paragraphs", "failed", "skipped")
ANY = "any"


@dataclass(frozen=True)
class ScoreOptions:
    """What a run was asked for. `language` is the code that is scored, or "any"."""

    formats: tuple[str, ...] = ()
    language: str = "en"
    overwrite: bool = False


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


def score(paths: Sequence[Path], tagger: Tagger, out: Path, options: ScoreOptions, progress: Progress) -> ScoreResult:
    """Score every article under `paths` into the folder `out`.

    `progress(done, total)` is told the number of input files. A rerun with the same model and
    options continues where the last one stopped.

    Raises:
        InputError: a path does not exist, there is nothing to read, or `out` holds results of
            another model or other options. Nothing is written then.
    """
    started = time.monotonic()
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist; name files or folders of articles")
    files = input_files(find_files(paths, exclude=out))
    if not files:
        raise InputError(f"no article under {', '.join(map(str, paths))}; expected .txt, .html, .json or .jsonl files")
    settings = {
        "communique": importlib.metadata.version("communique"),
        "model": tagger.bundle.sha256,
        "language": options.language,
        "formats": list(options.formats),
        "prior": tagger.prior,
    }
    _prepare(out, settings, options.overwrite)
    parts = plan_parts(files, out)
    finished, scored = _run_parts(parts, tagger, out, options, progress)
    reused = sum(part.done["articles"] for part in parts if part.done is not None)
    seconds = time.monotonic() - started
    counts = {name: sum(content[name] for content in finished) for name in COUNTS}
    result = ScoreResult(
        **counts,
        reused=reused,
        seconds=round(seconds, 3),
        paragraphs_per_second=round(scored / seconds, 1),
        out=str(out),
    )
    _write_run(out, settings, tagger, result, finished, [str(file) for file in ignored_files(paths)])
    return result


def _prepare(out: Path, settings: dict[str, Any], overwrite: bool) -> None:
    """Make the folder ready, or refuse one that holds something else; only our own results are ever removed."""
    settings_file = out / "manifest" / "settings.json"
    if settings_file.is_file():
        before = _read_settings(settings_file)
        if overwrite:
            for name in ("paragraphs", "articles", "manifest", "jsonl", "csv"):
                shutil.rmtree(out / name, ignore_errors=True)
        elif before != settings:
            changed = ", ".join(key for key in settings if settings[key] != before.get(key))
            raise InputError(f"{out} holds results with another {changed}; choose another --out, or --overwrite")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder and holds no scored articles; choose another --out")
    try:
        settings_file.parent.mkdir(parents=True, exist_ok=True)
        partial_file = settings_file.with_name(".settings.tmp")
        partial_file.write_text(json.dumps(settings), encoding="utf-8")
        partial_file.replace(settings_file)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error}; choose another --out") from error


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError):
        return {}


def _run_parts(
    parts: list[Part], tagger: Tagger, out: Path, options: ScoreOptions, progress: Progress
) -> tuple[list[dict[str, Any]], int]:
    """Score the parts that are not done; returns every part's sidecar and the paragraphs scored now."""
    total = sum(len(part.files) for part in parts)
    finished: list[dict[str, Any]] = []
    done = scored = 0
    for part in parts:
        content = part.done
        if content is None:
            content = _score_part(part, tagger, out, options, partial(_shifted, progress, done, total))
            scored += content["paragraphs"]
        finished.append(content)
        done += len(part.files)
        progress(done, total)
    return finished, scored


def _shifted(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _score_part(
    part: Part, tagger: Tagger, out: Path, options: ScoreOptions, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Score one part's files; its rows appear together with its sidecar, or not at all."""
    taxonomy = tagger.bundle.taxonomy
    counts = dict.fromkeys(COUNTS, 0)
    failures: list[dict[str, Any]] = []
    name, formats = part.name, options.formats
    with (
        PartWriter(out, "paragraphs", name, paragraph_schema(taxonomy), formats) as paragraphs,
        PartWriter(out, "articles", name, article_schema(taxonomy), formats) as articles,
    ):
        for chunk, chunk_failures in _chunks(part.files, progress):
            failures += [asdict(failure) for failure in chunk_failures]
            tagged = _tag(chunk, tagger, options.language, failures)
            paragraphs.write([row for article, found, _ in tagged for row in paragraph_rows(article, found, taxonomy)])
            articles.write([article_row(article, found, taxonomy, skipped) for article, found, skipped in tagged])
            counts["skipped"] += sum(skipped is not None for *_, skipped in tagged)
            counts["articles"] += sum(skipped is None for *_, skipped in tagged)
            counts["paragraphs"] += sum(len(found) for _, found, _ in tagged)
    counts["failed"] = len(failures)
    return write_sidecar(out / "manifest", part, {**counts, "failures": failures})


def _chunks(
    files: Sequence[InputFile], progress: Callable[[int], None]
) -> Iterator[tuple[list[Article], list[ReadFailure]]]:
    """Articles in reading order, in chunks of bounded size: a pure function of the part's files."""
    articles: list[Article] = []
    failures: list[ReadFailure] = []
    size = 0
    for done, file in enumerate(files, start=1):
        for item in read_articles(file.location, Path(file.root)):
            if isinstance(item, ReadFailure):
                failures.append(item)
                continue
            articles.append(item)
            size += len(item.text)
            if size >= CHUNK_CHARACTERS:
                yield articles, failures
                articles, failures, size = [], [], 0
        progress(done)
    yield articles, failures


def _tag(
    articles: list[Article], tagger: Tagger, language: str, failures: list[dict[str, Any]]
) -> list[tuple[Article, list[Prediction], str | None]]:
    """Tag a chunk in one pass; if that fails, article by article, so that one cannot take others along."""
    known = [replace(article, language=article_language(article)) for article in articles]
    wanted = [article for article in known if language == ANY or article.language in (language, None)]
    predictions = _tag_or_record(wanted, tagger, failures)
    results: list[tuple[Article, list[Prediction], str | None]] = []
    for article in known:
        key = (article.path, article.record)
        if key in predictions:
            results.append((article, predictions[key], None))
        elif article not in wanted:
            results.append((article, [], f"language: {article.language}"))
    return results


def _tag_or_record(
    articles: list[Article], tagger: Tagger, failures: list[dict[str, Any]]
) -> dict[tuple[str, int], list[Prediction]]:
    keys = [(article.path, article.record) for article in articles]
    try:
        return dict(zip(keys, tagger.tag_articles(articles), strict=True))
    except Exception:  # whatever one article makes the runtime raise is recorded below
        done: dict[tuple[str, int], list[Prediction]] = {}
        for key, article in zip(keys, articles, strict=True):
            try:
                done[key] = tagger.tag_article(article)
            except Exception as error:
                failure = ReadFailure(article.path, article.record, "tag", type(error).__name__, str(error))
                failures.append(asdict(failure))
        return done


def _write_run(
    out: Path,
    settings: dict[str, Any],
    tagger: Tagger,
    result: ScoreResult,
    finished: list[dict[str, Any]],
    ignored: list[str],
) -> None:
    lines = [json.dumps(failure, ensure_ascii=False) for content in finished for failure in content["failures"]]
    (out / "errors.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    run = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "bundle": {
            "name": tagger.bundle.manifest.name,
            "family": tagger.bundle.manifest.family,
            "folder": str(tagger.bundle.folder),
        },
        "settings": settings,
        "ignored": ignored,
        "result": asdict(result),
    }
    (out / "run.json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
