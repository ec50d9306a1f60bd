"""Hooks of the site's build: where the packages are found, without installing or importing them."""

from pathlib import Path

PACKAGES = ("model", "serve", "train")


def on_startup(command: str, dirty: bool) -> None:
    """Lay the packages out as they are imported: `communique.model` is the folder model, and so on.

    At the very start, because the reference looks only into folders that are there when it is set up.
    """
    names = Path(__file__).resolve().parents[1] / "build" / "reference" / "communique"
    names.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        link = names / package
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", "..", package))
