"""ZiluError to page, in one place; to a problem document (RFC 9457) for a page's script. The unexpected says nothing.

A page's script is known by the JSON that it sends. Addresses of programs that do not exist answer as the API does.
"""

from __future__ import annotations

import math

from flask import Blueprint, Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from registry.errors import TooMany, Unauthenticated, Unavailable, ZiluError, filled
from registry.web.addresses import FOR_PROGRAMS, here
from registry.web.language import ENGLISH, chosen, translated
from registry.web.refusals import BY_CODE, word

TITLES = {
    400: _("This page could not be sent"),
    401: _("Sign in first"),
    403: _("This is not open to you"),
    404: _("Page not found"),
    405: _("Page not found"),
    409: _("This has changed meanwhile"),
    413: _("This is too large"),
    422: _("Something is missing or wrong"),
    429: _("Too many attempts"),
    500: _("Sorry, there is a problem with the service"),
    503: _("The service is not available now"),
}
TEXTS = {
    400: _("Go back, reload the page and send it again."),
    404: _("If you typed the address, check that it is right. If you followed a link, it may be out of date."),
    405: _("If you typed the address, check that it is right. If you followed a link, it may be out of date."),
    413: _("Make it smaller and send it again."),
    500: _("Try again later. Nothing that you entered was saved."),
}
OUT_OF_DATE = _("This page was opened before you signed in or out. Go back, reload it and send it again.")
AT_ONCE = _("The same was done at the same moment; read it again.")
# Where an audience signs in.
WAY_IN = {"subject": "public.match"}


def register(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(ZiluError, refused)
    blueprint.register_error_handler(CSRFError, lambda _error: answer(400, "out-of-date", OUT_OF_DATE))
    blueprint.register_error_handler(IntegrityError, lambda _error: answer(409, "outdated", AT_ONCE))
    blueprint.register_error_handler(HTTPException, http_error)


def register_fallback(app: Flask) -> None:
    """For addresses that belong to no blueprint."""
    app.register_error_handler(HTTPException, http_error)


def refused(error: ZiluError) -> Response:
    if isinstance(error, Unauthenticated) and not _from_script():
        return _way_in()
    if error.code == "not-proven" and not _from_script():
        return _prompt()
    if error.code == "not-enrolled" and not _from_script():
        return make_response(redirect(url_for("own.account")))
    response = answer(error.status, error.code, in_words(error), field=error.field)
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def http_error(error: HTTPException) -> Response:
    """Flask's own refusals, without their texts, which may quote the request."""
    if error.response is not None:  # a redirect of the router
        return make_response(error.response)
    status = error.code or 500
    code = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 500: "internal"}.get(status, "malformed")
    response = answer(status, code, TEXTS.get(status, TEXTS[400]))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def answer(status: int, code: str, text: str, *, field: str | None = None) -> Response:
    """A problem for a script or a program, a page for a person."""
    title = str(TITLES.get(status, TITLES[400]))
    text = sentence(text)
    if _from_script() or request.path.startswith(FOR_PROGRAMS):
        return _problem(status, code, title, text, field)
    page = render_template("error.html", title=title, text=text, status=status)
    return make_response(page, status)


def in_words(error: ZiluError) -> str:
    """The error's message as a sentence in the reader's language; by its code where it has no translation."""
    if chosen() is ENGLISH:
        return sentence(error.message)
    template = translated(error.template)
    if template == error.template:
        return sentence(str(BY_CODE.get(error.code, error.message)))
    return sentence(filled(template, error.values, word=word, comma=translated(", ")))


def sentence(text: str) -> str:
    """A message of the domain, which begins small and has no full stop, as it stands on a page of this language."""
    text = translated(str(text))
    ended = text if text.endswith((".", "?", "!", "。", "？")) else f"{text}{'.' if text.isascii() else '。'}"
    return ended[:1].upper() + ended[1:]


def _problem(status: int, code: str, title: str, text: str, field: str | None) -> Response:
    body = {"type": f"/problems/{code}", "title": title, "status": status, "detail": text, "code": code}
    if field is not None:
        body["errors"] = [{"pointer": field, "detail": text}]
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _from_script() -> bool:
    return request.mimetype == "application/json"


def _prompt() -> Response:
    """To the password, with what was typed: 307 lets the browser send the form there, and it is carried through."""
    if request.method == "GET":
        return make_response(redirect(url_for("own.prove", next=here())))
    return make_response(redirect(url_for("own.prove", next=here(), carry="1"), 307))


def _way_in() -> Response:
    """To the door of this audience, and after it to where they wanted to go."""
    way_in = WAY_IN.get(request.blueprint or "")
    if way_in:
        return make_response(redirect(url_for(way_in)))
    wanted = request.path if request.method == "GET" else None
    return make_response(redirect(url_for("public.sign_in", next=wanted)))
