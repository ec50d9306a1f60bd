"""HTML pages are read in processes of their own, which are killed when a page takes them too long."""

import asyncio
import importlib
import logging
import multiprocessing
from typing import Any

from pebble import ProcessExpired, ProcessPool

from communique.model.errors import InputError
from communique.serve.read_html import Page, read_page

# A process is replaced after so many pages, whatever the parser may have leaked.
PAGES_A_PROCESS = 1000


class PageReader:
    """A pool of processes that read pages; `seconds` is the limit for one page."""

    def __init__(self, processes: int, seconds: float) -> None:
        self._seconds = seconds
        # Spawned: a fork would copy the threads' locks as they happen to be.
        context = multiprocessing.get_context("spawn")
        self._pool: Any = ProcessPool(processes, PAGES_A_PROCESS, _quiet, context=context)
        for _ in range(processes):  # start them, and load the parser, before the first page comes
            self._pool.schedule(_warm_up)

    @property
    def alive(self) -> bool:
        return bool(self._pool.active)

    async def read(self, data: bytes) -> Page:
        """The bytes of a page to its `Page`; cancelling kills the process that reads it.

        Raises:
            InputError: the page is huge, binary or without text, or took too long.
        """
        future: Any = self._pool.schedule(read_page, args=[data], timeout=self._seconds)
        try:
            page: Page = await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise InputError(
                f"the page could not be read within {self._seconds:g} seconds; save the article alone, "
                "or extract its text first and send that to /v1/tag"
            ) from error
        except ProcessExpired as error:
            raise InputError("the page broke the HTML parser; extract its text and send that to /v1/tag") from error
        return page

    def close(self) -> None:
        """Stop the processes at once."""
        self._pool.stop()
        self._pool.join()


def _quiet() -> None:
    logging.disable()  # the parser's remarks quote the page, and stderr is for JSON lines


def _warm_up() -> None:
    importlib.import_module("trafilatura")
