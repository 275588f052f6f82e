"""A regulator may speak to the panel, in front of both sides, until the appeal has been heard."""

from __future__ import annotations

import pytest

from registry.appeals import interventions, queries
from registry.cases.models import Case
from registry.errors import Conflict, Forbidden, Invalid
from registry.log.models import Act
from registry.notices.models import Message
from registry.panels import queries as views
from tests.filing import NUMBER
from tests.unit.appeals.contest import Contest

TEXT = "The breach notice names another terminal; ask the member why."


def intervene(contest: Contest, who: str = "rex", text: str = TEXT) -> None:
    with contest.store.write() as session:
        appeal = queries.get(session, contest.appeal().id)
        interventions.intervene(session, actor=contest.cast[who].actor, appeal=appeal, text=text, now=contest.now)


def test_the_panel_and_both_sides_read_it(drawn: Contest) -> None:
    intervene(drawn)
    with drawn.store.write() as session:
        for actor in (drawn.panel()[0], drawn.cast.rui.actor, drawn.cast.rex.actor):
            view = views.read(session, actor=actor, appeal_id=drawn.appeal().id, now=drawn.now)
            assert view.interventions == (TEXT,)
        (view,) = views.of_subject(session, case=session.get_one(Case, drawn.case_id), now=drawn.now)
        assert view.interventions == (TEXT,)


def test_it_is_logged_and_the_member_told_where_to_read_it(drawn: Contest) -> None:
    with drawn.store.read() as session:
        acts = session.query(Act).count()
    intervene(drawn)
    with drawn.store.read() as session:
        assert session.query(Act).count() == acts + 1
        (message,) = session.query(Message).filter_by(kind="appeal.intervention")
        assert (message.member_id, message.payload["id"]) == ("acme", drawn.appeal().id)


def test_once_it_is_heard_nobody_speaks_to_the_panel(drawn: Contest) -> None:
    drawn.answer().hear()
    with pytest.raises(Conflict):
        intervene(drawn)


@pytest.mark.parametrize("who", ["rui", "cleo", "cem", "vera", "olaf"])
def test_nobody_but_a_regulator_intervenes(drawn: Contest, who: str) -> None:
    with pytest.raises(Forbidden):
        intervene(drawn, who)


@pytest.mark.parametrize("text", ["", f"It is {NUMBER}."])
def test_bad_words_are_refused(drawn: Contest, text: str) -> None:
    with pytest.raises(Invalid):
        intervene(drawn, text=text)
