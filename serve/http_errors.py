"""Every answer that is no success has one shape; the kinds of error and what becomes one."""

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from communique.model.errors import CommuniqueError
from communique.serve.http_schemas import ErrorAnswer
from communique.serve.tagger import whole

# What a status means here: the name of the error, and the sentence that the documentation shows.
KINDS = {
    400: ("bad_request", "The request cannot be read."),
    401: ("unauthorized", "The bearer token is missing or wrong."),
    404: ("not_found", "There is nothing at this path."),
    405: ("method_not_allowed", "The path does not take this method."),
    408: ("body_too_slow", "The body did not arrive within the time limit."),
    413: ("body_too_large", "The body is larger than the service takes."),
    415: ("unsupported_media_type", "The body is of another type than the path takes."),
    422: ("invalid_request", "The body is not as described, over a limit, or not readable as text."),
    429: ("queue_full", "More requests are in work than the service takes; Retry-After says when to come back."),
    500: ("unexpected_failure", "The service failed; its log has the request's id."),
    503: ("not_ready", "The service cannot answer now."),
    504: ("timeout", "The answer was not ready within the time limit; the work was dropped."),
}


_NAMES = {str: "a string", int: "a number", float: "a number", bool: "a boolean", list: "a list", dict: "an object"}
_NAMES[type(None)] = "null"


class RequestError(HTTPException):
    """An error answer to be sent: its status and what to tell the user."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message, headers)


def error_response(
    status: int, message: str, headers: dict[str, str] | None = None, problems: Sequence[tuple[str, str]] = ()
) -> JSONResponse:
    """The body that `ErrorAnswer` describes."""
    content = {
        "error": KINDS.get(status, ("error", ""))[0],
        "message": whole(message),
        "problems": [{"where": whole(where), "message": whole(text)} for where, text in problems],
    }
    return JSONResponse(content, status, headers)


def failure_response(identifier: str) -> JSONResponse:
    """What a client is told of an unexpected failure."""
    return error_response(500, f"the service failed; its log has the details under the id {identifier}")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation, for OpenAPI."""
    answers: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        name, description = KINDS[status]
        example = {"error": name, "message": description, "problems": []}
        answers[status] = {
            "model": ErrorAnswer,
            "description": description,
            "content": {"application/json": {"example": example}},
        }
    if 429 in answers:
        answers[429]["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return answers


def install(app: FastAPI) -> None:
    """Answer every error in this shape."""

    async def on_http(_: Request, error: Any) -> JSONResponse:
        # Starlette's own 400 stands for a body that is no JSON for a reason other than its syntax.
        if error.status_code == 400 and not isinstance(error, RequestError):
            return error_response(422, "the body is not usable JSON: nested too deep, or not in UTF-8")
        message = error.detail if isinstance(error, RequestError) else KINDS.get(error.status_code, ("", ""))[1]
        return error_response(error.status_code, message or str(error.detail), error.headers)

    async def on_invalid(_: Request, error: Any) -> JSONResponse:
        problems = [_problem(item) for item in error.errors()]
        summary = "; ".join(f"{where}: {text}" if where else text for where, text in problems[:3])
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        return error_response(422, summary + more, problems=problems[:50])

    async def on_ours(_: Request, error: Any) -> JSONResponse:
        return error_response(422, str(error))

    async def on_failure(request: Request, _: Any) -> JSONResponse:
        return failure_response(request.state.facts["id"])

    app.add_exception_handler(Exception, on_failure)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(CommuniqueError, on_ours)


def _problem(item: dict[str, Any]) -> tuple[str, str]:
    """(place, message) of one validation error, without the value, which may be an article."""
    place = [part for part in item["loc"] if part != "body"]
    if item["type"] == "json_invalid":
        return "", f"the body is not JSON: {item['ctx']['error']} at character {place[-1] if place else 0}"
    if item["type"] == "model_attributes_type":
        return "", 'expected a JSON object sent as application/json, such as {"text": "…"}'
    # Pydantic names the branches of a union as if they were members; no member has a bracket or a hyphen.
    members = [part for part in place if isinstance(part, int) or not re.search(r"[\[\]-]", part)]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in members).lstrip(".")
    message = str(item["msg"]).removeprefix("Value error, ").replace("Input should be", "expected")
    if item["type"].endswith("_type"):
        message += f", found {_NAMES.get(type(item.get('input')), 'something else')}"
    return where, message
