"""The service as an ASGI application: its paths, and how a request becomes paragraphs."""

import asyncio
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from communique.model.bundle import Bundle
from communique.model.predictions import Predictions
from communique.model.texts import Article
from communique.serve.http_description import describe
from communique.serve.http_errors import RequestError, documented, install
from communique.serve.http_examples import PAGE
from communique.serve.http_guard import Guard
from communique.serve.http_model import model_answer, model_name
from communique.serve.http_observe import Observe
from communique.serve.http_queue import Job
from communique.serve.http_schemas import (
    ArticleAnswer,
    ArticleRequest,
    ModelAnswer,
    Status,
    TagRequest,
    TextAnswer,
    TextsAnswer,
)
from communique.serve.http_service import Service, page_of
from communique.serve.http_settings import HttpSettings
from communique.serve.http_static import add_pages

LONG_ANSWER = 100  # paragraphs
REFUSALS = documented(401, 408, 413, 422, 429, 500, 504)


def create_app(
    bundle: Bundle, settings: HttpSettings | None = None, prior: float | dict[str, float] | None = None
) -> ASGIApp:
    """The service for a loaded bundle; `prior` shifts its probabilities as in `load`.

    Raises:
        ConfigError: the prior is not a share, or does not name every topic.
    """
    settings = settings or HttpSettings()
    service = Service(bundle, settings, prior)
    app = FastAPI(
        title="Communique",
        summary="Topics and stances in news, paragraph by paragraph.",
        version=version("communique"),
        docs_url=None,
        redoc_url=None,
        lifespan=service.running,
    )
    install(app)
    _add_tagging(app, service)
    _add_inspection(app, service)
    add_pages(app)
    service.metrics.build.info({"version": version("communique"), "model": model_name(bundle)["name"]})
    describe(app, bundle.taxonomy, settings)
    guard = Guard(app, settings)
    service.metrics.in_work.set_function(lambda: guard.in_work)
    paths = frozenset(getattr(route, "path", "") for route in app.routes)
    return Observe(guard, service.metrics, paths)


def _add_tagging(app: FastAPI, service: Service) -> None:
    model = model_name(service.bundle)

    async def answer(found: list[Predictions], shape: Callable[[list[Any]], dict[str, Any]]) -> Response:
        def written() -> Response:
            return JSONResponse({"model": model, **shape([{"paragraphs": one.to_dict()} for one in found])})

        # Writing a long answer takes a while, in which others want to be heard.
        return written() if sum(map(len, found)) <= LONG_ANSWER else await asyncio.to_thread(written)

    @app.post(
        "/v1/tag",
        tags=["tagging"],
        summary="Tag texts",
        response_model=TextAnswer | TextsAnswer,
        responses=REFUSALS,
    )
    async def tag(request: Request, body: TagRequest) -> Response:
        """Cut each text into paragraphs, leave clutter out, and say for each paragraph which topics it is
        about and where it stands on them: the answers of `Tagger.tag`, and with `segment` false those of
        `Tagger.tag_paragraphs` for each text alone."""
        found = await service.tag(request, Job(body.articles(), body.segment, service.shares(body.prior)))
        return await answer(found, lambda listed: {"articles": listed} if body.text is None else listed[0])

    content = {
        "application/json": {"schema": ArticleRequest.model_json_schema()},
        "text/html": {"schema": {"type": "string"}, "example": PAGE},
    }

    @app.post(
        "/v1/articles",
        tags=["tagging"],
        summary="Tag a web page",
        response_model=ArticleAnswer,
        responses=REFUSALS | documented(415),
        openapi_extra={"requestBody": {"required": True, "content": content}},
    )
    async def articles(request: Request) -> Response:
        """Find the main text of an HTML page, without menus, notices and comments, and tag its paragraphs.
        The page is the body itself (text/html) or a member of a JSON object."""
        data, body = await page_of(request)
        url, prior = (body.url, body.prior) if body else (None, None)
        shares = service.shares(prior)
        page = await service.read(request, data)
        article = Article(path=url or "", text=page.text, title=page.title)
        (found,) = await service.tag(request, Job([article], prior=shares), page=True)
        facts = {"url": url} | {
            name: getattr(page, name) for name in ("title", "outlet", "published", "language", "content_lost", "text")
        }
        return await answer([found], lambda listed: {"article": facts, **listed[0]})


def _add_inspection(app: FastAPI, service: Service) -> None:
    answer = model_answer(service.bundle, service.settings, service.prior)

    @app.get(
        "/v1/model",
        tags=["inspection"],
        summary="The model",
        response_model=ModelAnswer,
        responses=documented(401),
    )
    async def model() -> Response:
        """What is served: labels, thresholds, the model card, versions and limits."""
        return JSONResponse(answer)

    @app.get("/healthz", tags=["inspection"], summary="Whether the process runs", response_model=Status)
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"})

    @app.get(
        "/readyz",
        tags=["inspection"],
        summary="Whether requests are answered",
        response_model=Status,
        responses=documented(503),
    )
    async def readyz() -> Response:
        if not service.ready:
            raise RequestError(503, "the threads that tag or the processes that read pages are not running")
        return JSONResponse({"status": "ready"})

    @app.get(
        "/metrics",
        tags=["inspection"],
        summary="Numbers for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **documented(401)},
    )
    async def metrics() -> Response:
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)
