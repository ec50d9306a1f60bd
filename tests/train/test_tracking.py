"""The MLflow store after a run, and what is said where something is not there."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from communique.model.bundle import load_bundle
from communique.model.columns import ColumnMapping
from communique.model.errors import ConfigError, DataError
from communique.model.predict import predict
from communique.train import tracking
from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.run import RunResult

Train = Callable[..., RunResult]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")


def test_params_are_the_resolved_config(trained: RunResult, client: MlflowClient) -> None:
    params = client.get_run(trained.run_id).data.params
    assert params["linear.max_terms"] == "60000"
    assert params["model.family"] == "linear"
    assert params["corpus.paths"].endswith("corpus.jsonl']")


def test_metrics_are_those_of_the_reports(trained: RunResult, client: MlflowClient) -> None:
    metrics = client.get_run(trained.run_id).data.metrics
    report = trained.reports["test"]
    assert metrics["test/joint_macro_f1"] == report["joint_macro_f1"]
    assert metrics["test/exact_match_low"] == report["intervals"]["exact_match"][0]
    assert metrics["test/exact_match_high"] == report["intervals"]["exact_match"][1]
    assert metrics["validation/f1/rail/favor"] == trained.reports["validation"]["per_pair"]["rail/favor"]["f1"]
    assert metrics["fit/topic_c"] == 1.0
    assert metrics["test/truncated"] == 0.0
    assert not any("holder" in name for name in metrics)


def test_datasets_are_the_splits(trained: RunResult, client: MlflowClient, tiny_splits: Splits) -> None:
    run = client.get_run(trained.run_id)
    logged = {item.tags[0].value: item.dataset for item in run.inputs.dataset_inputs}
    assert logged.keys() == tiny_splits.parts.keys()
    assert all(logged[name].digest == part.sha256[:32] for name, part in tiny_splits.parts.items())
    assert run.data.tags["corpus_sha256"] == tiny_splits.sha256
    assert json.loads(logged["test"].profile)["num_rows"] == len(tiny_splits.parts["test"])


def test_artifacts(trained: RunResult, client: MlflowClient, tmp_path: Path) -> None:
    names = {item.path for folder in ("", "evaluation") for item in client.list_artifacts(trained.run_id, folder)}
    assert names >= {"config.json", "environment.json", "evaluation/test.json", "evaluation/test-confusion.png"}
    environment = client.download_artifacts(trained.run_id, "environment.json", str(tmp_path))
    assert json.loads(Path(environment).read_text("utf-8"))["libraries"]["mlflow"] == mlflow.__version__


def test_finished_training_run(trained: RunResult, client: MlflowClient) -> None:
    run = client.get_run(trained.run_id)
    assert (run.info.status, run.info.run_name, run.data.tags["kind"]) == ("FINISHED", "trained", "training")


def test_logged_model_predicts_as_the_bundle(trained: RunResult, client: MlflowClient, tiny_splits: Splits) -> None:
    model_id = client.get_run(trained.run_id).outputs.model_outputs[0].model_id
    texts = tiny_splits.validation.texts
    frame = mlflow.pyfunc.load_model(f"models:/{model_id}").predict(pd.DataFrame({"text": texts}))
    expected = [json.loads(json.dumps(p.to_dict())) for p in predict(load_bundle(trained.bundle), texts)]
    assert [json.loads(text) for text in frame["prediction"]] == expected


def test_nothing_is_pickled(trained: RunResult, client: MlflowClient) -> None:
    store = Path.cwd()
    files = [path.name for folder in (store, trained.folder) for path in folder.rglob("*") if path.is_file()]
    assert "bundle.json" in files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib", ".pt", ".bin"))]


def test_bundle_of_run(trained: RunResult, client: MlflowClient) -> None:
    folder = tracking.bundle_of_run(client, client.get_run(trained.run_id))
    assert load_bundle(folder).sha256 == load_bundle(trained.bundle).sha256


def test_run_without_a_model(train_tiny: Train, client: MlflowClient) -> None:
    run = train_tiny("name=bare")
    with pytest.raises(ConfigError, match="logged no model; train with"):
        tracking.bundle_of_run(client, client.get_run(run.run_id))


@pytest.fixture
def failed(train_tiny: Train, client: MlflowClient, tmp_path: Path) -> str:
    """The id of a run that could not be fitted: training has no paragraph on the railway."""
    (tmp_path / "splits.csv").write_text(
        "article,split\n" + "".join(f"a{i:02},validation\n" for i in range(20) if i != 1), encoding="utf-8"
    )
    with pytest.raises(DataError, match="topic 'rail' has 0 positive"):
        train_tiny("name=failed", f"corpus.splits={tmp_path}/splits.csv", f"tracking.experiment={tmp_path}")
    experiment = client.get_experiment_by_name(str(tmp_path))
    return str(client.search_runs([experiment.experiment_id])[0].info.run_id)


def test_failing_run_is_marked_failed(failed: str, client: MlflowClient) -> None:
    run = client.get_run(failed)
    assert run.info.status == "FAILED"
    assert run.data.params["name"] == "failed"
    assert mlflow.active_run() is None


def test_failed_run_is_not_the_latest_finished(failed: str, client: MlflowClient, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no finished run; train one first"):
        tracking.find_run(client, None, str(tmp_path))
    assert tracking.find_run(client, failed, "x").info.run_id == failed


def test_latest_finished_run(train_tiny: Train, client: MlflowClient) -> None:
    first, second = (train_tiny(f"name={name}", "tracking.experiment=latest") for name in ("first", "second"))
    assert tracking.find_run(client, None, "latest").info.run_id == second.run_id
    rows = tracking.list_runs(client, "latest", limit=5)
    assert [row["run_id"] for row in rows] == [second.run_id, first.run_id]
    assert rows[0]["joint_macro_f1"] == second.reports["validation"]["joint_macro_f1"]
    assert (rows[0]["name"], rows[0]["family"], rows[0]["kind"]) == ("second", "linear", "training")
    assert len(tracking.list_runs(client, "latest", limit=1)) == 1


@pytest.mark.parametrize("run_id", ["0" * 32, "no such run"])
def test_unknown_run(client: MlflowClient, run_id: str) -> None:
    with pytest.raises(ConfigError, match="communique runs"):
        tracking.find_run(client, run_id, "communique")


def test_unknown_experiment(client: MlflowClient) -> None:
    assert tracking.list_runs(client, "nothing here", 5) == []
    with pytest.raises(ConfigError, match="'nothing here' has no finished run"):
        tracking.find_run(client, None, "nothing here")


def test_no_champion_before_the_first_promotion(client: MlflowClient) -> None:
    assert tracking.current_champion(client, "nobody") is None


@pytest.mark.parametrize(
    ("environment", "expected"), [(None, "sqlite:///of-config.db"), ("sqlite:///of-env.db", "sqlite:///of-env.db")]
)
def test_environment_goes_before_the_config(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, expected: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", environment or "")
    if environment is None:
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert tracking.tracking_uri("sqlite:///of-config.db") == expected


def test_second_config_has_its_own_store(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process, two configs with two stores."""
    first = os.environ["MLFLOW_TRACKING_URI"]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(None)
    tracking.connect(first)
    assert tracking.tracking_uri("sqlite:///second.db") == "sqlite:///second.db"


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("uri", ["nonsense://x", "./mlruns"])
def test_unusable_store(uri: str) -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        tracking.connect(uri)


def test_mapping_of_any_label_can_be_logged(tiny_config: TrainingConfig, client: MlflowClient) -> None:
    mapping = ColumnMapping(label="kind", values={"what?": "none"})
    corpus = tiny_config.corpus.model_copy(update={"mapping": mapping})
    with tracking.start_run(tiny_config.model_copy(update={"corpus": corpus}), "mapped") as run_id:
        pass
    assert "what_" in str(client.get_run(run_id).data.params)
