"""How uvicorn is run; a connection that sends nothing, or a request's head too slowly, is closed."""

import asyncio
from typing import TYPE_CHECKING, Any

from communique.serve.http_settings import HttpSettings

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp


def server_of(app: "ASGIApp", settings: HttpSettings) -> "uvicorn.Server":
    """A server that is not running yet; log lines are the application's own."""
    import uvicorn

    protocol = with_header_timeout(settings.header_timeout)
    return uvicorn.Server(
        uvicorn.Config(app, http=protocol, log_config=None, access_log=False, server_header=False, lifespan="on")
    )


def with_header_timeout(seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol that closes a connection whose next request has no whole head after `seconds`.

    uvicorn limits only the pause between an answer and the next byte. A body is the business of `Guard`.
    """
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    base: Any = AutoHTTPProtocol

    class HeaderTimeout(base):  # type: ignore[misc]
        timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.timer = self.loop.call_later(seconds, self.close_unless_at_work)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.at_work:
                self.stop_timer()
            elif self.timer is None:  # the first bytes after an answer: they do not start it anew
                self.timer = self.loop.call_later(seconds, self.close_unless_at_work)

        def connection_lost(self, exc: Exception | None) -> None:
            self.stop_timer()
            super().connection_lost(exc)

        @property
        def at_work(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def close_unless_at_work(self) -> None:
            self.timer = None
            if not self.at_work:
                self.transport.close()

        def stop_timer(self) -> None:
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

    return HeaderTimeout
