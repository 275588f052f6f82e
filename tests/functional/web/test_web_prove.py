"""What signs, exports or concerns keys asks for the password once more."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.access import NEEDS_PROOF, Action, needs, proven
from registry.policy import PROOF_LIFE
from tests.cast import PASSWORD
from tests.conftest import MovingClock
from tests.pages import problems_of, submit


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
