"""Which files there are to read: those named, those in folders, those behind URLs."""

import fnmatch
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from communique.model.errors import InputError
from communique.serve.formats import kind_of, load_library
from communique.serve.streams import is_url

_CHECKSUMS = (
    *("ETag", "etag", "checksum", "md5Hash", "content_md5", "Content-MD5", "Digest", "crc32c", "sha256"),
    "Last-Modified",
)
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    `path` is relative to `root`, a folder or the start of a URL, with "/" between its parts and
    without what is no UTF-8; `name` is the path as it is where that differs. `size` in bytes and
    `mtime_ns`, the time of the last change or a number made from a checksum, tell whether the file
    changed since.
    """

    root: str
    path: str
    size: int
    mtime_ns: int
    name: str = ""

    @property
    def location(self) -> str:
        """The path or URL to open."""
        return f"{self.root.rstrip('/')}/{self.name or self.path}"


def is_there(file: InputFile) -> bool:
    """Whether a file of an earlier run still exists; one behind a URL that does not answer counts as there."""
    if not is_url(file.location):
        return os.path.lexists(file.location) and not os.path.isdir(file.location)  # noqa: PTH112
    try:
        system, path = load_library("fsspec", file.location).core.url_to_fs(file.location)
        return bool(system.exists(path))
    except Exception:  # of any library behind fsspec
        return True


def has_changed(file: InputFile) -> bool:
    """Whether a local file is another now than when the run was planned, as one that is still being written."""
    if is_url(file.location):
        return False
    return _status(file.location) != (file.size, file.mtime_ns)


def find_inputs(
    paths: Sequence[str], glob: str | None = None, exclude: Path | None = None
) -> tuple[list[InputFile], list[str]]:
    """The files to read under the given files, folders and URLs, each once, and those left out.

    Folders are walked in sorted order without hidden files and README.md. A file in a folder is
    left out when its kind is not read, and passed over when its path below the folder does not
    match `glob`, in which "**/" is any number of folders. Files named themselves are kept, so that
    reading them reports what is wrong; so is a folder that cannot be listed. Everything below
    `exclude` is passed over: the output folder, which may lie inside an input folder.

    Raises:
        InputError: a path does not exist, a URL cannot be opened, or two inputs have the same path
            below their roots, so that their rows would collide.
    """
    walk = _Walk(_pattern(glob), None if exclude is None else os.path.realpath(exclude))
    found: dict[str, InputFile] = {}
    seen: set[str] = set()
    for path in paths:
        for resolved, file in _remote(path, walk) if is_url(path) else _local(path, walk):
            if resolved in seen:
                continue
            seen.add(resolved)
            other = found.get(file.path)
            if other is not None and file.name:  # two names that differ only in what is no UTF-8
                file = _input(file.root, file.name, file.size, file.mtime_ns, "backslashreplace")
                other = found.get(file.path)
            if other is not None:
                raise InputError(
                    f"{other.location} and {file.location} have the same path below their roots; "
                    "name their common parent folder instead"
                )
            found[file.path] = file
    return list(found.values()), walk.ignored


def input_file(path: Path, root: Path) -> InputFile:
    """One local file, its path relative to `root` where it is below it."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    folder = root if path.is_relative_to(root) else path.parent
    return _input(os.path.realpath(folder), name, *_status(str(path)))


@dataclass(slots=True)
class _Walk:
    """What a search leaves out, and the files it met that are of no kind that is read."""

    pattern: re.Pattern[str] | None
    exclude: str | None
    ignored: list[str] = field(default_factory=list)

    def is_excluded(self, resolved: str) -> bool:
        return self.exclude is not None and (resolved + os.sep).startswith(self.exclude.rstrip(os.sep) + os.sep)

    def is_wanted(self, path: str, location: str) -> bool:
        if self.pattern is not None and not self.pattern.match(path):
            return False
        if kind_of(path) is None:
            self.ignored.append(location)
            return False
        return True


def _pattern(glob: str | None) -> re.Pattern[str] | None:
    if glob is None:
        return None
    folders = "\ue000"  # a character of no meaning, which `translate` keeps
    return re.compile(fnmatch.translate(glob.replace("**/", folders)).replace(folders, "(?:.*/)?"))


def _input(root: str, name: str, size: int, mtime_ns: int, errors: str = "replace") -> InputFile:
    path = os.fsencode(name).decode("utf-8", errors)
    return InputFile(root, path, size, mtime_ns, "" if path == name else name)


def _local(path: str, walk: _Walk) -> Iterator[tuple[str, InputFile]]:
    """The real path and description of each file at or under a path."""
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises where a folder above may not be searched
        raise InputError(f"{path} does not exist or cannot be reached; name files or folders of articles")
    if os.path.isdir(path):  # noqa: PTH112
        root = os.path.realpath(path)
        yield from _folder(root, root, "", walk)
        return
    folder, name = os.path.split(path)
    resolved = os.path.realpath(path)
    if not walk.is_excluded(resolved):
        yield resolved, _input(os.path.realpath(folder or "."), name, *_status(path))


def _folder(root: str, folder: str, below: str, walk: _Walk) -> Iterator[tuple[str, InputFile]]:
    """The files of a folder in sorted order; `below` is its path from `root`, "" or ending in "/".

    A folder that cannot be listed is given in their place, to be reported when it is read.
    """
    if walk.is_excluded(folder):
        return
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        parent = (os.path.dirname(root), os.path.basename(root)) if not below else (root, below.rstrip("/"))  # noqa: PTH119, PTH120
        yield folder, _input(*parent, 0, 0)
        return
    for entry in entries:
        name = entry.name
        if name.startswith(".") or name == "README.md":
            continue
        try:
            is_folder, is_file, is_link = entry.is_dir(follow_symlinks=False), entry.is_file(), entry.is_symlink()
        except OSError:  # such as a symbolic link to itself: reported when it is read
            is_folder, is_file, is_link = False, True, True
        is_file = is_file or (is_link and not os.path.exists(entry.path))  # noqa: PTH110 - a link to nothing is reported too
        if is_folder:
            yield from _folder(root, entry.path, f"{below}{name}/", walk)
        elif is_file and walk.is_wanted(below + name, entry.path):
            resolved = os.path.realpath(entry.path) if is_link else entry.path
            if not (is_link and walk.is_excluded(resolved)):
                yield resolved, _input(root, below + name, *_status(entry))


def _status(file: str | os.DirEntry[str]) -> tuple[int, int]:
    """Size and time; a file that cannot be seen is left for reading to report."""
    try:
        status = os.stat(file) if isinstance(file, str) else file.stat()  # noqa: PTH116
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _remote(url: str, walk: _Walk) -> Iterator[tuple[str, InputFile]]:
    """The files at or under a URL that fsspec knows."""
    if "::" in url:
        raise InputError(f"{url} is a chain of URLs; name the archive itself, its files are read as in a folder")
    fsspec = load_library("fsspec", url)
    try:
        system, path = fsspec.core.url_to_fs(url)
        top = system.info(path)
        is_folder = top["type"] == "directory"
        listing = system.find(path, detail=True) if is_folder else {}
    except Exception as error:  # of any library behind fsspec; a missing one is an ImportError that names it
        raise InputError(f"{url} cannot be opened ({type(error).__name__}: {error})") from error
    if not is_folder:
        root, _, name = url.rpartition("/")
        yield url, _input(root, name, *_remote_status(top))
        return
    root = url.rstrip("/")
    for location, info in sorted(listing.items()):
        below = location[len(path.rstrip("/")) :].lstrip("/")
        parts = below.split("/")
        if any(part.startswith(".") for part in parts) or parts[-1] == "README.md":
            continue
        if walk.is_wanted(below, f"{root}/{below}"):
            yield f"{root}/{below}", _input(root, below, *_remote_status(info))


def _remote_status(info: dict[str, Any]) -> tuple[int, int]:
    size = int(info.get("size") or 0)
    if checksum := next((info[key] for key in _CHECKSUMS if info.get(key)), None):
        return size, int.from_bytes(hashlib.sha256(str(checksum).encode()).digest()[:7], "big")
    moment = next((info[key] for key in _TIMES if info.get(key)), 0)
    if isinstance(moment, datetime):
        moment = moment.timestamp()
    return size, int(moment * 1e9) if isinstance(moment, (int, float)) else 0
