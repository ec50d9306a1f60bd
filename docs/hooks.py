"""Hooks of the site's build: where the packages are found, without installing or importing them."""

from pathlib import Path
from typing import Any

PACKAGES = ("model", "serve", "train")


def on_config(config: Any) -> None:
    """Lay the packages out as they are imported: `communique.model` is the folder model, and so on."""
    root = Path(config.config_file_path).resolve().parent
    names = root / "build" / "reference" / "communique"
    names.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        link = names / package
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", "..", package))
