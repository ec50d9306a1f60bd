"""Two processes of `torchrun` train as one does."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from communique.model.bundle import load_bundle
from communique.model.errors import ConfigError
from communique.train import processes
from communique.train.run import take_part


def loss_curve(folder: Path, starter: list[str], config: Path, overrides: list[str]) -> list[float]:
    """Train in a process of its own and read the loss of every step from the run."""
    folder.mkdir()
    uri = f"sqlite:///{folder}/mlflow.db"
    environment = os.environ | {"MLFLOW_TRACKING_URI": uri, "OMP_NUM_THREADS": "1"}
    settings = [
        f"--set={override}" for override in [*overrides, f"output.bundle={folder}/bundle", f"output.runs={folder}/runs"]
    ]
    command = [*starter, str(Path(sys.executable).with_name("communique")), "train", str(config), *settings]
    subprocess.run(command, env=environment, cwd=folder, check=True, timeout=300)
    client = MlflowClient(uri)
    (run,) = client.search_runs(["1"])
    assert load_bundle(folder / "bundle").manifest.family == "encoder"
    return [metric.value for metric in client.get_metric_history(run.info.run_id, "trainer/loss")]


def test_two_processes_have_the_loss_curve_of_one(tiny: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_backbone, tmp_path / "backbone")  # without chance: each process would drop other units
    config = json.loads((tmp_path / "backbone" / "config.json").read_text("utf-8"))
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (tmp_path / "backbone" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    overrides = ["model.family=encoder", f"model.backbone={tmp_path / 'backbone'}", "model.max_length=48"]
    overrides += ["encoder.epochs=4", "encoder.dropout=0", "encoder.batch_size=8", "encoder.metric=topic_macro_f1"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python"]
    one = loss_curve(tmp_path / "one", [], tiny / "config.toml", overrides)
    two = loss_curve(tmp_path / "two", torchrun, tiny / "config.toml", overrides)
    steps = len(one) // 4
    assert len(one) == 4 * steps > 4
    whole = [step for step in range(len(one)) if step % steps != steps - 1]
    assert [two[step] for step in whole] == pytest.approx([one[step] for step in whole], rel=0.001)
    assert two == pytest.approx(one, rel=0.01)  # two fill an epoch's last batch, 6 of 8 here, up with its first
    assert sum(two[-steps:]) < 0.985 * sum(two[:steps])


def test_a_batch_is_divided_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.share_of(16) == 16
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert processes.share_of(48) == 16
    with pytest.raises(ConfigError, match="cannot be divided over 3"):
        processes.share_of(16)


def test_other_families_take_one_process(tiny_config) -> None:
    with pytest.raises(ConfigError, match="without torchrun"):
        take_part(tiny_config)
