"""Sessions that end by themselves, that their owner ends, and that are fresh for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from registry import policy
from registry.accounts import actions, sessions
from registry.db import Store
from registry.errors import NotFound, Unauthenticated
from tests.cast import Cast
from tests.conftest import MovingClock

SECOND = timedelta(seconds=1)


def open_one(store: Store, account: str, now: datetime, device: str = "A browser") -> str:
    with store.write() as session:
        return sessions.open_session(session, account_id=account, device=device, now=now)


def lives(store: Store, token: str, now: datetime) -> bool:
    with store.read() as session:
        try:
            sessions.require_session(session, token=token, now=now)
        except Unauthenticated:
            return False
        return True


def see(store: Store, token: str, now: datetime) -> None:
    with store.write() as session:
        sessions.see(session, sessions.require_session(session, token=token, now=now), now)


def test_a_session_ends_an_hour_after_its_last_page(store: Store, cast: Cast, clock: MovingClock) -> None:
    token = open_one(store, "olaf", clock())
    see(store, token, clock.move(policy.SESSION_IDLE - SECOND))
    assert lives(store, token, clock.move(policy.SESSION_IDLE - SECOND))
    assert not lives(store, token, clock.move(SECOND))


def test_a_session_ends_in_any_case(store: Store, cast: Cast, clock: MovingClock) -> None:
    token, start = open_one(store, "olaf", clock()), clock()
    while clock() < start + policy.SESSION_LIFE - policy.SESSION_IDLE:
        see(store, token, clock.move(policy.SESSION_IDLE - SECOND))
    see(store, token, start + policy.SESSION_LIFE - SECOND)
    assert not lives(store, token, start + policy.SESSION_LIFE)


def test_a_page_soon_after_the_last_writes_nothing(store: Store, cast: Cast, clock: MovingClock) -> None:
    token = open_one(store, "olaf", clock())
    see(store, token, clock.move(policy.SESSION_SEEN_EVERY - SECOND))
    with store.read() as session:
        assert sessions.require_session(session, token=token, now=clock()).seen_at is None


def test_one_sees_ones_own_devices_by_name_and_ends_them(store: Store, cast: Cast, clock: MovingClock) -> None:
    first = open_one(store, "olaf", clock(), "The first")
    second = open_one(store, "olaf", clock.move(SECOND), "The second")
    other = open_one(store, "acme-admin", clock())
    with store.write() as session:
        rows = sessions.living(session, account_id="olaf", now=clock())
        assert [sessions.device_of(session, row) for row in rows] == ["The second", "The first"]
        assert all(b"first" not in (row.sealed_device or b"") for row in rows)
        with pytest.raises(NotFound):
            sessions.end(session, account_id="olaf", session_id=sessions.hashed_token(other), now=clock())
        sessions.end_others(session, account_id="olaf", but=sessions.hashed_token(second), now=clock())
    assert [lives(store, token, clock()) for token in (first, second, other)] == [False, True, True]


def test_a_password_counts_for_a_while_and_can_be_given_again(store: Store, cast: Cast, clock: MovingClock) -> None:
    token = open_one(store, "olaf", clock())
    clock.move(policy.PROOF_LIFE)
    with store.write() as session:
        row = sessions.require_session(session, token=token, now=clock())
        assert sessions.is_fresh(row, clock() - SECOND)
        assert not sessions.is_fresh(row, clock())
        assert not actions.prove_again(session, token=token, right=False, now=clock())
        assert not sessions.is_fresh(row, clock())
        assert actions.prove_again(session, token=token, right=True, now=clock())
        assert sessions.is_fresh(row, clock())


def test_wrong_passwords_pause_here_as_at_the_door(store: Store, cast: Cast, clock: MovingClock) -> None:
    token = open_one(store, "olaf", clock())
    for _ in range(policy.SIGN_IN_ATTEMPTS):
        with store.write() as session:
            actions.prove_again(session, token=token, right=False, now=clock())
    with store.write() as session:
        assert not actions.prove_again(session, token=token, right=True, now=clock())
