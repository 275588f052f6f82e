"""The worker's side of the outbox: take what is due, send it, say that it was delivered.

A worker that dies between taking and delivering loses nothing: the message comes due again after its pause. Two workers
do not send one message at the same time: taking is a compare-and-set.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry.db import Session
from registry.log.actions import record
from registry.log.swap import swap
from registry.notices import news, rules
from registry.notices.models import Message, Webhook

_ACTOR = "system:outbox"


def _due(now: datetime) -> sa.Select[Message]:
    return sa.select(Message).where(
        Message.delivered_at.is_(None),
        Message.given_up_at.is_(None),
        Message.due_at <= now,
        Message.channel.in_(rules.BY_ITSELF),
    )


def is_waiting(session: Session, *, now: datetime) -> bool:
    """Whether there is anything to take; asked first, because taking locks."""
    return session.scalars(_due(now).limit(1)).first() is not None


def take(session: Session, *, now: datetime, limit: int = 50) -> list[Message]:
    """Messages to be sent now, each counted as tried. Commit before sending. What was tried in vain is given up."""
    waiting = _due(now).order_by(Message.due_at, Message.id).limit(limit)
    taken = [message for message in session.scalars(waiting).all() if _claim(session, message, now)]
    for message in taken:
        if message.given_up_at is not None and message.kind.startswith(news.KIND):
            news.go_by_post(session, message, now)
    if taken:
        record(session, "message.take", actor=_ACTOR, now=now, facts={"messages": len(taken)})
    return [message for message in taken if message.given_up_at is None]


def _claim(session: Session, message: Message, now: datetime) -> bool:
    tries = message.tries
    over = {"given_up_at": now}
    again = {"tries": tries + 1, "due_at": rules.next_try(tries + 1, now=now)}
    still = (Message.tries == tries, Message.delivered_at.is_(None), Message.given_up_at.is_(None))
    return swap(session, message, *still, values=over if rules.is_last(tries) else again)


def delivered(session: Session, *, message_id: str, now: datetime) -> None:
    """The receiver has it."""
    message = session.get_one(Message, message_id)
    if message.delivered_at is None:
        message.delivered_at = now
        record(session, "message.deliver", actor=_ACTOR, now=now, facts={"message": message.id})


def address(session: Session, message: Message) -> str | None:
    """The webhook of the member that the message is for; None when it has none."""
    webhook = session.get(Webhook, message.member_id) if message.member_id else None
    return webhook.url if webhook else None
