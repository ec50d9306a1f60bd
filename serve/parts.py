"""Which input files make up which output part, and what an earlier run finished.

A part is a group of files in sorted order. Its sidecar under `manifest/` is written last, so a part
with a sidecar is complete. A rerun keeps the parts whose files are unchanged, scores a part again
when one of its files changed or went away, and puts new files into new parts.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from communique.model.errors import InputError

PART_FILES = 500
PART_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: `root` is the folder its path is given relative to; size and modification
    time tell whether it changed since."""

    root: str
    path: str
    size: int
    mtime_ns: int

    @property
    def location(self) -> Path:
        return Path(self.root) / self.path


@dataclass(frozen=True)
class Part:
    """A part of the output: its number, its files, and its sidecar's content once it is complete."""

    number: int
    files: tuple[InputFile, ...]
    done: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        return f"part-{self.number:05d}"


def input_files(found: Sequence[tuple[Path, Path]]) -> list[InputFile]:
    """Describe (root, file) pairs.

    Raises:
        InputError: two inputs have the same path below their roots, so their rows would collide.
    """
    files: dict[str, InputFile] = {}
    for root, file in found:
        relative = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
        size, mtime = _stat(file)
        entry = InputFile(str(root.resolve()), relative, size, mtime)
        if relative in files:
            raise InputError(
                f"{files[relative].location} and {entry.location} have the same path below their roots; "
                "name their common parent folder instead"
            )
        files[relative] = entry
    return list(files.values())


def _stat(file: Path) -> tuple[int, int]:
    """Size and modification time; a file that cannot be seen is left for reading to report."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def plan_parts(files: Sequence[InputFile], out: Path) -> list[Part]:
    """The parts of a run: those of earlier runs, reused or to be done again, then new ones.

    Files of earlier runs stay as long as they exist, named this time or not.

    Raises:
        InputError: an earlier run put another file of the same path below its root into `out`.
    """
    current = {file.path: file for file in files}
    parts: list[Part] = []
    for sidecar in sorted((out / "manifest").glob("part-*.json")):
        content = json.loads(sidecar.read_text("utf-8"))
        before = tuple(InputFile(**entry) for entry in content["files"])
        after = []
        for file in before:
            now = current.pop(file.path, None)
            if now is not None and now.root != file.root and file.location.exists():
                raise InputError(
                    f"{out} holds results of {file.location}; {now.location} has the same path below its root. "
                    "Choose another --out, or name their common parent folder"
                )
            if now is not None or file.location.exists():
                after.append(now or file)
        number = int(sidecar.stem.removeprefix("part-"))
        complete = (out / "paragraphs" / f"{sidecar.stem}.parquet").is_file()
        parts.append(Part(number, tuple(after), content if complete and tuple(after) == before else None))
    first = max((part.number for part in parts), default=-1) + 1
    return parts + [Part(first + i, group) for i, group in enumerate(_grouped(list(current.values())))]


def _grouped(files: list[InputFile]) -> list[tuple[InputFile, ...]]:
    groups: list[list[InputFile]] = []
    size = 0
    for file in files:
        if not groups or len(groups[-1]) >= PART_FILES or size + file.size > PART_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += file.size
    return [tuple(group) for group in groups]


def write_sidecar(manifest: Path, part: Part, content: dict[str, Any]) -> dict[str, Any]:
    """Mark a part complete; the file appears whole or not at all."""
    full = {"files": [asdict(file) for file in part.files], **content}
    partial = manifest / f".{part.name}.tmp"
    partial.write_text(json.dumps(full), encoding="utf-8")
    partial.replace(manifest / f"{part.name}.json")
    return full
