"""Invited for the first time, and anew: who gets in, when, and what ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry import policy
from registry.accounts import actions as accounts
from registry.accounts import factors, passkeys, sessions
from registry.accounts.models import Account
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from registry.invitations import actions
from registry.notices.models import Message
from tests.cast import PASSWORD, Cast, Person
from tests.conftest import MovingClock
from tests.device import Device
from tests.factor import set_up

MOMENT = timedelta(minutes=1)


def invited(store: Store, admin: Person, account: str, now: datetime) -> str:
    with store.write() as session:
        return actions.invite(session, actor=admin.actor, account_id=account, now=now)


def entered(store: Store, account: str, code: str, now: datetime) -> str | None:
    with store.write() as session:
        return actions.enter(session, account_id=account, code=code, now=now)


def accepted(store: Store, invitation: str, now: datetime, hashed: str | None = "x") -> str:
    with store.write() as session:
        return actions.accept(session, invitation_id=invitation, hashed=hashed, now=now)


def told(store: Store) -> list[tuple[str | None, str]]:
    with store.read() as session:
        return [(message.member_id, message.kind) for message in session.scalars(sa.select(Message))]


def test_a_first_invitation_opens_at_once_and_once(store: Store, cast: Cast, now: datetime) -> None:
    code = invited(store, cast.bea, "birch-hr", now)
    found = entered(store, "birch-hr", code.lower().replace("-", " "), now) or ""
    token = accepted(store, found, now, accounts.hashed(PASSWORD))
    with store.read() as session:
        assert accounts.session_actor(session, token=token, now=now).id == "birch-hr"
        assert accounts.matches(accounts.password_of(session, "birch-hr"), PASSWORD)
    assert entered(store, "birch-hr", code, now) is None
    with pytest.raises(Conflict):
        accepted(store, found, now)
    assert told(store) == [("birch", "account.invite"), ("birch", "account.entered")]


def test_whatever_does_not_fit_gets_nothing(store: Store, cast: Cast, clock: MovingClock) -> None:
    code = invited(store, cast.bea, "birch-hr", clock())
    assert entered(store, "birch-hr", "0" * 20, clock()) is None
    assert entered(store, "birch-admin", code, clock()) is None
    assert entered(store, "nobody", code, clock()) is None
    other = invited(store, cast.bea, "birch-hr", clock())
    assert entered(store, "birch-hr", code, clock()) is None  # another has taken its place
    found = entered(store, "birch-hr", other, clock()) or ""
    clock.move(policy.INVITATION_LIFE)
    assert entered(store, "birch-hr", other, clock()) is None
    with pytest.raises(Conflict):
        accepted(store, found, clock())


def test_only_the_members_administrator_invites(store: Store, cast: Cast, now: datetime) -> None:
    for person in (cast.adam, cast.hana, cast.olaf):
        with pytest.raises(Forbidden):
            invited(store, person, "birch-hr", now)
    invited(store, cast.olaf, "birch-admin", now)  # whom the operator lets in
    with pytest.raises(NotFound):
        invited(store, cast.bea, "nobody", now)


def test_a_closed_account_is_not_invited(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        accounts.close_account(session, account_id="birch-hr", actor=cast.bea.actor, now=now)
    with pytest.raises(Conflict):
        invited(store, cast.bea, "birch-hr", now)


@pytest.mark.parametrize("way_in", ["password", "app", "passkey"])
def test_recovery_waits_and_then_ends_every_old_way_in(
    store: Store, cast: Cast, clock: MovingClock, way_in: str
) -> None:
    if way_in == "password":
        with store.write() as session:
            session.get_one(Account, "birch-hr").password = accounts.hashed(PASSWORD)
            accounts.record(session, "test", actor="olaf", now=clock())
    elif way_in == "app":
        set_up(store, "birch-hr", clock())
    else:
        with store.write() as session:
            Device().add(session, "birch-hr", clock())
    with store.write() as session:
        old = sessions.open_session(session, account_id="birch-hr", device="", now=clock())
    code = invited(store, cast.bea, "birch-hr", clock())
    assert told(store) == [("birch", "account.recovery")]
    assert entered(store, "birch-hr", code, clock.move(policy.RECOVERY_DELAY - MOMENT)) is None
    with store.write() as session:
        kept = sessions.open_session(session, account_id="birch-hr", device="", now=clock())
    found = entered(store, "birch-hr", code, clock.move(MOMENT)) or ""
    accepted(store, found, clock(), None)
    with store.read() as session:
        account = session.get_one(Account, "birch-hr")
        assert account.password is None
        assert not factors.is_enrolled(session, "birch-hr")
        assert not passkeys.of_account(session, "birch-hr")
        for token in (old, kept):
            with pytest.raises(Unauthenticated):
                accounts.session_actor(session, token=token, now=clock())


def test_whoever_is_still_in_can_refuse(store: Store, cast: Cast, clock: MovingClock) -> None:
    set_up(store, "birch-hr", clock())
    code = invited(store, cast.bea, "birch-hr", clock())
    with store.write() as session:
        actions.refuse(session, account_id="birch-hr", now=clock())
    assert entered(store, "birch-hr", code, clock.move(policy.RECOVERY_DELAY)) is None
    assert told(store)[-1] == ("birch", "account.recovery-refused")
    with pytest.raises(Conflict), store.write() as session:
        actions.refuse(session, account_id="birch-hr", now=clock())


def test_a_pause_ends_with_the_old_password(store: Store, cast: Cast, clock: MovingClock) -> None:
    for _ in range(policy.SIGN_IN_ATTEMPTS):
        with store.write() as session:
            accounts.sign_in(session, account_id="birch-hr", right=False, now=clock())
    code = invited(store, cast.bea, "birch-hr", clock())
    accepted(store, entered(store, "birch-hr", code, clock()) or "", clock())
    with store.read() as session:
        assert session.get_one(Account, "birch-hr").paused_until is None


def test_a_short_password_is_refused_and_nothing_ends() -> None:
    with pytest.raises(Invalid, match="12 characters"):
        accounts.hashed("short")
