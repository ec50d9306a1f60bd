"""What a request becomes: paragraphs for the model, in time, or nothing."""

import asyncio
import email.message
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from communique.model.bundle import Bundle
from communique.model.errors import InputError
from communique.model.predictions import Predictions
from communique.serve.http_errors import RequestError
from communique.serve.http_observe import Metrics
from communique.serve.http_pages import PageReader
from communique.serve.http_queue import Job, Shares, TaggingQueue
from communique.serve.http_schemas import ArticleRequest
from communique.serve.http_settings import HttpSettings
from communique.serve.read_html import Page
from communique.serve.tagger import shifted_prior

T = TypeVar("T")


class Service:
    """A model being served: the queue before it, the processes that read pages, the numbers about both."""

    def __init__(self, bundle: Bundle, settings: HttpSettings, prior: float | dict[str, float] | None = None) -> None:
        self.bundle = bundle
        self.settings = settings
        self.prior = shifted_prior(bundle, prior)
        self.metrics = Metrics()
        self.queue: TaggingQueue | None = None
        self.pages: PageReader | None = None

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """Start the threads and processes; stop them when every request has its answer."""
        self.queue = TaggingQueue(self.bundle, self.settings.workers, self.settings.batch, self.metrics.batch)
        self.metrics.queue_depth.set_function(lambda: self.queue.depth if self.queue else 0)
        self.pages = PageReader(self.settings.workers, min(self.settings.page_timeout, self.settings.timeout))
        try:
            yield
        finally:
            await asyncio.to_thread(self.queue.close)
            await asyncio.to_thread(self.pages.close)

    @property
    def ready(self) -> bool:
        return self.queue is not None and self.queue.alive and self.pages is not None and self.pages.alive

    def shares(self, prior: float | dict[str, float] | None) -> Shares | None:
        """The prior of a request, or that of the service."""
        return self.prior if prior is None else shifted_prior(self.bundle, prior)

    async def tag(self, request: Request, job: Job, page: bool = False) -> list[Predictions]:
        """The predictions of each text, when it is their turn; `page` says that it is a page's main text."""
        assert self.queue is not None
        facts = request.state.facts
        facts |= {"texts": len(job.articles), "characters": job.characters}
        if len(job.articles) > self.settings.max_texts:
            raise InputError(f"{len(job.articles)} texts in one request; at most {self.settings.max_texts} are taken")
        if job.characters > self.settings.max_characters:
            raise InputError(
                f"{job.characters:,} characters in {'the main text of the page' if page else 'one request'}; at most "
                f"{self.settings.max_characters:,} are taken, "
                + ("send its text in parts to /v1/tag" if page else "send the rest in another")
            )
        job.at_most = self.settings.max_paragraphs
        found = await self._in_time(request, asyncio.wrap_future(self.queue.submit(job)))
        facts |= {"paragraphs": sum(map(len, found)), "waited_ms": round(1000 * job.waited, 1)}
        return found

    async def read(self, request: Request, data: bytes) -> Page:
        """The main text of a page."""
        assert self.pages is not None
        return await self._in_time(request, asyncio.ensure_future(self.pages.read(data)))

    async def _in_time(self, request: Request, work: "asyncio.Future[T]") -> T:
        """What the work gives, unless the time is up or the client has gone: then it is cancelled."""
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            left = max(0.0, request.state.due - time.monotonic())
            waited: set[asyncio.Future[Any]] = {work, gone}
            await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if gone.done():
                raise RequestError(400, "the client closed the connection before its answer")
            raise RequestError(
                504, f"the answer was not ready within {self.settings.timeout:g} seconds; send fewer or shorter texts"
            )
        finally:
            gone.cancel()
            work.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def page_of(request: Request) -> tuple[bytes, ArticleRequest | None]:
    """The page in a request's body, in UTF-8 where its character set was stated; and the JSON it came in, if any.

    Raises:
        RequestError: the body is neither HTML nor JSON.
        RequestValidationError: the JSON is not an `ArticleRequest`.
    """
    stated = email.message.Message()
    stated["content-type"] = request.headers.get("content-type", "")
    kind = stated.get_content_type()
    if kind == "application/json":
        body = _article_request(await request.body())
        return body.html.encode(), body
    if "content-type" not in request.headers or kind not in ("text/html", "application/xhtml+xml"):
        raise RequestError(415, "send the page as text/html, or as a member `html` of an application/json object")
    data = await request.body()
    charset = stated.get_content_charset()
    if charset is None:
        return data, None
    try:
        return data.decode(charset, "replace").encode("utf-8", "replace"), None
    except LookupError as error:
        raise RequestError(415, f"unknown character set {charset!r}; send the page in UTF-8") from error


def _article_request(data: bytes) -> ArticleRequest:
    try:
        return ArticleRequest.model_validate(json.loads(data))
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error
    except json.JSONDecodeError as error:
        place = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "", "ctx": {"error": error.msg}}
        raise RequestValidationError([place]) from error
    except (ValueError, RecursionError) as error:
        raise RequestError(422, "the body is not usable JSON: nested too deep, or not in UTF-8") from error
