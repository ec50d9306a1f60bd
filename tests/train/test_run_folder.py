import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from communique.model.bundle import load_bundle
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import Splits
from communique.train.run import train
from communique.train.run_folder import find_interrupted, last_checkpoint, open_run_folder


def test_only_an_interrupted_run_of_the_same_config_is_found(
    tiny_config: TrainingConfig, tiny_splits: Splits, tmp_path: Path
) -> None:
    config = tiny_config.model_copy(update={"output": tiny_config.output.model_copy(update={"runs": tmp_path})})
    assert find_interrupted(config, tiny_splits) is None
    open_run_folder(tmp_path / "run", config, tiny_splits)
    for step, complete in ((9, True), (10, True), (11, False)):
        checkpoint = tmp_path / "run" / "checkpoints" / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        if complete:
            (checkpoint / "trainer_state.json").touch()
    found = last_checkpoint(tmp_path / "run" / "checkpoints")
    assert found is not None
    assert found.name == "checkpoint-10"
    assert find_interrupted(config, tiny_splits) == "run"
    assert find_interrupted(config.model_copy(update={"seed": 1}), tiny_splits) is None
    assert find_interrupted(config, replace(tiny_splits, teacher_sha256="another")) is None
    shutil.rmtree(tmp_path / "run" / "checkpoints")  # as at the end of a run
    assert find_interrupted(config, tiny_splits) is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")
def test_a_run_that_died_after_its_training_is_resumed_without_training_again(
    tiny: Path,
    tiny_backbone: Path,
    tmp_path: Path,
    at_store: Callable[[], AbstractContextManager[MlflowClient]],
) -> None:
    place = tmp_path / "bundles"
    place.touch()  # a file where the folder of the bundle should be: export fails when all else is done
    overrides = ["model.family=encoder", f"model.backbone={tiny_backbone}", "model.max_length=48", "encoder.epochs=1"]
    overrides += [f"output.bundle={place}/encoder", f"output.runs={tmp_path}/runs", "tracking.log_model=false"]
    config = load_config(tiny / "config.toml", overrides)
    with at_store() as client:
        with pytest.raises(OSError, match="bundles"):
            train(config)
        (folder,) = (tmp_path / "runs").iterdir()
        losses = client.get_metric_history(folder.name, "trainer/train_runtime")
        place.unlink()
        result = train(config, resume=True)
        assert result.run_id == folder.name
        assert load_bundle(place / "encoder").manifest.family == "encoder"
        steps = [metric.step for metric in client.get_metric_history(folder.name, "trainer/train_runtime")]
        assert steps == [losses[0].step] * 2
    assert not (folder / "checkpoints").exists()
