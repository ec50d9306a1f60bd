"""Sweeps: trials as nested runs, resumed where they stopped; spaces that cannot be searched."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from communique.model.errors import ConfigError
from communique.train import sweep as sweeping
from communique.train.config_file import load_config
from communique.train.run import RunResult
from communique.train.sweep import sweep

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:optuna"),
]
SPACE = """
[sweep]
trials = 2
[sweep.space]
"linear.min_df" = { low = 1, high = 3, integer = true }
"calibration.threshold" = { low = 0.2, high = 0.8 }
"head.class_weight" = { choices = ["balanced", "none"] }
"model.title" = { choices = [true, false] }
"""


class Sittings(NamedTuple):
    """Two sittings of one sweep: two trials, then three in all."""

    config: Path
    results: tuple[dict[str, Any], dict[str, Any]]
    reported: tuple[dict[int, float], dict[int, float]]
    trials: list[Run]


def written(tiny: Path, folder: Path, name: str, space: str = SPACE) -> Path:
    """The tiny config with a space, as a file whose sweep and runs stay in `folder`."""
    text = (tiny / "config.toml").read_text("utf-8").replace('name = "tiny"', f'name = "{name}"', 1)
    for file in ("corpus.jsonl", "taxonomy.toml"):
        text = text.replace(f'"{file}"', f'"{tiny / file}"')
    storage = space.replace("[sweep]", f'[sweep]\nstorage = "sqlite:///{folder}/sweep.db"')
    path = folder / "config.toml"
    path.write_text(text.replace("[tracking]", f'[tracking]\nexperiment = "{name}"') + storage, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sittings(
    tiny: Path,
    tmp_path_factory: pytest.TempPathFactory,
    at_store: Callable[[], AbstractContextManager[MlflowClient]],
) -> Sittings:
    path = written(tiny, tmp_path_factory.mktemp("sweep"), "searched")
    reported: tuple[dict[int, float], dict[int, float]] = ({}, {})
    with at_store() as client:
        results = (
            sweep(path, [], None, reported[0].__setitem__),
            sweep(path, [], 3, reported[1].__setitem__),
        )
        experiment = client.get_experiment_by_name("searched").experiment_id
        runs = client.search_runs([experiment], "tags.kind = 'training'")
    return Sittings(path, results, reported, runs)


def test_sweep_resumes(sittings: Sittings) -> None:
    assert [result["trials"] for result in sittings.results] == [2, 3]
    assert [list(values) for values in sittings.reported] == [[0, 1], [2]]
    assert len(sittings.trials) == 3


def test_trials_are_nested_in_one_run(sittings: Sittings, client: MlflowClient) -> None:
    first, second = sittings.results
    assert first["run_id"] == second["run_id"]
    assert {run.data.tags["mlflow.parentRunId"] for run in sittings.trials} == {first["run_id"]}
    parent = client.get_run(first["run_id"])
    assert (parent.data.tags["kind"], parent.info.status) == ("sweep", "FINISHED")


def test_best_is_the_highest_on_validation(sittings: Sittings) -> None:
    values = {run.info.run_id: run.data.metrics["validation/joint_macro_f1"] for run in sittings.trials}
    best = sittings.results[1]["best"]
    assert best["joint_macro_f1"] == max(values.values()) == values[best["run_id"]]
    assert sorted(values.values()) == sorted({**sittings.reported[0], **sittings.reported[1]}.values())


def test_trials_do_not_look_at_the_test_split(sittings: Sittings) -> None:
    assert not [name for run in sittings.trials for name in run.data.metrics if name.startswith("test")]


def test_trials_stay_in_the_space(sittings: Sittings) -> None:
    params = [run.data.params for run in sittings.trials]
    assert {p["linear.min_df"] for p in params} <= {"1", "2", "3"}
    assert all(0.2 <= float(p["calibration.threshold"]) <= 0.8 for p in params)
    assert {p["head.class_weight"] for p in params} <= {"balanced", "none"}
    assert {p["model.title"] for p in params} <= {"True", "False"}


def test_resumed_sweep_tries_something_new(sittings: Sittings) -> None:
    assert len({run.data.params["calibration.threshold"] for run in sittings.trials}) == 3


def test_best_can_be_trained_from_its_overrides(sittings: Sittings, client: MlflowClient) -> None:
    import shlex

    words = shlex.split(" ".join(sittings.results[1]["set"]))
    config = load_config(sittings.config, [word for word in words if word != "--set"])
    params = client.get_run(sittings.results[1]["best"]["run_id"]).data.params
    assert len(words) == 8
    assert str(config.linear.min_df) == params["linear.min_df"]
    assert str(config.calibration.threshold) == params["calibration.threshold"]
    assert config.head.class_weight == params["head.class_weight"]
    assert str(config.model.title) == params["model.title"]


def test_result_is_json(sittings: Sittings) -> None:
    assert json.loads(json.dumps(sittings.results[1]))["trials"] == 3


def test_done_sweep_runs_nothing(sittings: Sittings, client: MlflowClient) -> None:
    ran: list[int] = []
    assert sweep(sittings.config, [], 1, lambda number, _: ran.append(number)) == sittings.results[1]
    assert ran == []


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("[sweep]\n", r"\[sweep.space\] is empty; name what to try"),
        ('[sweep]\n[sweep.space]\n"linear.mindf" = { choices = [1] }\n', "'linear.mindf' is not a config key"),
        ('[sweep]\n[sweep.space]\n"nope" = { choices = [1] }\n', "'nope' is not a config key"),
    ],
)
def test_space_that_cannot_be_searched(tiny: Path, tmp_path: Path, space: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sweep(written(tiny, tmp_path, "refused", space), [], None)
    assert not (tmp_path / "sweep.db").exists()


def test_sweep_of_failures_says_so(tiny: Path, tmp_path: Path, client: MlflowClient) -> None:
    space = '[sweep]\ntrials = 1\n[sweep.space]\n"split.validation" = { choices = [2.0] }\n'
    with pytest.raises(ConfigError, match="no trial of sweep 'failing' succeeded"):
        sweep(written(tiny, tmp_path, "failing", space), [], None)
    experiment = client.get_experiment_by_name("failing").experiment_id
    assert [run.info.status for run in client.search_runs([experiment])] == ["FAILED"]


def test_an_interrupted_trial_is_made_up_for_and_a_failed_one_is_not(
    tiny: Path, tmp_path: Path, client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = written(tiny, tmp_path, "interrupted")
    runs = iter([KeyboardInterrupt(), ConfigError("no such thing")])

    def stopped(*args: Any, **kwargs: Any) -> RunResult:
        raise next(runs)

    with monkeypatch.context() as patched:
        patched.setattr(sweeping, "train", stopped)
        with pytest.raises(KeyboardInterrupt):
            sweep(path, [], None)
        with pytest.raises(ConfigError, match="no trial of sweep 'interrupted' succeeded"):
            sweep(path, [], 1)
    assert "0 of 1 trials done before" in caplog.text
    assert "trial 1 failed: no such thing" in caplog.text
    assert sweep(path, [], None)["trials"] == 1  # two are wanted, and the failed one counts


@pytest.mark.usefixtures("client")
def test_unknown_metric(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="guess"):
        sweep(written(tiny, tmp_path, "unmeasured"), ["sweep.metric=guess"], 1)


@pytest.mark.usefixtures("client")
def test_section_is_not_a_key(tiny: Path, tmp_path: Path) -> None:
    space = '[sweep]\ntrials = 1\n[sweep.space]\n"linear" = { choices = [1] }\n'
    with pytest.raises(ConfigError, match="'linear' is not a config key"):
        sweep(written(tiny, tmp_path, "section", space), [], None)
