"""Bytes of inputs: local files and URLs, gzip with a bound, lines with a bound."""

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from typing import IO, Any

from communique.model.errors import InputError
from communique.serve.decode import wide_encoding
from communique.serve.formats import load_library

MAX_LINE_BYTES = 32_000_000
# What is skipped of an overlong line before the rest of the file is given up: a gzip bomb is one line.
MAX_SKIPPED_BYTES = 1_000_000_000
GZIP_MAGIC = b"\x1f\x8b\x08"
_CHUNK = 1 << 16
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")


def is_url(location: str) -> bool:
    """Whether an input is named by a URL, to be opened with fsspec, rather than by a path."""
    return bool(_URL.match(location))


def open_location(location: str) -> IO[bytes]:
    """Open a local path or any URL that fsspec knows for reading."""
    if not is_url(location):
        return open(location, "rb")  # noqa: PTH123 - a name that is no UTF-8 must go through as it is
    stream: IO[bytes] = load_library("fsspec", location).open(location, "rb").open()
    return stream


class _Borrowed(io.RawIOBase):
    """Any stream as a raw one that leaves closing it to its owner, and gives what it has before it fails."""

    def __init__(self, stream: Any) -> None:
        self._read = getattr(stream, "read1", None) or stream.read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Gunzip(io.RawIOBase):
    """The decompressed bytes of a gzip stream of one or several members.

    Gives all that can be had before damage and raises `InputError` then; a `gzip.GzipFile` in a
    buffer loses up to a buffer of it.
    """

    def __init__(self, stream: IO[bytes] | io.BufferedReader) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj(31)
        self._pending = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ended:
            data = self._pending or self._stream.read(_CHUNK)
            if self._inflate.eof:
                self._next_member(data)
                continue
            try:
                out = self._inflate.decompress(data, len(buffer))
            except zlib.error as error:
                raise InputError(f"the gzip data are damaged ({error}); fetch the file again") from None
            self._pending = self._inflate.unconsumed_tail or self._inflate.unused_data
            if out:
                buffer[: len(out)] = out
                return len(out)
            if not data and not self._inflate.eof:
                raise InputError("the gzip data end too early: the file is cut off; fetch it again")
        return 0

    def _next_member(self, data: bytes) -> None:
        self._pending = data.lstrip(b"\0")  # members may be padded
        if self._pending.startswith(GZIP_MAGIC[:1]):
            self._inflate = zlib.decompressobj(31)
        elif self._pending or not data:  # anything else behind the last member is no data
            self._ended = True


def buffered(stream: IO[bytes]) -> io.BufferedReader:
    """A stream with `peek`, decompressed when it is gzip, whatever its name."""
    raw: Any = _Borrowed(stream)
    reader = io.BufferedReader(raw, _CHUNK)
    if reader.peek(3).startswith(GZIP_MAGIC):
        raw = Gunzip(reader)
        return io.BufferedReader(raw, _CHUNK)
    return reader


def read_document(stream: IO[bytes], limit: int) -> tuple[bytes, bool]:
    """At most `limit` + 1 bytes of one document, decompressed, and whether its end is lost.

    Raises `InputError` when damage leaves nothing.
    """
    reader = io.BufferedReader(_Borrowed(stream), _CHUNK)
    if not reader.peek(3).startswith(GZIP_MAGIC):
        return reader.read(limit + 1), False
    gunzip = Gunzip(reader)
    found = bytearray()
    try:
        while len(found) <= limit and (chunk := gunzip.read(min(_CHUNK, limit + 1 - len(found)))):
            found += chunk
    except InputError:
        if not found:
            raise
        return bytes(found), True
    return bytes(found), False


def read_whole(stream: IO[bytes] | io.BufferedReader, limit: int) -> IO[bytes]:
    """A compressed stream as one that can be searched, in memory; raises `InputError` over `limit` bytes."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise InputError(f"over {limit:,} bytes inside a compressed file; unpack it first")
    return io.BytesIO(data)


def byte_lines(stream: io.BufferedReader, limit: int = MAX_LINE_BYTES) -> Iterator[bytes | InputError]:
    """The lines of a stream, in UTF-8 if they were in UTF-16 or UTF-32, else as they are.

    A line of over `limit` bytes is skipped and yields its `InputError`.
    """
    head = stream.peek(_CHUNK)
    encoding = wide_encoding(head[: len(head) // 4 * 4])
    lines = _wide_lines(stream, encoding, limit) if encoding else iter(lambda: stream.readline(limit), b"")
    skipped = 0
    for line in lines:
        complete = len(line) < limit or line.endswith(b"\n")
        if complete and not skipped:
            yield line
            continue
        skipped += len(line)
        if skipped > MAX_SKIPPED_BYTES:
            raise InputError(f"a line of over {MAX_SKIPPED_BYTES:,} bytes; the rest of the file was not read")
        if complete:
            yield _too_long(limit)
            skipped = 0
    if skipped:
        yield _too_long(limit)


def _too_long(limit: int) -> InputError:
    return InputError(f"the line is over {limit:,} bytes; one line is one article")


def _wide_lines(stream: io.BufferedReader, encoding: str, limit: int) -> Iterator[bytes]:
    """Lines of UTF-16 or UTF-32 as UTF-8: these encodings cannot be cut at the byte of a newline."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    pending = b""
    while chunk := stream.read1(_CHUNK):
        *lines, pending = (pending + decoder.decode(chunk).lstrip("\ufeff").encode()).split(b"\n")
        yield from (line + b"\n" for line in lines)
        if len(pending) >= limit:
            yield pending
            pending = b""
    if pending:
        yield pending
