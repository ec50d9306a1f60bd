"""`communique serve`: a bundle behind HTTP."""

import ipaddress
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from communique.model.errors import ConfigError, InputError
from communique.serve.http_settings import HttpSettings

if TYPE_CHECKING:
    from communique.model.bundle import Bundle

LOG = logging.getLogger("communique.http")
BACKLOG = 1024
TOKEN_VARIABLE = "COMMUNIQUE_TOKEN"
LIMITS = HttpSettings()
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help=f"File with the bearer token that requests need; or set {TOKEN_VARIABLE}."),
]
Prior = Annotated[
    str | None, typer.Option("--prior", help="Share of topical paragraphs (0.25), or topic=share,… for every topic.")
]
MaxBody = Annotated[int, typer.Option("--max-body", min=1_000, help="Bytes of a request's body.")]
MaxTexts = Annotated[int, typer.Option("--max-texts", min=1, help="Texts in a request.")]
MaxCharacters = Annotated[int, typer.Option("--max-characters", min=1, help="Characters in a request.")]
MaxParagraphs = Annotated[int, typer.Option("--max-paragraphs", min=1, help="Paragraphs in a request, once cut.")]
Queue = Annotated[int, typer.Option("--queue", min=1, help="Requests in work or waiting; others get 429.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds until an answer is given up (504).")]
PageTimeout = Annotated[
    float, typer.Option("--page-timeout", min=0.1, help="Seconds of those for finding the text of an HTML page.")
]
HeaderTimeout = Annotated[
    float,
    typer.Option(
        "--header-timeout", min=0.1, help="Seconds until a connection without a whole request head is closed."
    ),
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Threads that tag; they share the cores.")]


def serve(
    model: Annotated[str, typer.Option("--model", help="A bundle folder or models:/NAME@ALIAS.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes a free one; the log says which.")
    ] = 8000,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    token_file: TokenFile = None,
    prior: Prior = None,
    max_body: MaxBody = LIMITS.max_body,
    max_texts: MaxTexts = LIMITS.max_texts,
    max_characters: MaxCharacters = LIMITS.max_characters,
    max_paragraphs: MaxParagraphs = LIMITS.max_paragraphs,
    queue: Queue = LIMITS.queue,
    timeout: Timeout = LIMITS.timeout,
    page_timeout: PageTimeout = LIMITS.page_timeout,
    header_timeout: HeaderTimeout = LIMITS.header_timeout,
    workers: Workers = LIMITS.workers,
    no_batching: Annotated[
        bool, typer.Option("--no-batching", help="Tag one request at a time, for comparison.")
    ] = False,
) -> None:
    """Answer HTTP requests with a model, and show a page to try it."""
    require_extra()
    from communique.model.prior import parse_prior
    from communique.serve.tagger import load

    token = read_token(token_file)
    with listen(host, port) as listening:
        # The runtime keeps its number of threads whatever --workers: another one changes the last digits.
        bundle = load(model).bundle
        settings = HttpSettings(
            max_body=max_body,
            max_texts=max_texts,
            max_characters=max_characters,
            max_paragraphs=max_paragraphs,
            queue=queue,
            timeout=timeout,
            page_timeout=page_timeout,
            header_timeout=header_timeout,
            workers=workers,
            batch=not no_batching,
            token=token,
        )
        run(bundle, settings, None if prior is None else parse_prior(prior, bundle.taxonomy), listening)


def require_extra() -> None:
    """Raise `InputError` when a library of the extra is missing."""
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(f"serve needs {error.name}; install it with: pip install 'communique[http]'") from error


def run(
    bundle: "Bundle",
    settings: HttpSettings,
    prior: float | dict[str, float] | None,
    listening: socket.socket,
) -> None:
    """Serve until SIGTERM or SIGINT; then take no more connections, answer what was accepted, and return."""
    from communique.serve.http_app import create_app
    from communique.serve.http_connection import server_of
    from communique.serve.http_model import model_name

    log_as_json()
    server = server_of(create_app(bundle, settings, prior), settings)

    # uvicorn raises the signals it got once more when it is done: that must not end this process badly.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    host, port = listening.getsockname()[:2]
    if not ipaddress.ip_address(host).is_loopback and settings.token is None:
        LOG.warning(f"{host} is open to the network without a token; set {TOKEN_VARIABLE} or use --token-file")
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    facts = {"url": url, "model": model_name(bundle)["name"], "token": settings.token is not None, "pid": os.getpid()}
    LOG.info("listening", extra={"facts": facts})
    server.run(sockets=[listening])
    LOG.info("stopped")


def read_token(file: Path | None) -> str | None:
    """The token of a file or of the environment; None: requests need none.

    Raises:
        ConfigError: the file cannot be read, or the token is empty or not printable ASCII.
    """
    try:
        token = os.environ.get(TOKEN_VARIABLE) if file is None else file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the token file {file} cannot be read: {error}") from error
    if token is None:
        return None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        where = TOKEN_VARIABLE if file is None else file
        raise ConfigError(f"the token in {where} must be printable ASCII without spaces; try `openssl rand -hex 32`")
    return token


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        InputError: there is no such address, or the port is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # Named TCP: else asyncio leaves Nagle's algorithm on, and every answer waits 40 ms.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        return listening
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another --port or --host"
        ) from error


def log_as_json() -> None:
    """Write every log record to stderr as one JSON object a line."""
    from communique.serve.http_observe import JsonLines

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
