"""Random acts by random people in several cases while time goes by: the exported log alone shows a fair process.

Many moves are the next right thing in some case, so that cases come far; the others are any verb by anybody. What is
refused is refused with a sentence, and has changed nothing. In the end somebody who has nothing but the export and the
log's key judges it, and finds no breach.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from registry import access, policy
from registry.cases.models import Step
from registry.errors import ZiluError
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.log.models import Act
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER, OTHER_NUMBER, tag_of
from tests.house import opened
from tests.properties import amendment_verbs, appeal_verbs, authority_verbs, filing_verbs
from tests.properties.right_way import next_right
from tests.properties.trial import VERBS, Trial

MODULES = (filing_verbs, amendment_verbs, appeal_verbs, authority_verbs)  # whose verbs VERBS has
PEOPLE = (
    "rui", "ana", "ben", "bao", "hana", "cem", "dag", "eva", "cleo", "sol", "lin", "uma", "pia", "tao", "vera", "rex",
    "olaf",
)  # fmt: skip
HOUR = timedelta(hours=1)
PAUSES = [HOUR, policy.DAY, policy.RECALL_ACK, policy.ANSWER_LIMIT, policy.RESPONSE_WINDOW, 90 * policy.DAY]
places, dice = st.integers(0, 2), st.integers(0, 11)


class DueProcess(RuleBasedStateMachine):
    """Filled in by the test, for Hypothesis makes the machine itself."""

    founded: tuple[Path, Cast]
    holder: Holder
    clock: MovingClock

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        house = self.open.enter_context(opened(self.founded, self.holder, self.clock))
        numbers = (NUMBER, OTHER_NUMBER)
        self.trial = Trial(house, [(tag_of(self.holder, number), parse(number)) for number in numbers])
        self.is_judged = True

    @rule(place=places, dice=dice)
    def right(self, place: int, dice: int) -> None:
        """What should happen next in the case, by whom it is for; else time goes by."""
        with self.trial.house.store.read() as session:
            following = next_right(self.trial, session, place, dice)
        if following is None:
            self.trial.house.pass_time(policy.RESPONSE_WINDOW)
        else:
            self.tried(*following, place, dice)
            self.trial.house.draw()

    @rule(who=st.sampled_from(PEOPLE), place=places, dice=dice)
    def wrong_hand(self, who: str, place: int, dice: int) -> None:
        """The same, by anybody."""
        with self.trial.house.store.read() as session:
            following = next_right(self.trial, session, place, dice)
        if following is not None:
            self.tried(following[0], who, place, dice)

    @rule(name=st.sampled_from(sorted(VERBS)), who=st.sampled_from(PEOPLE), place=places, dice=dice)
    def stray(self, name: str, who: str, place: int, dice: int) -> None:
        self.tried(name, who, place, dice)

    @rule(by=st.sampled_from(PAUSES))
    def wait(self, by: timedelta) -> None:
        self.trial.house.pass_time(by)

    @precondition(lambda self: not self.is_judged)
    @rule()
    def judge(self) -> None:
        verdict = self.trial.house.judged()
        assert [str(breach) for breach in verdict.breaches] == []
        self.is_judged = True

    def tried(self, name: str, who: str, place: int, dice: int) -> None:
        """Either it is done, or it is refused with a sentence and has changed nothing."""
        house, before = self.trial.house, self.size()
        self.is_judged = False
        try:
            with house.store.write() as session:
                VERBS[name](self.trial, session, house.cast[who], place, dice)
        except LookupError:
            refused = "there is nothing to try it on"
        except ZiluError as error:
            refused = error.message
        else:
            return
        assert refused
        assert self.size() == before

    def size(self) -> tuple[int | None, int | None]:
        """Every write has an act."""
        with self.trial.house.store.read() as session:
            return session.scalar(sa.select(sa.func.max(Act.id))), session.scalar(sa.select(sa.func.count(Step.id)))

    def teardown(self) -> None:
        try:
            assert [str(breach) for breach in self.trial.house.judged().breaches] == []
        finally:
            self.open.close()


def machine_of(founded: tuple[Path, Cast], holder: Holder, clock: MovingClock) -> type[DueProcess]:
    return type("Machine", (DueProcess,), {"founded": founded, "holder": holder, "clock": clock})


def run(founded: tuple[Path, Cast], holder: Holder, clock: MovingClock, **how: int) -> None:
    machine = machine_of(founded, holder, clock)
    phases, slow = (Phase.explicit, Phase.generate), list(HealthCheck)
    run_state_machine_as_test(
        machine,
        settings=settings(deadline=None, phases=phases, suppress_health_check=slow, derandomize=True, **how),  # type: ignore[arg-type]
    )


def test_whatever_is_tried_the_process_is_fair(founded: tuple[Path, Cast], holder: Holder, clock: MovingClock) -> None:
    run(founded, holder, clock, max_examples=2, stateful_step_count=24)


def test_a_registry_without_a_guard_is_found_out(
    founded: tuple[Path, Cast], holder: Holder, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the machine would prove nothing: whoever asks may, and the judge says so."""
    monkeypatch.setattr(access, "allowed", lambda *_, **__: True)
    machine = machine_of(founded, holder, clock)()
    machine.right(0, 4)
    machine.wrong_hand("rex", 0, 4)
    with pytest.raises(AssertionError, match="in a case that another member filed"):
        machine.teardown()


@pytest.mark.long
def test_whatever_is_tried_thousands_of_times(founded: tuple[Path, Cast], holder: Holder, clock: MovingClock) -> None:
    run(founded, holder, clock, max_examples=20, stateful_step_count=120)


def test_the_right_way_leads_through_the_whole_process(
    founded: tuple[Path, Cast], holder: Holder, clock: MovingClock
) -> None:
    """Else the machine would prove nothing: it goes through every state of an appeal, and to an erasure."""
    machine = machine_of(founded, holder, clock)()
    try:
        for _ in range(36):
            machine.right(0, 4)
        with machine.trial.house.store.read() as session:
            reached = set(session.scalars(sa.select(Step.after)))
    finally:
        machine.teardown()
    assert reached >= {"listed", "heard", "decided", "voided", "closed", "executed"}
