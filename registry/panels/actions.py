"""Hear, vote, decide. Every verb asks for a seat on this panel, and that the panelist is still free of the case."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor
from registry.appeals import effects, queries, rules
from registry.appeals.actions import finish
from registry.appeals.models import Appeal, Seat
from registry.appeals.rules import NEXT, State, Verb
from registry.cases.actions import key_of, require_on, seal, unseal
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session, new_id
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.entries.rules import VISIBLE, verify_milder, verify_shorter
from registry.errors import Conflict, Forbidden
from registry.log.actions import CaseKey, record
from registry.notices import news
from registry.notices.actions import send
from registry.panels.models import Decision, Hearing, Vote
from registry.panels.rules import SEATS, Ballot, Choice, Outcome, decide, is_final, read_ballot
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports.prose import verify_prose

NOTES_LENGTH: Final = 10_000  # characters of a hearing's record
PANEL: Final = "system:panel"
_WHY: Final = "panel-decision"


def hear(session: Session, *, actor: Actor, appeal: Appeal, notes: str, now: datetime) -> Hearing:
    """Put down what was heard, and open the vote. Needs the member's answer, or the end of its time to answer."""
    queries.hold(session, appeal)
    _require_seat(session, actor, appeal, Action.APPEAL_HEAR)
    verify_prose(notes, field="notes", most=NOTES_LENGTH)
    advance(session, appeal, NEXT, Verb.HEAR, actor=actor.id, now=now)
    key = _key(session, appeal)
    row = Hearing(id=new_id(), appeal_id=appeal.id, case_id=appeal.case_id, account_id=actor.id, held_at=now)
    row.sealed_notes = seal(key, row, "sealed_notes", notes)
    session.add(row)
    record(session, "panel.hear", actor=actor.id, now=now, facts={"appeal": appeal.id}, case=key)
    return row


def vote(
    session: Session,
    *,
    actor: Actor,
    appeal: Appeal,
    choice: str,
    reasons: str,
    now: datetime,
    term_days: int | None = None,
    level: int | None = None,
) -> Vote:
    """Cast a sealed vote, once. The third opens all three, decides, and corrects the register, all in this transaction.

    `term_days` (from the listing) goes with shorten, `level` with correct. Conflict for a second vote of one seat.
    """
    queries.hold(session, appeal)
    seat = _require_seat(session, actor, appeal, Action.APPEAL_VOTE)
    verify_prose(reasons, field="reasons", most=rules.TEXT_LENGTH)
    if appeal.state is not State.HEARD:
        raise Conflict(
            "this appeal is {state}; votes are taken once it is heard", code="not-allowed-now", state=appeal.state.value
        )
    if session.scalar(sa.select(Vote.id).where(Vote.seat_id == seat.id)) is not None:
        raise Conflict(
            "you have voted; a vote cannot be changed, and all are opened once the others have voted", code="voted"
        )
    ballot = _ballot(session, appeal, choice, term_days, level)
    row = _seal_vote(session, appeal, seat, ballot, reasons, now)
    facts = {"appeal": appeal.id, "seat": seat.id}
    record(session, "panel.vote", actor=actor.id, now=now, facts=facts, case=_key(session, appeal))
    sitting = sa.select(Vote).join(Seat, Seat.id == Vote.seat_id).where(Seat.left_at.is_(None))
    votes = list(session.scalars(sitting.where(Vote.appeal_id == appeal.id).order_by(Vote.id)))
    if len(votes) == SEATS:
        _decide(session, appeal, votes, now)
    return row


def opened_ballot(vote: Vote, key: CaseKey) -> Ballot:
    """What an opened vote says; Conflict while it is sealed."""
    if vote.opened_at is None:
        raise Conflict("votes are opened together, once all are in", code="sealed")
    return _unseal_ballot(vote, key)


def _decide(session: Session, appeal: Appeal, votes: list[Vote], now: datetime) -> Decision:
    """Open the votes, decide, change the register, tell. Nothing of it stands alone: it is one transaction."""
    key = _key(session, appeal)
    entry = effects.entry_of(session, appeal.case_id)
    permanent = entry is not None and entry.until is None
    outcome = decide([_unseal_ballot(vote, key) for vote in votes], permanent=permanent)
    advance(session, appeal, NEXT, Verb.DECIDE, actor=PANEL, now=now, decided_at=now)
    for each in votes:
        each.opened_at = now
    row = Decision(id=new_id(), appeal_id=appeal.id, case_id=appeal.case_id, decided_at=now, **asdict(outcome))
    session.add(row)
    _apply(session, appeal, entry, outcome, now)
    if is_final(outcome.choice, instance=appeal.instance, instances=rules.INSTANCES):
        advance(session, appeal, NEXT, Verb.CLOSE, actor=PANEL, now=now, closed_at=now)
        finish(session, appeal, actor=PANEL, now=now)
    payload = {"type": "appeal.decided", "id": appeal.id}
    send(session, channel="webhook", member_id=appeal.member_id, kind="appeal.decided", payload=payload, now=now)
    news.tell(session, case_id=appeal.case_id, news=policy.News.DECIDED, now=now)
    facts = {"appeal": appeal.id, "choice": outcome.choice.value, "unanimous": outcome.unanimous}
    record(session, "panel.decide", actor=PANEL, now=now, facts=facts, case=key)
    return row


def _apply(session: Session, appeal: Appeal, entry: Entry | None, outcome: Outcome, now: datetime) -> None:
    """Make the register say what was decided, and tell everyone who was told otherwise."""
    if outcome.choice is Choice.VOID:
        effects.void(session, appeal, actor=PANEL, now=now, reason=_WHY)
    elif entry is None:
        return
    elif outcome.choice is Choice.SUSPEND:
        effects.suspend(session, appeal, actor=PANEL, now=now, reason=_WHY)
    else:
        _reinstate(session, appeal, now)
        _amend(session, entry, outcome, now)


def _reinstate(session: Session, appeal: Appeal, now: datetime) -> None:
    """What the member's silence or the first instance has hidden is shown again."""
    first = session.get(Appeal, appeal.previous_id) if appeal.previous_id else None
    for each in (appeal, first):
        if each is not None:
            effects.reinstate(session, each, actor=PANEL, now=now, reason=_WHY)


def _amend(session: Session, entry: Entry, outcome: Outcome, now: datetime) -> None:
    if outcome.choice is Choice.CORRECT and outcome.level is not None:
        level = min(outcome.level, entry.level)  # it may have become milder since the votes were cast
        entries.correct(session, entry, actor_id=PANEL, now=now, reason=_WHY, level=level)
        _recall(session, entry, Reason.CORRECTED, now)
    if outcome.choice is Choice.SHORTEN and outcome.term_days is not None:
        until = entry.listed_at + timedelta(days=outcome.term_days)
        if entry.until is None or until < entry.until:
            entries.shorten(session, entry, actor_id=PANEL, now=now, reason=_WHY, until=until)
            _recall(session, entry, Reason.SHORTENED, now)


def _recall(session: Session, entry: Entry, reason: Reason, now: datetime) -> None:
    """Tell of a change that checkers can see; of a hidden entry they hear when it is shown again."""
    if entry.state in VISIBLE:
        issue(session, entry, reason, now)


def _require_seat(session: Session, actor: Actor, appeal: Appeal, action: Action) -> Seat:
    require_on(session, actor, action, appeal)
    seat = queries.seat_of(session, appeal.id, actor.id)
    if seat is None:
        raise Forbidden("you have no seat on this panel")
    if queries.unfit(session, appeal, [actor.id]):
        raise Forbidden("you have declared an interest, or your member is not in good standing; this seat passes on")
    challenge = queries.challenged(session, appeal.id)
    if challenge is not None and challenge.seat_id == seat.id:
        raise Forbidden(
            "the person says that you must not decide; wait until a clerk or a regulator has decided that",
            code="challenged",
        )
    return seat


def _ballot(session: Session, appeal: Appeal, choice: str, term_days: int | None, level: int | None) -> Ballot:
    entry = effects.entry_of(session, appeal.case_id)
    ballot = read_ballot(choice, term_days=term_days, level=level, listed=entry is not None)
    if entry is not None and ballot.level is not None:
        verify_milder(ballot.level, present=entry.level)
    if entry is not None and ballot.term_days is not None:
        until = entry.listed_at + timedelta(days=ballot.term_days)
        verify_shorter(until, present=entry.until, listed_at=entry.listed_at)
    return ballot


def _seal_vote(session: Session, appeal: Appeal, seat: Seat, ballot: Ballot, reasons: str, now: datetime) -> Vote:
    key = _key(session, appeal)
    row = Vote(id=new_id(), appeal_id=appeal.id, case_id=appeal.case_id, seat_id=seat.id, cast_at=now)
    row.sealed_choice = seal(key, row, "sealed_choice", _padded(json.dumps(asdict(ballot))))
    row.sealed_reasons = seal(key, row, "sealed_reasons", reasons)
    session.add(row)
    return row


def _padded(text: str) -> str:
    """All ballots are of one length, so that a sealed one does not tell its choice."""
    return text.ljust(_BALLOT_SIZE)


_BALLOT_SIZE: Final = 80


def _unseal_ballot(vote: Vote, key: CaseKey) -> Ballot:
    cast = json.loads(unseal(key, vote, "sealed_choice"))
    return Ballot(Choice(cast["choice"]), cast["term_days"], cast["level"])


def _key(session: Session, appeal: Appeal) -> CaseKey:
    return key_of(session, session.get_one(Case, appeal.case_id))
