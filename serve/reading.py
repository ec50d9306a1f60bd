"""Files and folders of articles: find them, and read the records of one file as a stream."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from communique.model.errors import InputError
from communique.model.texts import Article
from communique.serve.decode import clean
from communique.serve.read_html import read_page
from communique.serve.read_json import json_line_records, json_records, to_article
from communique.serve.read_text import MAX_BYTES, read_text

_TEXT = frozenset((".txt", ".md"))
_HTML = frozenset((".html", ".htm", ".xhtml"))
_RECORDS: dict[str, Callable[[IO[bytes]], Iterator[Any]]] = {
    ".json": json_records,
    ".jsonl": json_line_records,
    ".ndjson": json_line_records,
}
# Pages are sometimes saved as .txt; their markup is not text.
_PAGE_START = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)\b", re.I)
SUFFIXES = _TEXT | _HTML | frozenset(_RECORDS)


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A file or record that gave no article: `stage` is "read" (the bytes) or "parse" (the rest).

    `error` is the name of the exception, `message` says what was found and the remedy.
    """

    path: str
    record: int
    stage: str
    error: str
    message: str


def is_read(file: Path) -> bool:
    """Whether a file met in a folder is read (or, a folder that cannot be listed, reported)."""
    return file.suffix.lower() in SUFFIXES or _is_dir(file)


def find_files(paths: Iterable[Path], exclude: Path | None = None) -> list[tuple[Path, Path]]:
    """The (root, file) pairs to read under the given files and folders, each file once.

    Folders are walked in sorted order; files named themselves are kept whatever their suffix, so
    that `read_articles` reports what is wrong with them. Everything below `exclude` is left out:
    the output folder, which may lie inside an input folder.
    """
    left_out = None if exclude is None else _resolved(exclude)
    found: dict[Path, tuple[Path, Path]] = {}
    for path in paths:
        pairs = [(path, file) for file in _walk(path) if is_read(file)] if _is_dir(path) else [(path.parent, path)]
        for root, file in pairs:
            resolved = _resolved(file)
            if left_out is None or not resolved.is_relative_to(left_out):
                found.setdefault(resolved, (root, file))
    return list(found.values())


def ignored_files(paths: Iterable[Path]) -> list[Path]:
    """The files under the given folders that `find_files` leaves out for their suffix."""
    folders = (path for path in paths if _is_dir(path))
    return [f for folder in folders for f in _walk(folder) if not is_read(f)]


def read_articles(path: Path, root: Path) -> Iterator[Article | ReadFailure]:
    """The articles of one file, in its order; a record or file that cannot be read is a failure.

    Never raises for what a file holds. `root` is the folder that `Article.path` is relative to; the
    bytes of a name that are not UTF-8 are replaced in it.
    """
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    name = os.fsencode(name).decode("utf-8", "replace")
    number = -1
    stage = "read"
    try:
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES and not path.is_dir():
            known = " ".join(sorted(SUFFIXES))
            raise InputError(f"unsupported file type {suffix or '(no suffix)'}; supported: {known}")
        with path.open("rb") as stream:
            stage = "parse"
            if suffix not in _RECORDS:
                yield _read_single(stream, suffix, name)
                return
            for number, record in enumerate(_RECORDS[suffix](stream)):
                yield _read_record(record, name, number)
        if number < 0:
            raise InputError("no text: the file holds no records")
    except OSError as error:
        yield ReadFailure(name, number + 1, "read", type(error).__name__, _reason(error))
    except Exception as error:  # a parser's own bug must not end a run over a million pages
        yield _failure(name, max(number, 0), error, stage)


def _read_single(stream: IO[bytes], suffix: str, name: str) -> Article:
    data = stream.read(MAX_BYTES + 1)
    if not data.strip():
        raise InputError("no text: the file is empty")
    if suffix in _TEXT and not _PAGE_START.match(data):
        return read_text(data, name, markdown=suffix == ".md")
    page = read_page(data)
    return Article(
        path=name,
        text=page.text,
        title=page.title,
        outlet=page.outlet,
        published=page.published,
        language=page.language,
        content_lost=page.content_lost,
    )


def _read_record(record: Any, name: str, number: int) -> Article | ReadFailure:
    try:
        if isinstance(record, InputError):
            raise record
        return to_article(record, name, number)
    except Exception as error:  # as above, for one record
        return _failure(name, number, error, "parse")


def _failure(name: str, number: int, error: Exception, stage: str) -> ReadFailure:
    return ReadFailure(name, number, stage, type(error).__name__, clean(str(error) or repr(error)))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _resolved(path: Path) -> Path:
    """`path.resolve()`, which raises for a symbolic link to itself; this does not."""
    return Path(os.path.realpath(path))


def _walk(folder: Path) -> Iterator[Path]:
    """The files under a folder in sorted order, without hidden ones and README.md.

    A folder that cannot be listed is yielded in their place, to be reported when it is read.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name == "README.md":
            continue
        try:
            is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file()
        except OSError:  # such as a symbolic link to itself: reported when it is read
            is_folder, is_file = False, True
        if is_folder:
            yield from _walk(Path(entry.path))
        elif is_file:
            yield Path(entry.path)
