"""What every rival is given and gives back. Runs in the rival's own environment: standard library and numpy.

    python rival.py TASK.json RESULT.npz

The task: `pairs` (names), `seed`, `train` {texts, targets (n, pairs)}, `score` {split: texts}, a split's name
ending in a hyphen and a hash of its texts. The result: probabilities (n, pairs) by split, seconds of training,
paragraphs a second, bytes on disk.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Predict = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Task:
    """Training texts with multi-hot targets (n, pairs)."""

    pairs: list[str]
    seed: int
    texts: list[str]
    targets: np.ndarray


def run(fit: Callable[[Task, Path], Predict]) -> None:
    """Fit a rival, time it, score every split. `fit` saves what it would ship into the folder it is given."""
    task_file, result_file = Path(sys.argv[1]), Path(sys.argv[2])
    content = json.loads(task_file.read_text("utf-8"))
    targets = np.array(content["train"]["targets"], dtype=np.float32)
    task = Task(content["pairs"], content["seed"], content["train"]["texts"], targets)
    folder = result_file.with_suffix(".model")
    folder.mkdir(exist_ok=True)
    started = time.monotonic()
    predict = fit(task, folder)
    seconds = time.monotonic() - started
    predict(task.texts[:32])  # warm
    scores, speed = {}, 0.0
    for split, texts in content["score"].items():
        began = time.monotonic()
        scores[split] = np.asarray(predict(texts), dtype=np.float32)
        if split.startswith("test-"):
            speed = len(texts) / (time.monotonic() - began)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    np.savez(result_file, seconds=seconds, speed=speed, size=size, **{f"score_{k}": v for k, v in scores.items()})
