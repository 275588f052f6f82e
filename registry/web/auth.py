"""Who is at the screen, and may they? One guard for accounts, one for the accused person.

An account's browser holds Flask's signed cookie with a session token, the database a row with its hash: revoking the
row ends the session at the next request. The accused person has no account; matching a case gives them a cookie of
their own that is good for that case, for an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf import CSRFProtect
from werkzeug import Response

from registry import policy
from registry.access import Action, Actor, needs_proof, require
from registry.accounts import factors, sessions
from registry.accounts.actions import actor_of
from registry.accounts.rules import Role
from registry.errors import Forbidden, NotFound, Unauthenticated
from registry.mandates.actions import hand as representative
from registry.mandates.actions import require_covered
from registry.members.models import Standing
from registry.notices.matches import subject_session
from registry.web.context import running

Guard = Callable[[], None]

# Where one sets up the second factor that is asked for, and where one signs out.
WITHOUT_FACTOR = ("own", "public")

csrf = CSRFProtect()


class NotProven(Forbidden):
    """The password is needed once more; a page leads to where it is given."""

    code = "not-proven"

    def __init__(self) -> None:
        super().__init__("enter your password once more, then do this again")


class NotEnrolled(Forbidden):
    """The role asks for a second factor and there is none yet; a page leads to where it is set up."""

    code = "not-enrolled"

    def __init__(self) -> None:
        super().__init__("set up your second factor first, then do this again")


class SignedIn(UserMixin):  # type: ignore[misc] # the package has no types
    """Flask-Login's user: an actor, by the token of their session."""

    def __init__(self, token: str, actor: Actor, *, is_fresh: bool = True, lacks_factor: bool = False) -> None:
        self.token = token
        self.actor = actor
        self.is_fresh = is_fresh
        self.lacks_factor = lacks_factor

    def get_id(self) -> str:
        return self.token


def configure(app: Flask, *, key: bytes, https: bool) -> None:
    """Cookies that only this site reads, and only over the wire that it is served on."""
    app.secret_key = key
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name("zilu", https=https),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_PATH="/",
        CASE_COOKIE_NAME=cookie_name("zilu-case", https=https),
        # The guards ask for the token themselves, so that the API, which has no cookies, is not asked.
        WTF_CSRF_CHECK_DEFAULT=False,
        # The token lives as long as the session: what somebody typed for an hour is not thrown away.
        WTF_CSRF_TIME_LIMIT=None,
        # We send no referrer to anybody, ourselves included.
        WTF_CSRF_SSL_STRICT=False,
    )
    csrf.init_app(app)
    manager = LoginManager()
    manager.session_protection = None  # the row decides; an address may change on a train
    manager.user_loader(_signed_in)
    manager.init_app(app)


def cookie_name(name: str, *, https: bool) -> str:
    """`__Host-` keeps a cookie from being set by a neighbour domain; browsers take it over HTTPS only."""
    return f"__Host-{name}" if https else name


def _signed_in(token: str) -> SignedIn | None:
    now = running().clock()
    try:
        with running().store.read() as db:
            row = sessions.require_session(db, token=token, now=now)
            actor = actor_of(db, row.account_id)
            lacks = _needs_factor(actor) and not factors.is_enrolled(db, actor.id)
            return SignedIn(token, actor, is_fresh=sessions.is_fresh(row, now), lacks_factor=lacks)
    except Unauthenticated:
        return None


def _needs_factor(actor: Actor) -> bool:
    return running().settings.registry.second_factor == "by-role" and factors.is_needed(actor.roles)


def guard_account() -> None:
    """Before every request to an account's pages: who is it, may their role ever do this, is the form our own?"""
    action = _marked()
    if action is not Action.PUBLIC:
        if not current_user.is_authenticated:
            raise Unauthenticated("sign in to see this page")
        g.actor = current_user.actor
        require(g.actor, action)
        if current_user.lacks_factor and request.blueprint not in WITHOUT_FACTOR:
            raise NotEnrolled
        _see(current_user.token)
        if needs_proof(current_app.view_functions[request.endpoint or ""]) and not current_user.is_fresh:
            raise NotProven
    csrf.protect()


def _see(token: str) -> None:
    """The session is in use; written only now and then."""
    now = running().clock()
    with running().store.read() as db:
        row = sessions.require_session(db, token=token, now=now)
        is_known = now < sessions.last_seen(row) + policy.SESSION_SEEN_EVERY
    if not is_known:
        with running().store.write() as db:
            sessions.see(db, sessions.require_session(db, token=token, now=now), now)


def guard_subject() -> None:
    """As `guard_account`, for the person who has matched a case."""
    action = _marked()
    token = case_token()
    if token is None:
        raise Unauthenticated("open your case with its number, the code and your identity document")
    now = running().clock()
    with running().store.read() as db:
        opened = subject_session(db, token=token, now=now)
        if opened.mandate_id is not None:
            require_covered(db, mandate_id=opened.mandate_id, action=action, now=now)
    g.case_id = opened.case_id
    g.actor = subject_of(g.case_id)
    if opened.mandate_id is not None:
        g.actor = replace(g.actor, id=representative(opened.mandate_id))
    require(g.actor, action)
    csrf.protect()


def subject_of(case_id: str) -> Actor:
    """The accused person of a case, as access sees them."""
    return Actor(
        id=f"subject:{case_id}",
        unit_id="",
        member_id="",
        group="",
        standing=Standing.ADMITTED,
        roles=frozenset({Role.SUBJECT}),
    )


def _marked() -> Action:
    """The action that the view is marked with (`access.needs`); a view without a mark is refused."""
    if request.endpoint is None:
        raise NotFound("there is nothing at this address")
    action = getattr(current_app.view_functions[request.endpoint], "zilu_action", None)
    if not isinstance(action, Action):
        raise Forbidden("this address has no access rule")
    return action


def admit(token: str, actor: Actor) -> None:
    """Let this browser be the actor's. Whatever it was before, it is not any more."""
    _forget()
    login_user(SignedIn(token, actor))


def dismiss() -> None:
    logout_user()
    _forget()


def _forget() -> None:
    """Everything about this browser but the language that its reader chose."""
    kept = session.get("language")
    session.clear()
    if kept is not None:
        session["language"] = kept


def case_token() -> str | None:
    return request.cookies.get(_case_cookie())


def admit_subject(response: Response, token: str) -> None:
    response.set_cookie(_case_cookie(), token, **_flags())


def dismiss_subject(response: Response) -> None:
    response.delete_cookie(_case_cookie(), **_flags())


def _case_cookie() -> str:
    name: str = current_app.config["CASE_COOKIE_NAME"]
    return name


def _flags() -> dict[str, Any]:
    return {"path": "/", "httponly": True, "samesite": "Lax", "secure": current_app.config["SESSION_COOKIE_SECURE"]}
