"""The `communique` command: scoring and evaluation here, the training commands mounted from `train`."""

import json
import logging
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from communique.model.errors import CommuniqueError, PromotionError

if TYPE_CHECKING:
    from communique.model.taxonomy import Taxonomy
    from communique.serve.score import ScoreResult

TRAIN_PACKAGES = {
    "torch",
    "transformers",
    "sklearn",
    "scipy",
    "mlflow",
    "optuna",
    "datasets",
    "matplotlib",
    "pandas",
    "onnx",
    "onnxscript",
}
# Typer brings click along under a private name; its public errors share this base.
USAGE_ERROR: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
OK, SOME_FAILED, BAD_INPUT, UNEXPECTED, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Prior = Annotated[
    str | None, typer.Option("--prior", help="Share of topical paragraphs (0.25), or topic=share,… for every topic.")
]
BundleName = Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle folder or models:/NAME@ALIAS.")]


def build_app() -> typer.Typer:
    """The root command with everything mounted."""
    from communique.serve.serve_command import serve
    from communique.train.cli import register

    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(communique)
    register(app)
    app.command("score")(score)
    app.command("evaluate")(evaluate)
    app.command("compare")(compare)
    app.command("serve")(serve)
    return app


def communique(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only warnings and errors on stderr.")] = False,
) -> None:
    """Topics and stances in news, paragraph by paragraph: train, evaluate and apply models."""
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO, format="%(message)s", stream=sys.stderr, force=True
    )
    for noisy in ("alembic", "mlflow", "httpx", "matplotlib", "trafilatura", "htmldate"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def score(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Files and folders: text, HTML, JSON, JSON Lines.")
    ],
    model: Annotated[str, typer.Option("--model", help="A bundle folder or models:/NAME@ALIAS.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; a rerun continues there.")],
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="jsonl or csv, written beside Parquet; repeatable.")
    ] = None,
    language: Annotated[
        str, typer.Option("--language", help="Score articles in this language (ISO code) or `any`.")
    ] = "en",
    prior: Prior = None,
    engine: Annotated[str, typer.Option("--engine", help="local: this machine.")] = "local",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start again if the folder holds other results.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tag every paragraph of articles and write Parquet tables."""
    from communique.serve.progress import file_progress
    from communique.serve.score import ScoreOptions
    from communique.serve.score import score as run
    from communique.serve.tagger import Tagger, load, shifted_prior

    if engine != "local":
        raise typer.BadParameter(f"--engine {engine}: this version has the engine `local` only")
    chosen = tuple(dict.fromkeys(name for name in formats or () if name != "parquet"))
    if set(chosen) - {"jsonl", "csv"}:
        raise typer.BadParameter(f"--format {', '.join(chosen)}: expected jsonl or csv (Parquet is always written)")
    code = language.strip().lower().partition("-")[0]
    if not (code.isascii() and code.isalpha() and len(code) in (2, 3)):
        raise typer.BadParameter(f"--language {language}: expected an ISO code such as en, or `any`")
    tagger = load(model)
    if prior is not None:
        shares = shifted_prior(tagger.bundle, prior)
        assert shares is not None
        tagger = Tagger(tagger.bundle, dict(zip(tagger.bundle.taxonomy.topic_names, map(float, shares), strict=True)))
    with file_progress() as progress:
        result = run(paths, tagger, out, ScoreOptions(chosen, code, overwrite), progress)
    print(json.dumps(asdict(result)) if as_json else _score_summary(result, out, tagger.bundle.taxonomy))
    if result.failed:
        raise typer.Exit(SOME_FAILED)


def _score_summary(result: "ScoreResult", out: Path, taxonomy: "Taxonomy") -> str:
    """What was found and where everything lies."""
    from communique.serve.summary import summary

    return (
        f"{summary(out, taxonomy)}\n\n"
        f"{result.articles} articles, {result.paragraphs} paragraphs ({result.reused} articles done before), "
        f"{result.skipped} skipped, {result.failed} failed, {result.seconds:.1f} s\n"
        f"tables: {out}/paragraphs/*.parquet {out}/articles/*.parquet   failures: {out}/errors.jsonl"
    )


def evaluate(
    bundle: BundleName,
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Labelled paragraphs: a file or folder (JSON Lines, CSV, Parquet).")
    ],
    prior: Annotated[
        str | None, typer.Option("--prior", help="As for score, or `data`: the shares of the labelled data.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a model on labelled paragraphs."""
    from communique.serve.evaluation import evaluate_bundle, table

    report = evaluate_bundle(bundle, data, prior)
    print(json.dumps(report) if as_json else table(report))


def compare(
    bundle_a: Annotated[str, typer.Argument(metavar="BUNDLE_A")],
    bundle_b: Annotated[str, typer.Argument(metavar="BUNDLE_B")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Labelled paragraphs, as for evaluate.")],
    prior: Prior = None,
    as_json: Json = False,
) -> None:
    """Compare two models on the same paragraphs, with paired article-bootstrap intervals."""
    from communique.serve.evaluation import compare_bundles, difference_table

    report = compare_bundles(bundle_a, bundle_b, data, prior)
    print(json.dumps(report) if as_json else difference_table(report))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status; stdout stays empty on 2 and above."""
    try:
        code: Any = build_app()(arguments if arguments is not None else sys.argv[1:], standalone_mode=False)
    except USAGE_ERROR as error:
        error.show(sys.stderr)  # type: ignore[attr-defined]
        return BAD_INPUT
    except (typer.Abort, KeyboardInterrupt):
        return _fail("interrupted; `score` and `sweep` continue where they stopped when run again", INTERRUPTED)
    except PromotionError as error:
        return _fail(f"promotion refused: {error}", REFUSED)
    except CommuniqueError as error:
        return _fail(f"error: {error}", BAD_INPUT)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in TRAIN_PACKAGES:
            return _fail(
                f"error: this command needs {error.name}; install it with: pip install 'communique[train]'", BAD_INPUT
            )
        traceback.print_exc()
        return UNEXPECTED
    except Exception:
        traceback.print_exc()
        return _fail("error: unexpected failure; please report it with the lines above", UNEXPECTED)
    if code == INTERRUPTED:
        return _fail("interrupted; `score` and `sweep` continue where they stopped when run again", INTERRUPTED)
    return code if isinstance(code, int) else OK


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main())


if __name__ == "__main__":
    run()
