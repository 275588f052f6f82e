"""Ask whether a listing should end, and decide it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, allowed, require
from registry.appeals.actions import require_proofed, subject
from registry.appeals.pool import took_part
from registry.cases.actions import key_of, require_on, seal, unseal
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.entries.queries import of_case
from registry.entries.rules import State as EntryState
from registry.errors import Conflict, Forbidden, NotFound
from registry.log.actions import record
from registry.members.models import Kind, Member
from registry.notices import news
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports import queries as reports
from registry.reports.prose import verify_prose
from registry.reviews import rules
from registry.reviews.models import Review
from registry.reviews.rules import NEXT, OBVIOUS, Ground, State, Verb

CLOCK: Final = "system:reviews"
_OVER: Final = (EntryState.VOIDED, EntryState.REHABILITATED)


def apply(session: Session, *, case: Case, ground: str, text: str, now: datetime, by: str | None = None) -> Review:
    """The subject asks for the end of their listing. Needs a proofed identity; one at a time.

    Conflict with code `too-early`, which names the earliest date, unless a court or the police have cleared them.
    """
    named = rules.read_ground(ground)
    words = verify_prose(text.replace("\r\n", "\n"), field="text", most=policy.REASONS_LENGTH)
    require_proofed(session, case)
    entry = of_case(session, case.id)
    if entry is None or not _is_live(entry, now):
        raise Conflict("you are not listed in this case, so there is nothing to end", code="not-allowed-now")
    if _open(session, entry) is not None:
        raise Conflict("a review of this listing is open; it must be decided first", code="review-open")
    first = rules.earliest(entry.level, listed_at=entry.listed_at, until=entry.until)
    if named not in OBVIOUS and now < first:
        raise Conflict("this can be asked for from {first:%Y-%m-%d} on", code="too-early", first=first)
    key = key_of(session, case)
    row = _new(entry, named, now)
    row.sealed_text = seal(key, row, "sealed_text", words)
    actor = by or subject(case)
    begin(session, row, NEXT, Verb.OPEN, actor=actor, now=now)
    facts = {"review": row.id, "ground": named.value}
    record(session, "review.apply", actor=actor, now=now, facts=facts, case=key)
    return row


def open_due(session: Session, now: datetime, limit: int = 50) -> list[Review]:
    """Open a review of every listing that has reached half of the term in force, once each."""
    return [_open_half_term(session, entry, now) for entry in session.scalars(_due(now).limit(limit)).all()]


def decide(session: Session, *, actor: Actor, review_id: str, end: bool, reasons: str, now: datetime) -> Review:
    """Keep the listing, or end it with recalls. Forbidden for carriers and whoever has to do with the member.

    What a court or the police have cleared was never to be listed, and is void; other listings have served their time.
    """
    row = _guarded(session, actor, review_id)
    if session.get_one(Member, actor.member_id).kind is Kind.CARRIER:
        raise Forbidden("a carrier may not decide; the roster's other members do")
    if actor.id in took_part(session, row.case_id):
        raise Forbidden("you took part in this case before; somebody else decides this review", code="took-part")
    verify_prose(reasons, field="reasons", most=policy.REASONS_LENGTH)
    key = key_of(session, session.get_one(Case, row.case_id))
    done: dict[str, Any] = {"decided_by": actor.id, "decided_at": now}
    done["sealed_reasons"] = seal(key, row, "sealed_reasons", reasons)
    advance(session, row, NEXT, Verb.END if end else Verb.KEEP, actor=actor.id, now=now, **done)
    news.tell(session, case_id=row.case_id, news=policy.News.DECIDED, now=now)
    facts = {"review": row.id, "outcome": row.state.value}
    record(session, "review.decide", actor=actor.id, now=now, facts=facts, case=key)
    if end:
        _end(session, row, actor.id, now)
    return row


def default_due(session: Session, now: datetime, limit: int = 50) -> list[Review]:
    """End the listings whose reviews nobody has decided in all the time there was."""
    late = sa.select(Review).where(Review.state == State.OPEN, Review.opened_at <= now - policy.REVIEW_DEFAULT)
    due = list(session.scalars(late.order_by(Review.opened_at, Review.id).limit(limit)))
    return [_default(session, row, now) for row in due]


def _default(session: Session, row: Review, now: datetime) -> Review:
    case, entry = session.get_one(Case, row.case_id), session.get_one(Entry, row.entry_id)
    advance(session, row, NEXT, Verb.END, actor=CLOCK, now=now, decided_at=now)
    key = key_of(session, case) if case.wrapped_key is not None else None
    record(session, "review.default", actor=CLOCK, now=now, facts={"review": row.id}, case=key)
    if key is not None and _is_live(entry, now):
        entries.rehabilitate(session, entry, actor_id=CLOCK, now=now, reason=f"review {row.id}")
        issue(session, entry, Reason.REHABILITATED, now)
    return row


def docket(session: Session, *, actor: Actor) -> list[Review]:
    """The open ones that the actor may decide, the oldest first."""
    require(actor, Action.REVIEW_READ)
    rows = session.execute(
        sa.select(Review, Member.group)
        .join(Member, Member.id == Review.member_id)
        .where(Review.state == State.OPEN)
        .order_by(Review.opened_at, Review.id)
    )
    return [
        row
        for row, group in rows
        if allowed(actor, Action.REVIEW_DECIDE, member_id=row.member_id, group=group)
        and actor.id not in took_part(session, row.case_id)
    ]


def open_review(session: Session, *, actor: Actor, review_id: str, now: datetime) -> tuple[Review, str | None, Any]:
    """The review, the subject's words, and the report's; for who may decide it. Each opening is logged."""
    row = _guarded(session, actor, review_id)
    key = key_of(session, session.get_one(Case, row.case_id))
    text = unseal(key, row, "sealed_text") if row.sealed_text is not None else None
    words = reports.words_of(reports.of_case(session, row.case_id), key)
    record(session, "review.read", actor=actor.id, now=now, facts={"review": row.id}, case=key)
    return row, text, words


def of_subject(session: Session, case: Case) -> list[tuple[Review, str | None]]:
    """Every review of the case with the reasons, the newest first; for the subject."""
    key = key_of(session, case)
    rows = session.scalars(sa.select(Review).where(Review.case_id == case.id).order_by(Review.opened_at.desc()))
    return [(row, unseal(key, row, "sealed_reasons") if row.sealed_reasons is not None else None) for row in rows]


def _end(session: Session, row: Review, by: str, now: datetime) -> None:
    entry, reason = session.get_one(Entry, row.entry_id), f"review {row.id}"
    if row.ground in OBVIOUS:
        entries.void(session, entry, actor_id=by, now=now, reason=reason)
        issue(session, entry, Reason.VOIDED, now)
    else:
        entries.rehabilitate(session, entry, actor_id=by, now=now, reason=reason)
        issue(session, entry, Reason.REHABILITATED, now)


def _due(now: datetime) -> sa.Select[Entry]:
    """Live listings whose `rules.review_at` has come and that were not looked at."""
    share = policy.REVIEW_AT
    begun, ends = (sa.cast(sa.extract("epoch", at), sa.BigInteger) for at in (Entry.listed_at, Entry.until))
    weighed = begun * (share.denominator - share.numerator) + ends * share.numerator
    is_half = weighed <= sa.literal(int(now.timestamp()) * share.denominator, sa.BigInteger)
    seen = sa.exists().where(Review.entry_id == Entry.id, Review.ground == Ground.HALF_TERM)
    return (
        sa.select(Entry)
        .join(Case, Case.id == Entry.case_id)
        .where(sa.or_(Entry.listed_at <= now - policy.REVIEW_EVERY, is_half), Entry.state.not_in(_OVER), ~seen)
        .where(sa.or_(Entry.until.is_(None), Entry.until > now), Case.wrapped_key.is_not(None))
        .order_by(Entry.listed_at, Entry.id)
    )


def _open_half_term(session: Session, entry: Entry, now: datetime) -> Review:
    row = _new(entry, Ground.HALF_TERM, now)
    begin(session, row, NEXT, Verb.OPEN, actor=CLOCK, now=now)
    key = key_of(session, session.get_one(Case, entry.case_id))
    record(session, "review.open", actor=CLOCK, now=now, facts={"review": row.id}, case=key)
    return row


def _new(entry: Entry, ground: Ground, now: datetime) -> Review:
    return Review(
        id=new_id(),
        case_id=entry.case_id,
        entry_id=entry.id,
        member_id=entry.member_id,
        ground=ground,
        opened_at=now,
    )


def _guarded(session: Session, actor: Actor, review_id: str) -> Review:
    row = session.get(Review, review_id)
    if row is None:
        raise NotFound("there is no such review", field="id")
    require_on(session, actor, Action.REVIEW_DECIDE, row)
    return row


def _is_live(entry: Entry, now: datetime) -> bool:
    return entry.state not in _OVER and (entry.until is None or now < entry.until)


def _open(session: Session, entry: Entry) -> Review | None:
    return session.scalar(sa.select(Review).where(Review.entry_id == entry.id, Review.state == State.OPEN).limit(1))
