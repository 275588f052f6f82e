"""Consent by link: the member asks, each candidate answers in their own browser, one check uses the answer.

    member                        registry                              candidate's browser
    signed group, text,
    digests of the secrets ──→    charged to the unit's day
    link with its secret ───────────────── by the member's own post ─────────────→
                                  ←── secret ──                         reads the text, blinds the number
                                  ── evaluated, proof ──→               N, th, a key of its own, consent+jwt
                                  ←── consent+jwt, or no ──
    check of N ──→                th of N is among the group's: used, once

It promises: the registry never sees a candidate's number, and keeps of their tag only `th`; a check that no consent
fits is told so, and nothing about listings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from registry import base64url, vault
from registry.access import Action, Actor, require
from registry.cases.steps import advance, begin
from registry.checks import budgets
from registry.checks.models import ConsentGroup, ConsentLink
from registry.checks.rules import NEXT_LINK, Granted, LinkState, LinkVerb, Question
from registry.db import Session, Store
from registry.errors import Conflict, Invalid, NotFound, TooMany
from registry.keys.holder import Evaluation, Holder
from registry.keys.queries import valid_key
from registry.keys.rotations import announced
from registry.log.actions import record
from registry.log.swap import swap
from registry.policy import CONSENT_EVALUATIONS, CONSENT_TEXT, DAY
from registry.reports.prose import verify_prose
from registry.signing import consent, jws

CANDIDATE = "system:candidate"
MISMATCH = "consent-mismatch"
SECRET_LENGTH = 43  # base64url of 32 random bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A candidate's link that can be answered."""

    row: ConsentLink
    group: ConsentGroup


def create(session: Session, *, actor: Actor, statement: str, text: str, issuer: str, now: datetime) -> ConsentGroup:
    """Open a group with its links. The evaluations that its candidates may need are charged to the unit's day now.

    `statement` is a `consent-group+jwt` by one of the member's keys in the actor's hand. Conflict when there is such a
    group; TooMany beyond the day's budget.
    """
    require(actor, Action.CONSENT_ASK)
    verify_prose(text, field="text", most=CONSENT_TEXT)
    group = _verified(session, actor, statement, text, issuer, now)
    if session.get(ConsentGroup, group.id) is not None:
        raise Conflict("there is a group of this id; sign another", field="statement", code="outdated")
    budgets.charge(session, actor=actor, units=len(group.links) * CONSENT_EVALUATIONS, now=now)
    row = ConsentGroup(
        id=group.id,
        member_id=actor.member_id,
        account_id=actor.id,
        purpose=group.purpose,
        text=group.text,
        at=now,
        expires_at=group.expires,
    )
    row.sealed_text = _sealed(session, row, "sealed_text", text)
    row.sealed_statement = _sealed(session, row, "sealed_statement", statement)
    session.add(row)
    session.flush()
    for id in group.links:
        link = ConsentLink(id=id, group_id=row.id, evaluations=0)
        begin(session, link, NEXT_LINK, LinkVerb.ASK, actor=actor.id, now=now)
    facts = {"group": row.id, "links": len(group.links), "purpose": group.purpose.value}
    record(session, "consent.ask", actor=actor.id, now=now, facts=facts)
    return row


def require_group(session: Session, actor: Actor, group_id: str) -> ConsentGroup:
    """The group, if it is the member's own; NotFound otherwise."""
    group = session.get(ConsentGroup, group_id)
    require(actor, Action.CONSENT_ASK)
    if group is None or group.member_id != actor.member_id:
        raise NotFound("there is no such group among those of your member", field="id")
    return group


def groups_of(session: Session, actor: Actor, *, most: int = 100) -> list[ConsentGroup]:
    """The newest groups of the actor's member."""
    require(actor, Action.CONSENT_ASK)
    own = sa.select(ConsentGroup).where(ConsentGroup.member_id == actor.member_id)
    return list(session.scalars(own.order_by(ConsentGroup.at.desc(), ConsentGroup.id).limit(most)))


def links_of(session: Session, group: ConsentGroup) -> list[ConsentLink]:
    return list(
        session.scalars(sa.select(ConsentLink).where(ConsentLink.group_id == group.id).order_by(ConsentLink.id))
    )


def opened(session: Session, *, secret: str, now: datetime) -> Link:
    """The link of this secret; NotFound, in one sentence, when there is none or its time is over."""
    row = session.get(ConsentLink, _digest(secret)) if len(secret) == SECRET_LENGTH else None
    group = session.get_one(ConsentGroup, row.group_id) if row is not None else None
    if row is None or group is None or group.expires_at <= now:
        raise NotFound("this link is not known, or its time is over; ask whoever sent it for another", code="no-link")
    return Link(row, group)


def text_of(session: Session, group: ConsentGroup) -> str:
    return _opened(session, group, "sealed_text")


def count_evaluation(session: Session, *, secret: str, key_id: str, holder: Holder, now: datetime) -> ConsentGroup:
    """Count an evaluation of this link before it is made. TooMany after two."""
    link = opened(session, secret=secret, now=now)
    if key_id != announced(session, holder.public()).key_id:
        raise Conflict("key_id is not the present identity key; reload the page", field="key_id", code="key-outdated")
    _require_open(link)
    is_left = ConsentLink.evaluations < CONSENT_EVALUATIONS
    if not swap(session, link.row, is_left, values=lambda was: {"evaluations": was["evaluations"] + 1}):
        raise TooMany(
            "this link has been used too often; ask whoever sent it for another", retry_after=int(DAY.total_seconds())
        )
    record(session, "consent.evaluate", actor=CANDIDATE, now=now, facts={"group": link.group.id})
    return link.group


def evaluate(group: ConsentGroup, *, element: bytes, key_id: str, holder: Holder) -> Evaluation:
    """At the cost of the member's own ceiling. Its ticket is good for nobody and not handed out."""
    return holder.evaluate(member=group.member_id, account=group.account_id, elements=[element], key_id=key_id)


def grant(session: Session, *, secret: str, token: str, issuer: str, now: datetime) -> ConsentLink:
    """Keep the candidate's signed consent. Once: Conflict when the link was answered."""
    link = opened(session, secret=secret, now=now)
    _require_open(link)
    th = consent.verify_consent(token, group=_read(link.group), issuer=issuer, now=now)
    values = {
        "th": base64url.decode(th, field="th", size=32),
        "sealed_consent": _sealed(session, link.row, "sealed_consent", token),
    }
    return _answer(session, link, LinkVerb.GRANT, now, **values)


def decline(session: Session, *, secret: str, now: datetime) -> ConsentLink:
    """The candidate says no; the member sees that, and no more."""
    link = opened(session, secret=secret, now=now)
    _require_open(link)
    return _answer(session, link, LinkVerb.DECLINE, now)


def use(session: Session, *, actor: Actor, question: Question, group_id: str, now: datetime) -> None:
    """Use up one consent of the group for each tag; Conflict `consent-mismatch` when any has none, whatever the reason.

    The caller's act covers the rows.
    """
    group = session.get(ConsentGroup, group_id)
    fits = group is not None and (group.member_id, group.purpose) == (actor.member_id, question.purpose)
    if (
        group is None
        or not fits
        or group.expires_at <= now
        or not all(_use_one(session, group_id, tag, actor, now) for tag in question.tags)
    ):
        raise Conflict(
            "no consent of this group fits; check the number with the candidate, or send another link",
            field="consent",
            code=MISMATCH,
        )


@contextmanager
def mismatch_noted(store: Store, *, actor: Actor, question: Question, now: datetime) -> Iterator[None]:
    """Around the transaction of a check: when no consent fits, the group says so to those who look at it later.

    It says that and nothing else, since a mismatch is found before anything is looked up.
    """
    try:
        yield
    except Conflict as refused:
        if refused.code == MISMATCH and isinstance(question.consent, Granted):
            with store.write() as session:
                _note_mismatch(session, actor, question.consent.group, now)
        raise


def _note_mismatch(session: Session, actor: Actor, group_id: str, now: datetime) -> None:
    group = session.get(ConsentGroup, group_id)
    if group is not None and group.member_id == actor.member_id:
        group.mismatched_at = now
        record(session, "consent.mismatch", actor=actor.id, now=now, facts={"group": group.id})


def _use_one(session: Session, group_id: str, tag: bytes, actor: Actor, now: datetime) -> bool:
    of_person = (ConsentLink.group_id == group_id, ConsentLink.th == consent.th(group_id, tag))
    row = session.scalar(sa.select(ConsentLink).where(*of_person).limit(1))
    if row is None:
        return False
    try:
        advance(session, row, NEXT_LINK, LinkVerb.USE, actor=actor.id, now=now, used_at=now, th=None)
    except Conflict:
        return False
    return True


def _answer(session: Session, link: Link, verb: LinkVerb, now: datetime, **values: object) -> ConsentLink:
    advance(session, link.row, NEXT_LINK, verb, actor=CANDIDATE, now=now, answered_at=now, **values)
    record(session, f"consent.{verb.value}", actor=CANDIDATE, now=now, facts={"group": link.group.id})
    return link.row


def _require_open(link: Link) -> None:
    if link.row.state is not LinkState.OPEN:
        raise _answered()


def _answered() -> Conflict:
    return Conflict("this link was answered before; nothing was changed", code="link-answered")


def _verified(session: Session, actor: Actor, statement: str, text: str, issuer: str, now: datetime) -> consent.Group:
    kid = jws.parse(statement, typ=consent.GROUP).kid
    key, hand = valid_key(session, kid, actor.member_id)
    if hand != actor.id:
        raise Invalid("the statement must be signed by your own key", field="statement", code="key-unknown")
    said = jws.verify(statement, typ=consent.GROUP, key_for={kid: key}.__getitem__)
    group = consent.verify_group(said.payload, member=actor.member_id, issuer=issuer, now=now)
    if group.text != _digest(text):
        raise Invalid("text is not the one that the statement names", field="text")
    return group


def _read(row: ConsentGroup) -> consent.Group:
    return consent.Group(row.id, row.member_id, row.purpose, row.text, (), row.expires_at)


def _digest(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode()).digest())


def _sealed(session: Session, row: ConsentGroup | ConsentLink, column: str, text: str) -> bytes:
    key = session.keyring.vault_key
    return vault.seal(key, text.encode(), table=row.__tablename__, row=row.id, column=column)


def _opened(session: Session, row: ConsentGroup, column: str) -> str:
    key = session.keyring.vault_key
    return vault.open_sealed(key, getattr(row, column), table=row.__tablename__, row=row.id, column=column).decode()
