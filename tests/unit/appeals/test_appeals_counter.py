"""Two officers of one verifier at a counter are a proof of identity; one alone is none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry import base64url
from registry.accounts.actions import actor_of, open_account
from registry.accounts.rules import Role
from registry.appeals import counter
from registry.appeals.actions import proofed
from registry.appeals.rules import State
from registry.cases.models import Case
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.keys.holder import Holder
from registry.members.actions import admit
from registry.members.models import Kind
from registry.policy import COUNTER_WITHIN
from tests.accused import Accused, accuse
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import any_tag


@pytest.fixture
def accused(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Accused:
    """Their case; beside vera a second officer of the notary, and one of another verifier."""
    now = clock()
    with store.write() as session:
        admit(session, id="bank", name="Bank", kind=Kind.VERIFIER, headcount=0, actor="olaf", now=now)
        roles = {
            "notary-two": ("notary", Role.VERIFIER, "notary-admin"),
            "bank-admin": ("bank", Role.MEMBER_ADMIN, "olaf"),
        }
        for account, (member, role, by) in {**roles, "bank-one": ("bank", Role.VERIFIER, "bank-admin")}.items():
            boss = actor_of(session, by)
            open_account(session, id=account, member_id=member, name="N.", roles=[role], actor=boss, now=now)
    return accuse(store, cast, holder, clock).lodged()


def sight(accused: Accused, account: str = "notary-counter", tag: bytes | None = None, number: str = "") -> bool:
    """Whether the identity is proven then."""
    with accused.store.write() as session:
        counter.confirm(
            session,
            actor=actor_of(session, account),
            number=number or accused.case_number,
            tag=base64url.encode(tag or accused.filing.tag),
            now=accused.clock(),
        )
        return proofed(session, session.get_one(Case, accused.case_id))


def test_the_second_officer_proves_it_and_the_appeal_moves_on(accused: Accused) -> None:
    assert not sight(accused)
    assert accused.appeal().state is State.LODGED
    accused.clock.move(COUNTER_WITHIN - timedelta(seconds=1))
    assert sight(accused, "notary-two")
    assert accused.appeal().state is State.PROOFED
    assert unattested(accused.store) == set()


def test_one_officer_twice_is_one(accused: Accused) -> None:
    assert not sight(accused)
    assert not sight(accused)
    accused.clock.move(COUNTER_WITHIN)
    assert not sight(accused)


def test_officers_of_two_houses_or_a_day_apart_are_not_two(accused: Accused) -> None:
    assert not sight(accused)
    assert not sight(accused, "bank-one")
    accused.clock.move(COUNTER_WITHIN)
    assert not sight(accused, "notary-two")
    assert sight(accused)


def test_another_person_is_nobody_of_this_case(accused: Accused) -> None:
    with pytest.raises(Conflict, match="not the person"):
        sight(accused, tag=any_tag(9))
    with pytest.raises(Invalid):
        sight(accused, tag=bytes(32))
    with pytest.raises(NotFound):
        sight(accused, number="ZL-0000-0000")
    for account in ("clerk", "acme-security", "inspector", "olaf"):
        with pytest.raises(Forbidden):
            sight(accused, account)
