"""The `communique` command: scoring and evaluation here, the training commands mounted from `train`."""

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from communique.model.errors import CommuniqueError, OutputError, PromotionError

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
    from communique.serve.report_command import report
    from communique.serve.score_command import score
    from communique.serve.serve_command import serve
    from communique.serve.summarize_command import summarize
    from communique.train.cli import register

    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(communique)
    register(app)
    app.command("score")(score)
    app.command("evaluate")(evaluate)
    app.command("compare")(compare)
    app.command("summarize")(summarize)
    app.command("report")(report)
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
    except OutputError as error:
        return _fail(f"error: {error}", UNEXPECTED)
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
