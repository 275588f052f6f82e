"""Passkeys: which answers count, and which do not."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from registry.accounts import actions, passkeys, sessions
from registry.accounts.models import Passkey
from registry.accounts.passkeys import Asked, Site
from registry.db import Store
from registry.errors import Conflict, Invalid, NotFound
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.device import SITE, Device

SECOND = timedelta(seconds=1)


def ask(now: datetime) -> Asked:
    return Asked(secrets.token_bytes(32), now)


def added(store: Store, account: str, now: datetime, **how: Any) -> Device:
    device = Device(**how)
    with store.write() as session:
        device.add(session, account, now)
    return device


def enter(store: Store, credential: dict[str, Any], asked: Asked, now: datetime, site: Site = SITE) -> str | None:
    with store.write() as session:
        token = passkeys.sign_in(session, credential=credential, asked=asked, site=site, now=now)
        return actions.session_actor(session, token=token, now=now).id if token else None


def test_whoever_holds_the_device_gets_in(store: Store, cast: Cast, clock: MovingClock) -> None:
    device, asked = added(store, "birch-hr", clock()), ask(clock.move(SECOND))
    assert enter(store, device.show(asked.challenge), asked, clock.move(SECOND)) == "birch-hr"


def test_an_answer_counts_once(store: Store, cast: Cast, clock: MovingClock) -> None:
    device, asked = added(store, "birch-hr", clock()), ask(clock.move(SECOND))
    answer = device.show(asked.challenge)
    assert enter(store, answer, asked, clock.move(SECOND)) is not None
    assert enter(store, answer, asked, clock.move(SECOND)) is None
    again = device.show(asked.challenge)
    assert enter(store, again, asked, clock.move(SECOND)) is None


def test_another_challenge_site_or_device_does_not_count(store: Store, cast: Cast, clock: MovingClock) -> None:
    device, asked = added(store, "birch-hr", clock()), ask(clock.move(SECOND))
    now = clock.move(SECOND)
    assert enter(store, device.show(secrets.token_bytes(32)), asked, now) is None
    assert enter(store, device.show(asked.challenge), asked, now, Site("https://other.example", "x")) is None
    assert enter(store, Device().show(asked.challenge), asked, now) is None
    forged = Device()
    forged.id = device.id
    assert enter(store, forged.show(asked.challenge), asked, now) is None
    for odd in ({}, {"rawId": 1}, {"rawId": "a"}, {"rawId": device.show(b"x")["rawId"]}):
        assert enter(store, odd, asked, now) is None


def test_a_device_that_does_not_ask_for_its_owner_does_not_count(store: Store, cast: Cast, clock: MovingClock) -> None:
    with pytest.raises(Invalid):
        added(store, "birch-hr", clock(), verifies=False)
    device, asked = added(store, "birch-hr", clock()), ask(clock.move(SECOND))
    device.verifies = False
    assert enter(store, device.show(asked.challenge), asked, clock.move(SECOND)) is None


def test_what_answers_another_challenge_is_not_added_and_nothing_is_twice(
    store: Store, cast: Cast, now: datetime
) -> None:
    device, asked = Device(), ask(now)
    how = {"asked": asked, "site": SITE, "name": "x", "now": now}
    for odd in ({}, device.make(secrets.token_bytes(32))):
        with pytest.raises(Invalid), store.write() as session:
            passkeys.add(session, account_id="birch-hr", credential=odd, **how)
    with store.write() as session:
        device.add(session, "birch-hr", now)
    with pytest.raises(Conflict), store.write() as session:
        device.add(session, "acme-security", now)


def test_a_closed_account_has_no_way_in(store: Store, cast: Cast, clock: MovingClock) -> None:
    device, asked = added(store, "birch-hr", clock()), ask(clock.move(SECOND))
    with store.write() as session:
        actions.close_account(session, account_id="birch-hr", actor=cast.bea.actor, now=clock())
    assert enter(store, device.show(asked.challenge), asked, clock.move(SECOND)) is None


def test_with_a_passkey_the_password_alone_is_not_enough(store: Store, cast: Cast, now: datetime) -> None:
    added(store, "olaf", now)
    with pytest.raises(actions.CodeNeeded), store.write() as session:
        actions.sign_in(session, account_id="olaf", right=True, now=now)
    with store.write() as session:
        assert actions.sign_in(session, account_id="olaf", right=True, code="", now=now) is None


def test_only_a_passkey_of_the_same_account_proves(store: Store, cast: Cast, clock: MovingClock) -> None:
    own, other = added(store, "birch-hr", clock()), added(store, "birch-admin", clock())
    with store.write() as session:
        token = sessions.open_session(session, account_id="birch-hr", device="", now=clock())
    for device, proves in ((other, False), (own, True)):
        asked = ask(clock.move(SECOND))
        now, answer = clock.move(SECOND), device.show(asked.challenge)
        with store.write() as session:
            how: dict[str, Any] = {"asked": asked, "site": SITE, "now": now}
            assert passkeys.prove(session, token=token, credential=answer, **how) == proves
            row = sessions.require_session(session, token=token, now=now)
            assert (row.proven_at == now) == proves


def test_one_takes_away_ones_own(store: Store, cast: Cast, now: datetime) -> None:
    added(store, "birch-hr", now)
    with store.read() as session:
        (row,) = session.query(Passkey)
        assert passkeys.name_of(session, row) == "telephone"
    with pytest.raises(NotFound), store.write() as session:
        passkeys.remove(session, account_id="birch-admin", passkey_id=row.id, now=now)
    with store.write() as session:
        passkeys.remove(session, account_id="birch-hr", passkey_id=row.id, now=now)
    with store.read() as session:
        assert session.query(Passkey).count() == 0


def test_what_is_asked_names_nobody_and_wants_the_owner(store: Store, cast: Cast, now: datetime) -> None:
    added(store, "birch-hr", now)
    options = passkeys.ask(site=SITE, asked=ask(now))
    assert not options.get("allowCredentials")
    assert options["userVerification"] == "required"
    with store.read() as session:
        offered = passkeys.offer(session, account_id="birch-hr", site=SITE, asked=ask(now))
    assert offered["rp"]["id"] == "registry.example"
    assert len(offered["excludeCredentials"]) == 1
    assert "birch" not in str(offered["user"]["id"])


@pytest.mark.parametrize(
    ("address", "has"),
    [("https://registry.example", True), ("http://localhost:1", True), ("http://127.0.0.1:1", False)],
)
def test_a_bare_address_has_no_passkeys(address: str, has: bool) -> None:
    assert Site(address, "x").has_passkeys == has
