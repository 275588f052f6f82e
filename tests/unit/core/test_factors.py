"""The second factor: which codes count, how often, and what they cannot do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
import pytest

from registry import policy
from registry.accounts import actions, factors
from registry.accounts.models import Account, Authenticator, RecoveryCode
from registry.accounts.rules import Role, plain_code
from registry.db import Store
from registry.errors import Conflict, Invalid
from registry.log.models import Act
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.factor import set_up

HALF_MINUTE = timedelta(seconds=30)


def enter(store: Store, code: str | None, now: datetime, *, right: bool = True) -> str | None:
    with store.write() as session:
        return actions.sign_in(session, account_id="olaf", right=right, code=code, now=now)


def test_who_has_an_app_is_asked_for_its_code(store: Store, clock: MovingClock) -> None:
    app, _ = set_up(store, "olaf", clock())
    with pytest.raises(actions.CodeNeeded):
        enter(store, None, clock.move(HALF_MINUTE))
    assert enter(store, app.at(clock()), clock()) is not None


def test_whoever_has_a_wrong_password_is_not_asked(store: Store, now: datetime) -> None:
    set_up(store, "olaf", now)
    assert enter(store, None, now, right=False) is None


def test_a_code_counts_once_and_none_before_it_does(store: Store, clock: MovingClock) -> None:
    app, _ = set_up(store, "olaf", clock())
    assert enter(store, app.at(clock()), clock()) is None  # it has confirmed the app
    now = clock.move(2 * HALF_MINUTE)
    assert enter(store, app.at(now), now) is not None
    assert enter(store, app.at(now), now) is None
    assert enter(store, app.at(now - HALF_MINUTE), now) is None


@pytest.mark.parametrize(("away", "counts"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_telephones_clock_may_be_off_by_half_a_minute(
    store: Store, clock: MovingClock, away: int, counts: bool
) -> None:
    app, _ = set_up(store, "olaf", clock())
    now = clock.move(timedelta(hours=1))
    assert (enter(store, app.at(now + away * HALF_MINUTE), now) is not None) == counts


def test_wrong_codes_count_as_wrong_passwords_and_a_right_password_does_not_take_them_back(
    store: Store, clock: MovingClock
) -> None:
    app, _ = set_up(store, "olaf", clock())
    now = clock.move(timedelta(hours=1))
    for _ in range(policy.SIGN_IN_ATTEMPTS):
        with pytest.raises(actions.CodeNeeded):
            enter(store, None, now)
        assert enter(store, "000000", now) is None
    assert enter(store, None, now) is None  # paused: nobody learns that the password is right
    assert enter(store, app.at(now), now) is None
    later = clock.move(policy.SIGN_IN_PAUSE)
    assert enter(store, app.at(later), later) is not None


def test_a_recovery_code_counts_once_however_it_is_typed(store: Store, now: datetime) -> None:
    _, spare = set_up(store, "olaf", now)
    assert len(set(spare)) == policy.RECOVERY_CODES
    assert enter(store, f" {spare[0].lower().replace('-', ' ')} ", now) is not None
    assert enter(store, spare[0], now) is None
    with store.read() as session:
        assert factors.left(session, "olaf") == policy.RECOVERY_CODES - 1


def test_other_recovery_codes_take_the_place_of_the_first(store: Store, now: datetime) -> None:
    _, spare = set_up(store, "olaf", now)
    with store.write() as session:
        others = factors.renew(session, account_id="olaf", now=now)
    assert enter(store, spare[0], now) is None
    assert enter(store, others[0], now) is not None


def test_one_persons_codes_are_nobody_elses(store: Store, cast: Cast, now: datetime) -> None:
    _, spare = set_up(store, "olaf", now)
    set_up(store, "acme-admin", now)
    with store.write() as session:
        assert not factors.use(session, account_id="acme-admin", code=spare[0], now=now)
        assert not factors.use(session, account_id="birch-hr", code=spare[0], now=now)


def test_an_app_counts_only_after_its_first_code(store: Store, now: datetime) -> None:
    with store.write() as session:
        factors.begin(session, account_id="olaf", now=now)
    with pytest.raises(Invalid, match="six digits"), store.write() as session:
        factors.confirm(session, account_id="olaf", code="000000", now=now)
    with store.read() as session:
        assert not factors.is_enrolled(session, "olaf")
        secret = factors.unconfirmed(session, "olaf")
        assert not factors.use(session, account_id="olaf", code=pyotp.TOTP(secret or "").at(now), now=now)
    assert enter(store, None, now) is not None


def test_an_app_that_counts_is_not_exchanged_without_being_taken_away(store: Store, now: datetime) -> None:
    set_up(store, "olaf", now)
    with pytest.raises(Conflict), store.write() as session:
        factors.begin(session, account_id="olaf", now=now)
    with store.write() as session:
        factors.remove(session, account_id="olaf", now=now)
    with store.read() as session:
        assert (session.query(Authenticator).count(), session.query(RecoveryCode).count()) == (0, 0)
    assert enter(store, None, now) is not None


def test_there_are_no_recovery_codes_without_an_app(store: Store, now: datetime) -> None:
    with pytest.raises(Conflict), store.write() as session:
        factors.renew(session, account_id="olaf", now=now)
    with pytest.raises(Conflict), store.write() as session:
        factors.confirm(session, account_id="olaf", code="000000", now=now)


def test_the_database_holds_neither_secret_nor_code(store: Store, now: datetime) -> None:
    app, spare = set_up(store, "olaf", now)
    with store.read() as session:
        stored = [row.sealed_secret for row in session.query(Authenticator)]
        aliases = [row.id.encode() for row in session.query(RecoveryCode)]
    for secret in (app.secret, *spare, *(plain_code(code) for code in spare)):
        assert not any(secret.encode() in column for column in [*stored, *aliases])


def test_a_name_that_nobody_has_leaves_an_act_as_a_known_one_does(store: Store, now: datetime) -> None:
    def written(name: str) -> int:
        with store.read() as session:
            before = session.query(Act).count()
        with store.write() as session:
            actions.sign_in(session, account_id=name, right=False, now=now)
        with store.read() as session:
            return session.query(Act).count() - before

    assert written("nobody") == written("olaf") == 1


def test_during_the_pause_every_try_leaves_an_act_and_changes_nothing(store: Store, clock: MovingClock) -> None:
    for _ in range(policy.SIGN_IN_ATTEMPTS):
        enter(store, None, clock(), right=False)
    enter(store, None, clock.move(timedelta(minutes=1)))
    with store.read() as session:
        account = session.get_one(Account, "olaf")
        assert (account.failures, account.paused_until) == (0, clock() + policy.SIGN_IN_PAUSE - timedelta(minutes=1))


def test_the_policy_names_roles() -> None:
    assert frozenset(Role) >= policy.SECOND_FACTOR_FOR
    assert factors.is_needed([Role.CHECKER, Role.REGULATOR])
    assert not factors.is_needed([Role.CHECKER])
