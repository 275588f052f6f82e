from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from registry.accounts.models import UserSession
from registry.db import Store
from registry.policy import SIGN_IN_ATTEMPTS, SIGN_IN_PAUSE
from tests.cast import PASSWORD
from tests.conftest import MovingClock
from tests.pages import problems_of, submit, text_of, title_of

OLAF = {"account": "olaf", "password": PASSWORD}
DO_NOT_FIT = "Account name and password do not fit together. Enter both again. After five failures an account pauses."


def test_olaf_signs_in_and_out(visitor: FlaskClient, store: Store) -> None:
    answer = submit(visitor, "/sign-in", OLAF)
    assert answer.status_code == 302
    assert answer.location == "/home"
    assert "Olaf" in text_of(visitor.get("/home"))
    left = submit(visitor, "/home", {})
    assert left.status_code == 405  # the form of that page leads to /sign-out
    token = visitor.get("/home").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert visitor.post("/sign-out", data={"csrf_token": token}).location == "/"
    assert visitor.get("/home").location == "/sign-in?next=/home"
    with store.read() as session:
        assert session.query(UserSession).one().revoked_at is not None


def test_the_session_that_was_signed_out_is_dead_in_every_copy_of_its_cookie(visitor: FlaskClient) -> None:
    submit(visitor, "/sign-in", OLAF)
    copied = visitor.get_cookie("zilu")
    assert copied is not None
    token = visitor.get("/home").text.split('name="csrf_token" value="')[1].split('"')[0]
    visitor.post("/sign-out", data={"csrf_token": token})
    visitor.set_cookie("zilu", copied.value)
    assert visitor.get("/home").status_code == 302


def test_signing_in_gives_the_browser_a_new_form_token(visitor: FlaskClient) -> None:
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
    submit(visitor, "/sign-in", OLAF)
    with visitor.session_transaction() as session:
        assert "planted" not in session
        assert "csrf_token" not in session


@pytest.mark.parametrize(
    "typed",
    [
        {"account": "olaf", "password": "not the password"},
        {"account": "nobody", "password": PASSWORD},
        {"account": "acme-security", "password": PASSWORD},  # has no password
        {"account": "\x00", "password": PASSWORD},
    ],
    ids=["wrong password", "unknown account", "no password", "no name at all"],
)
def test_whatever_does_not_fit_gets_one_answer(visitor: FlaskClient, typed: dict[str, str]) -> None:
    page = submit(visitor, "/sign-in", typed)
    assert page.status_code == 422
    assert problems_of(page) == [DO_NOT_FIT]
    assert title_of(page) == "Error: Sign in – Zilu"
    assert typed["password"] not in page.text


def test_a_wrong_password_leaves_the_name_in_its_field(visitor: FlaskClient) -> None:
    page = submit(visitor, "/sign-in", {"account": "olaf", "password": "wrong"})
    assert 'value="olaf"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert "autofocus" in page.text


def test_empty_fields_are_named_in_order(visitor: FlaskClient) -> None:
    page = submit(visitor, "/sign-in", {})
    assert problems_of(page) == ["Enter your account name.", "Enter your password."]


def test_after_five_wrong_passwords_the_right_one_must_wait(visitor: FlaskClient, clock: MovingClock) -> None:
    for _ in range(SIGN_IN_ATTEMPTS):
        submit(visitor, "/sign-in", {"account": "olaf", "password": "wrong"})
    paused = submit(visitor, "/sign-in", OLAF)
    assert problems_of(paused) == [DO_NOT_FIT]  # only an account that is there can pause
    clock.move(SIGN_IN_PAUSE)
    assert submit(visitor, "/sign-in", OLAF).status_code == 302


def test_one_comes_where_one_wanted_to_go(visitor: FlaskClient) -> None:
    assert submit(visitor, "/sign-in?next=/home", OLAF).location == "/home"
    assert submit(visitor, "/sign-in?next=/policy", OLAF).location == "/policy"


@pytest.mark.parametrize(
    "next", ["https://example.org/", "//example.org/home", "/\\example.org", "javascript:alert(1)", "/nothing", "home"]
)
def test_nobody_is_led_away_from_the_site(visitor: FlaskClient, next: str) -> None:
    assert submit(visitor, f"/sign-in?next={next}", OLAF).location == "/home"


def test_signing_in_needs_the_token_of_its_own_page(visitor: FlaskClient) -> None:
    visitor.get("/sign-in")
    refused = visitor.post("/sign-in", data=OLAF)
    assert refused.status_code == 400
    assert "Go back, reload it and send it again" in text_of(refused)
    assert visitor.get("/home").status_code == 302
