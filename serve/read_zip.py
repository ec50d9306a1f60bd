"""The files in a ZIP archive, in memory and one at a time; nothing is ever written to disk."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO

from communique.model.errors import InputError
from communique.serve.decode import clean
from communique.serve.formats import kind_of

# One salvaged member; the archive's own directory, which has the sizes, is lost with its end.
MAX_SALVAGED_BYTES = 32_000_000
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
_MAGIC = b"PK\x03\x04"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF8, _SIZES_BEHIND = 0x1, 0x800, 0x8

Opener = Callable[[], AbstractContextManager[IO[bytes]]]
Member = tuple[str, Opener | InputError]


def zip_members(stream: IO[bytes]) -> Iterator[Member]:
    """The name and a way to open each file of an archive that is of a kind that is read.

    Hidden files and README.md are left out, as in folders. A file that cannot be opened has its
    `InputError` in place of the opener. Of an archive that is cut off, the files before the damage
    are given, then `InputError` is raised.
    """
    try:
        archive = zipfile.ZipFile(stream)
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error) as error:
        yield from _salvaged(stream, error)
        return
    if sum(info.compress_size for info in members) > stream.seek(0, io.SEEK_END):
        raise InputError("the archive's files overlap: it is made to grow without end, and is not read")
    for info in members:
        name = safe_name(_name(info))
        if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16) or not _is_read(name):
            continue
        if info.flag_bits & _ENCRYPTED:
            yield name, _encrypted()
        else:
            yield name, lambda info=info: _open(archive, info)  # type: ignore[misc]


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name; many programs write UTF-8 without saying so, and it is read as IBM's old set."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def safe_name(name: str) -> str:
    """A member's name as a path below the archive: no drive, no leading "/", no ".."."""
    parts = clean(name).replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..") and not part.endswith(":"))


def _is_read(name: str) -> bool:
    parts = name.split("/")
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and parts[-1] != "README.md" and kind_of(name) is not None


def _encrypted() -> InputError:
    return InputError("the file is encrypted in its archive; unpack it with the password first")


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(info)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError(f"cannot be unpacked ({error}); pack the archive anew with deflate") from None


def _salvaged(stream: IO[bytes], error: Exception) -> Iterator[Member]:
    """The files found from the start of an archive without its directory, up to the damage."""
    stream.seek(0)
    n_found = 0
    while (header := stream.read(_LOCAL_HEADER.size)).startswith(_MAGIC) and len(header) == _LOCAL_HEADER.size:
        _, _, flags, method, _, _, _, size, _, n_name, n_extra = _LOCAL_HEADER.unpack(header)
        name = safe_name(stream.read(n_name).decode("utf-8" if flags & _UTF8 else "cp437", "replace"))
        stream.read(n_extra)
        if method == _DEFLATED:
            data = _inflated(stream)
        elif method == _STORED and not flags & _SIZES_BEHIND and size <= MAX_SALVAGED_BYTES:
            data = stream.read(size)
            data = data if len(data) == size else None
        else:
            data = None
        if data is None:
            break
        n_found += 1
        if _is_read(name) and flags & _ENCRYPTED:
            yield name, _encrypted()
        elif _is_read(name):
            yield name, lambda data=data: io.BytesIO(data)  # type: ignore[misc]
        if flags & _SIZES_BEHIND:
            _skip_sizes(stream)
    kept = "the files before the damage were read" if n_found else "nothing could be read"
    raise InputError(f"not a whole ZIP archive ({error}): it is cut off or damaged, and {kept}; fetch it again")


def _inflated(stream: IO[bytes]) -> bytes | None:
    """The deflated data from here on, the stream set behind them; None when they do not end."""
    inflate = zlib.decompressobj(-15)
    found = bytearray()
    data = b""
    try:
        while not inflate.eof and len(found) <= MAX_SALVAGED_BYTES:
            data = inflate.unconsumed_tail or stream.read(1 << 16)
            if not data:
                return None
            found += inflate.decompress(data, 1 << 20)
    except zlib.error:
        return None
    stream.seek(-len(inflate.unused_data), io.SEEK_CUR)
    return bytes(found) if inflate.eof else None


def _skip_sizes(stream: IO[bytes]) -> None:
    """Skip the checksum and sizes behind a member: 12 bytes, 16 with their mark, 24 in large archives."""
    position = stream.tell()
    following = stream.read(32)
    for length in (16, 24, 12, 20):
        if following[length : length + 2] == _MAGIC[:2]:
            stream.seek(position + length)
            return
