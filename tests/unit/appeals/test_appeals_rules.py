from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry import policy
from registry.appeals import rules
from registry.appeals.rules import (
    CONTEST_WINDOW,
    NEXT,
    OVER,
    Duty,
    Effect,
    Facts,
    Ground,
    Lane,
    State,
    Verb,
    deadlines,
    due_effects,
    overdue,
)
from registry.cases.steps import after
from registry.errors import Conflict, Invalid

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

ALLOWED = {
    (None, "lodge", "lodged"),
    (None, "continue", "proofed"),
    ("lodged", "proof", "proofed"),
    ("proofed", "admit", "admitted"),
    ("proofed", "refuse", "inadmissible"),
    ("admitted", "answer", "answered"),
    ("admitted", "lapse", "answered"),
    ("answered", "hear", "heard"),
    ("heard", "decide", "decided"),
    ("decided", "contest", "second-instance"),
    ("decided", "close", "closed"),
    ("second-instance", "close", "closed"),
    ("proofed", "withdraw", "withdrawn"),
    ("admitted", "withdraw", "withdrawn"),
    ("answered", "withdraw", "withdrawn"),
    ("heard", "withdraw", "withdrawn"),
    ("lodged", "moot", "closed"),
    ("proofed", "moot", "closed"),
    ("admitted", "moot", "closed"),
    ("answered", "moot", "closed"),
    ("heard", "moot", "closed"),
    ("admitted", "default", "closed"),
    ("answered", "default", "closed"),
    ("heard", "default", "closed"),
}


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("state", [None, *State])
def test_every_pair_of_state_and_verb_does_what_the_table_of_this_test_says(state: State | None, verb: Verb) -> None:
    wanted = {then for before, each, then in ALLOWED if before == state and each == verb}
    if wanted:
        assert {after(NEXT, state, verb, "appeal")} == wanted
    else:
        with pytest.raises(Conflict) as refused:
            after(NEXT, state, verb, "appeal")
        assert refused.value.code == "not-allowed-now"


def test_nothing_leaves_an_appeal_that_is_over() -> None:
    assert {state for state, _ in NEXT} & OVER == set()
    assert {state for state in State if state not in {before for before, _ in NEXT}} == OVER


def facts(state: State = State.PROOFED, **known: Any) -> Facts:
    began = {"lodged_at": START, "informed_at": START, "began_at": START, "proofed_at": START}
    return Facts(**{"state": state, "lane": Lane.NORMAL, "instance": 1, **began, **known})


class TestDeadlines:
    def test_they_follow_the_policy_from_the_proof_of_identity(self) -> None:
        assert deadlines(facts(State.ADMITTED, admitted_at=START + DAY)) == {
            Duty.INFORM: START + DAY,
            Duty.ADMIT: START + DAY,
            Duty.ANSWER: START + 11 * DAY,
            Duty.DECIDE: START + 15 * DAY,
            Duty.END: START + 45 * DAY,
        }

    def test_a_clock_that_has_not_begun_has_no_date(self) -> None:
        lodged = Facts(State.LODGED, Lane.NORMAL, 1, START)
        assert deadlines(lodged) == {Duty.INFORM: START + DAY}
        assert overdue(lodged, START + 2 * DAY) == [Duty.INFORM]

    def test_the_urgent_lane_decides_in_five_days_and_asks_for_an_answer_in_a_third_of_ten(self) -> None:
        due = deadlines(facts(State.ADMITTED, lane=Lane.URGENT, admitted_at=START))
        assert due[Duty.DECIDE] == START + 5 * DAY
        assert due[Duty.ANSWER] == START + timedelta(days=3, hours=8)

    def test_the_second_instance_has_twenty_days_of_the_forty_five(self) -> None:
        due = deadlines(facts(instance=2, proofed_at=START + 25 * DAY))
        assert due[Duty.DECIDE] == START + 45 * DAY == due[Duty.END]

    def test_the_parts_fit_into_the_whole(self) -> None:
        whole = policy.DECISION_LIMIT + CONTEST_WINDOW + policy.SECOND_INSTANCE_LIMIT
        assert whole == policy.APPEAL_LIMIT
        assert timedelta() < CONTEST_WINDOW


class TestOverdue:
    def test_a_duty_is_late_only_after_its_moment(self) -> None:
        by = START + policy.DECISION_LIMIT
        heard = facts(State.HEARD, admitted_at=START)
        assert overdue(heard, by) == []
        assert overdue(heard, by + timedelta(seconds=1)) == [Duty.DECIDE]

    def test_what_was_done_is_never_late(self) -> None:
        assert overdue(facts(State.CLOSED, admitted_at=START), START + 1000 * DAY) == []
        assert overdue(facts(State.DECIDED, admitted_at=START), START + 1000 * DAY) == []

    def test_the_member_that_was_told_is_not_told_late(self) -> None:
        assert Duty.INFORM not in overdue(facts(), START + 100 * DAY)

    def test_several_can_be_late_at_once(self) -> None:
        assert overdue(facts(), START + 46 * DAY) == [Duty.ADMIT, Duty.DECIDE, Duty.END]


class TestEffects:
    def test_nothing_is_due_before_its_time(self) -> None:
        admitted = facts(State.ADMITTED, admitted_at=START)
        assert due_effects(admitted, START + policy.NONCE_LIMIT - timedelta(seconds=1)) == []

    def test_without_a_nonce_nothing_is_drawn(self) -> None:
        admitted = facts(State.ADMITTED, admitted_at=START)
        assert due_effects(admitted, START + policy.NONCE_LIMIT) == []

    def test_a_nonce_without_a_panel_is_drawn_from(self) -> None:
        assert due_effects(facts(State.ANSWERED, admitted_at=START, nonce=True), START) == [Effect.DRAW]

    def test_a_seated_panel_is_not_drawn_again(self) -> None:
        seated = facts(State.ANSWERED, admitted_at=START, nonce=True, seated=True)
        assert due_effects(seated, START + 100 * DAY) == []

    def test_silence_counts_from_the_moment_on_which_the_time_is_over(self) -> None:
        silent = facts(State.ADMITTED, admitted_at=START, nonce=True, seated=True)
        limit = START + policy.ANSWER_LIMIT
        assert due_effects(silent, limit - timedelta(seconds=1)) == []
        assert due_effects(silent, limit) == [Effect.SILENCE]
        assert due_effects(replace(silent, state=State.ANSWERED), limit) == []

    def test_a_decision_that_nobody_contests_closes(self) -> None:
        decided = facts(State.DECIDED, decided_at=START)
        assert due_effects(decided, START + CONTEST_WINDOW - timedelta(seconds=1)) == []
        assert due_effects(decided, START + CONTEST_WINDOW) == [Effect.CLOSE]

    def test_what_is_gone_needs_no_decision_and_nothing_else(self) -> None:
        silent = facts(State.ADMITTED, admitted_at=START, gone=True)
        assert due_effects(silent, START + 100 * DAY) == [Effect.MOOT]

    def test_what_a_panel_has_decided_is_not_moot(self) -> None:
        assert due_effects(facts(State.DECIDED, decided_at=START, gone=True), START) == []


def test_grounds_are_read_from_their_names() -> None:
    assert rules.read_grounds(["wrong-person", "court-outcome"]) == [Ground.COURT_OUTCOME, Ground.WRONG_PERSON]
    assert rules.read_lane("urgent") is Lane.URGENT


@pytest.mark.parametrize("names", [[], ["not-true", "not-true"], ["not-true", "unfair"]])
def test_grounds_are_at_least_one_each_once_and_from_the_list(names: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.read_grounds(names)
    assert refused.value.field == "grounds"


def test_the_first_draw_of_a_case_has_its_number_and_later_ones_say_which() -> None:
    assert rules.draw_name("ZL-7F3K-9QX2", 1) == "ZL-7F3K-9QX2"
    assert rules.draw_name("ZL-7F3K-9QX2", 3) == "ZL-7F3K-9QX2/3"
