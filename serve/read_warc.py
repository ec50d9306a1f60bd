"""The pages in a WARC file, the format of web crawls."""

import importlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from communique.model.errors import InputError
from communique.serve.formats import load_library
from communique.serve.read_html import MAX_BYTES

_HTML = ("text/html", "application/xhtml+xml")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r?\n")


@dataclass(frozen=True, slots=True)
class WarcPage:
    """One response: the bytes of its page, still in gzip if they were sent so, and what its headers say."""

    data: bytes
    url: str | None
    published: str | None
    charset: str | None
    content_lost: bool


class _Forward:
    """A stream that is only read forward, with what fastwarc asks of one: it panics where `tell` fails."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._position = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read1(size)
        self._position += len(data)
        return data

    def tell(self) -> int:
        return self._position


def warc_pages(stream: io.BufferedReader, first: int = 0) -> Iterator[WarcPage | InputError | None]:
    """The successful HTML responses of a crawl; None for each of those before number `first`.

    Raises `InputError` where the file is cut off or damaged.
    """
    fastwarc = load_library("fastwarc", "WARC files")
    number = 0
    try:
        # With `auto_decode` a page that is not in the encoding it names would end the iteration.
        responses = fastwarc.ArchiveIterator(
            _Forward(stream), record_types=fastwarc.WarcRecordType.response, parse_http=True, auto_decode="none"
        )
        for response in responses:
            if not _is_page(response):
                continue
            yield _read(response) if number >= first else None
            number += 1
    except OSError as error:
        raise InputError(f"the WARC file is damaged or none ({error}); fetch it again") from None
    except BaseException as error:  # fastwarc's own bugs come as this, which is no `Exception`
        if type(error).__name__ == "PanicException":
            raise InputError(f"the WARC file cannot be read: {error}") from None
        raise


def _is_page(response: Any) -> bool:
    if not response.is_http_parsed or (response.http_content_type or "").lower() not in _HTML:
        return False
    status = response.http_headers.status_code
    return status is None or 200 <= status < 300


def _read(response: Any) -> WarcPage | InputError:
    expected = response.content_length
    data = response.reader.read(MAX_BYTES + 1)
    if len(data) < min(expected, MAX_BYTES + 1):
        raise InputError(f"the last page has {len(data):,} of {expected:,} bytes: the file is cut off; fetch it again")
    headers = response.http_headers
    try:
        data = _decoded(data, headers.get("Transfer-Encoding", ""), headers.get("Content-Encoding", ""))
    except InputError as error:
        return error
    uri = response.headers.get("WARC-Target-URI", "").strip().strip("<>")
    date = response.headers.get("WARC-Date")
    return WarcPage(data, uri or None, date, response.http_charset, "WARC-Truncated" in response.headers)


def _decoded(data: bytes, transfer: str, content: str) -> bytes:
    """A body without its chunks and compression; most crawlers store it so already and keep the header.

    Gzip stays: whoever reads the page sees it.
    """
    if "chunked" in transfer.lower():
        data = _joined(data)
    if "deflate" in content.lower():
        for window in (15, -15):
            try:
                return zlib.decompressobj(window).decompress(data, MAX_BYTES + 1)
            except zlib.error:
                continue
    if content.strip().lower() == "br" and b"<" not in data[:200]:
        return _unbrotli(data)
    return data


def _unbrotli(data: bytes) -> bytes:
    try:
        brotli = importlib.import_module("brotli")
        return bytes(brotli.Decompressor().process(data, output_buffer_limit=MAX_BYTES + 1))
    except (ImportError, TypeError):  # TypeError: an old one, without a limit
        raise InputError("the page is compressed with Brotli: pip install 'brotli>=1.2'") from None
    except Exception as error:  # its own class, which is not known without it
        raise InputError(f"the page's Brotli data are damaged ({error})") from None


def _joined(data: bytes) -> bytes:
    """The chunks of a body put together; the body itself where it is not in chunks."""
    pieces: list[bytes] = []
    position = 0
    while size := _CHUNK_SIZE.match(data, position):
        length = int(size[1], 16)
        pieces.append(data[size.end() : size.end() + length])
        position = size.end() + length
        position += 2 if data[position : position + 2] == b"\r\n" else data[position : position + 1] == b"\n"
    return b"".join(pieces) if pieces else data
