"""The operator: members, health, keys; and neither evidence nor entries."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.access import RULES, Action
from registry.accounts.rules import Role
from registry.appeals.listing import list_due
from registry.db import Store
from registry.health import CHECKS
from registry.keys.holder import Holder
from registry.members.models import Member, Standing
from registry.policy import RESPONSE_WINDOW
from registry.web.words import HEALTH
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.pages import problems_of, submit, text_of

NEW = {"id": "fast", "name": "Fast Parcel", "kind": "carrier", "headcount": "1200", "group": ""}
PAGE = "/operator/members"


@pytest.fixture
def olaf(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.olaf)


def test_a_member_is_admitted_with_an_administrator_and_suspended(olaf: FlaskClient, store: Store) -> None:
    assert submit(olaf, PAGE + "/new", NEW).location == PAGE + "/fast"
    assert "There is none." in text_of(olaf.get(PAGE + "/fast"))
    admin = {"id": "fast-admin", "name": "Fang"}
    assert "#fast-admin:" in submit(olaf, PAGE + "/fast/administrators/new", admin).text
    page = olaf.get(PAGE + "/fast").text
    invitation = re.search(r'action="(/operator/administrators/fast-admin/invitation)"', page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert invitation
    assert token
    assert "#fast-admin:" in olaf.post(invitation[1], data={"csrf_token": token[1]}).text
    assert submit(olaf, PAGE + "/fast", {"standing": "suspended"}).location == PAGE + "/fast"
    with store.read() as session:
        assert session.get_one(Member, "fast").standing is Standing.SUSPENDED
    assert "fast Fast Parcel carrier fast 1,200 2 March 2026 suspended" in text_of(olaf.get(PAGE))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "Fast"}, "Id must be 2 to 40"),
        ({"id": "acme"}, "A member of this id exists already."),
        ({"name": ""}, "Enter the name."),
        ({"kind": "bank"}, "Select what it is."),
        ({"headcount": "-1"}, "Enter a number; 0 is one."),
        ({"headcount": "many"}, "Enter a number; 0 is one."),
        ({"group": "Not One"}, "Group must be 2 to 40"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(olaf: FlaskClient, change: dict[str, str], problem: str) -> None:
    page = submit(olaf, PAGE + "/new", {**NEW, **change})
    assert problems_of(page)[0].startswith(problem)
    assert problems_of(submit(olaf, PAGE + "/acme", {"standing": "loved"})) == ["Select the standing."]


def test_the_operator_invites_administrators_and_nobody_else(olaf: FlaskClient) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', olaf.get(PAGE + "/acme").text)
    assert token
    for account, status in (("acme-admin", 200), ("acme-security", 403), ("nobody", 404)):
        path = f"/operator/administrators/{account}/invitation"
        assert olaf.post(path, data={"csrf_token": token[1]}).status_code == status


def test_health_says_what_the_doctor_says(olaf: FlaskClient) -> None:
    text = text_of(olaf.get("/operator/health"))
    assert "The key holder answers well" in text
    assert "The database is at the revision of this code bad The database's tables are of another version" in text
    assert HEALTH.keys() == CHECKS.keys()


def test_the_keys_in_use_are_shown(olaf: FlaskClient, holder: Holder) -> None:
    text = text_of(olaf.get("/operator/keys"))
    assert holder.public().key_id in text
    assert "There has been none." in text


def test_what_the_operator_may_do_is_this_and_no_more() -> None:
    assert {action for role, action in RULES if role is Role.OPERATOR} == {
        Action.HOME,
        Action.SERVICE_READ,
        Action.MEMBER_ADMIT,
        Action.ACCOUNT_OPEN,
        Action.CANARY_KEEP,
        Action.KEY_ENROL,
        Action.KEY_REVOKE,
        Action.ROTATE,
        Action.REWRAP,
        Action.ORDER_READ,
        Action.ORDER_ISSUE,
        Action.ERASURE_READ,
        Action.ERASURE_PROPOSE,
    }


def test_no_page_of_the_operators_shows_evidence(
    app: APIFlask, olaf: FlaskClient, accused: Accused, store: Store, clock: MovingClock
) -> None:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        (entry,) = list_due(session, now=clock())
    seen = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/static", "/log", "/language")):
            continue
        values = {"entry_id": entry.id, "number": accused.case_number, "member_id": "acme", "account_id": "olaf"}
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name, values=values: values.get(name[1], entry.id), rule.rule)
        answer = olaf.get(path)
        seen += answer.status_code == 200
        for secret in ("The courier exported", NUMBER, accused.case_number, entry.id):
            assert secret not in answer.text.replace(path, ""), path
    assert seen > 10
