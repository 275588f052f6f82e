"""Tell everyone who was told, take their acknowledgements, tell the regulators who did not answer."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry import vault
from registry.access import Action, Actor, require
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.checks.queries import stop_answering
from registry.db import Session, new_id
from registry.entries.actions import mark_hit
from registry.entries.models import Entry
from registry.errors import Conflict, Invalid
from registry.keys.queries import valid_key
from registry.log.actions import CaseKey, record
from registry.log.swap import swap
from registry.members.models import Kind, Member
from registry.notices.actions import send
from registry.policy import RECALL_ACK
from registry.recalls.models import Recall
from registry.recalls.queries import concerned, days_over, require_recall, told_before
from registry.recalls.rules import TYP, Reason, verify_acknowledgement
from registry.signing import jws
from registry.signing.keys import PublicKey


def issue(session: Session, entry: Entry, reason: Reason, now: datetime) -> list[Recall]:
    """One recall for each member that was shown the entry; for a listing, that has an open check of the person too.

    Call it after the entry was changed, in the same transaction. Nobody decides whether to send it.
    """
    session.flush()
    stop_answering(session)
    checks = concerned(session, entry, reason, now)
    members = {check.member_id for check in checks} | told_before(session, entry)
    recalls = [_recall(entry, member, reason, now) for member in sorted(members)]
    session.add_all(recalls)
    for check in checks:
        if check.entry_id != entry.id:
            check.later_entry_id = entry.id
    for recall in recalls:
        payload = {"type": "recall.issued", "id": recall.id}
        send(session, channel="webhook", member_id=recall.member_id, kind="recall.issued", payload=payload, now=now)
    if recalls:
        mark_hit(session, entry, now=now)
        facts = {"entry": entry.id, "reason": reason.value, "recalls": len(recalls)}
        record(session, "recall.issue", actor="system:recall", now=now, facts=facts, case=_case_key(session, entry))
    return recalls


def issue_heard(session: Session, now: datetime, limit: int = 20) -> list[Recall]:
    """Tell those who were shown an unheard entry that its days to answer are over, once."""
    return [recall for entry in days_over(session, now, limit) for recall in issue(session, entry, Reason.HEARD, now)]


def acknowledge(
    session: Session, *, actor: Actor, recall_id: str, statement: str | None, issuer: str, now: datetime
) -> Recall:
    """Note that the member has understood. The same member acknowledging again changes nothing.

    A program must send `statement`, a `recall-ack+jwt` by one of the member's keys; a person in a browser session may
    leave it out, and stands for it by their sign-in.
    """
    recall = require_recall(session, actor, recall_id)
    require(actor, Action.RECALL_ACKNOWLEDGE, member_id=recall.member_id)
    kid = _verified(session, actor, recall, statement, issuer, now)
    if recall.acknowledged_at is not None:
        return recall
    _close(session, recall, actor, kid, statement, now)
    facts = {"recall": recall.id, "signed": kid is not None}
    record(session, "recall.acknowledge", actor=actor.id, now=now, facts=facts)
    return recall


def escalate_due(session: Session, now: datetime, limit: int = 100) -> list[Recall]:
    """Tell every regulator of recalls that nobody acknowledged in time, once each."""
    late = list(
        session.scalars(
            sa.select(Recall)
            .where(
                Recall.acknowledged_at.is_(None), Recall.escalated_at.is_(None), Recall.issued_at <= now - RECALL_ACK
            )
            .order_by(Recall.issued_at)
            .limit(limit)
        )
    )
    regulators = list(session.scalars(sa.select(Member.id).where(Member.kind == Kind.REGULATOR))) if late else []
    escalated = [recall for recall in late if _escalate(session, recall, now)]
    for recall in escalated:
        payload = {"type": "recall.overdue", "id": recall.id, "member": recall.member_id}
        for regulator in regulators:
            send(session, channel="webhook", member_id=regulator, kind="recall.overdue", payload=payload, now=now)
        record(session, "recall.escalate", actor="system:recall", now=now, facts={"recall": recall.id})
    return escalated


def _escalate(session: Session, recall: Recall, now: datetime) -> bool:
    """False when it was acknowledged, or escalated, at the same moment."""
    is_open = (Recall.acknowledged_at.is_(None), Recall.escalated_at.is_(None))
    return swap(session, recall, *is_open, values={"escalated_at": now})


def _recall(entry: Entry, member: str, reason: Reason, now: datetime) -> Recall:
    return Recall(id=new_id(), entry_id=entry.id, case_id=entry.case_id, member_id=member, reason=reason, issued_at=now)


def _case_key(session: Session, entry: Entry) -> CaseKey | None:
    """The key of the entry's case; None once that is erased, for a recall must go out all the same."""
    case = session.get_one(Case, entry.case_id)
    return key_of(session, case) if case.wrapped_key is not None else None


def _verified(
    session: Session, actor: Actor, recall: Recall, statement: str | None, issuer: str, now: datetime
) -> str | None:
    if statement is None:
        if actor.scopes is not None:
            raise Invalid(
                "acknowledgement must be a recall-ack+jwt signed with one of your keys", field="acknowledgement"
            )
        return None

    def key_for(kid: str) -> PublicKey:
        return valid_key(session, kid, recall.member_id)[0]

    signed = jws.verify(statement, typ=TYP, key_for=key_for)
    verify_acknowledgement(
        signed.payload,
        member=recall.member_id,
        issuer=issuer,
        recall=recall.id,
        entry=recall.entry_id,
        reason=recall.reason.value,
        now=now,
    )
    return signed.kid


def _close(
    session: Session, recall: Recall, actor: Actor, kid: str | None, statement: str | None, now: datetime
) -> None:
    sealed = statement and vault.seal(
        session.keyring.vault_key, statement.encode(), table="recall", row=recall.id, column="sealed_statement"
    )
    said = {"acknowledged_at": now, "acknowledged_by": actor.id, "kid": kid, "sealed_statement": sealed}
    if not swap(session, recall, Recall.acknowledged_at.is_(None), values=said):
        raise Conflict("this recall was acknowledged at the same moment; read it again", code="outdated")
