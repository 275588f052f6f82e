"""ZiluError to problem document, in one place (RFC 9457). What is not expected says nothing."""

from __future__ import annotations

import math
import re
from typing import Any

from apiflask.exceptions import HTTPError
from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException

from registry.errors import TooMany, Unauthenticated, Unavailable, ZiluError

_OURS = re.compile(r"[a-z_]{1,32}|[0-9]{1,4}")  # names of members and places in lists, as in our schemas

TITLES = {
    400: "The request is not well formed",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "This method is not served here",
    409: "Not in this state",
    413: "Too large",
    415: "Send application/json",
    422: "A field is wrong",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Not available now",
}


def problem(status: int, code: str, detail: str, *, field: str | None = None) -> Response:
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": TITLES.get(status, TITLES[400]),
        "status": status,
        "detail": detail,
    }
    if field is not None:
        body["errors"] = [{"pointer": field, "detail": detail}]
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def refused(error: ZiluError) -> Response:
    response = problem(error.status, error.code, error.message, field=error.field)
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def http_error(error: HTTPException) -> Response:
    """Flask's own refusals, without their texts, which may quote the request."""
    status = error.code or 500
    code = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "media-type"}.get(status, "malformed")
    return problem(status, code, TITLES.get(status, TITLES[400]))


def body_refused(error: HTTPError) -> Response:
    """A body that does not fit its schema: the first member that is wrong, without its value."""
    field, detail = _first(error.detail)
    return problem(error.status_code, "invalid", detail, field=field)


def _first(detail: Any) -> tuple[str | None, str]:
    """The first member that is wrong and what is wrong with it. A name that we do not know is not repeated."""
    path: list[str] = []
    while isinstance(detail, dict) and detail:
        name, detail = next(iter(detail.items()))
        path += str(name).split(".")
    said = detail[0] if isinstance(detail, list) and detail and isinstance(detail[0], str) else TITLES[422]
    if said.startswith("Extra inputs"):
        return None, "a member of the request is unknown; remove it"
    field = ".".join(part for part in path[1:] if _OURS.fullmatch(part)) or None
    return field, f"{field}: {said}" if field else said


def at_once(_error: IntegrityError) -> Response:
    """A unique key decided between two requests; this one came second."""
    return problem(409, "outdated", "the same was done at the same moment; read it again")


def register(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(ZiluError, refused)
    blueprint.register_error_handler(HTTPException, http_error)
    blueprint.register_error_handler(HTTPError, body_refused)
    blueprint.register_error_handler(IntegrityError, at_once)
