"""A watch keeps a check of present staff open, is paid for each time, and ends by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry.checks.models import Allowance, Check
from registry.db import Store
from registry.entries.actions import suspend, void
from registry.entries.models import Entry
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.identity.document import Document
from registry.keys.holder import Holder
from registry.policy import DAY, WATCH_AT_MOST
from registry.recalls.actions import issue
from registry.recalls.changes import LAG, changes
from registry.recalls.models import Recall
from registry.recalls.rules import Reason
from registry.watches import actions
from registry.watches.models import Watch
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check, list_person, people

HOUR = timedelta(hours=1)


class Staff:
    """birch watches its people."""

    def __init__(self, store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
        self.store, self.holder, self.cast, self.clock = store, holder, cast, clock
        self.person, self.other = people(2)

    @property
    def now(self) -> datetime:
        return self.clock()

    def checked(self, person: Document, *, purpose: str = "present-staff", who: str = "hana") -> str:
        asked = check(self.store, self.holder, [person], self.cast[who].actor, self.now, purpose=purpose)
        return str(asked.answers[0]["id"])

    def begin(self, *checks: str, days: int = 100, who: str = "hana") -> list[Watch]:
        with self.store.write() as session:
            return actions.begin(session, actor=self.cast[who].actor, checks=checks, days=days, now=self.now)

    def listed(self, at: datetime) -> list[str]:
        """The members that are told of a listing at that time."""
        entry = list_person(self.store, self.holder, self.cast, self.person, at)
        with self.store.write() as session:
            recalls = issue(session, session.get_one(Entry, entry.id), Reason.LISTED, at)
            return [recall.member_id for recall in recalls]


@pytest.fixture
def staff(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> Staff:
    return Staff(store, holder, cast, clock)


def test_a_listing_meanwhile_is_told(staff: Staff) -> None:
    staff.begin(staff.checked(staff.person), days=100)
    assert staff.listed(staff.now + 100 * DAY - HOUR) == ["birch"]
    assert unattested(staff.store) == set()


def test_without_a_watch_present_staff_is_over_with_the_answer(staff: Staff) -> None:
    staff.checked(staff.person)
    assert staff.listed(staff.now + HOUR) == []


def test_it_ends_by_itself(staff: Staff) -> None:
    staff.begin(staff.checked(staff.person), days=100)
    assert staff.listed(staff.now + 100 * DAY) == []


def test_a_cancelled_watch_tells_nothing_and_forgets_as_any_check(staff: Staff) -> None:
    id = staff.checked(staff.person)
    with staff.store.read() as session:
        kept = session.get_one(Check, id).kept_until
    (watch,) = staff.begin(id, days=365)
    for _ in range(2):
        with staff.store.write() as session:
            actions.cancel(session, actor=staff.cast.hana.actor, watch_id=watch.id, now=staff.now + HOUR)
    assert staff.listed(staff.now + DAY) == []
    with staff.store.read() as session:
        assert session.get_one(Check, id).kept_until == kept
    with staff.store.write() as session:
        assert actions.page(session, actor=staff.cast.hana.actor, now=staff.now) == []


def test_to_renew_takes_a_new_check_of_the_same_person_which_costs_what_a_check_costs(staff: Staff) -> None:
    (watch,) = staff.begin(staff.checked(staff.person), days=10)
    staff.clock.move(9 * DAY)
    other, again = staff.checked(staff.other), staff.checked(staff.person)
    with staff.store.read() as session:
        spent = session.scalars(sa.select(Allowance.used).where(Allowance.scope == "member:birch")).all()
    assert sum(spent) == 3
    with staff.store.write() as session, pytest.raises(Invalid) as refused:
        actions.renew(session, actor=staff.cast.hana.actor, watch_id=watch.id, check_id=other, days=10, now=staff.now)
    assert refused.value.code == "another-person"
    with staff.store.write() as session:
        actions.renew(session, actor=staff.cast.hana.actor, watch_id=watch.id, check_id=again, days=10, now=staff.now)
    assert staff.listed(staff.now + 10 * DAY - HOUR) == ["birch"]


def test_what_is_over_is_not_renewed(staff: Staff) -> None:
    (watch,) = staff.begin(staff.checked(staff.person), days=10)
    staff.clock.move(10 * DAY)
    again = staff.checked(staff.person)
    with staff.store.write() as session, pytest.raises(Conflict):
        actions.renew(session, actor=staff.cast.hana.actor, watch_id=watch.id, check_id=again, days=10, now=staff.now)


def test_bad_beginnings_are_refused(staff: Staff) -> None:
    hire, fresh = staff.checked(staff.other, purpose="hiring"), staff.checked(staff.person)
    for checks, days, kind in (
        ((), 10, Invalid),
        ((fresh, fresh), 10, Invalid),
        ((fresh,), 0, Invalid),
        ((fresh,), WATCH_AT_MOST // DAY + 1, Invalid),
        ((hire,), 10, Invalid),
        (("0" * 32,), 10, NotFound),
    ):
        with pytest.raises(kind):
            staff.begin(*checks, days=days)
    staff.begin(fresh)
    with pytest.raises(Conflict) as refused:
        staff.begin(fresh)
    assert refused.value.code == "watched"


def test_an_old_check_begins_no_watch(staff: Staff) -> None:
    old = staff.checked(staff.person)
    staff.clock.move(DAY + HOUR)
    with pytest.raises(Conflict) as refused:
        staff.begin(old)
    assert refused.value.code == "check-old"


@pytest.mark.parametrize("who", ["rui", "cleo", "rex", "olaf"])
def test_only_checkers_watch(staff: Staff, who: str) -> None:
    id = staff.checked(staff.person)
    with pytest.raises(Forbidden):
        staff.begin(id, who=who)


def test_another_members_watch_is_not_to_be_found(staff: Staff) -> None:
    (watch,) = staff.begin(staff.checked(staff.person))
    with staff.store.write() as session, pytest.raises(NotFound):
        actions.cancel(session, actor=staff.cast.rui.actor, watch_id=watch.id, now=staff.now)


def seen(staff: Staff, who: str, at: datetime, cursor: str | None = None) -> tuple[list[str], str]:
    with staff.store.read() as session:
        found = changes(session, actor=staff.cast[who].actor, cursor=cursor, now=at)
        return [step.verb for _, step in found.rows], found.cursor


def test_the_feed_goes_to_whom_it_concerns_and_goes_on_from_its_cursor(staff: Staff) -> None:
    staff.begin(staff.checked(staff.person))
    at = staff.now + DAY
    assert staff.listed(at) == ["birch"]
    with staff.store.write() as session:
        suspend(session, session.scalars(sa.select(Entry)).one(), actor_id="olaf", now=at, reason="order")
    late = at + LAG
    assert seen(staff, "hana", at)[0] == []  # not before everything of that moment is there
    for who in ("hana", "rui", "rex"):
        assert seen(staff, who, late)[0] == ["suspend"], who
    assert seen(staff, "ben", late)[0] == ["suspend"]  # of birch too
    _, cursor = seen(staff, "hana", late)
    with staff.store.write() as session:
        entry = session.scalars(sa.select(Entry)).one()
        void(session, entry, actor_id="olaf", now=late, reason="order")
    assert seen(staff, "hana", late + LAG, cursor)[0] == ["void"]
    _, end = seen(staff, "hana", late + LAG, cursor)
    assert seen(staff, "hana", late + LAG, end) == ([], end)


def test_whom_an_entry_does_not_concern_sees_nothing(staff: Staff) -> None:
    assert staff.listed(staff.now + DAY) == []
    assert seen(staff, "hana", staff.now + 2 * DAY)[0] == []
    with staff.store.read() as session:
        assert session.scalars(sa.select(Recall)).all() == []
    with pytest.raises(Forbidden):
        seen(staff, "cleo", staff.now)


@pytest.mark.parametrize("cursor", ["x", "", "W10", "bnVsbA", "WzEsMl0", "WzFlOTksIngiXQ", "é"])
def test_a_cursor_that_we_did_not_give_is_refused(staff: Staff, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        seen(staff, "hana", staff.now, cursor)
    assert refused.value.field == "cursor"
