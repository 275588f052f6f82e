"""The public learns what was decided and how long it took, and of nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry import policy
from registry.findings.actions import overturned_too_often, restrain
from registry.findings.rules import Kind
from registry.panels import statistics
from registry.panels.rules import Choice
from registry.panels.statistics import Overturned, Published, is_too_often
from registry.restraints import actions as restraints
from tests.unit.appeals.contest import Contest


def test_a_decision_is_published_without_a_person_in_it(drawn: Contest) -> None:
    drawn.answer().hear().votes("keep", "keep", "void")
    with drawn.store.read() as session:
        (published,) = statistics.decisions(session)
    month = f"{drawn.now:%Y-%m}"
    assert published == Published(month, 1, published.lane, ("not-true",), "sale", Choice.KEEP, unanimous=False)
    assert drawn.number not in repr(published)


def test_steps_are_measured_against_their_targets(drawn: Contest) -> None:
    drawn.answer().hear().clock.move(policy.DECISION_LIMIT + timedelta(seconds=1))
    drawn.votes("void", "void", "void")
    with drawn.store.read() as session:
        steps = {took.step: took for took in statistics.durations(session, since=drawn.now - timedelta(days=365))}
        assert statistics.durations(session, since=drawn.now) == []
    assert (steps["admit"].count, steps["admit"].in_time) == (1, 1)
    assert (steps["decide"].count, steps["decide"].in_time) == (1, 0)
    assert steps["decide"].longest > policy.DECISION_LIMIT


@pytest.mark.parametrize(("choice", "fell"), [("keep", 0), ("void", 1), ("suspend", 1)])
def test_what_did_not_stand_as_it_was_is_overturned(drawn: Contest, choice: str, fell: int) -> None:
    drawn.answer().hear().votes(choice, choice, choice)
    with drawn.store.read() as session:
        assert statistics.overturned(session, now=drawn.now) == [Overturned("acme", 1, fell)]
        later = drawn.now + policy.OVERTURN_LOOKS_BACK
        assert statistics.overturned(session, now=later) == []


@pytest.mark.parametrize(
    ("decided", "fell", "too_often"), [(10, 1, False), (10, 2, True), (9, 9, False), (100, 10, False), (100, 11, True)]
)
def test_how_often_is_too_often(decided: int, fell: int, too_often: bool) -> None:
    assert is_too_often(Overturned("acme", decided, fell)) is too_often


def test_a_member_overturned_too_often_has_to_answer_for_it_once_a_month(
    drawn: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "OVERTURN_AT_LEAST", 1)
    drawn.answer().hear().votes("void", "void", "void")
    with drawn.store.write() as session:
        (finding,) = overturned_too_often(session, drawn.now)
        assert (finding.kind, finding.member_id) == (Kind.OVERTURNED, "acme")
    with drawn.store.write() as session:
        assert overturned_too_often(session, drawn.now) == []


def test_a_member_whose_listings_fall_files_no_more_until_new_ones_say_otherwise(
    drawn: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn.answer().hear().votes("void", "void", "void")
    with drawn.store.write() as session:
        assert restrain(session, drawn.now) == []  # one decision says nothing
    monkeypatch.setattr(policy, "OVERTURN_AT_LEAST", 1)
    with drawn.store.write() as session:
        (row,) = restrain(session, drawn.now)
        assert (row.member_id, row.state, row.decided, row.overturned) == ("acme", "suspended", 1, 1)
        assert restrain(session, drawn.now) == []
        rex = drawn.cast.rex.actor
        restraints.lift(session, actor=rex, restraint_id=row.id, reasons="They explained.", now=drawn.now)
    with drawn.store.write() as session:
        assert restrain(session, drawn.now + timedelta(days=1)) == []
