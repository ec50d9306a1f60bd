"""The output folder of `score`: made ready, locked while it is written, and told about in run.json."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from communique.model.errors import InputError
from communique.serve.inputs import InputFile, input_file
from communique.serve.tagger import Tagger
from communique.serve.writers import partial_path, publish, write_json

OURS = ("paragraphs", "articles", "manifest", "jsonl", "csv", "stdin")
SETTINGS, LOCK = "manifest/settings.json", "manifest/.lock"
WHAT = {
    "communique": "version of Communique",
    "model": "model",
    "language": "language",
    "formats": "formats",
    "prior": "prior",
    "columns": "columns",
    "gate": "gate setting",
}


def prepare(out: Path, settings: dict[str, Any], overwrite: bool) -> None:
    """Make a folder that is `locked` ready; only our own results are ever removed.

    Raises:
        InputError: it holds results of other settings.
    """
    settings_file = out / SETTINGS
    if settings_file.is_file():
        before = _read_settings(settings_file)
        if overwrite:
            _remove_results(out)
        elif before != settings:
            changed = ", ".join(WHAT[key] for key in settings if settings[key] != before.get(key))
            raise InputError(f"{out} holds results with another {changed}; choose another --out, or --overwrite")
    write_json(settings_file, settings)


def _remove_results(out: Path) -> None:
    """Remove what an earlier run wrote, so that a kill on the way leaves a folder that is still known as ours."""
    write_json(out / SETTINGS, {"removed": True})
    for name in OURS:
        for file in sorted((out / name).rglob("*"), reverse=True):
            if file.is_dir() and not file.is_symlink():
                file.rmdir()
            elif file != out / SETTINGS and file != out / LOCK:
                file.unlink()
    for name in ("run.json", "errors.jsonl"):
        (out / name).unlink(missing_ok=True)


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError):
        return {}


def _is_ours(out: Path) -> bool:
    """Whether a folder holds results, or nothing but what a run leaves that was killed at its very start."""
    if not out.is_dir():
        return False
    if (out / SETTINGS).is_file():
        return True
    names = {path.relative_to(out).as_posix() for path in out.rglob("*")}
    return names <= {"manifest", LOCK, partial_path(Path(SETTINGS)).as_posix()}


def keep_stdin(stream: IO[bytes], out: Path) -> InputFile:
    """Copy what comes on stdin into the output folder, where a later run finds it: JSON Lines if it begins
    with an object, HTML if with a tag, else one plain text.

    Raises:
        InputError: nothing came.
    """
    head = stream.read(4096)
    if not head.strip():
        raise InputError("- reads the article from stdin, and nothing came; pipe a text, a page or JSON Lines into it")
    suffix = {b"{": "jsonl", b"<": "html"}.get(head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1], "txt")
    folder = out / "stdin"
    folder.mkdir(exist_ok=True)
    target = folder / f"stdin.{suffix}"
    with partial_path(target).open("wb") as file:
        file.write(head)
        shutil.copyfileobj(stream, file)
    publish(partial_path(target), target)
    return input_file(target, folder)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the folder, made if need be, for one run at a time; the system lets go of the lock when a
    process dies.

    Raises:
        InputError: another run is writing there, it holds something else, or cannot be written.
    """
    if out.exists() and not _is_ours(out):
        raise InputError(f"{out} is not an empty folder and holds no scored articles; choose another --out")
    try:
        (out / "manifest").mkdir(parents=True, exist_ok=True)
        (out / LOCK).touch()
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error}; choose another --out") from error
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    with (out / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{out} is being written by another run; wait for it, or choose another --out") from None
        except OSError:  # a file system without locks
            pass
        yield


def clear_partial_files(out: Path) -> None:
    """Remove what a run that was killed had not finished writing."""
    for name in OURS:
        for file in (out / name).rglob(".*.tmp"):
            file.unlink(missing_ok=True)


def write_run(
    out: Path,
    settings: dict[str, Any],
    tagger: Tagger,
    result: dict[str, Any],
    finished: list[dict[str, Any]],
    ignored: list[str],
) -> None:
    """errors.jsonl and run.json, from the sidecars of everything that is finished."""
    errors = out / "errors.jsonl"
    # File names may hold bytes that are no UTF-8; JSON has an escape for those.
    with partial_path(errors).open("w", encoding="utf-8", errors="backslashreplace") as lines:
        for content in finished:
            sidecar = json.loads((out / "manifest" / f"{content['name']}.json").read_text("utf-8"))
            lines.writelines(json.dumps(failure, ensure_ascii=False) + "\n" for failure in sidecar["failures"])
    publish(partial_path(errors), errors)
    manifest = tagger.bundle.manifest
    gate = tagger.bundle.gate if settings["gate"] else None
    paragraphs = max(1, result["paragraphs"])
    run = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "bundle": {"name": manifest.name, "family": manifest.family, "folder": str(tagger.bundle.folder)},
        "settings": settings,
        "gate": None
        if gate is None
        else {
            "recall_on_validation": gate.recall,
            "skipped_on_validation": gate.skipped,
            "skipped": round(1 - sum(content["read"] for content in finished) / paragraphs, 4),
        },
        "ignored": ignored,
        "changed_while_read": [path for content in finished for path in content["changed"]],
        "result": result,
    }
    text = json.dumps(run, indent=1, ensure_ascii=False) + "\n"
    partial_path(out / "run.json").write_text(text, encoding="utf-8", errors="backslashreplace")
    publish(partial_path(out / "run.json"), out / "run.json")
