"""Whether somebody was hired: how long the registry knows whom a check was about, and who is told of a listing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry.checks import outcome
from registry.checks.models import Check
from registry.checks.sweep import sweep
from registry.db import Store
from registry.errors import Conflict, NotFound
from registry.keys.holder import Holder
from registry.policy import CHECK_KEPT, CHECK_KEPT_HIRED
from registry.recalls.queries import concerned
from registry.recalls.rules import Reason
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check, list_person, people

SECOND = timedelta(seconds=1)


@pytest.fixture
def asked(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> str:
    """The id of birch's check of one hire."""
    check(store, holder, people(1), cast.hana.actor, clock())
    with store.read() as session:
        return session.query(Check).one().id


def close(store: Store, cast: Cast, clock: MovingClock, id: str, *, hired: bool, who: str = "hana") -> None:
    with store.write() as session:
        outcome.close(session, actor=cast[who].actor, check_id=id, hired=hired, now=clock())


def is_known(store: Store, clock: MovingClock) -> bool:
    with store.write() as session:
        sweep(session, now=clock())
    with store.read() as session:
        row = session.query(Check).one()
        assert (row.handle is None) == (row.blind is None)
        return row.handle is not None


@pytest.mark.parametrize(("hired", "kept"), [(None, CHECK_KEPT), (False, CHECK_KEPT), (True, CHECK_KEPT_HIRED)])
def test_the_handle_leaves_after_90_days_or_a_year(
    store: Store, cast: Cast, clock: MovingClock, asked: str, hired: bool | None, kept: timedelta
) -> None:
    if hired is not None:
        close(store, cast, clock, asked, hired=hired)
    clock.move(kept - SECOND)
    assert is_known(store, clock)
    clock.move(SECOND)
    assert not is_known(store, clock)
    assert unattested(store) == set()


@pytest.mark.parametrize("hired", [True, False])
def test_only_whoever_is_not_out_is_told_of_a_listing(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock, asked: str, hired: bool
) -> None:
    close(store, cast, clock, asked, hired=hired)
    entry = list_person(store, holder, cast, people(1)[0], clock.move(SECOND))
    with store.read() as session:
        assert bool(concerned(session, entry, Reason.LISTED, clock())) is hired


def test_it_is_said_once_for_good(store: Store, cast: Cast, clock: MovingClock, asked: str) -> None:
    close(store, cast, clock, asked, hired=True)
    close(store, cast, clock, asked, hired=True)
    with pytest.raises(Conflict):
        close(store, cast, clock, asked, hired=False)


def test_a_check_of_staff_or_one_that_is_forgotten_has_no_outcome(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock, asked: str
) -> None:
    staff = check(store, holder, people(1), cast.hana.actor, clock(), purpose="present-staff").answers[0]["id"]
    with pytest.raises(Conflict):
        close(store, cast, clock, str(staff), hired=True)
    clock.move(CHECK_KEPT)
    with store.write() as session:
        sweep(session, now=clock())
    with pytest.raises(Conflict):
        close(store, cast, clock, asked, hired=True)


def test_nobody_elses_check_is_closed(store: Store, cast: Cast, clock: MovingClock, asked: str) -> None:
    for who in ("ben", "rex", "rui"):
        with pytest.raises(NotFound):
            close(store, cast, clock, asked, hired=True, who=who)
