"""The folder of a run: what it is about, checkpoints to resume from, and the export of its bundle."""

import logging
import shutil
from pathlib import Path

from communique.model.bundle import MANIFEST
from communique.model.errors import ConfigError
from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.splits import write_splits

log = logging.getLogger(__name__)
RESOLVED = "config.json"
CORPUS_HASH = "corpus.sha256"
TEACHER_HASH = "soft-labels.sha256"
CHECKPOINTS = "checkpoints"
COMPLETE = "trainer_state.json"  # the Trainer writes it last


def open_run_folder(folder: Path, config: TrainingConfig, splits: Splits) -> Path:
    """Make the run's folder, write what it is about, and return the empty folder of its bundle."""
    model = folder / "bundle"
    shutil.rmtree(model, ignore_errors=True)  # an interrupted run's beginnings
    model.mkdir(parents=True)
    for name, text in about(config, splits).items():
        (folder / name).write_text(text, encoding="utf-8")
    write_splits(
        {example.article: name for name, part in splits.parts.items() for example in part.examples},
        folder / "splits.csv",
    )
    return model


def about(config: TrainingConfig, splits: Splits) -> dict[str, str]:
    """What decides what a run learns, by file name: two runs alike in these are the same."""
    return {
        RESOLVED: config.model_dump_json(indent=1) + "\n",
        CORPUS_HASH: splits.sha256 + "\n",
        TEACHER_HASH: f"{splits.teacher_sha256}\n",
    }


def find_interrupted(config: TrainingConfig, splits: Splits) -> str | None:
    """The id of the latest run of this very config, corpus and teacher that left checkpoints: the end of a run removes
    them."""
    folders = (path.parent for path in config.output.runs.glob(f"*/{CHECKPOINTS}"))
    for folder in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True):
        files = ((folder / name, text) for name, text in about(config, splits).items())
        same = all(path.is_file() and path.read_text("utf-8") == text for path, text in files)
        if same and last_checkpoint(folder / CHECKPOINTS):
            log.info("going on with the interrupted run %s", folder.name)
            return folder.name
    log.info("no interrupted run of this config and corpus in %s: starting anew", config.output.runs)
    return None


def last_checkpoint(checkpoints: Path) -> Path | None:
    """The latest checkpoint that was written to its end."""
    found = [path for path in checkpoints.glob("checkpoint-*") if (path / COMPLETE).is_file()]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def refuse_foreign_folder(destination: Path) -> None:
    """Exporting replaces a folder, so it must be a bundle, empty, or not there.

    Raises:
        ConfigError: the folder holds something else.
    """
    if (
        destination.exists()
        and not (destination / MANIFEST).is_file()
        and (not destination.is_dir() or any(destination.iterdir()))
    ):
        raise ConfigError(f"{destination} holds something that is no bundle; name another folder to export to")


def export_bundle(source: Path, destination: Path) -> Path:
    """Copy a bundle to its published place; an older one there is replaced only when all is copied."""
    refuse_foreign_folder(destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    fresh = destination.with_name(f".{destination.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh)
    shutil.rmtree(destination, ignore_errors=True)
    fresh.rename(destination)
    return destination
