"""Addresses of our own pages: to come back to, never to be led away by."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

# Where programs ask and people do not: these answer in English.
FOR_PROGRAMS = ("/api/", "/oauth", "/.well-known", "/log")


def own_page(address: str, *, method: str = "GET") -> str | None:
    """`address` if it is a page of this site that can be opened (or sent to), with or without a query; else None."""
    path = address.partition("?")[0]
    if not path.startswith("/") or path.startswith("//") or "\\" in address:
        return None
    try:
        current_app.url_map.bind("").match(path, method=method)
    except (HTTPException, RequestRedirect):
        return None
    return address


def here() -> str:
    """This page, to come back to after choosing a language; what was sent to it is not sent again."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path
