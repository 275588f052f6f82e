"""What stands before every page: an access rule, a living session, the page's own token, the headers."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.access import Action, needs
from registry.accounts.actions import close_account
from registry.accounts.models import UserSession
from registry.db import Store
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.policy import SESSION_LIFE
from registry.web.home import bp
from tests.app_fixture import SignIn, build
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.pages import text_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; worker-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types zilu-worker"
)


def test_a_revoked_session_ends_at_the_next_page(
    signed_in: SignIn, cast: Cast, store: Store, clock: MovingClock
) -> None:
    hana = signed_in(cast.hana)
    assert hana.get("/home").status_code == 200
    with store.write() as session:
        session.query(UserSession).one().revoked_at = clock()
        record(session, "session.revoke", actor="olaf", now=clock())
    assert hana.get("/home").location == "/sign-in?next=/home"


def test_a_closed_account_ends_its_sessions(signed_in: SignIn, cast: Cast, store: Store, clock: MovingClock) -> None:
    hana = signed_in(cast.hana)
    with store.write() as session:
        close_account(session, account_id="birch-hr", actor=cast.bea.actor, now=clock())
    assert hana.get("/home").status_code == 302


def test_a_session_is_over_after_its_time(signed_in: SignIn, cast: Cast, clock: MovingClock) -> None:
    hana = signed_in(cast.hana)
    clock.move(SESSION_LIFE)
    assert hana.get("/home").status_code == 302


def test_a_script_without_a_session_is_told_so_in_json(visitor: FlaskClient) -> None:
    answer = visitor.post("/check/evaluations", json={})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


def test_every_page_has_an_access_rule(app: APIFlask) -> None:
    pages = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    own = [rule for rule in pages if app.view_functions[rule.endpoint].__module__.startswith("registry.web.")]
    assert len(own) >= 20
    assert [rule.rule for rule in own if not hasattr(app.view_functions[rule.endpoint], "zilu_action")] == []


def test_a_page_without_a_rule_is_refused(signed_in: SignIn, cast: Cast, app: APIFlask) -> None:
    app.view_functions[f"{bp.name}.home"] = lambda: "unguarded"
    refused = signed_in(cast.olaf).get("/home")
    assert refused.status_code == 403
    assert "This address has no access rule." in text_of(refused)


def test_the_accused_person_may_do_nothing_but_what_is_theirs(subject: FlaskClient, app: APIFlask) -> None:
    app.view_functions["subject.file"] = needs(Action.ENTRY_LIST)(lambda: "unguarded")
    assert subject.get("/case/file").status_code == 403
    del app.view_functions["subject.file"].zilu_action  # type: ignore[attr-defined]
    assert subject.get("/case/file").status_code == 403


def test_pages_of_people_are_not_part_of_the_programs_interface(visitor: FlaskClient) -> None:
    paths = visitor.get("/api/v1/openapi.json").json["paths"]
    assert "/api/v1/checks" in paths
    assert not any(path in paths for path in ("/check/checks", "/", "/case/match/begin", "/sign-in"))


@pytest.mark.parametrize(
    "path", ["/", "/policy", "/sign-in", "/case", "/home", "/nothing", "/static/mark.svg", "/api/x"]
)
def test_every_answer_carries_the_headers(visitor: FlaskClient, path: str) -> None:
    with visitor.get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    if not path.startswith("/static"):
        assert headers["Cache-Control"] == "no-store"


def test_over_https_the_cookies_are_bound_to_the_host(store: Store, clock: MovingClock, holder: Holder) -> None:
    client = build(store, clock, holder, issuer="https://zilu.example").test_client()
    answer = client.get("/sign-in", base_url="https://zilu.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-zilu=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"


def test_over_http_the_cookies_are_for_this_site_and_no_script(visitor: FlaskClient) -> None:
    cookie = visitor.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("zilu=")
    for flag in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie


def test_a_cookie_that_was_changed_is_worth_nothing(signed_in: SignIn, cast: Cast) -> None:
    hana = signed_in(cast.hana)
    cookie = hana.get_cookie("zilu")
    assert cookie is not None
    # Not the last character: some of its bits are no part of the signature.
    payload, _, signature = cookie.value.rpartition(".")
    hana.set_cookie("zilu", f"{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}")
    assert hana.get("/home").status_code == 302


def test_the_programs_interface_asks_for_no_form_token(visitor: FlaskClient) -> None:
    assert visitor.post("/api/v1/checks", json={}).status_code == 401  # for want of a token, not of a form
    assert visitor.post("/oauth/token").json["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/nothing", "text/html; charset=utf-8"),
        ("/apis", "text/html; charset=utf-8"),
        ("/api/nothing", "application/problem+json"),
        ("/oauth/nothing", "application/problem+json"),
        ("/.well-known/nothing", "application/problem+json"),
        ("/log/nothing", "application/problem+json"),
    ],
)
def test_an_unknown_address_answers_people_in_pages_and_programs_in_problems(
    visitor: FlaskClient, path: str, kind: str
) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.content_type) == (404, kind)


def test_a_method_that_is_not_served_names_those_that_are(visitor: FlaskClient) -> None:
    for path, kind in (("/policy", "text/html; charset=utf-8"), ("/api/v1/checks", "application/problem+json")):
        answer = visitor.delete(path)
        assert (answer.status_code, answer.content_type) == (405, kind)
        assert answer.headers["Allow"]


def test_a_fault_of_ours_says_nothing_of_itself(visitor: FlaskClient, app: APIFlask) -> None:
    def broken() -> str:
        raise RuntimeError("the number 11010519491231002X")

    broken.zilu_action = app.view_functions["public.start"].zilu_action  # type: ignore[attr-defined]
    app.view_functions["public.start"] = broken
    page = visitor.get("/")
    assert page.status_code == 500
    assert "Sorry, there is a problem with the service" in text_of(page)
    assert "110105" not in page.text
    assert page.headers["Content-Security-Policy"] == POLICY
