"""The accused challenges somebody on the panel: once, with reasons, before the hearing; somebody else decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry import policy
from registry.access import Actor
from registry.accounts.actions import actor_of, open_account
from registry.accounts.models import Account
from registry.accounts.rules import Role
from registry.appeals import queries, recusals
from registry.appeals.models import Recusal
from registry.appeals.recusal import State
from registry.appeals.redraw import redraw
from registry.appeals.rules import Effect
from registry.cases.models import Case
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.notices.models import Message
from tests.attested import unattested
from tests.unit.appeals.contest import Contest, more_panelists

SECOND = timedelta(seconds=1)


def ask(contest: Contest, place: int = 0, text: str = "They are my cousin.") -> Recusal:
    seat = contest.seats()[place].id
    with contest.store.write() as session:
        appeal = queries.get(session, contest.appeal().id)
        return recusals.ask(session, appeal=appeal, seat_id=seat, text=text, now=contest.now)


def decide(contest: Contest, row: Recusal, *, sustain: bool, actor: Actor | None = None, why: str = "So.") -> Recusal:
    who = actor or contest.cast.rex.actor
    with contest.store.write() as session:
        return recusals.decide(session, actor=who, recusal_id=row.id, sustain=sustain, reasons=why, now=contest.now)


def sitting(contest: Contest) -> list[str]:
    return [seat.account_id for seat in contest.seats()]


def test_sustained_the_next_in_rank_follows_and_the_draw_repeats(drawn: Contest) -> None:
    before = sitting(drawn)
    row = decide(drawn, ask(drawn), sustain=True, actor=drawn.cast.cleo.actor)
    assert (row.state, row.decided_by) == (State.SUSTAINED, "clerk")
    assert len(sitting(drawn)) == 3
    assert before[0] not in sitting(drawn)
    drawn.sequence().answer().hear().votes("keep", "keep", "keep").contest()
    more_panelists(drawn.store, drawn.cast.olaf.actor, drawn.now)
    drawn.admit()
    with drawn.store.read() as session:
        assert next(again.differs for again in redraw(session, session.get_one(Case, drawn.case_id))) == ()
        pool = queries.draw_of(session, drawn.appeal().id)
        assert pool is not None
        assert before[0] not in {account for account, _member in pool.pool}  # nor in the second instance
    assert unattested(drawn.store) == set()


def test_dismissed_they_stay_and_vote_and_nobody_is_challenged_again(drawn: Contest) -> None:
    before, row = sitting(drawn), ask(drawn)
    drawn.answer()
    with drawn.store.engine.begin() as raw:  # earlier word has reached them
        raw.exec_driver_sql("UPDATE message SET delivered_at = written_at")
    for act in (drawn.hear, lambda: drawn.vote(drawn.panel()[0], "keep")):
        with pytest.raises(Forbidden, match="wait until a clerk or a regulator") as refused:
            act()
        assert refused.value.code == "challenged"
    assert decide(drawn, row, sustain=False).state is State.DISMISSED
    assert sitting(drawn) == before
    with drawn.store.read() as session:
        told = sa.select(Message.kind).where(Message.delivered_at.is_(None), Message.kind.startswith("news."))
        assert session.scalars(told).all() == ["news.decided"]
    with pytest.raises(Conflict, match="once") as refused_again:
        ask(drawn, place=1)
    assert refused_again.value.code == "recusal-asked"
    drawn.hear().votes("keep", "keep", "keep")


def test_undecided_they_leave_when_the_time_for_it_is_over(drawn: Contest) -> None:
    before = sitting(drawn)
    ask(drawn)
    assert Effect.RECUSE not in drawn.tick(policy.RECUSAL_DECIDED - SECOND)
    assert Effect.RECUSE in drawn.tick(SECOND)
    assert before[0] not in sitting(drawn)
    assert len(sitting(drawn)) == 3
    assert Effect.RECUSE not in drawn.tick()


def test_nobody_is_left_to_follow(drawn: Contest) -> None:
    before, row = sitting(drawn), ask(drawn)
    others = sa.update(Account).where(Account.id.not_in(before)).values(closed_at=drawn.now)
    with drawn.store.engine.begin() as raw:
        raw.execute(others.where(Account.id.endswith("-panel")))
    assert decide(drawn, row, sustain=True).state is State.SUSTAINED
    assert sitting(drawn) == before
    with pytest.raises(Forbidden, match="this seat passes on"):
        drawn.answer().hear()
    assert Effect.VACATE in drawn.tick()
    assert drawn.appeal().exhausted_at is not None


def test_it_is_asked_in_time_before_the_hearing_and_of_who_sits(drawn: Contest) -> None:
    with drawn.store.write() as session, pytest.raises(NotFound, match="choose one of those who sit"):
        appeal = queries.get(session, drawn.appeal().id)
        recusals.ask(session, appeal=appeal, seat_id="0" * 32, text="So.", now=drawn.now)
    with pytest.raises(Invalid, match="text"):
        ask(drawn, text="")
    drawn.clock.move(policy.RECUSAL_ASKED)
    with pytest.raises(Conflict, match="the 3 days since they were seated are over") as late:
        ask(drawn)
    assert late.value.code == "too-late"
    drawn.clock.move(-policy.RECUSAL_ASKED)
    drawn.answer().hear()
    with pytest.raises(Conflict, match="until the hearing"):
        ask(drawn)


def test_who_decides_has_nothing_to_do_with_the_panel_nor_the_member(drawn: Contest) -> None:
    row, seat = ask(drawn), next(seat for seat in drawn.seats() if seat.member_id in ("law-school", "union"))
    with drawn.store.write() as session:
        admin = actor_of(session, f"{seat.member_id}-admin")
        how = {"member_id": seat.member_id, "name": "Kit", "roles": [Role.CLERK], "actor": admin, "now": drawn.now}
        open_account(session, id="kit", **how)
        kit = actor_of(session, "kit")
    for who in (kit, drawn.cast.rui.actor, drawn.cast.sol.actor, drawn.panel()[0]):
        with pytest.raises(Forbidden):
            decide(drawn, row, sustain=True, actor=who)
    with drawn.store.write() as session:
        waiting = {who.id: len(recusals.docket(session, actor=who)) for who in (kit, drawn.cast.cleo.actor)}
        assert waiting == {"kit": 0, "clerk": 1}
        _, text = recusals.open_recusal(session, actor=drawn.cast.rex.actor, recusal_id=row.id, now=drawn.now)
        assert text == "They are my cousin."
    decide(drawn, row, sustain=False)
    with pytest.raises(Conflict, match="it is dismissed"):
        decide(drawn, row, sustain=True)
