from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from registry import policy
from registry.appeals.rules import Duty
from registry.cases.models import Step
from registry.cases.steps import replay
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.findings import actions
from registry.findings.models import Finding
from registry.findings.rules import NEXT, Kind, State, cause_of_overdue
from registry.notices.models import Message
from tests.filing import NUMBER
from tests.unit.appeals.contest import Contest

LATE = policy.DECISION_LIMIT + timedelta(seconds=1)


def demand(contest: Contest, who: str = "rex", **how: Any) -> Finding:
    said = {"member_id": "acme", "text": "Show how the tag was made.", **how}
    with contest.store.write() as session:
        return actions.demand(session, actor=contest.cast[who].actor, now=contest.now, **said)


def act(contest: Contest, verb: Any, finding: Finding, who: str, **how: Any) -> None:
    with contest.store.write() as session:
        row = session.get_one(Finding, finding.id)
        verb(session, actor=contest.cast[who].actor, finding=row, now=contest.now, **how)


def state(contest: Contest, finding: Finding) -> State:
    with contest.store.read() as session:
        row = session.get_one(Finding, finding.id)
        steps = session.query(Step).filter_by(subject=f"finding:{finding.id}").order_by(Step.number)
        table: Mapping[Any, State] = NEXT
        reached: State = replay(table, steps)
        assert reached is row.state
        return reached


def told(contest: Contest) -> list[str]:
    with contest.store.read() as session:
        return sorted(message.member_id or "" for message in session.query(Message).filter_by(kind="finding.raised"))


class TestDemands:
    def test_a_regulator_demands_and_the_member_answers(self, contest: Contest) -> None:
        finding = demand(contest, entry_id=contest.entry().id)
        assert told(contest) == ["acme"]
        act(contest, actions.answer, finding, "rui", text="The log is attached.")
        assert state(contest, finding) is State.ANSWERED
        act(contest, actions.close, finding, "rex")
        assert state(contest, finding) is State.CLOSED

    def test_its_words_are_sealed(self, contest: Contest) -> None:
        finding = demand(contest)
        assert b"tag" not in (finding.sealed_demand or b"")
        with contest.store.read() as session:
            assert actions.words_of(session, finding, "sealed_demand") == "Show how the tag was made."
            assert actions.words_of(session, finding, "sealed_answer") is None

    @pytest.mark.parametrize("who", ["rui", "cleo", "cem", "olaf", "vera"])
    def test_nobody_else_demands_or_closes(self, contest: Contest, who: str) -> None:
        with pytest.raises(Forbidden):
            demand(contest, who)
        finding = demand(contest)
        with pytest.raises(Forbidden):
            act(contest, actions.close, finding, who)

    @pytest.mark.parametrize("who", ["ben", "rex", "hana"])
    def test_nobody_answers_for_another_member(self, contest: Contest, who: str) -> None:
        finding = demand(contest)
        with pytest.raises(Forbidden):
            act(contest, actions.answer, finding, who, text="Done.")

    def test_what_is_closed_is_not_answered(self, contest: Contest) -> None:
        finding = demand(contest)
        act(contest, actions.close, finding, "rex")
        with pytest.raises(Conflict):
            act(contest, actions.answer, finding, "rui", text="Done.")

    def test_bad_input_is_refused(self, contest: Contest) -> None:
        for how, kind in (
            ({"member_id": "nobody"}, NotFound),
            ({"entry_id": "0" * 32}, NotFound),
            ({"member_id": "birch", "entry_id": contest.entry().id}, Invalid),
            ({"text": ""}, Invalid),
            ({"text": f"It is {NUMBER}."}, Invalid),
        ):
            with pytest.raises(kind):
                demand(contest, **how)


class TestOverdueAppeals:
    def raised(self, contest: Contest) -> list[Finding]:
        with contest.store.write() as session:
            return actions.overdue_appeals(session, contest.now)

    def test_a_late_duty_is_raised_once_and_the_regulator_is_told(self, drawn: Contest) -> None:
        drawn.answer().clock.move(LATE - timedelta(seconds=1))
        assert self.raised(drawn) == []
        drawn.clock.move(timedelta(seconds=1))
        (finding,) = self.raised(drawn)
        assert finding.kind is Kind.APPEAL_OVERDUE
        assert finding.cause == cause_of_overdue(drawn.appeal().id, Duty.DECIDE)
        assert finding.member_id is None
        assert told(drawn) == ["regulator"]
        assert self.raised(drawn) == []

    def test_a_member_that_is_late_is_told_itself(self, drawn: Contest) -> None:
        drawn.clock.move(policy.ANSWER_LIMIT + timedelta(seconds=1))
        (finding,) = self.raised(drawn)
        assert finding.member_id == "acme"
        assert told(drawn) == ["acme", "regulator"]

    def test_what_is_decided_is_not_late(self, drawn: Contest) -> None:
        drawn.answer().hear().votes("keep", "keep", "keep").clock.move(timedelta(days=100))
        assert self.raised(drawn) == []

    def test_a_finding_about_the_registry_is_not_the_members_to_answer(self, drawn: Contest) -> None:
        drawn.answer().clock.move(LATE)
        (finding,) = self.raised(drawn)
        with pytest.raises(Conflict):
            act(drawn, actions.answer, finding, "rui", text="Not us.")
        act(drawn, actions.close, finding, "rex")
        assert state(drawn, finding) is State.CLOSED
