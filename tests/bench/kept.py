"""The scores behind the table: a file a trained model, in the cache and, published, in the repository.

A file is named by the model and a hash of all that its training read; in it, every set's scores stand under the
set's name and a hash of its texts, and those of our models with a hash of the code that trains and scores. So a fresh
checkout writes the table without training anything, a set that is not there is scored (ours) or trained for (rivals,
which keep no model), and scores of other texts or by other code are never taken.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from communique.model.bundle import MANIFEST, Manifest
from communique.model.corpus import Corpus

PUBLISHED = Path(__file__).parent / "data" / "scores"
KEY = "?" * 16  # the hash in a file's name, as a glob
ROOT = Path(__file__).resolve().parents[2]
OUR_CODE = {  # what decides our models' scores
    "model": "blend classifier gold linear onnx pieces spans texts tfidf windows",
    "train": "backbone blend calibrate data encoder* export frozen int8 length_groups linear logistic soft_labels",
}


def short_hash(content: str) -> str:
    """16 hexadecimal digits."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def marked(name: str, corpus: Corpus) -> str:
    """A set's name with a hash of its texts."""
    return f"{name}-{short_hash(json.dumps(corpus.texts))[:8]}"


def our_code() -> str:
    """A hash of the code that trains and scores our models, less lines of comment and empty ones."""
    files = [
        file for part, names in OUR_CODE.items() for name in names.split() for file in (ROOT / part).glob(f"{name}.py")
    ]
    lines = [line for file in sorted(files) for line in file.read_text("utf-8").splitlines()]
    return short_hash("\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#")))


def find(stem: str, arrays: set[str], cells: Path, code: str | None = None) -> Path | None:
    """The file of that stem that has all these arrays, of this code if it matters: in the cache, or published."""
    for path in (cells / f"{stem}.npz", PUBLISHED / f"{stem}.npz"):
        if path.is_file():
            stored = np.load(path)
            if arrays <= set(stored.files) and (code is None or str(stored.get("code")) == code):
                return path
    return None


def publish(path: Path, sets: Mapping[str, Corpus], manifest: Manifest | None) -> None:
    """Put one model's scores of these sets into the repository, in place of those of its earlier trainings; with
    the manifest of a bundle of ours, less what only the bundle needs and where it lay."""
    names = tuple(marked(name, corpus) for name, corpus in sets.items())
    stored = {key: value for key, value in np.load(path).items() if value.ndim == 0 or key.endswith(names)}
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    for older in PUBLISHED.glob(f"{path.stem[: -len(KEY)]}{KEY}.npz"):
        older.unlink()
    np.savez_compressed(PUBLISHED / path.name, **stored)
    if manifest is not None:
        folder = PUBLISHED / path.stem[: -len(KEY) - 1]
        folder.mkdir(exist_ok=True)
        (folder / MANIFEST).write_text(json.dumps(without_places(manifest), indent=1) + "\n", encoding="utf-8")


def without_places(manifest: Manifest) -> dict[str, Any]:
    """What identifies a bundle, its calibration and its cost."""
    content = manifest.model_dump(mode="json", exclude={"metrics", "trained_on"})
    config = {key: value for key, value in content["config"].items() if key not in ("tracking", "promotion", "sweep")}
    model = {**config["model"], "backbone": Path(config["model"]["backbone"]).name}
    return content | {"config": {**config, "model": model, "output": {"bundle": content["name"]}}}
