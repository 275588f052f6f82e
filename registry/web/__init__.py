"""The web edge: pages for people, one blueprint and one guard for each audience.

It promises: no page without an access rule; no change without the page's own token (CSRF); no script, style or
connection that is not our own; no word about what went wrong that was not written for the reader.

It does not decide anything: a view reads the form, calls one action, commits, and shows the answer.
"""

from __future__ import annotations

import hmac
from functools import cache

from flask import Blueprint, Flask
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from registry.web import (
    auth,
    candidate,
    checker,
    clerk,
    errors,
    forms,
    headers,
    home,
    language,
    member,
    nav,
    operator,
    own,
    public,
    regulator,
    reporter,
    roster,
    subject,
    verifier,
    wording,
)
from registry.web.context import running

_COMPONENTS = {"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}


@cache
def blueprints() -> dict[Blueprint, auth.Guard]:
    """Each audience with what stands at its door: put there once, however many apps there are."""
    doors = {
        public.bp: auth.guard_account,
        home.bp: auth.guard_account,
        own.bp: auth.guard_account,
        candidate.bp: auth.guard_account,
        checker.bp: auth.guard_account,
        reporter.bp: auth.guard_account,
        member.bp: auth.guard_account,
        clerk.bp: auth.guard_account,
        roster.bp: auth.guard_account,
        verifier.bp: auth.guard_account,
        operator.bp: auth.guard_account,
        regulator.bp: auth.guard_account,
        subject.bp: auth.guard_subject,
    }
    for blueprint, guard in doors.items():
        blueprint.before_request(guard)
        errors.register(blueprint)
    return doors


def register(app: Flask, *, session_key: bytes) -> None:
    """Give the application its pages. `session_key` is 32 bytes; what signs the cookies is derived from it."""
    with app.app_context():
        https = running().issuer.startswith("https://")
    auth.configure(app, key=hmac.digest(session_key, b"zilu/cookies/v1", "sha256"), https=https)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    errors.register_fallback(app)
    app.after_request(headers.hardened(https=https))
    app.context_processor(nav.context)
    app.jinja_env.loader = ChoiceLoader([*filter(None, [app.jinja_env.loader]), PrefixLoader(_COMPONENTS)])
    for part in (language, wording, forms):
        part.register(app)
