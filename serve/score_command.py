"""`communique score`: the options, and what is printed at the end."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from communique.model.taxonomy import Taxonomy
    from communique.serve.score import Engine, ScoreResult
    from communique.serve.tagger import Tagger

SOME_FAILED = 1
FIELDS = ("text", "title", "outlet", "published", "language", "author", "url")


def score(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH…",
            help="Files, folders and URLs: text, Markdown, HTML, JSON, CSV, Parquet, PDF, feeds, mail, WARC; "
            "also in gzip or zip. `-` reads a text, a page or JSON Lines from stdin.",
        ),
    ],
    model: Annotated[str, typer.Option("--model", help="A bundle folder or models:/NAME@ALIAS.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; a rerun continues there.")],
    glob: Annotated[
        str | None, typer.Option("--glob", help="Only files of folders whose path matches, as in '**/2024-*.html'.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", help="field=NAME: where records have text, title, outlet, published, …; repeatable."),
    ] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="jsonl or csv, written beside Parquet; repeatable.")
    ] = None,
    language: Annotated[
        str, typer.Option("--language", help="Score articles in this language (ISO code) or `any`.")
    ] = "en",
    any_language: Annotated[bool, typer.Option("--any-language", help="The same as --language any.")] = False,
    prior: Annotated[
        str | None,
        typer.Option("--prior", help="Share of topical paragraphs (0.25), or topic=share,… for every topic."),
    ] = None,
    no_gate: Annotated[
        bool, typer.Option("--no-gate", help="Let the encoder read every paragraph, also those its gate holds back.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=0, max=256, help="Processes that read files; one a core by default.")
    ] = None,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.1, help="Seconds for reading one document before it is given up.")
    ] = 60.0,
    engine: Annotated[str, typer.Option("--engine", help="local: this machine; ray: a Ray cluster.")] = "local",
    address: Annotated[
        str | None, typer.Option("--address", help="The Ray cluster; without it one is started on this machine.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start again if the folder holds other results.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")] = False,
) -> None:
    """Tag every paragraph of articles and write Parquet tables."""
    from communique.serve.progress import file_progress
    from communique.serve.score import ScoreOptions
    from communique.serve.score import score as run

    options = ScoreOptions(
        formats=_formats(formats or []),
        language="any" if any_language else _language(language),
        overwrite=overwrite,
        glob=glob,
        columns=_columns(columns or []),
        gate=not no_gate,
        workers=workers,
        seconds=time_limit,
    )
    chosen = _engine(engine, address, workers)
    tagger = _load(model, prior)
    with file_progress() as progress:
        result = run(paths, tagger, out, options, progress, chosen)
    print(json.dumps(asdict(result)) if as_json else _summary(result, out, tagger.bundle.taxonomy))
    if result.failed:
        raise typer.Exit(SOME_FAILED)


def _formats(names: list[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(name for name in names if name != "parquet"))
    if set(chosen) - {"jsonl", "csv"}:
        raise typer.BadParameter(f"--format {', '.join(chosen)}: expected jsonl or csv (Parquet is always written)")
    return chosen


def _language(language: str) -> str:
    code = language.strip().lower().partition("-")[0]
    if not (code.isascii() and code.isalpha() and len(code) in (2, 3)):
        raise typer.BadParameter(f"--language {language}: expected an ISO code such as en, or `any`")
    return code


def _columns(pairs: list[str]) -> dict[str, str]:
    columns = dict(pair.partition("=")[::2] for pair in pairs)
    for field, name in columns.items():
        if field not in FIELDS or not name:
            raise typer.BadParameter(
                f"--column {field}={name}: expected FIELD=NAME, where FIELD is one of {', '.join(FIELDS)} and NAME "
                "is what your files call it"
            )
    return columns


def _engine(name: str, address: str | None, workers: int | None) -> "Engine | None":
    if name not in ("local", "ray"):
        raise typer.BadParameter(f"--engine {name}: expected local or ray")
    if name == "local":
        if address is not None:
            raise typer.BadParameter(f"--address {address}: only --engine ray has a cluster")
        return None
    from communique.serve.ray_engine import ray_engine

    return ray_engine(address, workers)


def _load(model: str, prior: str | None) -> "Tagger":
    from communique.serve.tagger import Tagger, load, shifted_prior

    tagger = load(model)
    if prior is None:
        return tagger
    shares = shifted_prior(tagger.bundle, prior)
    assert shares is not None
    return Tagger(tagger.bundle, dict(zip(tagger.bundle.taxonomy.topic_names, map(float, shares), strict=True)))


def _summary(result: "ScoreResult", out: Path, taxonomy: "Taxonomy") -> str:
    """What was found and where everything lies."""
    from communique.serve.summary import summary

    return (
        f"{summary(out, taxonomy)}\n\n"
        f"{result.articles} articles, {result.paragraphs} paragraphs ({result.reused} articles done before), "
        f"{result.skipped} skipped, {result.failed} failed, {result.seconds:.1f} s\n"
        f"tables: {out}/paragraphs/*.parquet {out}/articles/*.parquet   failures: {out}/errors.jsonl"
    )
