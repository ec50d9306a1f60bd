"""A service that really listens, for the tests of its parts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from communique.model.bundle import Bundle, load_bundle
from communique.serve.http_app import create_app
from communique.serve.http_settings import HttpSettings
from communique.serve.serve_command import listen

Live = Callable[..., AbstractContextManager[httpx.Client]]


@contextmanager
def live_service(bundle: Bundle, **settings: object) -> Iterator[httpx.Client]:
    """Serve a bundle on a free port; gives a client with the service's address."""
    config = uvicorn.Config(
        create_app(bundle, HttpSettings(**settings)),  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def live() -> Live:
    return live_service


@pytest.fixture(scope="session")
def client(shared_bundle_folder: Path) -> Iterator[httpx.Client]:
    """A client of a service with the default settings, shared by the tests that do not change it."""
    with live_service(load_bundle(shared_bundle_folder)) as client:
        yield client
