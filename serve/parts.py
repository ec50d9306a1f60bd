"""Which input files make up which output part, and what an earlier run finished.

A part is a group of files in order, or one big file of many records, whose rows are written in
slices of so many records. The sidecar of a part or slice under `manifest/` is written last, so what
has a sidecar is complete. A rerun keeps the parts whose files are unchanged, goes on with a big file
after its last slice, scores a part again when one of its files changed or went away, and puts new
files into new parts.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from communique.model.errors import InputError
from communique.serve.inputs import InputFile
from communique.serve.items import Item, ReadFailure, is_stream, read_items
from communique.serve.writers import write_json

PART_FILES = 500
PART_BYTES = 8_000_000
# A file of many records is a part by itself from this size on (it may be compressed).
SLICED_BYTES = 1_000_000
SLICE_RECORDS = 2_000


@dataclass(frozen=True)
class Part:
    """A part of the output: its number, its files, whether it is written in slices, and the sidecars
    of what is complete, in order."""

    number: int
    files: tuple[InputFile, ...]
    sliced: bool
    done: tuple[dict[str, Any], ...] = ()

    @property
    def complete(self) -> bool:
        return bool(self.done) and bool(self.done[-1]["last"])

    def name(self, piece: int) -> str:
        return f"part-{self.number:05d}" + (f"-{piece:05d}" if self.sliced else "")


@dataclass(frozen=True)
class Piece:
    """What is written together: a whole part or a slice of one. `first` is its first record's number
    in the part, `limit` how many records it holds at most (None: all)."""

    name: str
    files: tuple[InputFile, ...]
    first: int = 0
    limit: int | None = None

    def items(self) -> Iterator[tuple[int, Item | ReadFailure]]:
        """(number of the file, item) in reading order."""
        if self.limit is None:
            for number, file in enumerate(self.files):
                for item in read_items(file):
                    yield number, item
        else:
            for item in islice(read_items(self.files[0], self.first), self.limit):
                yield 0, item


def pieces(part: Part) -> Iterator[Piece]:
    """The pieces of a part that are still to be scored; a slice follows as long as the last was full.

    The one who takes the pieces adds each finished sidecar to the part's folder before the next.
    """
    if not part.sliced:
        yield Piece(part.name(0), part.files)
        return
    number, first = len(part.done), sum(content["records"] for content in part.done)
    while True:
        yield Piece(part.name(number), part.files, first, SLICE_RECORDS)
        number, first = number + 1, first + SLICE_RECORDS


def plan_parts(files: Sequence[InputFile], out: Path) -> list[Part]:
    """The parts of a run: those of earlier runs, reused or to be done again, then new ones.

    Files of earlier runs stay as long as they exist, named this time or not.

    Raises:
        InputError: an earlier run put another file of the same path below its root into `out`.
    """
    current = {file.path: file for file in files}
    earlier: dict[int, list[dict[str, Any]]] = {}
    for sidecar in sorted((out / "manifest").glob("part-*.json")):
        number = int(sidecar.stem.split("-")[1])
        earlier.setdefault(number, []).append({**json.loads(sidecar.read_text("utf-8")), "name": sidecar.stem})
    parts = [_earlier_part(number, contents, current, out) for number, contents in sorted(earlier.items())]
    first = max((part.number for part in parts), default=-1) + 1
    groups = _grouped(list(current.values()))
    return parts + [Part(first + i, group, _is_sliced(group)) for i, group in enumerate(groups)]


def _earlier_part(number: int, contents: list[dict[str, Any]], current: dict[str, InputFile], out: Path) -> Part:
    """A part of an earlier run as it is now; takes its files out of `current`."""
    before = tuple(InputFile(**entry) for entry in contents[0]["files"])
    after = []
    for file in before:
        now = current.pop(file.path, None)
        if now is not None and now.root != file.root and os.path.lexists(file.location):
            raise InputError(
                f"{out} holds results of {file.location}; {now.location} has the same path below its root. "
                "Choose another --out, or name their common parent folder"
            )
        if now is not None or _still_there(file):
            after.append(now or file)
    files = tuple(after)
    sliced = contents[0]["sliced"] and bool(files)
    done = []
    for position, content in enumerate(contents if files == before else ()):
        written = (out / "paragraphs" / f"{content['name']}.parquet").is_file()
        if not written or content["slice"] != position:
            break
        done.append(content)
    return Part(number, files, sliced, tuple(done))


def _still_there(file: InputFile) -> bool:
    """Files behind a URL stay until they are named again and found changed."""
    return "://" in file.root or os.path.lexists(file.location)


def has_changed(file: InputFile) -> bool:
    """Whether a local file is another now than when the run was planned, as one that is still being written."""
    if "://" in file.root:
        return False
    try:
        status = Path(file.location).stat()
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns)


def _is_sliced(group: tuple[InputFile, ...]) -> bool:
    return len(group) == 1 and is_stream(group[0].path) and group[0].size >= SLICED_BYTES


def _grouped(files: list[InputFile]) -> list[tuple[InputFile, ...]]:
    groups: list[tuple[InputFile, ...]] = []
    group: list[InputFile] = []
    size = 0
    for file in files:
        if _is_sliced((file,)):
            groups += [tuple(group), (file,)] if group else [(file,)]
            group, size = [], 0
            continue
        if group and (len(group) >= PART_FILES or size + file.size > PART_BYTES):
            groups.append(tuple(group))
            group, size = [], 0
        group.append(file)
        size += file.size
    return [*groups, tuple(group)] if group else groups


def forget(part: Part, out: Path) -> None:
    """Remove what an earlier run wrote of a part that has to be done again, its slices' last first, so
    that what is left at any moment is a beginning."""
    kept = {content["name"] for content in part.done}
    for sidecar in sorted((out / "manifest").glob(f"part-{part.number:05d}*.json"), reverse=True):
        if sidecar.stem in kept:
            continue
        sidecar.unlink()
        if sidecar.stem != part.name(0) or part.sliced:
            for file in out.glob(f"*/{sidecar.stem}.*"):
                file.unlink()
            for file in out.glob(f"*/*/{sidecar.stem}.*"):
                file.unlink()


def write_sidecar(manifest: Path, piece: Piece, part: Part, content: dict[str, Any]) -> dict[str, Any]:
    """Mark a piece complete; the file appears whole or not at all."""
    number = 0 if piece.limit is None else piece.first // SLICE_RECORDS
    last = piece.limit is None or content["records"] < piece.limit
    full = {
        "files": [asdict(file) for file in piece.files],
        "sliced": part.sliced,
        "slice": number,
        "last": last,
        **content,
    }
    write_json(manifest / f"{piece.name}.json", full)
    return {**full, "name": piece.name}
