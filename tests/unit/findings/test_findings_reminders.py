"""Whoever owes something is reminded before its date, once for each lead that the policy names."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry import policy
from registry.db import new_id
from registry.entries.models import Entry
from registry.findings.actions import demand
from registry.findings.reminders import remind_due
from registry.findings.rules import reminder_due
from registry.log.actions import record
from registry.notices.models import Message
from registry.policy import DAY
from registry.recalls.models import Recall
from registry.recalls.rules import Reason
from tests.attested import unattested
from tests.conftest import START
from tests.unit.appeals.contest import Contest

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("given", "left", "lead"),
    [
        (10 * DAY, 3 * DAY + SECOND, None),
        (10 * DAY, 3 * DAY, 3 * DAY),
        (10 * DAY, 1 * DAY, 1 * DAY),
        (10 * DAY, SECOND, 1 * DAY),
        (10 * DAY, timedelta(), None),  # too late to remind
        (3 * DAY, 3 * DAY, None),  # it would come with the demand itself
        (3 * DAY, 1 * DAY, 1 * DAY),
        (1 * DAY, SECOND, None),
    ],
)
def test_which_reminder_is_due(given: timedelta, left: timedelta, lead: timedelta | None) -> None:
    by = START + given
    assert reminder_due(since=START, by=by, now=by - left) == lead


def reminded(contest: Contest) -> list[tuple[str, str]]:
    """(duty, member) of what was sent in one round."""
    with contest.store.write() as session:
        before = set(session.scalars(sa.select(Message.id)))
        remind_due(session, contest.now)
        session.flush()
        sent = session.scalars(sa.select(Message).where(Message.kind == "reminder", Message.id.not_in(before)))
        return sorted((message.payload["duty"], message.member_id or "") for message in sent)


def test_the_member_is_reminded_of_its_answer_twice(drawn: Contest) -> None:
    admitted = drawn.appeal().admitted_at
    assert admitted is not None
    seen = []
    for days in range(policy.ANSWER_LIMIT // DAY + 1):
        drawn.clock.at = admitted + days * DAY
        seen += [(days, duty, who) for duty, who in reminded(drawn) if duty == "appeal-answer"]
        assert reminded(drawn) == []
    assert seen == [(7, "appeal-answer", "acme"), (9, "appeal-answer", "acme")]
    assert unattested(drawn.store) == set()


def test_the_panels_members_are_reminded_of_the_decision(drawn: Contest) -> None:
    drawn.answer().clock.move(policy.DECISION_LIMIT - 3 * DAY)
    assert reminded(drawn) == sorted(("appeal-decide", seat.member_id) for seat in drawn.seats())


def test_who_has_voted_is_not_reminded(drawn: Contest) -> None:
    voter = drawn.answer().hear().panel()[0]
    drawn.vote(voter, "keep").clock.move(policy.DECISION_LIMIT - 3 * DAY)
    assert len(reminded(drawn)) == policy.SEATS - 1
    assert ("appeal-decide", voter.member_id) not in reminded(drawn)


def test_before_there_is_a_panel_the_clerks_are_reminded(contest: Contest) -> None:
    contest.lodge().attest().clock.move(policy.DECISION_LIMIT - 1 * DAY)
    assert ("appeal-decide", "association") in reminded(contest)


def test_a_regulator_is_asked_to_sign_for_a_silent_subject(contest: Contest) -> None:
    contest.admitted().sequence().clock.move(policy.DECISION_LIMIT - 3 * DAY)
    assert ("appeal-silence", "regulator") in reminded(contest)


def test_a_recall_is_reminded_of_a_day_before_the_regulator_is_told(contest: Contest) -> None:
    with contest.store.write() as session:
        entry = session.scalars(sa.select(Entry)).one()
        about = {"id": new_id(), "entry_id": entry.id, "case_id": entry.case_id, "member_id": "birch"}
        session.add(Recall(**about, reason=Reason.VOIDED, issued_at=contest.now))
        record(session, "test", actor="system:test", now=contest.now)
    contest.clock.move(policy.RECALL_ACK - DAY)
    assert reminded(contest) == [("recall", "birch")]


def test_a_finding_is_reminded_of_until_it_is_answered(contest: Contest) -> None:
    with contest.store.write() as session:
        demand(session, actor=contest.cast.rex.actor, member_id="birch", text="Explain.", now=contest.now)
    contest.clock.move(policy.FINDING_ANSWER - DAY)
    assert reminded(contest) == [("finding", "birch")]


def test_whoever_acted_in_time_is_left_alone(drawn: Contest) -> None:
    drawn.answer().hear().votes("void", "void", "void").clock.move(policy.DECISION_LIMIT - DAY)
    assert reminded(drawn) == []
