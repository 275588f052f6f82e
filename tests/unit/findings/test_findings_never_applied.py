"""The subject reads who has checked them, and says that they never applied."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry.appeals.listing import list_due
from registry.cases.models import Case
from registry.checks.actions import details
from registry.checks.asked import Asked
from registry.checks.rules import Outcome
from registry.checks.sweep import sweep
from registry.errors import Conflict, Forbidden, NotFound
from registry.findings import actions
from registry.findings.models import Finding
from registry.findings.never_applied import checks_of, disputed, escalate_due, never_applied
from registry.findings.rules import Kind, State
from registry.identity.document import parse
from registry.notices.models import Message
from registry.policy import CHECK_KEPT, NEVER_APPLIED_ANSWER, RESPONSE_WINDOW, Consent, Purpose
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from tests.accused import Accused, accuse
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import MovingClock, Store
from tests.filing import Holder
from tests.listing import check, people


@pytest.fixture
def accused(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Accused:
    return accuse(store, cast, holder, clock)


def asked(accused: Accused) -> list[Asked]:
    with accused.store.write() as session:
        return checks_of(session, case=session.get_one(Case, accused.case_id), now=accused.clock())


def ask(accused: Accused) -> str:
    """Birch checks them; the id."""
    batch = check(accused.store, accused.holder, [parse(accused.number)], accused.cast.hana.actor, accused.clock())
    return str(batch.answers[0]["id"])


def dispute(accused: Accused, id: str) -> Finding:
    with accused.store.write() as session:
        return never_applied(session, case=session.get_one(Case, accused.case_id), check_id=id, now=accused.clock())


def listed(accused: Accused) -> None:
    accused.clock.move(RESPONSE_WINDOW)
    with accused.store.write() as session:
        for entry in list_due(session, now=accused.clock()):
            issue(session, entry, Reason.LISTED, accused.clock())


def test_checks_before_and_after_the_listing_are_known_with_what_was_shown(accused: Accused) -> None:
    before = ask(accused.proofed())
    check(accused.store, accused.holder, people(2), accused.cast.hana.actor, accused.clock())  # others
    listed(accused)
    after = ask(accused)
    read = accused.clock.move(timedelta(hours=1))
    with accused.store.write() as session:
        details(session, actor=accused.cast.hana.actor, check_id=after, now=read)
    second, first = asked(accused)
    assert (first.check_id, first.outcome, first.was_told_later, first.read_at) == (before, Outcome.NO_ENTRY, True, ())
    assert (second.check_id, second.outcome, second.read_at) == (after, Outcome.ENTRY, (read,))
    assert (second.member, second.purpose, second.consent) == ("Birch", Purpose.HIRING, Consent.DECLARED)


def test_a_forgotten_check_is_gone_unless_it_was_shown_the_entry(accused: Accused) -> None:
    ask(accused.proofed())
    accused.clock.move(CHECK_KEPT)
    after = ask(accused)
    listed(accused)
    last = ask(accused)
    with accused.store.write() as session:
        sweep(session, now=accused.clock.move(CHECK_KEPT))
    assert [row.check_id for row in asked(accused)] == [last, after]


def test_without_a_proofed_identity_nothing_is_said(accused: Accused) -> None:
    id = ask(accused)
    with pytest.raises(Forbidden):
        asked(accused)
    with pytest.raises(Forbidden):
        dispute(accused, id)


def test_never_applied_opens_a_finding_that_the_member_answers(accused: Accused) -> None:
    id = ask(accused.proofed())
    row = dispute(accused, id)
    assert (row.kind, row.member_id, row.due_at) == (
        Kind.NEVER_APPLIED,
        "birch",
        accused.clock() + NEVER_APPLIED_ANSWER,
    )
    with accused.store.read() as session:
        told = {message.member_id for message in session.query(Message).filter_by(kind="finding.raised")}
        assert "never applied" in str(actions.words_of(session, row, "sealed_demand"))
    assert told == {"birch", "regulator"}
    with accused.store.write() as session:
        row = session.get_one(Finding, row.id)
        actions.answer(session, actor=accused.cast.hana.actor, finding=row, text="Attached.", now=accused.clock())
    with accused.store.read() as session:
        assert disputed(session, session.get_one(Case, accused.case_id)) == {id: State.ANSWERED}
    assert unattested(accused.store) == set()


def test_it_is_said_once_and_only_of_ones_own_checks(accused: Accused) -> None:
    id = ask(accused.proofed())
    other = check(accused.store, accused.holder, people(1), accused.cast.hana.actor, accused.clock()).answers[0]["id"]
    dispute(accused, id)
    with pytest.raises(Conflict):
        dispute(accused, id)
    with pytest.raises(NotFound):
        dispute(accused, str(other))


def escalated(accused: Accused) -> int:
    with accused.store.write() as session:
        return len(escalate_due(session, accused.clock()))


def test_silence_is_told_to_the_regulators_once(accused: Accused) -> None:
    dispute(accused, ask(accused.proofed()))
    accused.clock.move(NEVER_APPLIED_ANSWER - timedelta(seconds=1))
    assert escalated(accused) == 0
    accused.clock.move(timedelta(seconds=1))
    assert (escalated(accused), escalated(accused)) == (1, 0)
    with accused.store.read() as session:
        assert [m.member_id for m in session.query(Message).filter_by(kind="finding.overdue")] == ["regulator"]
    assert unattested(accused.store) == set()
