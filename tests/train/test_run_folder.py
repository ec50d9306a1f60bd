from pathlib import Path

from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.run_folder import find_interrupted, last_checkpoint, open_run_folder


def test_only_an_interrupted_run_of_the_same_config_is_found(
    tiny_config: TrainingConfig, tiny_splits: Splits, tmp_path: Path
) -> None:
    config = tiny_config.model_copy(update={"output": tiny_config.output.model_copy(update={"runs": tmp_path})})
    assert find_interrupted(config, tiny_splits) is None
    bundle = open_run_folder(tmp_path / "run", config, tiny_splits)
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
    (bundle / "bundle.json").touch()
    assert find_interrupted(config, tiny_splits) is None
