"""An invited person comes in, without a script and with a passkey; whoever is still in refuses."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry import base64url, policy
from registry.accounts.passkeys import Site
from registry.db import Store
from registry.invitations.actions import invite
from registry.keys.holder import Holder
from tests.app_fixture import SignIn, build
from tests.cast import PASSWORD, Cast
from tests.conftest import MovingClock
from tests.device import Device
from tests.factor import set_up
from tests.pages import problems_of, send, submit, text_of

SITE = Site("http://localhost", "The tests' consortium")


@pytest.fixture
def code(store: Store, cast: Cast, clock: MovingClock) -> str:
    with store.write() as session:
        return invite(session, actor=cast.bea.actor, account_id="birch-hr", now=clock())


@pytest.fixture
def named(store: Store, clock: MovingClock, holder: Holder) -> APIFlask:
    """The registry at an address that has a name."""
    return build(store, clock, holder, issuer=SITE.origin)


def challenge_of(client: FlaskClient, page: str, path: str) -> bytes:
    return base64url.decode(send(client, page, path, {}).get_json()["challenge"], field="challenge", size=32)


def test_with_code_and_password_one_is_in(visitor: FlaskClient, code: str) -> None:
    assert submit(visitor, "/join", {"account": "birch-hr", "code": code}).location == "/join/secret"
    wrong = submit(visitor, "/join/secret", {"password": "short", "again": "other"})
    assert problems_of(wrong) == ["Enter the same password twice."]
    short = submit(visitor, "/join/secret", {"password": "short", "again": "short"})
    assert problems_of(short) == ["Password must have 12 characters or more."]
    done = submit(visitor, "/join/secret", {"password": PASSWORD, "again": PASSWORD})
    assert done.location == "/account"
    assert "Codes of an app" in text_of(visitor.get("/account"))
    assert visitor.get("/join/secret").location == "/join"  # the cookie has forgotten the invitation


@pytest.mark.parametrize(
    "typed", [{"account": "birch-hr", "code": "0"}, {"account": "nobody", "code": "0"}, {"account": "\0", "code": "\0"}]
)
def test_whatever_does_not_fit_gets_one_answer(visitor: FlaskClient, code: str, typed: dict[str, str]) -> None:
    page = submit(visitor, "/join", typed)
    assert page.status_code == 422
    assert problems_of(page)[0].startswith("Account name and code do not fit together, or the invitation is not open")


def test_the_code_does_not_wait_for_ever(visitor: FlaskClient, code: str, clock: MovingClock) -> None:
    assert visitor.get("/join/secret").location == "/join"
    submit(visitor, "/join", {"account": "birch-hr", "code": code})
    clock.move(policy.JOIN_WITHIN)
    assert visitor.get("/join/secret").location == "/join"


def test_a_passkey_is_made_signs_in_and_proves(named: APIFlask, code: str, clock: MovingClock) -> None:
    device, client = Device(SITE), named.test_client()
    submit(client, "/join", {"account": "birch-hr", "code": code})
    begun = challenge_of(client, "/join/secret", "/join/passkey/begin")
    made = {"credential": device.make(begun), "name": "first"}
    assert send(client, "/join/secret", "/join/passkey/finish", made).get_json() == {"next": "/account"}
    assert "first" in text_of(client.get("/account/passkeys"))

    clock.move(timedelta(seconds=1))
    other = named.test_client()
    begun = challenge_of(other, "/sign-in", "/sign-in/passkey/begin")
    clock.move(timedelta(seconds=1))
    shown = {"credential": device.show(begun)}
    way = "/sign-in/passkey/finish?next=/account"
    assert send(other, "/sign-in", way, shown).get_json() == {"next": "/account"}
    assert send(named.test_client(), "/sign-in", way, shown).get_json()["code"] == "conflict"  # it was asked nothing

    clock.move(policy.PROOF_LIFE)
    assert other.get("/account/passkeys").location == "/account/prove?next=/account/passkeys"
    begun = challenge_of(other, "/account/prove", "/account/prove/begin")
    clock.move(timedelta(seconds=1))
    wrong = send(other, "/account/prove", "/account/prove/finish", {"credential": Device(SITE).show(begun)})
    assert wrong.status_code == 403
    begun = challenge_of(other, "/account/prove", "/account/prove/begin")
    clock.move(timedelta(seconds=1))
    proof = {"credential": device.show(begun)}
    assert send(other, "/account/prove", "/account/prove/finish?next=/account/passkeys", proof).status_code == 200
    begun = challenge_of(other, "/account/passkeys", "/account/passkeys/begin")
    second = {"credential": Device(SITE).make(begun), "name": "second"}
    assert send(other, "/account/passkeys", "/account/passkeys/finish", second).status_code == 200
    page = other.get("/account/passkeys").text
    (first, _) = re.findall(r'action="(/account/passkeys/[0-9a-f]{64}/remove)"', page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert other.post(first, data={"csrf_token": token[1]}).location == "/account/passkeys"
    assert "first" not in text_of(other.get("/account/passkeys"))


def test_a_passkey_that_is_nobodys_is_refused(named: APIFlask, cast: Cast) -> None:
    client = named.test_client()
    begun = challenge_of(client, "/sign-in", "/sign-in/passkey/begin")
    answer = send(client, "/sign-in", "/sign-in/passkey/finish", {"credential": Device(SITE).show(begun)})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert client.get("/home").status_code == 302


def test_a_bare_address_says_that_it_has_no_passkeys(signed_in: SignIn, cast: Cast, visitor: FlaskClient) -> None:
    assert "Sign in with a passkey" not in visitor.get("/sign-in").text
    assert "served at a bare address" in text_of(signed_in(cast.hana).get("/account/passkeys"))


def test_whoever_is_still_in_is_told_and_refuses(
    store: Store, signed_in: SignIn, cast: Cast, clock: MovingClock
) -> None:
    set_up(store, "birch-hr", clock())
    with store.write() as session:
        invite(session, actor=cast.bea.actor, account_id="birch-hr", now=clock())
    hana = signed_in(cast.hana)
    assert "birch-admin has invited you anew. From 3 March 2026, 09:00 UTC" in text_of(hana.get("/account"))
    token = re.search(r'name="csrf_token" value="([^"]+)"', hana.get("/account").text)
    assert token
    assert hana.post("/account/recovery/refuse", data={"csrf_token": token[1]}).location == "/account"
    assert "invited you anew" not in text_of(hana.get("/account"))
