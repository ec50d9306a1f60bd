"""All of MLflow: runs with their params, metrics, plots, data and model; the registry; listings."""

import importlib.metadata
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.entities import Metric, Run
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, Schema
from mlflow.types.schema import AnyType

from communique.model.errors import ConfigError
from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.environment import environment

CHAMPION = "champion"
SQLITE = "sqlite:///"
NOT_IN_NAMES = re.compile(r"[^\w./ -]")


def tracking_uri(config_uri: str) -> str:
    """The environment's MLFLOW_TRACKING_URI goes before the config's."""
    return os.environ.get("MLFLOW_TRACKING_URI", config_uri)


def connect(uri: str, create: bool = False) -> MlflowClient:
    """Point MLflow at a store; an SQLite file is made only if `create` says so.

    Raises:
        ConfigError: the store does not exist or cannot be opened.
    """
    if uri.startswith(SQLITE) and not create and not Path(uri.removeprefix(SQLITE)).is_file():
        raise ConfigError(f"there is no tracking store {uri}; train first, or name another with --tracking-uri")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    stated = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    if stated is None:
        os.environ.pop("MLFLOW_TRACKING_URI", None)  # MLflow writes it there, where the next config would find it
    try:
        client = MlflowClient()
        client.search_experiments(max_results=1)
    except MlflowException as error:
        raise ConfigError(
            f"tracking store {uri!r} cannot be opened: {error}. "
            "Use sqlite:///FILE.db or the address of an MLflow server"
        ) from error
    return client


@contextmanager
def start_run(config: TrainingConfig, run_name: str, nested: bool = False, run_id: str | None = None) -> Iterator[str]:
    """Open a run of the config's experiment, or one that was interrupted, and log the resolved
    config; yields the run id. A run that raises is marked failed.
    """
    connect(tracking_uri(config.tracking.uri), create=True)
    mlflow.set_experiment(config.tracking.experiment)
    with mlflow.start_run(run_id, run_name=run_name, nested=nested, log_system_metrics=False) as run:
        resolved = config.model_dump(mode="json")
        mlflow.log_params({NOT_IN_NAMES.sub("_", key): str(value)[:500] for key, value in _flatten(resolved)})
        mlflow.log_dict(resolved, "config.json")
        mlflow.log_dict(environment(), "environment.json")
        yield run.info.run_id


@contextmanager
def parent_run(config: TrainingConfig, run_id: str | None) -> Iterator[str]:
    """The run that a sweep's trials nest in: a new one, or the one an earlier sitting began."""
    connect(tracking_uri(config.tracking.uri), create=True)
    experiment = mlflow.set_experiment(config.tracking.experiment).experiment_id
    found = MlflowClient().search_runs([experiment], f"attributes.run_id = '{run_id}'") if run_id else []
    known = run_id if found else None  # the store may have been deleted since
    with mlflow.start_run(run_id=known, run_name=None if known else f"sweep {config.name}") as run:
        mlflow.set_tag("kind", "sweep")
        yield run.info.run_id


def _flatten(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        elif value is not None:
            yield prefix + key, value


def log_datasets(splits: Splits) -> None:
    """Log each split as an MLflow dataset under the corpus' hash."""
    for name, corpus in splits.parts.items():
        frame = pd.DataFrame({"article": corpus.articles, "text": corpus.texts})
        dataset = mlflow.data.from_pandas(frame, name=name, digest=corpus.sha256[:32])  # type: ignore[attr-defined]
        mlflow.log_input(dataset, context=name)
    mlflow.set_tag("corpus_sha256", splits.sha256)


def log_metrics(split: str, report: dict[str, Any]) -> None:
    """Log an evaluation's numbers, with the ends of their intervals, under the split's name."""
    values = {f"{split}/{name}": value for name, value in report.items() if isinstance(value, float)}
    for name, ends in report.get("intervals", {}).items():
        if ends is not None:
            values |= {f"{split}/{name}_low": ends[0], f"{split}/{name}_high": ends[1]}
    for pair, row in report.get("per_pair", {}).items():
        if row["f1"] is not None:
            values[f"{split}/f1/{pair}"] = row["f1"]
    mlflow.log_metrics(values)


def log_values(values: dict[str, float]) -> None:
    """Log single numbers."""
    mlflow.log_metrics(values)


def log_steps(rows: list[tuple[str, float, int, int]]) -> None:
    """Log (name, value, milliseconds, step) of several steps in one call, at most 1,000; without a run, nowhere."""
    run = mlflow.active_run()
    if run is not None:
        MlflowClient().log_batch(run.info.run_id, metrics=[Metric(*row) for row in rows])


def log_files(folder: Path, name: str) -> None:
    """Log a folder of files as artifacts."""
    mlflow.log_artifacts(str(folder), name)


def log_bundle(bundle: Path, example: list[str]) -> None:
    """Log the bundle as the run's model. Its loader is a module, so nothing is pickled.

    The loader checks the texts itself: of a column declared `string` MLflow's server would write a
    missing text as the word None, and that would be tagged.
    """
    anything = AnyType()  # type: ignore[no-untyped-call]
    inputs = Schema([ColSpec(anything, "text"), ColSpec(anything, "title", required=False)])
    signature = ModelSignature(inputs=inputs, outputs=Schema([ColSpec("string", "prediction")]))
    mlflow.pyfunc.log_model(
        name="model",
        loader_module="communique.train.pyfunc",
        data_path=str(bundle),
        signature=signature,
        input_example=pd.DataFrame({"text": example}),
        pip_requirements=[f"communique=={importlib.metadata.version('communique')}"],
    )


@dataclass(frozen=True)
class Champion:
    """The registered version that carries the champion alias."""

    version: str
    run_id: str


def latest_runs(client: MlflowClient, experiment: str, limit: int, wanted: str = "") -> list[Run]:
    """The newest runs of an experiment that MLflow's filter `wanted` lets through; none if it does not exist."""
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return []
    return client.search_runs([found.experiment_id], wanted, order_by=["attributes.start_time DESC"], max_results=limit)


def find_run(client: MlflowClient, run_id: str | None, experiment: str) -> Run:
    """A run by id, or the latest finished training run of the experiment.

    Raises:
        ConfigError: there is no such run.
    """
    if run_id is not None:
        try:
            return client.get_run(run_id)
        except MlflowException as error:
            raise ConfigError(f"no run {run_id!r} in this store; `communique runs` lists them") from error
    runs = latest_runs(client, experiment, 1, "attributes.status = 'FINISHED' and tags.kind = 'training'")
    if not runs:
        raise ConfigError(f"experiment {experiment!r} has no finished run; train one first")
    return runs[0]


def bundle_of_run(client: MlflowClient, run: Run) -> Path:
    """Fetch the bundle that a run logged.

    Raises:
        ConfigError: the run logged no model.
    """
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise ConfigError(f"run {run.info.run_id} logged no model; train with tracking.log_model = true")
    return _bundle_folder(mlflow.artifacts.download_artifacts(f"models:/{outputs[0].model_id}"))


def bundle_of_version(name: str, version: str) -> Path:
    """Fetch the bundle of a registered version."""
    return _bundle_folder(mlflow.artifacts.download_artifacts(f"models:/{name}/{version}"))


def _bundle_folder(model: str) -> Path:
    """A logged model keeps its data under `data/`, the bundle folder's own name within."""
    manifests = sorted(Path(model).glob("data/*/bundle.json"))
    if not manifests:
        raise ConfigError(f"{model} holds no bundle; it was not logged by communique")
    return manifests[0].parent


def current_champion(client: MlflowClient, name: str) -> Champion | None:
    """The version with the champion alias, or None before the first promotion."""
    try:
        version = client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise ConfigError(f"the registry cannot be asked for the champion of {name!r}: {error}") from error
        return None
    return Champion(str(version.version), str(version.run_id))


def register_champion(client: MlflowClient, run: Run, name: str) -> str:
    """Register the run's model and move the champion alias to it; returns the version."""
    assert run.outputs is not None
    version = mlflow.register_model(f"models:/{run.outputs.model_outputs[0].model_id}", name)
    client.set_registered_model_alias(name, CHAMPION, version.version)
    return str(version.version)


def list_runs(client: MlflowClient, experiment: str, limit: int) -> list[dict[str, Any]]:
    """The latest runs of an experiment, as plain rows."""
    keys = ("joint_macro_f1", "topic_macro_f1", "stance_macro_f1", "exact_match")
    return [
        {
            "run_id": run.info.run_id,
            "name": run.info.run_name,
            "family": run.data.params.get("model.family"),
            "status": run.info.status,
            "started": pd.Timestamp(run.info.start_time, unit="ms").isoformat(timespec="seconds"),
            "kind": run.data.tags.get("kind", ""),
            **{key: run.data.metrics.get(f"validation/{key}") for key in keys},
        }
        for run in latest_runs(client, experiment, limit)
    ]


def set_tags(**tags: str) -> None:
    """Tag the current run."""
    mlflow.set_tags(tags)
