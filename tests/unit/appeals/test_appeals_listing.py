"""What could not be contested twice is not listed, and whoever keeps the roster is told why."""

from __future__ import annotations

from datetime import datetime

import pytest

from registry.accounts.actions import close_account, open_account
from registry.accounts.rules import Role
from registry.appeals import admission, listing, pool
from registry.appeals.rules import seats_both
from registry.db import Store
from registry.entries.models import Entry
from registry.errors import Conflict
from registry.keys.holder import Holder
from registry.members.actions import set_standing
from registry.members.models import Standing
from registry.policy import RESPONSE_WINDOW
from registry.reports.models import Report
from tests.cast import Cast
from tests.filing import Filing


@pytest.mark.parametrize(
    ("members", "enough"),
    [
        ("abcdef", True),
        ("abcde", False),
        ("aabbcc", True),
        ("aabbc", False),  # the first panel takes the only one of c, and a and b are two
        ("aabbcde", False),
        ("aabbccd", True),
        ("aaaaaa", False),
        ("", False),
    ],
)
def test_two_panels_of_distinct_members_whoever_is_drawn_first(members: str, enough: bool) -> None:
    assert seats_both(members) is enough


def noticed(store: Store, cast: Cast, holder: Holder, now: datetime) -> Filing:
    return Filing(store, cast, holder, now).noticed(now)


def listed(filing: Filing, now: datetime) -> list[Entry]:
    with filing.store.write() as session:
        return listing.list_due(session, now=now + RESPONSE_WINDOW)


def unseatable(store: Store) -> list[str]:
    with store.read() as session:
        return pool.unseatable(session)


def test_with_the_whole_cast_every_case_could_be_seated(store: Store) -> None:
    assert unseatable(store) == []


def test_a_report_waits_until_its_appeals_could_be_seated(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filing, admin = noticed(store, cast, holder, now), cast["bar-admin"].actor
    with store.write() as session:
        close_account(session, account_id="bar-panel", actor=admin, now=now)
    assert listed(filing, now) == []
    with store.write() as session, pytest.raises(Conflict) as refused:
        listing.list_report(session, session.get_one(Report, filing.id), now=now + RESPONSE_WINDOW)
    assert refused.value.code == "not-seatable"
    with store.write() as session:
        open_account(session, id="bar-2", member_id="bar", name="Po", roles=[Role.PANELIST], actor=admin, now=now)
    assert len(listed(filing, now)) == 1


def test_it_is_about_the_members_whose_cases_could_not_be_seated(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        set_standing(session, member_id="union", standing=Standing.SUSPENDED, actor="olaf", now=now)
    assert unseatable(store) == ["acme", "cedar", "dora", "eagle"]  # birch's may be heard by six others


@pytest.mark.parametrize("about", ["member", "case"])
def test_who_declared_an_interest_does_not_count(
    store: Store, cast: Cast, holder: Holder, now: datetime, about: str
) -> None:
    filing = noticed(store, cast, holder, now)
    what = {"member_id": "acme"} if about == "member" else {"case_number": filing.number}
    with store.write() as session:
        admission.declare(session, actor=cast.lin.actor, now=now, **what)
    assert listed(filing, now) == []


def test_who_may_have_to_stand_aside_does_not_count(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    filing, admin = noticed(store, cast, holder, now), cast["bar-admin"].actor
    both = [Role.PANELIST, Role.SCREENER]
    with store.write() as session:
        close_account(session, account_id="bar-panel", actor=admin, now=now)
        open_account(session, id="bar-2", member_id="bar", name="Po", roles=both, actor=admin, now=now)
    assert listed(filing, now) == []


def test_one_member_without_panelists_keeps_no_other_from_listing(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filing = noticed(store, cast, holder, now)
    with store.write() as session:
        for who in ("lin", "uma"):
            admission.declare(session, actor=cast[who].actor, now=now, member_id="cedar")
    assert unseatable(store) == ["cedar"]
    assert len(listed(filing, now)) == 1
