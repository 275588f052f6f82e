"""What goes out to the person: sheets that the clerk takes to the post, and word by mail or SMS that a letter waits.

The filing member is never shown where the person is reached, not even what it said itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from registry.access import Action, Actor, allowed, require
from registry.cases.actions import key_of, require_on
from registry.cases.models import Case
from registry.db import Session
from registry.errors import Conflict, NotFound
from registry.log.actions import record
from registry.log.swap import swap
from registry.members.models import Member
from registry.notices import actions as notices
from registry.notices import letters, news
from registry.notices.models import Message, Notice
from registry.notices.rules import PROOF_LENGTH, Channel, Route, State
from registry.reports import queries
from registry.reports.prose import verify_prose
from registry.reports.serving import tried

_SHOWN_FOR: Final = timedelta(days=90)
_OUTBOX: Final = "system:outbox"
_ROUTES: Final = {Channel.MAIL: Route.MAIL, Channel.SMS: Route.SMS}


@dataclass(frozen=True, slots=True)
class Word:
    """One message to a person, ready to leave."""

    to: str = field(repr=False)
    titles: tuple[str, ...]  # in the person's language first
    texts: tuple[str, ...]


def print_letter(session: Session, *, letter_id: str, actor: Actor, now: datetime) -> str:
    """The letter's page, as `notices.actions.pull`; the first time, word that it waits is put in the outbox."""
    drafted = (found := session.get(Notice, letter_id)) is not None and found.state is State.DRAFTED
    text = notices.pull(session, letter_id=letter_id, actor=actor, now=now)
    if found is not None and drafted:
        report = queries.of_case(session, found.case_id)
        _, key = queries.case_of(session, report)
        for channel in _reach(queries.contact_of(report, key)).channels:
            news.announce(session, case_id=found.case_id, letter_id=letter_id, channel=channel, now=now)
        record(session, "letter.announce", actor=actor.id, now=now, facts={"letter": letter_id}, case=key)
    return text


def word_of(session: Session, message: Message, *, site: str) -> Word | None:
    """What a message by mail or SMS says, and to whom; None when there is nowhere to send it."""
    case = session.get_one(Case, message.case_id)
    if case.wrapped_key is None:
        return None
    key, report = key_of(session, case), queries.of_case(session, case.id)
    given = news.reach_of(session, case, key)
    reach = _reach(queries.contact_of(report, key)) if message.kind == news.LETTER_WAITS else given
    address = reach.address(message.channel) if reach else None
    if reach is None or address is None:
        return None
    both = [news.words(message.kind, each, number=case.number, site=site) for each in _languages(reach.language)]
    return Word(address, tuple(title for title, _ in both), tuple(text for _, text in both))


def arrived(session: Session, message: Message, *, now: datetime) -> None:
    """A mail or SMS was taken. That a letter waits was then tried on one more route. The caller has it delivered."""
    if message.kind != news.LETTER_WAITS:
        return
    notice = session.get_one(Notice, message.payload["id"])
    case, route = session.get_one(Case, notice.case_id), _ROUTES[message.channel]
    is_out = notice.state is State.PRINTED and case.wrapped_key is not None
    if is_out and route not in notices.routes_of(session, notice_id=notice.id):
        proof = f"message {message.id} was taken for delivery"
        tried(session, notice=notice, case=case, route=route, on=now, proof=proof, actor=_OUTBOX, now=now)


def waiting(session: Session, *, actor: Actor) -> list[tuple[Message, str]]:
    """Word that is to be printed and posted, the oldest first, each with its case number."""
    open_ones = sa.and_(Message.channel == Channel.POST, Message.delivered_at.is_(None))
    return _of_clerk(session, actor, open_ones)


def undelivered(session: Session, *, actor: Actor, now: datetime) -> list[tuple[Message, str]]:
    """Mails and SMS of the last 90 days that were tried as often as they are and never taken."""
    lost = sa.and_(Message.channel.in_(_ROUTES), Message.given_up_at > now - _SHOWN_FOR)
    return _of_clerk(session, actor, lost)


def print_word(session: Session, *, actor: Actor, message_id: str, issuer: str, now: datetime) -> str:
    """Word to be posted, as a page; each printing is logged."""
    message, case = _mine(session, actor, message_id)
    key, report = key_of(session, case), queries.of_case(session, case.id)
    contact = queries.contact_of(report, key)
    given = news.reach_of(session, case, key)
    language = given.language if given else contact.language
    page = letters.word(
        letters.Addressed(case.number, language, contact.name, contact.address, now.date()),
        [news.words(message.kind, each, number=case.number, site=issuer) for each in _languages(language)],
    )
    record(session, "word.read", actor=actor.id, now=now, facts={"message": message.id}, case=key)
    return page


def posted(session: Session, *, actor: Actor, message_id: str, proof: str, now: datetime) -> tuple[Message, str]:
    """The clerk has taken it to the post; `proof` is the number of the posting. With the case's number."""
    message, case = _mine(session, actor, message_id, Action.SERVICE_RECORD)
    verify_prose(proof, field="proof", most=PROOF_LENGTH)
    if not swap(session, message, Message.delivered_at.is_(None), values={"delivered_at": now}):
        raise Conflict(
            "this was posted before; its proof stands, and nothing more is to be done", code="not-allowed-now"
        )
    facts = {"message": message.id, "proof": proof}
    record(session, "word.post", actor=actor.id, now=now, facts=facts, case=key_of(session, case))
    return message, case.number


def _mine(session: Session, actor: Actor, message_id: str, action: Action = Action.LETTER_READ) -> tuple[Message, Case]:
    message = session.get(Message, message_id)
    if message is None or message.channel is not Channel.POST or message.case_id is None:
        raise NotFound("there is no such word to be posted")
    case = session.get_one(Case, message.case_id)
    require_on(session, actor, action, case)
    return message, case


def _of_clerk(session: Session, actor: Actor, wanted: sa.ColumnElement[bool]) -> list[tuple[Message, str]]:
    require(actor, Action.LETTER_READ)
    rows = session.execute(
        sa.select(Message, Case.number, Member.id, Member.group)
        .join(Case, Case.id == Message.case_id)
        .join(Member, Member.id == Case.member_id)
        .where(wanted, Message.member_id.is_(None), Case.wrapped_key.is_not(None))
        .order_by(Message.written_at, Message.id)
    )
    return [
        (message, number)
        for message, number, member_id, group in rows
        if allowed(actor, Action.LETTER_READ, member_id=member_id, group=group)
    ]


def _reach(contact: queries.Contact) -> news.Reach:
    return news.Reach(contact.email, contact.phone, contact.language)


def _languages(first: str) -> list[str]:
    return sorted(letters.LANGUAGES, key=lambda language: language != first)
