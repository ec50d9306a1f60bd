"""The training commands. Heavy libraries are imported inside the commands, so that help is fast."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The experiment's config file.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override a config value; repeatable.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
TrackingUri = Annotated[str, typer.Option("--tracking-uri", envvar="MLFLOW_TRACKING_URI", help="The MLflow store.")]
Experiment = Annotated[str, typer.Option("--experiment", help="The MLflow experiment.")]


def register(app: typer.Typer) -> None:
    """Mount the training commands on the root command."""
    app.command("train")(train)
    app.command("sweep")(sweep)
    app.command("promote")(promote)
    app.command("quantise")(quantise)
    app.command("runs")(runs)
    app.command("schema")(schema)


def train(
    config: ConfigFile,
    overrides: Overrides = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run of the same config, if there is one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train, calibrate, evaluate, track and export one model."""
    from communique.train import processes
    from communique.train.config_file import load_config
    from communique.train.run import headline, take_part
    from communique.train.run import train as run

    settings = load_config(config, overrides or [])
    if processes.rank() > 0:
        take_part(settings)
        return
    result = run(settings, resume=resume)
    if as_json:
        print(
            json.dumps(
                {
                    "run_id": result.run_id,
                    "bundle": str(result.bundle),
                    "config": str(config.resolve()),
                    "metrics": {split: headline(report) for split, report in result.reports.items()},
                    "seconds": round(result.seconds, 1),
                }
            )
        )
        return
    print(metrics_table(result.reports))
    print(
        f"bundle   {result.bundle}\nrun      {result.folder}  (evaluation/ has the plots)\n"
        f"seconds  {result.seconds:.0f}"
    )


def metrics_table(reports: dict[str, dict[str, Any]]) -> str:
    """The headline metrics of each split with their intervals, as aligned text."""
    rows = [
        "joint_macro_f1",
        "topic_macro_f1",
        "stance_macro_f1",
        "stance_favg",
        "exact_match",
        "ece_topic",
        "ece_stance",
    ]
    lines = [f"{'':18}" + "".join(f"{split:>24}" for split in reports)]
    for name in rows:
        cells = []
        for report in reports.values():
            value, ends = report[name], report["intervals"][name]
            cells.append("–" if value is None else f"{value:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]")
        lines.append(f"{name:18}" + "".join(f"{cell:>24}" for cell in cells))
    return "\n".join(lines)


def sweep(
    config: ConfigFile,
    overrides: Overrides = None,
    trials: Annotated[int | None, typer.Option("--trials", min=1, help="Trials in all; default: the config's.")] = None,
    as_json: Json = False,
) -> None:
    """Search the config's [sweep.space]; run again to resume."""
    from communique.train.sweep import sweep as run

    result = run(config, overrides or [], trials)
    if as_json:
        print(json.dumps(result))
        return
    best = result["best"]
    print(f"{result['trials']} trials; best run {best['run_id']}: {best}")
    print(f"train it with: communique train {config} {' '.join(result['set'])}")


def promote(
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN_ID]", help="Default: the latest finished training run.")
    ] = None,
    tracking_uri: TrackingUri = "sqlite:///mlflow.db",
    experiment: Experiment = "communique",
    as_json: Json = False,
) -> None:
    """Make a run the champion if it beats the current one on validation."""
    from communique.train import tracking
    from communique.train.promote import promote as run

    client = tracking.connect(tracking_uri)
    result = run(client, tracking.find_run(client, run_id, experiment))
    if as_json:
        print(
            json.dumps(
                {
                    "run_id": result.run_id,
                    "version": result.version,
                    "bundle": str(result.bundle),
                    "replaced": result.replaced,
                    "comparison": result.comparison,
                }
            )
        )
        return
    print(f"run {result.run_id} is champion version {result.version}, exported to {result.bundle}")
    if result.comparison:
        row = result.comparison
        low, high = row["interval"]
        print(
            f"{row['metric']} on validation {row['a']:.4f} against {row['b']:.4f}, "
            f"difference {row['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
        )


def quantise(
    bundle: Annotated[Path, typer.Argument(help="An fp32 encoder bundle.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the int8 bundle.")],
    as_json: Json = False,
) -> None:
    """Write the int8 form of an encoder bundle: a third of the size, if validation allows it."""
    from communique.train.quantise import quantise_bundle

    result = quantise_bundle(bundle, out)
    size = sum(entry.size for entry in result.manifest.files.values())
    if as_json:
        print(json.dumps({"bundle": str(result.folder), "bytes": size, "metrics": result.manifest.metrics}))
        return
    print(metrics_table(result.manifest.metrics))
    print(f"bundle   {result.folder} ({size / 1e6:.0f} MB)")


def runs(
    tracking_uri: TrackingUri = "sqlite:///mlflow.db",
    experiment: Experiment = "communique",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the latest runs.")] = 20,
    as_json: Json = False,
) -> None:
    """List the latest runs with their validation metrics."""
    from communique.train import tracking

    rows = tracking.list_runs(tracking.connect(tracking_uri), experiment, limit)
    if as_json:
        print(json.dumps({"runs": rows}))
        return
    print(
        f"{'run':34}{'name':16}{'family':10}{'status':10}{'started':21}{'joint':>7}{'topic':>7}{'stance':>7}{'exact':>7}"
    )
    for row in rows:
        keys = ("joint_macro_f1", "topic_macro_f1", "stance_macro_f1", "exact_match")
        numbers = "".join(f"{'–' if row[key] is None else format(row[key], '.3f'):>7}" for key in keys)
        print(
            f"{row['run_id']:34}{row['name'][:15]:16}{row['family'] or row['kind']:10}{row['status']:10}"
            f"{row['started']:21}{numbers}"
        )


def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from communique.train.config import TrainingConfig

    print(json.dumps(TrainingConfig.model_json_schema(), indent=1))
