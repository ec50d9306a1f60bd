"""What can be seen of the service from outside: log lines, metrics, and the headers of every answer.

Log lines and metrics name paths, sizes and times, never a text.
"""

import json
import logging
import time
import traceback
import uuid
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from communique.serve.http_errors import failure_response

LOG = logging.getLogger("communique.http")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PARAGRAPHS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The numbers at /metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "path")
        self.requests = Counter(
            "communique_requests", "Requests answered.", (*labels, "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "communique_request_seconds",
            "From a request to its answer.",
            labels,
            buckets=SECONDS,
            registry=self.registry,
        )
        self.queue_depth = Gauge("communique_queue_depth", "Requests waiting for the model.", registry=self.registry)
        self.in_work = Gauge("communique_requests_in_work", "Requests accepted, not answered.", registry=self.registry)
        self.batches = Histogram(
            "communique_batch_paragraphs", "Paragraphs tagged together.", buckets=PARAGRAPHS, registry=self.registry
        )
        self.paragraphs = Counter("communique_paragraphs", "Paragraphs tagged.", registry=self.registry)
        self.build = Info("communique_build", "What runs.", registry=self.registry)
        ProcessCollector(registry=self.registry)  # memory, processor time and open files of the main process

    def batch(self, paragraphs: int) -> None:
        """Count a batch."""
        self.batches.observe(paragraphs)
        self.paragraphs.inc(paragraphs)


class Observe:
    """The outermost layer: counts, logs and sets headers; a failure below it becomes an answer.

    `paths` are those that metrics tell apart; anything else counts as "other".
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        identifier = uuid.uuid4().hex[:16]
        facts: dict[str, Any] = {"id": identifier}
        scope.setdefault("state", {})["facts"] = facts
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                extra = {**HEADERS, "x-request-id": identifier}
                added = [(k.encode(), v.encode()) for k, v in extra.items() if k.encode() not in present]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            facts |= {"exception": type(error).__name__, "where": _where(error)}
            if not status:
                await failure_response(identifier)(scope, receive, send_with_headers)
        finally:
            self._record(scope, status, time.perf_counter() - started, facts)

    def _record(self, scope: Scope, status: int, seconds: float, facts: dict[str, Any]) -> None:
        path = scope["path"] if scope["path"] in self._paths else "other"
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
        self._metrics.requests.labels(method, path, str(status)).inc()
        self._metrics.seconds.labels(method, path).observe(seconds)
        level = logging.ERROR if (status >= 500 and status != 504) or "exception" in facts else logging.INFO
        line = {"method": method, "path": path, "status": status, "ms": round(1000 * seconds, 1), **facts}
        LOG.log(level, "request", extra={"facts": line})


def _where(error: BaseException) -> list[str]:
    """File, line and function of each call, without the error's message, which may quote an article."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-8:]]


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, event, and the facts of the record."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line |= {"exception": type(error).__name__, "where": _where(error)}
        return json.dumps(line, ensure_ascii=False)
