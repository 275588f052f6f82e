"""Word to the person that a letter waits, or that there is something new to read. Never what it is, and never a code.

The code travels in the letter alone, so whoever else reads a mail or a message learns a case number and an address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from registry import policy
from registry.cases.actions import key_of, seal, unseal
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.log.actions import CaseKey
from registry.notices.actions import send
from registry.notices.models import Message, SubjectContact
from registry.notices.rules import Channel
from registry.policy import News

KIND: Final = "news."  # and which, is the kind of such a message
LETTER_WAITS: Final = "letter.waits"  # with the letter's id


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody is reached, in which language ("zh" or "en")."""

    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    language: str

    @property
    def channels(self) -> tuple[Channel, ...]:
        ways = ((Channel.MAIL, self.email), (Channel.SMS, self.phone))
        return tuple(channel for channel, address in ways if address is not None)

    def address(self, channel: Channel) -> str | None:
        return self.email if channel is Channel.MAIL else self.phone if channel is Channel.SMS else None


# (kind, language): a title, and what is said. `number` is the case's, `site` the registry's address.
WORDS: Final[Mapping[tuple[str, str], tuple[str, str]]] = MappingProxyType(
    {
        (LETTER_WAITS, "zh"): (
            "有一封信等待您查收",
            "自律登记处就案件 {number} 给您寄出了一封信。收到后请在 {site}/case 查阅。"
            "验证码只在信中，本登记处不会通过邮件或短信发送，也不会向您索要。",
        ),
        (LETTER_WAITS, "en"): (
            "A letter waits for you",
            "The registry office has sent you a letter about case {number}. Once you have it, read the case at "
            "{site}/case. The code is in the letter alone: we never send it by mail or SMS, and never ask for it.",
        ),
        (KIND, "zh"): (
            "您的案件有新内容",
            "案件 {number} 有新内容。请用信中的验证码在 {site}/case 查阅。如信件遗失，请向登记处索取新信。",
        ),
        (KIND, "en"): (
            "There is something new in your case",
            "There is something new to read in case {number}. Open {site}/case with the code of your letter. If you "
            "have lost it, ask the registry office for a new one.",
        ),
    }
)


def words(kind: str, language: str, *, number: str, site: str) -> tuple[str, str]:
    """Title and text of a message of this kind."""
    title, text = WORDS[KIND if kind.startswith(KIND) else kind, language]
    return title, text.format(number=number, site=site)


def tell(session: Session, *, case_id: str, news: News, now: datetime) -> None:
    """Put word in the outbox, by the ways that the person gave, else by post; as often as the policy says.

    While earlier word is on its way nothing is added: it says the same. The caller records.
    """
    case = session.get_one(Case, case_id)
    if case.wrapped_key is None:
        return
    reach = reach_of(session, case, key_of(session, case))
    rule = policy.TELLINGS[news]
    channels = reach.channels if reach else (Channel.POST,)
    pause = rule.electronic if reach else rule.post
    for channel in channels:
        if not _was_told(session, case_id, channel, news, now - pause):
            _send(session, case_id, channel, f"{KIND}{news.value}", now)


def go_by_post(session: Session, message: Message, now: datetime) -> None:
    """What could not be delivered is written on paper. The caller records."""
    if message.case_id is not None and not _waits(session, message.case_id, Channel.POST):
        _send(session, message.case_id, Channel.POST, message.kind, now)


def announce(session: Session, *, case_id: str, letter_id: str, channel: Channel, now: datetime) -> None:
    """Word that a letter waits. The caller records."""
    payload = {"type": LETTER_WAITS, "id": letter_id}
    send(session, channel=channel, member_id=None, kind=LETTER_WAITS, payload=payload, now=now, case_id=case_id)


def keep(session: Session, *, case: Case, key: CaseKey, reach: Reach, now: datetime) -> SubjectContact:
    """Where the person is reached from now on. The caller guards, and records."""
    row = _row(session, case.id) or SubjectContact(id=new_id(), case_id=case.id)
    row.sealed_contact, row.given_at = seal(key, row, "sealed_contact", json.dumps(asdict(reach))), now
    session.add(row)
    return row


def drop(session: Session, *, case_id: str) -> None:
    """They are reached by post again. The caller guards, and records."""
    if (row := _row(session, case_id)) is not None:
        session.delete(row)


def reach_of(session: Session, case: Case, key: CaseKey) -> Reach | None:
    """What the person gave, if they did."""
    row = _row(session, case.id)
    return Reach(**json.loads(unseal(key, row, "sealed_contact"))) if row is not None else None


def _row(session: Session, case_id: str) -> SubjectContact | None:
    return session.scalar(sa.select(SubjectContact).where(SubjectContact.case_id == case_id))


def _send(session: Session, case_id: str, channel: Channel, kind: str, now: datetime) -> None:
    send(session, channel=channel, member_id=None, kind=kind, payload={"type": kind}, now=now, case_id=case_id)


def _was_told(session: Session, case_id: str, channel: Channel, news: News, since: datetime) -> bool:
    if _waits(session, case_id, channel):
        return True
    lately = _of(case_id, channel).where(Message.kind == f"{KIND}{news.value}", Message.written_at > since)
    return session.scalar(lately.limit(1)) is not None


def _waits(session: Session, case_id: str, channel: Channel) -> bool:
    waiting = _of(case_id, channel).where(Message.delivered_at.is_(None), Message.given_up_at.is_(None))
    return session.scalar(waiting.where(Message.kind.startswith(KIND)).limit(1)) is not None


def _of(case_id: str, channel: Channel) -> sa.Select[str]:
    return sa.select(Message.id).where(Message.case_id == case_id, Message.channel == channel)
