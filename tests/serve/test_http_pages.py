import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from communique.model.errors import InputError
from communique.serve.http_pages import PageReader
from communique.serve.read_html import read_page

SAMPLE = Path(__file__).resolve().parents[2] / "serve/samples/06-kharkiv-depot.html"
# Many open tags side by side: seconds of work within the limits on size and tags.
SLOW = b"<html><body>" + b"<p>one <b>two</b> <i>three</i></p>" * 9_000


@pytest.fixture(scope="module")
def reader() -> Iterator[PageReader]:
    reader = PageReader(1, 5.0)
    yield reader
    reader.close()


def test_a_page_is_read_as_anywhere_else(reader: PageReader) -> None:
    assert asyncio.run(reader.read(SAMPLE.read_bytes())) == read_page(SAMPLE.read_bytes())


def test_what_cannot_be_read_says_why(reader: PageReader) -> None:
    with pytest.raises(InputError, match="a PDF"):
        asyncio.run(reader.read(b"%PDF-1.7"))


def test_a_slow_page_is_killed_and_the_next_one_is_read() -> None:
    reader = PageReader(1, 0.3)
    asyncio.run(_settled(reader))
    started = time.monotonic()
    with pytest.raises(InputError, match=r"within 0\.3 seconds"):
        asyncio.run(reader.read(SLOW))
    assert time.monotonic() - started < 5
    asyncio.run(_settled(reader))
    reader.close()


def test_a_closed_reader_is_not_alive() -> None:
    reader = PageReader(1, 5.0)
    assert reader.alive
    reader.close()
    assert not reader.alive


async def _settled(reader: PageReader) -> None:
    """Until a fresh process has loaded the parser, which takes longer than the limit of the test."""
    for _ in range(100):
        try:
            assert (await reader.read(SAMPLE.read_bytes())).title
            return
        except InputError:
            await asyncio.sleep(0.1)
    raise AssertionError("no process reads pages")
