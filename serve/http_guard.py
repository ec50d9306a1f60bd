"""What a request must pass before its body is read: the token, room in the queue, the body's size and time."""

import asyncio
import hmac
import math
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from communique.serve.http_errors import RequestError, error_response
from communique.serve.http_settings import HttpSettings

PRIVATE = ("/v1/", "/metrics")
SMOOTHING = 0.1


class Guard:
    """Wraps the application; what it refuses gets its answer here.

    The token is asked for under `PRIVATE`; the limits hold for every request with a body. The
    time at which a request's answer is due is left in `scope["state"]["due"]` (monotonic seconds).
    """

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self._app = app
        self._settings = settings
        self._token = None if settings.token is None else settings.token.encode()
        self._usual = 0.0  # seconds, smoothed over the latest requests
        self.in_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        private = scope["path"].startswith(PRIVATE)
        if private and self._token is not None and not self._knows(headers.get(b"authorization", b"")):
            refusal = error_response(
                401, "send the service's token as `Authorization: Bearer TOKEN`", {"WWW-Authenticate": "Bearer"}
            )
            await refusal(scope, receive, send)
        elif scope["method"] == "POST" and private:
            await self._admit(headers, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _knows(self, header: bytes) -> bool:
        scheme, _, token = header.partition(b" ")
        assert self._token is not None
        return hmac.compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"

    async def _admit(self, headers: MutableMapping[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._settings.max_body:
            await error_response(413, self._too_large())(scope, receive, send)
        elif self.in_work >= self._settings.queue:
            seconds = max(1, min(math.ceil(self._usual), math.ceil(self._settings.timeout)))
            message = f"{self.in_work} requests are in work, as many as this service takes; try again in {seconds} s"
            await error_response(429, message, {"Retry-After": str(seconds)})(scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        due = started + self._settings.timeout
        scope.setdefault("state", {})["due"] = due
        self.in_work += 1
        try:
            await self._app(scope, self._bounded(receive, due), send)
        finally:
            self.in_work -= 1
            self._usual += SMOOTHING * (time.monotonic() - started - self._usual)

    def _bounded(self, receive: Receive, due: float) -> Receive:
        """`receive` that raises when the body gets too large or comes too slowly."""
        size = 0
        complete = False

        async def bounded() -> Message:
            nonlocal size, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout(max(0.0, due - time.monotonic())):
                    message: Any = await receive()
            except TimeoutError as error:
                text = f"the body did not arrive within {self._settings.timeout:g} seconds"
                raise RequestError(408, text) from error
            size += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if size > self._settings.max_body:
                raise RequestError(413, self._too_large())
            return dict(message)

        return bounded

    def _too_large(self) -> str:
        return f"the body is over {self._settings.max_body:,} bytes; send fewer texts a request, or the article alone"
