"""Which input files make up which output part, and what an earlier run finished.

A part is a group of files in order, or one big file of many records, whose rows are written in
slices of so many records. `manifest/plan.json` says which files each part has; it is written before
the first row. The sidecar of a part or slice is written after its tables, and names by a digest the
files that it was made of: what has a sidecar of the right digest is complete, everything else is
scored again. So a rerun after a kill at any moment goes on where the last sidecar is.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

from communique.model.errors import InputError
from communique.serve.inputs import InputFile, is_there
from communique.serve.items import is_stream
from communique.serve.prune import prune
from communique.serve.writers import write_json

PART_FILES = 500
PART_BYTES = 8_000_000
# A file of many records is a part by itself from this size on (it may be compressed).
SLICED_BYTES = 1_000_000
SLICE_RECORDS = 2_000
PLAN = "manifest/plan.json"
# Failures whose cause may be gone the next time: not enough memory, a library to be installed.
PASSING = ("ProcessExpired", "BrokenProcessPool", "MemoryError")


@dataclass(frozen=True)
class Part:
    """A part of the output: its number, its files, whether it is written in slices, and the sidecars
    of what is complete, in order, without their failures."""

    number: int
    files: tuple[InputFile, ...]
    sliced: bool
    done: tuple[dict[str, Any], ...] = ()

    @property
    def complete(self) -> bool:
        return bool(self.done) and bool(self.done[-1]["last"])

    @property
    def digest(self) -> str:
        """Equal as long as the same files, unchanged, are scored in the same way."""
        return hashlib.sha256(repr((self.sliced, [astuple(file) for file in self.files])).encode()).hexdigest()

    def name(self, piece: int) -> str:
        return f"part-{self.number:05d}" + (f"-{piece:05d}" if self.sliced else "")


def plan_parts(files: Sequence[InputFile], out: Path, seconds: float, formats: Sequence[str] = ()) -> list[Part]:
    """The parts of a run, written down in `out`: those of earlier runs, then new ones.

    Files of earlier runs stay as long as they exist, named this time or not. `seconds` is the time
    limit of a document: what took too long under a lower one is tried again. Results of files that
    changed or went away are removed; a changed file goes to a new part, so that the others of its
    part are not read again.

    Raises:
        InputError: two files have the same path below their roots.
    """
    waiting = {file.path: file for file in files}
    if len(waiting) < len(files):
        raise InputError("two inputs have the same path below their roots; name their common parent folder instead")
    places = {file.location: file for file in files}
    parts, smaller = [], []
    for entry in _read_plan(out):
        before = tuple(InputFile(**file) for file in entry["files"])
        after = [now for file in before if (now := _as_it_is(file, waiting, places, out)) is not None]
        if not entry["sliced"]:
            waiting |= {file.path: file for file in after if file not in before}
            after = [file for file in after if file in before]
        if after:
            part = Part(entry["number"], tuple(after), entry["sliced"])
            parts.append(part)
            if part.files != before and not part.sliced:
                smaller.append((replace(part, files=before), part))
    first = max((part.number for part in parts), default=-1) + 1
    groups = _grouped(list(waiting.values()))
    parts += [Part(first + i, group, _is_sliced(group)) for i, group in enumerate(groups)]
    plan = [{"number": p.number, "sliced": p.sliced, "files": [asdict(file) for file in p.files]} for p in parts]
    write_json(out / PLAN, plan)
    for old, new in smaller:
        if _finished(old, out, seconds):
            gone = {file.path for file in old.files} - {file.path for file in new.files}
            prune(out, new.name(0), gone, new.digest, formats)
    parts = [replace(part, done=_finished(part, out, seconds)) for part in parts]
    _remove_all_but({content["name"] for part in parts for content in part.done}, out)
    return parts


def _read_plan(out: Path) -> list[dict[str, Any]]:
    return list(json.loads((out / PLAN).read_text("utf-8"))) if (out / PLAN).is_file() else []


def _as_it_is(
    file: InputFile, waiting: dict[str, InputFile], places: dict[str, InputFile], out: Path
) -> InputFile | None:
    """A file of an earlier run as it is now, taken out of `waiting`; None when it is gone."""
    same = places.get(file.location)
    if same is not None:  # perhaps named below another root this time
        waiting.pop(same.path, None)
        return replace(file, size=same.size, mtime_ns=same.mtime_ns)
    there = is_there(file)
    other = waiting.get(file.path)
    if there and other is not None:
        raise InputError(
            f"{out} holds results of {file.location}; {other.location} has the same path below its root. "
            "Choose another --out, or name their common parent folder"
        )
    return file if there else None


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


def _finished(part: Part, out: Path, seconds: float) -> tuple[dict[str, Any], ...]:
    """The sidecars of what is complete of a part, from the first piece on."""
    done: list[dict[str, Any]] = []
    digest = part.digest
    while not done or not (done[-1]["last"] or not part.sliced):
        name = part.name(len(done))
        sidecar = out / "manifest" / f"{name}.json"
        if not sidecar.is_file() or not (out / "paragraphs" / f"{name}.parquet").is_file():
            break
        content = json.loads(sidecar.read_text("utf-8"))
        failures = content.pop("failures")
        if content["digest"] != digest or any(_may_pass(failure, part, content, seconds) for failure in failures):
            break
        done.append({**content, "name": name})
    return tuple(done)


def _may_pass(failure: dict[str, Any], part: Part, content: dict[str, Any], seconds: float) -> bool:
    """Whether what failed may go well this time, since its cause lies outside the file."""
    if failure["error"] == "TimeoutError":
        return bool(seconds > content["seconds"])
    if failure["error"] in PASSING or "pip install" in failure["message"]:
        return True
    return failure["stage"] == "read" and any(_opens(file) for file in part.files if file.path == failure["path"])


def _opens(file: InputFile) -> bool:
    if "://" in file.root:
        return True
    try:
        with Path(file.location).open("rb"):
            return True
    except OSError:
        return False


def _remove_all_but(names: set[str], out: Path) -> None:
    """Remove the sidecars, then the tables, of pieces that are not complete."""
    for pattern in ("manifest/part-*.json", "manifest/part-*.npy", "*/part-*", "*/*/part-*"):
        for file in out.glob(pattern):
            if file.name.split(".")[0] not in names:
                file.unlink(missing_ok=True)
