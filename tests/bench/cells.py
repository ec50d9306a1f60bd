"""The cells of the quality benchmark: each model's scores on every split, with its cost. Cached and resumable."""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from kept import PUBLISHED, find, marked, our_code, short_hash

from communique.model.bundle import Manifest, load_bundle, read_manifest
from communique.model.calibration import Calibration
from communique.model.classifier import Scores
from communique.model.corpus import Corpus
from communique.model.gold import gold_arrays
from communique.train.calibrate import fit_calibration
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import Splits, teacher_sha256
from communique.train.run import train

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench"
RIVALS = Path(__file__).parent / "rivals"
BUDGET_SECONDS = 2 * 30 * 60  # of processor time: 30 minutes on two cores, whatever else the machine does
LONGEST_SECONDS = 4 * 3600  # by the clock: something hangs
SMALLEST = 1e-6
LONG = {"mpnet": "takes an hour: `make mpnet-backbone`, then `communique train configs/mpnet.toml`"}


@dataclass(frozen=True)
class Rival:
    """A script under rivals/ and what its own environment needs; none: it runs in ours."""

    script: str
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One model: calibrated as every other, scored on each set, with its cost (None: not known), the file that has
    its scores and, for one of ours, its bundle's manifest."""

    name: str
    scores: dict[str, Scores]
    calibration: Calibration
    seconds: float | None
    speed: float
    size: float
    stored: Path
    manifest: Manifest | None = None


def our_cell(name: str, splits: Splits, sets: dict[str, Corpus]) -> Cell:
    """The bundle of configs/NAME.toml: the one in bundles/ if of this corpus and config, else the published scores of
    such a one, else trained now.

    Raises:
        RuntimeError: its training takes longer than the budget, and there are neither bundle nor scores.
    """
    config = load_config(ROOT / "configs" / f"{name}.toml")
    folder, published = config.output.bundle, PUBLISHED / name
    if not is_of(folder, config, splits):
        if is_of(published, config, splits) and scores_of(name, read_manifest(published), sets):
            return bundle_cell(name, published, sets)
        if name in LONG:
            raise RuntimeError(f"no bundles/{name} of this corpus and config, and training it {LONG[name]}")
        train(config)
    return bundle_cell(name, folder, sets)


def is_of(folder: Path, config: TrainingConfig, splits: Splits) -> bool:
    """Whether a bundle was trained on these splits by this config, wherever backbone and output lie."""
    if not (folder / "bundle.json").is_file():
        return False
    manifest = read_manifest(folder)
    taught_by = manifest.corpus.get("soft_labels_sha256", teacher_sha256(config))  # older bundles do not say it
    if manifest.corpus["sha256"] != splits.sha256 or taught_by != teacher_sha256(config):
        return False
    settings = TrainingConfig.model_validate(manifest.config)  # what it does not name is newer, and at its default
    return recipe(settings) == recipe(config)


def recipe(config: TrainingConfig) -> dict[str, Any]:
    """The parts of a config that decide what is learned."""
    chosen = config.model_dump(include={"seed", "split", "model", "linear", "head", "encoder", "calibration"})
    chosen["model"]["backbone"] = Path(config.model.backbone).name
    return chosen


def bundle_cell(name: str, folder: Path, sets: dict[str, Corpus]) -> Cell:
    """A bundle's scores, kept by its files and each set's texts."""
    manifest = read_manifest(folder)
    stored = scores_of(name, manifest, sets) or score_bundle(folder, sets, CACHE / "cells" / stem_of(name, manifest))
    found = np.load(stored)
    scores = {
        key: Scores(
            found[f"topic_{marked(key, corpus)}"],
            found[f"stance_{marked(key, corpus)}"],
            np.zeros(len(corpus), dtype=np.bool_),
        )
        for key, corpus in sets.items()
    }
    size = sum(entry.size for entry in manifest.files.values())
    speed = float(found["speed"])
    return Cell(name, scores, manifest.calibration, manifest.training_seconds, speed, size, stored, manifest)


def stem_of(name: str, manifest: Manifest) -> str:
    """The name of a bundle's scores: with a hash of all that decides them."""
    return f"{slug(name)}-{short_hash(manifest.model_dump_json(include={'family', 'taxonomy', 'onnx', 'files'}))}"


def scores_of(name: str, manifest: Manifest, sets: dict[str, Corpus]) -> Path | None:
    """The file that has a bundle's scores on every set, by the code as it is."""
    arrays = {f"topic_{marked(key, corpus)}" for key, corpus in sets.items()}
    return find(stem_of(name, manifest), arrays, CACHE / "cells", our_code())


def score_bundle(folder: Path, sets: dict[str, Corpus], stem: Path) -> Path:
    """Score every set, and the held-out articles a second time to take the speed; into stem.npz."""
    classifier = load_bundle(folder).classifier
    kept = {}
    for key, corpus in sets.items():
        scores = classifier.scores(corpus.texts)
        kept |= {f"topic_{marked(key, corpus)}": scores.topic_logits, f"stance_{marked(key, corpus)}": scores.stance}
    began = time.monotonic()
    classifier.scores(sets["test"].texts)
    speed = len(sets["test"]) / (time.monotonic() - began)
    result = stem.with_name(f"{stem.name}.npz")
    result.parent.mkdir(parents=True, exist_ok=True)
    np.savez(result, speed=speed, code=our_code(), **kept)
    return result


def rival_cell(name: str, rival: Rival, splits: Splits, sets: dict[str, Corpus], seed: int = 0) -> Cell:
    """A rival in its own environment, given the same paragraphs, then our calibration and thresholds on validation.

    Raises:
        RuntimeError: it does not install, fails, or takes longer than the budget; says which.
    """
    task = rival_task(splits, seed)
    sources = [(RIVALS / rival.script).read_text("utf-8"), (RIVALS / "task.py").read_text("utf-8"), *rival.requirements]
    stem = f"{slug(name)}-seed{seed}-{short_hash(chr(0).join([json.dumps(task), *sources]))}"
    result = find(stem, {f"score_{marked(*one)}" for one in sets.items()}, CACHE / "cells")
    if result is None:
        result = CACHE / "cells" / f"{stem}.npz"
        result.parent.mkdir(parents=True, exist_ok=True)
        task_file = result.with_suffix(".task.json")
        texts = {marked(key, corpus): corpus.texts for key, corpus in sets.items()}
        task_file.write_text(json.dumps({**task, "score": texts}), encoding="utf-8")
        python = environment(rival.requirements)
        run_logged([str(python), str(RIVALS / rival.script), str(task_file), str(result)], result.with_suffix(".log"))
    stored = np.load(result)
    scores = {key: pair_scores(stored[f"score_{marked(key, corpus)}"], corpus) for key, corpus in sets.items()}
    calibration = fit_calibration(
        scores["validation"],
        gold_arrays(splits.validation),
        gold_arrays(splits.train),
        splits.taxonomy,
        load_config(ROOT / "configs" / "encoder.toml").calibration,
    )
    return Cell(
        name, scores, calibration, float(stored["seconds"]), float(stored["speed"]), float(stored["size"]), result
    )


def rival_task(splits: Splits, seed: int) -> dict[str, Any]:
    """What a rival is trained on: paragraphs with a column a (topic, stance) pair."""
    gold, taxonomy = gold_arrays(splits.train), splits.taxonomy
    stances = range(taxonomy.n_stances)
    targets = [[int(topic[t] == 1 and stance[t] == s) for t in range(taxonomy.n_topics) for s in stances]
               for topic, stance in zip(gold.topic, gold.stance, strict=True)]  # fmt: skip
    return {
        "pairs": [f"{topic}/{stance}" for topic, stance in taxonomy.pairs],
        "seed": seed,
        "train": {"texts": splits.train.texts, "targets": targets},
    }


def pair_scores(pairs: np.ndarray, corpus: Corpus) -> Scores:
    """Pair probabilities (n, pairs) as ours: a topic is as likely as its likeliest pair, stances share it out."""
    taxonomy = corpus.taxonomy
    table = np.clip(pairs, SMALLEST, 1 - SMALLEST).reshape(len(pairs), taxonomy.n_topics, taxonomy.n_stances)
    topic = table.max(axis=2)
    return Scores(
        np.log(topic / (1 - topic)).astype(np.float32),
        (table / table.sum(axis=2, keepdims=True)).astype(np.float32),
        np.zeros(len(pairs), dtype=np.bool_),
    )


def environment(requirements: tuple[str, ...]) -> Path:
    """The python of an environment made for these requirements; without any, ours."""
    if not requirements:
        return Path(sys.executable)
    folder = CACHE / "environments" / f"{slug(requirements[0])}-{short_hash(chr(0).join(requirements))[:8]}"
    python = folder / "bin" / "python"
    if not (folder / ".ready").is_file():
        run_logged([sys.executable, "-m", "venv", "--clear", str(folder)], folder.with_suffix(".log"))
        run_logged([str(python), "-m", "pip", "install", "--quiet", *requirements], folder.with_suffix(".log"))
        (folder / ".ready").touch()
    return python


def slug(name: str) -> str:
    """A name as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def run_logged(command: list[str], log: Path) -> None:
    """Run within the budget, output into a log.

    Raises:
        RuntimeError: the budget is spent, or it failed: with the log's last line.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    limited = ["sh", "-c", f'ulimit -St {BUDGET_SECONDS}; exec "$@"', "sh", *command]
    with log.open("ab") as output:
        try:
            code = subprocess.run(
                limited, stdout=output, stderr=output, check=False, timeout=LONGEST_SECONDS
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"not finished after {LONGEST_SECONDS / 3600:.0f} hours") from error
    if code == -signal.SIGXCPU:
        raise RuntimeError(f"not finished within {BUDGET_SECONDS / 60:.0f} minutes of processor time")
    if code:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        raise RuntimeError(f"exit {code}: {lines[-1] if lines else 'no output'} (log: {log})")
