from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from registry.access import Actor
from registry.appeals import actions
from registry.cases.models import Case
from registry.errors import Forbidden, NotFound
from registry.log.models import Act
from registry.panels import queries
from registry.panels.queries import View
from tests.unit.appeals.contest import Contest


def read(contest: Contest, actor: Actor) -> View:
    with contest.store.write() as session:
        return queries.read(session, actor=actor, appeal_id=contest.appeal().id, now=contest.now)


def docket(contest: Contest, who: str) -> list[str]:
    with contest.store.read() as session:
        items = queries.docket(session, actor=contest.cast[who].actor, now=contest.now)
        return [item.appeal.id for item in items]


def shown(view: View) -> set[str]:
    """Which of its parts a reader was given."""
    parts = ("text", "admission", "answer", "statement", "report", "hearing", "seats", "decision", "votes")
    return {part for part in parts if getattr(view, part)}


EVERYTHING = {"text", "admission", "answer", "statement", "report", "hearing", "seats", "decision", "votes"}
SEEN = {
    "cleo": {"text", "admission", "seats"},
    "rui": {"text", "admission", "answer", "decision", "votes"},
    "ana": {"text", "admission", "answer", "decision", "votes"},
    "rex": EVERYTHING,
}


@pytest.fixture
def decided(drawn: Contest) -> Contest:
    with drawn.store.write() as session:
        case = session.get_one(Case, drawn.case_id)
        actions.state(session, case=case, text="It was not me.", now=drawn.now)
    return drawn.answer().hear().votes("keep", "keep", "void")


@pytest.mark.parametrize(("who", "parts"), SEEN.items())
def test_each_role_sees_its_own_parts_and_no_others(decided: Contest, who: str, parts: set[str]) -> None:
    assert shown(read(decided, decided.cast[who].actor)) == parts


def test_a_panelist_sees_all_of_the_appeals_on_which_they_sit(decided: Contest) -> None:
    view = read(decided, decided.panel()[0])
    assert shown(view) == EVERYTHING
    assert view.report is not None
    assert "sub" not in view.report
    assert view.text == "I was on leave that month."
    assert view.answer == "The access log shows the account in use."
    assert sorted(vote.ballot.choice.value for vote in view.votes) == ["keep", "keep", "void"]


def test_a_panelist_who_does_not_sit_finds_nothing(decided: Contest) -> None:
    seated = {actor.id for actor in decided.panel()}
    everyone = [decided.cast[name].actor for name in ("cem", "dag", "lin", "uma", "eva")]
    for actor in everyone:
        if actor.id not in seated:
            with pytest.raises(NotFound):
                read(decided, actor)


@pytest.mark.parametrize("who", ["ben", "bao", "hana", "sol", "vera", "olaf", "adam"])
def test_nobody_else_finds_anything(decided: Contest, who: str) -> None:
    with pytest.raises(NotFound):
        read(decided, decided.cast[who].actor)


@pytest.mark.parametrize("votes", [0, 1, 2])
def test_nobody_reads_a_vote_before_all_are_in(drawn: Contest, votes: int) -> None:
    drawn.answer().hear()
    panel = drawn.panel()
    for actor in panel[:votes]:
        drawn.vote(actor, "void")
    for actor in [*panel, *(drawn.cast[who].actor for who in ("rui", "cleo", "rex"))]:
        view = read(drawn, actor)
        assert (view.votes, view.decision) == ((), None)
        assert "I would void" not in repr(view)


def test_the_subject_reads_the_votes_once_they_are_open_and_no_name_with_them(decided: Contest) -> None:
    with decided.store.read() as session:
        (view,) = queries.of_subject(session, case=session.get_one(Case, decided.case_id), now=decided.now)
    assert shown(view) == EVERYTHING
    assert not any(name in vote.reasons for vote in view.votes for name in view.seats)


def test_reading_is_an_act(decided: Contest) -> None:
    def acts() -> int:
        with decided.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Act)) or 0

    before = acts()
    read(decided, decided.cast.rex.actor)
    assert acts() == before + 1


class TestTheDocket:
    def test_it_is_what_concerns_the_reader(self, drawn: Contest) -> None:
        mine = [drawn.appeal().id]
        seated = {actor.id for actor in drawn.panel()}
        assert docket(drawn, "cleo") == docket(drawn, "rui") == docket(drawn, "ana") == docket(drawn, "rex") == mine
        assert docket(drawn, "ben") == docket(drawn, "eva") == []
        for name in ("cem", "dag", "lin", "uma"):
            assert docket(drawn, name) == (mine if drawn.cast[name].actor.id in seated else [])

    @pytest.mark.parametrize("who", ["hana", "sol", "vera", "olaf", "adam"])
    def test_some_have_none(self, drawn: Contest, who: str) -> None:
        with pytest.raises(Forbidden):
            docket(drawn, who)

    def test_a_clerks_holds_the_open_ones(self, drawn: Contest) -> None:
        drawn.withdraw()
        assert docket(drawn, "cleo") == []
        assert docket(drawn, "rex") == [drawn.appeal().id]

    def test_a_clerk_of_the_same_owner_has_none(self, drawn: Contest) -> None:
        clerk: Any = drawn.cast.cleo.actor
        with drawn.store.read() as session:
            partial = type(clerk)(
                id=clerk.id,
                unit_id=clerk.unit_id,
                member_id="eagle",
                group="acme",
                standing=clerk.standing,
                roles=clerk.roles,
            )
            assert queries.docket(session, actor=partial, now=drawn.now) == []
