"""A training that the system kills goes on with `--resume` to the very same weights."""

import os
import subprocess
import sys
import time
from pathlib import Path

from mlflow.tracking import MlflowClient
from safetensors.numpy import load_file


def command(config: Path, backbone: Path, folder: Path) -> list[str]:
    settings = ["model.family=encoder", f"model.backbone={backbone}", "model.max_length=48", "encoder.epochs=12"]
    settings += ["encoder.bf16=true", "encoder.keep_weights=true", "encoder.patience=12", "encoder.batch_size=8"]
    settings += ["encoder.metric=topic_macro_f1", f"output.bundle={folder}/bundle", f"output.runs={folder}/runs"]
    return [
        str(Path(sys.executable).with_name("communique")), "train", str(config), *(f"--set={one}" for one in settings)
    ]  # fmt: skip


def test_a_killed_process_resumes_to_the_same_weights(tiny: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    weights = {}
    for name in ("whole", "killed"):
        folder = tmp_path / name
        folder.mkdir()
        uri = f"sqlite:///{folder}/mlflow.db"
        environment = os.environ | {"MLFLOW_TRACKING_URI": uri, "OMP_NUM_THREADS": "1"}
        line = command(tiny / "config.toml", tiny_backbone, folder)
        if name == "killed":
            process = subprocess.Popen(line, env=environment, cwd=folder, stderr=subprocess.DEVNULL)
            until = time.monotonic() + 240
            while not any(folder.glob("runs/*/checkpoints/*/trainer_state.json")) and time.monotonic() < until:
                time.sleep(0.02)
            process.kill()
            assert process.wait() == -9
            assert not (folder / "bundle").exists()
            line.append("--resume")
        subprocess.run(line, env=environment, cwd=folder, check=True, timeout=300, stderr=subprocess.DEVNULL)
        (run,) = MlflowClient(uri).search_runs(["1"])
        assert run.info.status == "FINISHED"
        weights[name] = load_file(folder / "runs" / run.info.run_id / "encoder" / "model.safetensors")
    assert weights["whole"].keys() == weights["killed"].keys()
    assert all((weights["whole"][key] == weights["killed"][key]).all() for key in weights["whole"])
