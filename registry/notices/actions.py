"""Write messages to members; draft, print and serve letters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, allowed, require
from registry.cases.actions import key_of, require_on, seal, unseal
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.errors import Conflict, NotFound
from registry.log.actions import CaseKey, record
from registry.members.models import Member
from registry.notices import rules
from registry.notices.models import Attempt, Message, Notice, Webhook
from registry.notices.rules import NEXT, Channel, Delivery, Route, State, Verb


def send(
    session: Session,
    *,
    channel: Channel | str,
    member_id: str | None,
    kind: str,
    payload: Mapping[str, str],
    now: datetime,
    case_id: str | None = None,
) -> Message:
    """Put a message in the outbox; it leaves once the transaction has committed.

    `payload` names things by their ids and holds nothing personal: a webhook is the least protected copy there is.
    The caller records, as it does for every row of its act.
    """
    message = Message(
        id=new_id(),
        channel=Channel(channel),
        member_id=member_id,
        case_id=case_id,
        kind=kind,
        payload=dict(payload),
        written_at=now,
        due_at=now,
        tries=0,
    )
    session.add(message)
    return message


def set_webhook(session: Session, *, member_id: str, url: str, actor: str, now: datetime) -> Webhook:
    """Where the member's messages go from now on."""
    rules.verify_webhook(url)
    webhook = session.get(Webhook, member_id) or Webhook(member_id=member_id)
    webhook.url, webhook.set_at = url, now
    session.add(webhook)
    record(session, "webhook.set", actor=actor, now=now, facts={"member": member_id})
    return webhook


def draft(
    session: Session, *, case: Case, key: CaseKey, write: Callable[[str], str], actor: str, now: datetime
) -> Notice:
    """A letter with a fresh code; `write` makes its text from the code. The caller records.

    This is the only moment at which the code exists outside the letter.
    """
    code = rules.new_code()
    notice = Notice(id=new_id(), case_id=case.id, attempts_left=policy.CODE_ATTEMPTS, drafted_at=now)
    notice.code_hash = rules.code_hash(session.keyring.pepper, case_id=case.id, code=code)
    notice.sealed_letter = seal(key, notice, "sealed_letter", write(rules.written(code)))
    begin(session, notice, NEXT, Verb.DRAFT, actor=actor, now=now)
    return notice


def queue(session: Session, *, actor: Actor) -> list[tuple[Notice, str]]:
    """Letters that wait to be printed or served, the oldest first, each with its case number.

    Without those of the clerk's own member and its group.
    """
    require(actor, Action.LETTER_READ)
    rows = session.execute(
        sa.select(Notice, Case.number, Member.id, Member.group)
        .join(Case, Case.id == Notice.case_id)
        .join(Member, Member.id == Case.member_id)
        .where(Notice.state.in_(rules.READABLE), Case.wrapped_key.is_not(None))
        .order_by(Notice.drafted_at, Notice.id)
    )
    return [
        (notice, number)
        for notice, number, member_id, group in rows
        if allowed(actor, Action.LETTER_READ, member_id=member_id, group=group)
    ]


def letter(session: Session, *, letter_id: str, actor: Actor, action: Action) -> tuple[Notice, Case]:
    """The letter, if the actor may do `action` to those of its case; NotFound, or Forbidden."""
    notice = session.get(Notice, letter_id)
    if notice is None:
        raise NotFound("there is no such letter")
    case = session.get_one(Case, notice.case_id)
    require_on(session, actor, action, case)
    return notice, case


def pull(session: Session, *, letter_id: str, actor: Actor, now: datetime) -> str:
    """The letter's HTML, to be printed and never written to disk. The first time marks it printed.

    It may be pulled again until it is served, because printers jam; every time is logged.
    """
    notice, case = letter(session, letter_id=letter_id, actor=actor, action=Action.LETTER_READ)
    if notice.state not in rules.READABLE:
        raise Conflict("this letter is {state} and not shown again", code="not-allowed-now", state=notice.state.value)
    key = key_of(session, case)
    if notice.state is State.DRAFTED:
        advance(session, notice, NEXT, Verb.PRINT, actor=actor.id, now=now, printed_at=now)
    text = unseal(key, notice, "sealed_letter")
    record(session, "letter.read", actor=actor.id, now=now, facts={"letter": notice.id}, case=key)
    return text


def serve(
    session: Session,
    *,
    notice: Notice,
    key: CaseKey,
    delivery: Delivery,
    on: datetime,
    proof: str,
    actor: str,
    now: datetime,
) -> None:
    """The letter reached the person at `on`; `proof` says how one knows. The caller guards, and records."""
    if notice.printed_at is not None:
        rules.verify_service(on, printed_at=notice.printed_at, now=now)
    advance(
        session,
        notice,
        NEXT,
        Verb.SERVE,
        actor=actor,
        now=now,
        served_at=on,
        delivery=delivery,
        sealed_proof=seal(key, notice, "sealed_proof", proof),
    )


def note_attempt(
    session: Session,
    *,
    notice: Notice,
    key: CaseKey,
    route: Route,
    on: datetime,
    proof: str,
    actor: str,
    now: datetime,
) -> Attempt:
    """The letter (or word of it) left for the person at `on`; `proof` says how one knows. The caller records.

    Raises Conflict for a letter that is not out, or that was noted on this route before.
    """
    if notice.state not in rules.CODE_LIVES or notice.printed_at is None:
        raise Conflict(
            "this letter is {state}; only one that was printed is sent",
            code="not-allowed-now",
            state=notice.state.value,
        )
    rules.verify_service(on, printed_at=notice.printed_at, now=now)
    if route in routes_of(session, notice_id=notice.id):
        raise Conflict("this letter was noted on this route before", code="noted-before")
    attempt = Attempt(id=new_id(), case_id=notice.case_id, notice_id=notice.id, route=route, tried_at=on, actor=actor)
    attempt.sealed_proof = seal(key, attempt, "sealed_proof", proof)
    session.add(attempt)
    session.flush()
    return attempt


def routes_of(session: Session, *, notice_id: str | None = None, case_id: str | None = None) -> set[Route]:
    """On which routes one letter, or every letter of a case, was tried."""
    wanted = Attempt.notice_id == notice_id if notice_id else Attempt.case_id == case_id
    return set(session.scalars(sa.select(Attempt.route).where(wanted)))


def cancel_drafts(session: Session, *, case_id: str, actor: str, now: datetime) -> None:
    """Letters that nobody has printed yet stay unsent. The caller records."""
    drafts = sa.select(Notice).where(Notice.case_id == case_id, Notice.state == State.DRAFTED)
    for notice in session.scalars(drafts).all():
        advance(session, notice, NEXT, Verb.CANCEL, actor=actor, now=now)
