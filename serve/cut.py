"""Files cut into items, cheaply and one at a time: documents, records, the files in archives."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

from communique.model.errors import InputError
from communique.serve import read_feed, read_html, read_json, read_mail, read_pdf, read_text
from communique.serve.decode import clean
from communique.serve.formats import STREAMS, kind_of, suffix_of, unsupported
from communique.serve.inputs import InputFile
from communique.serve.read_table import csv_rows, parquet_rows
from communique.serve.read_warc import warc_pages
from communique.serve.read_zip import Opener, zip_members
from communique.serve.streams import GZIP_MAGIC, buffered, byte_lines, is_url, open_location, read_document, read_whole

# The most bytes of a document, after decompression, that are held; its reader refuses more than that.
LIMITS = {
    "text": read_text.MAX_BYTES,
    "markdown": read_text.MAX_BYTES,
    "html": read_html.MAX_BYTES,
    "json": read_json.MAX_FILE_BYTES,
    "pdf": read_pdf.MAX_PDF_BYTES,
    "feed": read_feed.MAX_FEED_BYTES,
    "mail": read_mail.MAX_MAIL_BYTES,
}
_MAX_INNER_BYTES = 256_000_000
_MAX_DEPTH = 2  # archives in archives


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


@dataclass(frozen=True, slots=True)
class Item:
    """What one call of `parse_item` takes: a document, or a record of a file of many.

    `path` is the input's, for a file in an archive followed by its own. `record` is the number of
    the item in the input file, from 0, and of the first article it gives. `kind` is "text",
    "markdown", "html", "json", "pdf", "feed", "mail" or "record". The bytes are in `data`, or at
    `location`; a record is the bytes of a JSON line or a row by its columns. The rest is what the
    container says.
    """

    path: str
    record: int
    kind: str
    location: str | None = None
    data: bytes | dict[str, Any] | None = None
    url: str | None = None
    published: str | None = None
    charset: str | None = None
    content_lost: bool = False


def read_items(file: InputFile, first: int = 0) -> Iterator[Item | ReadFailure]:
    """The items of a file in its order, from record number `first` on.

    In a file of many records every record counts, failures included; a document of an archive
    counts as one, however many articles it gives, which are numbered from its own number on. What
    can be read before damage is given, then one failure. Memory is bounded by the largest record.
    """
    number = 0
    stage = "read"
    try:
        kind = kind_of(file.path)
        if kind is None:
            raise _unread(file)
        if kind not in STREAMS.values():
            if first == 0:
                yield Item(file.path, 0, kind, file.location)
            return
        with open_location(file.location) as raw:
            stage = "parse"
            for item in _cut(kind, raw, file.path, first):
                if item is not None and number >= first:
                    yield replace(item, record=number)
                number += 1
        if not number:
            raise InputError("no text: the file holds no records")
    except Exception as error:  # a parser's own bug must not end a run over a million pages
        yield failure(file.path, max(number, first), error, stage)


def _unread(file: InputFile) -> Exception:
    """Why a file of no kind that is read is among the inputs: it was named, or is a folder that cannot be listed."""
    try:
        if not is_url(file.location) and Path(file.location).is_dir():
            next(Path(file.location).iterdir(), None)
    except OSError as error:
        return error
    return unsupported(file.path)


def _cut(kind: str, stream: IO[bytes], path: str, first: int, depth: int = 0) -> Iterator[Item | ReadFailure | None]:
    """The items of a file of many records, not yet numbered; None for each before number `first`."""
    if kind == "zip":
        yield from _cut_zip(_searchable(stream, depth), path, first, depth)
        return
    if kind == "parquet":
        for row in parquet_rows(_searchable(stream, depth), first):
            yield None if row is None else Item(path, 0, "record", data=row)
    elif kind == "warc":
        for page in warc_pages(buffered(stream), first):
            if page is None:
                yield None
            elif isinstance(page, InputError):
                yield failure(path, 0, page)
            else:
                yield Item(path, 0, "html", **{field.name: getattr(page, field.name) for field in fields(page)})
    else:
        reader = buffered(stream)
        rows: Iterator[dict[str, str] | bytes | InputError]
        rows = csv_rows(reader, ".tsv" in suffix_of(path)) if kind == "csv" else byte_lines(reader)
        for record in rows:
            if isinstance(record, InputError):
                yield failure(path, 0, record)
            elif isinstance(record, dict) or record.strip():
                yield Item(path, 0, "record", data=record)


def _cut_zip(stream: IO[bytes], path: str, first: int, depth: int) -> Iterator[Item | ReadFailure | None]:
    number = 0
    for name, opener in zip_members(stream):
        kind = kind_of(name) or ""
        inner = f"{path}/{name}"
        if isinstance(opener, InputError):
            items: Iterator[Item | ReadFailure | None] = iter((failure(inner, 0, opener),))
        elif kind in STREAMS.values():
            items = _cut_member(kind, opener, inner, first - number, depth + 1)
        elif number < first:
            items = iter((None,))
        else:
            items = iter((_document(kind, opener, inner),))
        for item in items:
            yield item
            number += 1


def _cut_member(kind: str, opener: Opener, path: str, first: int, depth: int) -> Iterator[Item | ReadFailure | None]:
    """The items of a file of many records in an archive; damage to it does not end the archive."""
    try:
        if depth > _MAX_DEPTH:
            raise InputError("an archive within archives; unpack the outer ones first")
        with opener() as stream:
            yield from _cut(kind, stream, path, first, depth)
    except Exception as error:
        yield _inner_failure(path, error)


def _document(kind: str, opener: Opener, path: str) -> Item | ReadFailure:
    try:
        with opener() as stream:
            data, lost = read_document(stream, LIMITS[kind])
    except Exception as error:
        return _inner_failure(path, error)
    return Item(path, 0, kind, data=data, content_lost=lost)


def _inner_failure(path: str, error: Exception) -> ReadFailure:
    """Damage of any kind to one file of an archive: `zipfile` and `zlib` raise many."""
    if isinstance(error, InputError):
        return failure(path, 0, error)
    return failure(path, 0, InputError(f"cannot be unpacked from its archive ({error}); fetch the archive again"))


def _searchable(stream: IO[bytes], depth: int) -> IO[bytes]:
    """A stream that can be searched; what is compressed is held in memory for it."""
    compressed = stream.read(3) == GZIP_MAGIC
    stream.seek(0)
    return read_whole(buffered(stream), _MAX_INNER_BYTES) if depth or compressed else stream


def failure(path: str, record: int, error: Exception, stage: str = "parse") -> ReadFailure:
    """What went wrong with a file or record, in words that can be written anywhere."""
    message = (error.strerror if isinstance(error, OSError) else None) or str(error) or repr(error)
    return ReadFailure(
        path, record, "read" if isinstance(error, OSError) else stage, type(error).__name__, clean(message)
    )
