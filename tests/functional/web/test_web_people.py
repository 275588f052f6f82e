"""The member's administrator: accounts, invitations, programs, units, budget."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from registry.accounts.models import Account, ApiClient
from registry.db import Store
from registry.keys.holder import Holder
from registry.signing import keys
from tests.app_fixture import SignIn
from tests.cast import PASSWORD, Cast
from tests.conftest import MovingClock
from tests.listing import check, people
from tests.pages import problems_of, submit, text_of, token_of

NEW = {"id": "birch-two", "name": "Bo Li", "roles": ["checker", "reporter"]}
PAGE = "/member/people"


@pytest.fixture
def bea(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.bea)


def press(client: FlaskClient, page: str, path: str) -> str:
    return client.post(path, data={"csrf_token": token_of(client, page)}, follow_redirects=True).text


def test_an_account_is_opened_and_its_link_lets_the_person_in(bea: FlaskClient, visitor: FlaskClient) -> None:
    made = submit(bea, PAGE + "/new", NEW)
    link = re.search(r"http://127\.0\.0\.1:8420/join#birch-two:([0-9A-Z-]{23})", made.text)
    assert link
    row = text_of(bea.get(PAGE))
    assert "birch-two Bo Li Birch checker, reporter none invited" in row
    assert link[1] not in bea.get(PAGE + "/birch-two").text
    submit(visitor, "/join", {"account": "birch-two", "code": link[1]})
    submit(visitor, "/join/secret", {"password": PASSWORD, "again": PASSWORD})
    assert "Bo Li" in text_of(visitor.get("/home"))
    assert "birch-two Bo Li Birch checker, reporter password open" in text_of(bea.get(PAGE))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": ""}, "Enter an account name."),
        ({"id": "Bo Li"}, "Id must be 2 to 40 lower-case letters, digits and hyphens, a letter first."),
        ({"id": "birch-hr"}, "An account of this id exists already."),
        ({"name": ""}, "Enter the person’s name."),
        ({"name": "x" * 81}, "The name must be 80 characters or less."),
        ({"roles": []}, "Select a role."),
        ({"roles": ["operator"]}, "Roles must be among approver, checker, member-admin, panelist, reporter."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    bea: FlaskClient, store: Store, change: dict[str, object], problem: str
) -> None:
    page = submit(bea, PAGE + "/new", {**NEW, **change})
    assert page.status_code == 422
    assert problems_of(page) == [problem]
    with store.read() as session:
        assert session.get(Account, "birch-two") is None


def test_an_administrator_sees_and_invites_only_their_own(bea: FlaskClient, store: Store) -> None:
    assert "acme" not in text_of(bea.get(PAGE))
    assert bea.get(PAGE + "/acme-security").status_code == 404
    token = token_of(bea, PAGE)
    for what in ("invitation", "closing"):
        assert bea.post(f"{PAGE}/acme-security/{what}", data={"csrf_token": token}).status_code == 403
    with store.read() as session:
        assert session.get_one(Account, "acme-security").closed_at is None


def test_somebody_is_let_in_again_and_an_account_is_closed(bea: FlaskClient) -> None:
    assert "#birch-hr:" in press(bea, PAGE, PAGE + "/birch-hr/invitation")
    assert "There is an invitation." in text_of(bea.get(PAGE + "/birch-hr"))
    press(bea, PAGE, PAGE + "/birch-hr/closing")
    assert "birch-hr Hana Birch checker none closed" in text_of(bea.get(PAGE))
    assert "Make an invitation" not in bea.get(PAGE + "/birch-hr").text


def test_a_programs_key_is_enrolled(bea: FlaskClient, store: Store) -> None:
    path, x = PAGE + "/birch-hr", keys.to_jwk(keys.generate().public_key())["x"]
    for typed in ({}, {"key": "x", "scopes": ["check"]}):
        page = bea.post(f"{path}/program", data={"csrf_token": token_of(bea, path), **typed})
        assert page.status_code == 422
        assert problems_of(page)
    sent = {"csrf_token": token_of(bea, path), "key": x, "scopes": ["check", "nonsense"]}
    assert bea.post(f"{path}/program", data=sent).location == path
    with store.read() as session:
        client = session.get_one(ApiClient, "birch-hr")
        assert (client.jwk["x"], client.scopes) == (x, ["check"])
    assert "for: check." in text_of(bea.get(path))


def test_units_are_added_and_the_budget_is_counted(
    bea: FlaskClient, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    check(store, holder, people(3), cast.hana.actor, clock())
    assert problems_of(submit(bea, "/member/units", {})) == ["Enter a name."]
    assert submit(bea, "/member/units", {"name": "Outlet 7"}).location == "/member/units"
    assert problems_of(submit(bea, "/member/units", {"name": "Outlet 7"})) == ["A unit of this name exists already."]
    text = text_of(bea.get("/member/units"))
    assert "Birch 40,000 3 0 0" in text
    assert "Outlet 7 30,000 0 0 0" in text
    assert "birch-hr 30,000 3 0 0" in text


@pytest.mark.parametrize("who", ["hana", "rex", "cleo"])
def test_nobody_else_sees_it(signed_in: SignIn, cast: Cast, who: str) -> None:
    for path in (PAGE, PAGE + "/new", PAGE + "/birch-hr", "/member/units"):
        assert signed_in(cast[who]).get(path).status_code == 403
