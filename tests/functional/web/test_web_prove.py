"""What signs, exports or concerns keys asks for the password once more."""

from __future__ import annotations

import html
import re

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.access import NEEDS_PROOF, Action, needs, proven
from registry.policy import PROOF_LIFE
from tests.cast import PASSWORD
from tests.conftest import MovingClock
from tests.pages import problems_of, submit, text_of, token_of


@pytest.fixture
def olaf(app: APIFlask) -> FlaskClient:
    """Signed in, on a registry with a page that gives keys and one that exports."""
    home, devices = app.view_functions["home.home"], app.view_functions["own.devices"]
    app.view_functions["home.home"] = needs(Action.MEMBER_ADMIT)(lambda: home())
    app.view_functions["own.devices"] = proven(needs(Action.HOME)(lambda: devices()))
    client = app.test_client()
    submit(client, "/sign-in", {"account": "olaf", "password": PASSWORD})
    return client


@pytest.mark.parametrize("path", ["/home", "/account/devices"])
def test_after_a_while_it_is_asked_for_and_leads_back(olaf: FlaskClient, clock: MovingClock, path: str) -> None:
    assert olaf.get(path).status_code == 200
    clock.move(PROOF_LIFE)
    way = olaf.get(path).location or ""
    assert way == f"/account/prove?next={path}"
    assert problems_of(submit(olaf, way, {"password": "not the password"}))[0].startswith("This is not your password.")
    assert olaf.get(path).status_code == 302
    assert submit(olaf, way, {"password": PASSWORD}).location == path
    assert olaf.get(path).status_code == 200


def test_what_was_typed_comes_through_the_prompt(olaf: FlaskClient, clock: MovingClock) -> None:
    page = "/operator/members/new"
    said = {"name": "A < B & 中", "member": ["one", "two"]}
    token = token_of(olaf, page)
    clock.move(PROOF_LIFE)
    prompt = olaf.post(page, data={"csrf_token": token, **said}, follow_redirects=True)
    assert "what you typed is not lost" in text_of(prompt)
    assert "A &lt; B" not in prompt.text
    (carried,) = re.findall(r'name="carried"[^>]* value="([^"]+)"', prompt.text)
    way = f"/account/prove?next={page}"
    wrong = submit(olaf, way, {"password": "not the password", "carried": carried})
    assert carried in wrong.text
    right = submit(olaf, way, {"password": PASSWORD, "carried": carried})
    assert f'<form method="post" action="{page}">' in right.text
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', right.text)
    assert [(name, html.unescape(value)) for name, value in fields if name != "csrf_token"] == [
        ("name", "A < B & 中"),
        ("member", "one"),
        ("member", "two"),
    ]
    assert "Enter a short name." in problems_of(olaf.post(page, data=dict(fields)))  # it has come to its page


def test_nobody_else_can_have_packed_it(olaf: FlaskClient, clock: MovingClock) -> None:
    page = "/operator/members/new"
    clock.move(PROOF_LIFE)
    forged = olaf.post(page, data={"name": "Mine"}, follow_redirects=True)
    assert (forged.status_code, "Mine" in forged.text) == (400, False)
    other = olaf.application.test_client()
    submit(other, "/sign-in", {"account": "olaf", "password": PASSWORD})
    token = token_of(other, page)
    clock.move(PROOF_LIFE)
    prompt = other.post(page, data={"csrf_token": token, "name": "Mine"}, follow_redirects=True)
    (carried,) = re.findall(r'name="carried"[^>]* value="([^"]+)"', prompt.text)
    way = f"/account/prove?next={page}"
    assert submit(olaf, way, {"password": PASSWORD, "carried": carried}).location == page


def test_a_script_is_told(olaf: FlaskClient, clock: MovingClock) -> None:
    clock.move(PROOF_LIFE)
    answer = olaf.get("/home", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "not-proven")


def test_other_pages_do_not_ask(olaf: FlaskClient, clock: MovingClock) -> None:
    clock.move(PROOF_LIFE)
    assert olaf.get("/account/prove").status_code == 200


def test_what_signs_and_what_gives_keys_is_in_the_table() -> None:
    assert {
        Action.REPORT_FILE,
        Action.REPORT_COUNTERSIGN,
        Action.REPORT_AMEND,
        Action.AMENDMENT_CONFIRM,
        Action.APPEAL_ANSWER,
        Action.APPEAL_VOTE,
        Action.CASE_ATTEST,
        Action.RESTRAINT_LIFT,
        Action.KEY_ENROL,
        Action.KEY_REVOKE,
        Action.MEMBER_ADMIT,
        Action.ACCOUNT_OPEN,
    } == NEEDS_PROOF
