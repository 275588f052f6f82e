"""Pay for evaluations, ask, look a hit up.

The edge evaluates in three steps, because nothing may be locked while the key holder works: `require_evaluation` in a
reading session, `Holder.evaluate`, `admit` in a writing one. What `admit` refuses is never handed out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registry import vault
from registry.access import Action, Actor, require
from registry.accounts import replays
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.checks import budgets, granting
from registry.checks.models import Batch, Check, Ticket
from registry.checks.queries import Answer, Details, answers_of, checks_of, details_of, require_check, share_answering
from registry.checks.rules import Granted, Outcome, Question, closes_at, kept_until
from registry.db import Session, new_id
from registry.entries import queries as entries
from registry.entries.actions import mark_hit
from registry.entries.models import Entry
from registry.errors import Conflict, Invalid, NotFound
from registry.identity import tags
from registry.keys.holder import Evaluation, Holder, HolderKeys
from registry.keys.rotations import announced, former_key, handles_of, in_use, present
from registry.keys.tickets import Ticket as Grant
from registry.keys.tickets import verify_ticket
from registry.log.actions import record
from registry.log.sequencer import latest_published
from registry.log.swap import swap
from registry.log.tree import EMPTY_ROOT
from registry.notices import news
from registry.policy import Consent, News, Purpose
from registry.signing.canonical import dumps
from registry.signing.receipt import answers_digest


@dataclass(frozen=True, slots=True)
class Asked:
    """A batch and its answers, in the order of the tags: each {"id", "outcome", "reference", "tag"}."""

    batch: Batch
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Found:
    """The tags that are asked about, under the present key, and what they are sealed to until the checks are over."""

    ticket: str
    tags: Sequence[bytes] = field(repr=False)
    sealing_public: bytes
    rotation: int  # which made the key that they came in under


def require_evaluation(
    session: Session, *, actor: Actor, key_id: str, units: int, keys: HolderKeys, now: datetime
) -> None:
    """Refuse before the key holder is troubled: another key (Conflict), or a batch beyond the day's budget."""
    require(actor, Action.EVALUATE)
    if key_id != announced(session, keys).key_id:
        raise Conflict(
            "key_id is not the present identity key; read the discovery document again",
            field="key_id",
            code="key-outdated",
        )
    budgets.require(session, actor=actor, units=units, now=now)


def admit(session: Session, *, actor: Actor, evaluation: Evaluation, keys: HolderKeys, now: datetime) -> Ticket:
    """Charge the budgets for an evaluation and note its ticket; TooMany refuses the batch whole."""
    require(actor, Action.EVALUATE)
    grant = _own_grant(evaluation.ticket, actor=actor, keys=present(session, keys), now=now)
    budgets.charge(session, actor=actor, units=grant.count, now=now)
    ticket = Ticket(id=grant.jti, account_id=actor.id, count=grant.count, used=0, expires_at=grant.expires)
    session.add(ticket)
    record(session, "identity.evaluate", actor=actor.id, now=now, facts={"ticket": grant.jti, "count": grant.count})
    return ticket


def ask(
    session: Session,
    *,
    actor: Actor,
    question: Question,
    ticket: str,
    holder: Holder,
    now: datetime,
    key: str | None = None,
) -> Asked:
    """Answer a batch, one unit of the ticket for each tag. `key` is the request's Idempotency-Key.

    The same question under the same key is answered from what was written then; its ticket is not looked at. Raises
    Invalid (field "ticket") for a ticket that is expired or another account's, Conflict for one that is spent. Tags
    from before a rotation are moved to the present key by the key holder, for as long as their ticket lasts.
    """
    require(actor, Action.CHECK)
    known = replays.found(session, account_id=actor.id, key=key, body=question.canonical)
    if known is not None:
        return _answered_before(session, known, question)
    keys = present(session, holder.public())
    grant = _own_grant(ticket, actor=actor, keys=keys, now=now, former=former_key(session))
    share_answering(session)
    if isinstance(question.consent, Granted):
        granting.use(session, actor=actor, question=question, group_id=question.consent.group, now=now)
    _spend(session, grant, len(question.tags), now)
    is_former = grant.key_id != keys.key_id
    found = holder.move(question.tags) if is_former else question.tags
    rotation = in_use(session) - is_former
    batch, answers = _answer(session, actor, question, Found(grant.jti, found, keys.sealing_public, rotation), now)
    replays.remember(session, account_id=actor.id, key=key, body=question.canonical, made=batch.id, now=now)
    _record(session, batch, question, now)
    _mark_hits(session, batch, answers, now)
    return Asked(batch, answers)


def details(session: Session, *, actor: Actor, check_id: str, now: datetime) -> Details:
    """What a hit says, to the member that asked; a hit by recall as well. NotFound when there was none.

    Every look is an act of the case.
    """
    check = require_check(session, actor, check_id)
    reference = check.later_entry_id or check.entry_id
    entry = session.get(Entry, reference) if reference is not None else None
    if entry is None:
        raise NotFound("this check found no entry; there is nothing to read", code="no-entry")
    case = session.get_one(Case, entry.case_id)
    key = key_of(session, case) if case.wrapped_key is not None else None
    found = details_of(session, check, entry, key, now)
    if found.offence is not None:
        news.tell(session, case_id=case.id, news=News.RELEASED, now=now)
    facts = {"check": check.id, "entry": entry.id}
    record(session, "check.details", actor=actor.id, now=now, facts=facts, case=key)
    return found


def _own_grant(token: str, *, actor: Actor, keys: HolderKeys, now: datetime, former: str | None = None) -> Grant:
    grant = verify_ticket(token, keys, now, former=former)
    if (grant.account, grant.member) != (actor.id, actor.member_id):
        raise Invalid("ticket must be one that your own account was given", field="ticket", code="ticket-wrong")
    return grant


def _spend(session: Session, grant: Grant, units: int, now: datetime) -> None:
    """One unit for each tag, all or none: of two requests at once with one ticket, the row decides."""
    ticket = session.get(Ticket, grant.jti)
    is_enough = Ticket.used + units <= Ticket.count
    if ticket is None or not swap(
        session, ticket, Ticket.expires_at > now, is_enough, values=lambda was: {"used": was["used"] + units}
    ):
        raise Conflict(
            "the ticket has fewer evaluations left than there are tags; evaluate again",
            field="ticket",
            code="ticket-spent",
        )


def _answer(
    session: Session, actor: Actor, question: Question, found: Found, now: datetime
) -> tuple[Batch, list[Answer]]:
    batch = _batch(session, actor, question, found, now)
    checks = _checks(session, batch, question.purpose, found)
    answers = answers_of(checks, question.tags)
    batch.answers = answers_digest(answers)
    session.add(batch)
    session.flush()  # the checks refer to it
    session.add_all(checks)
    return batch, answers


def _mark_hits(session: Session, batch: Batch, answers: Sequence[Answer], now: datetime) -> None:
    """To whom an entry was shown is an act of its case; what is shown for the first time may have days to run."""
    for reference in sorted({answer["reference"] for answer in answers if answer["reference"]}):
        entry = session.get_one(Entry, reference)
        mark_hit(session, entry, now=now)
        facts = {"entry": entry.id, "batch": batch.id, "member": batch.member_id}
        key = key_of(session, session.get_one(Case, entry.case_id))
        record(session, "entry.show", actor=batch.account_id, now=now, facts=facts, case=key)


def _batch(session: Session, actor: Actor, question: Question, found: Found, now: datetime) -> Batch:
    head, id = latest_published(session), new_id()
    consent = dumps(question.consent.facts)
    return Batch(
        id=id,
        member_id=actor.member_id,
        unit_id=actor.unit_id,
        account_id=actor.id,
        purpose=question.purpose,
        consent=Consent(question.consent.facts["kind"]),
        sealed_consent=vault.seal(session.keyring.vault_key, consent, table="batch", row=id, column="sealed_consent"),
        count=len(question.tags),
        ticket_id=found.ticket,
        rotation=found.rotation,
        size=head.size if head else 0,
        root=head.root if head else EMPTY_ROOT,
        act=new_id(),
        at=now,
    )


def _checks(session: Session, batch: Batch, purpose: Purpose, found: Found) -> list[Check]:
    handles = handles_of(session, found.tags)
    shown = entries.visible(session, handles, batch.at)
    closes, kept = closes_at(purpose, batch.at), kept_until(purpose, batch.at)
    checks = [_check(batch, ordinal, handle, shown.get(handle), closes, kept) for ordinal, handle in enumerate(handles)]
    for check, sealed in zip(checks, tags.seal_each(found.sealing_public, found.tags), strict=True):
        check.sealed_tag = sealed
    return checks


def _check(
    batch: Batch, ordinal: int, handle: bytes, entry: Entry | None, closes: datetime | None, kept: datetime
) -> Check:
    return Check(
        id=new_id(),
        batch_id=batch.id,
        ordinal=ordinal,
        member_id=batch.member_id,
        handle=handle,
        blind=secrets.token_bytes(16),
        entry_id=entry.id if entry else None,
        outcome=Outcome.ENTRY if entry else Outcome.NO_ENTRY,
        at=batch.at,
        closes_at=closes,
        kept_until=kept,
    )


def _record(session: Session, batch: Batch, question: Question, now: datetime) -> None:
    facts = {
        "answers": batch.answers,
        "batch": batch.id,
        "consent": question.consent.facts,
        "count": batch.count,
        "purpose": batch.purpose.value,
        "rotation": batch.rotation,
    }
    record(session, "check.ask", actor=batch.account_id, now=now, facts=facts, uid=batch.act)


def _answered_before(session: Session, batch_id: str, question: Question) -> Asked:
    batch = session.get_one(Batch, batch_id)
    return Asked(batch, answers_of(checks_of(session, batch), question.tags))
