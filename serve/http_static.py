"""The try-it page and the documentation page: a few files, read once and served from memory."""

import hashlib
from importlib import resources

from fastapi import FastAPI, Request
from starlette.responses import Response

from communique.serve.http_errors import RequestError

PAGES = {"/": "index.html", "/docs": "docs.html"}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}


def add_pages(app: FastAPI) -> None:
    """Serve the pages, and what they need under /static/."""
    folder = resources.files("communique.serve").joinpath("static")
    files = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}

    def answer(name: str, request: Request) -> Response:
        content = files[name]
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=TYPES["." + name.rpartition(".")[2]])

    @app.get("/", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    async def page(request: Request) -> Response:
        return answer(PAGES[request.url.path], request)

    @app.get("/static/{name}", include_in_schema=False)
    async def static(name: str, request: Request) -> Response:
        if name not in files:
            raise RequestError(404, f"there is no file {name!r}")
        return answer(name, request)
