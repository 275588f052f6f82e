"""What the parties do: the subject lodges, states, contests, withdraws; the filing member answers.

Whoever calls for the subject has matched them with the case (`registry.notices`); the actor is `subject:<case id>`, or
`by`, a representative (`registry.mandates`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, require
from registry.appeals import effects, queries, rules, sightings
from registry.appeals.eligibility import verify_not_repeated
from registry.appeals.models import Answer, Appeal, Attestation
from registry.appeals.rules import NEXT, Ground, Lane, State, Verb
from registry.cases.actions import hold, key_of, seal
from registry.cases.models import Case, Statement
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden
from registry.keys.queries import valid_key
from registry.log.actions import CaseKey, record
from registry.log.models import Act
from registry.notices.actions import send
from registry.reports.prose import verify_no_number, verify_prose
from registry.reports.scrub import verify_scrubbed
from registry.signing import jws
from registry.signing.claims import STANDARD, identifier, prose, verify_claims, verify_times, verify_value
from registry.signing.keys import PublicKey

ANSWER = "answer+jwt"
_ANSWER = {**STANDARD, "appeal": identifier(32), "text": prose(rules.TEXT_LENGTH)}


@dataclass(frozen=True, slots=True)
class Plea:
    """What the subject says, read."""

    grounds: list[Ground]
    text: str = field(repr=False)
    lane: Lane


class Lodged(NamedTuple):
    """An appeal and the act that received it, whose commitment is the timestamp (`timestamp.issue`)."""

    appeal: Appeal
    act: Act


def subject(case: Case) -> str:
    """The actor that the subject of a case is."""
    return f"subject:{case.id}"


def lodge(
    session: Session, *, case: Case, grounds: Iterable[str], text: str, lane: str, now: datetime, by: str | None = None
) -> Lodged:
    """Contest what a case says. One appeal at a time; Conflict when one is open or there is nothing to contest."""
    plea = Plea(rules.read_grounds(grounds), _prose(text), rules.read_lane(lane))
    hold(session, case.id)
    effects.require_contestable(session, case)
    earlier = queries.of_case(session, case.id)
    if any(appeal.state not in rules.OVER for appeal in earlier):
        raise Conflict(
            "an appeal of this case is open; it must be over before another, or the person withdraws it",
            code="appeal-open",
        )
    decided = {ground for appeal in queries.decided(session, case.id) for ground in appeal.grounds}
    verify_not_repeated(plea.grounds, decided=decided)
    key = key_of(session, case)
    appeal = _new(session, case, key, number=len(earlier) + 1, plea=plea, now=now)
    actor = by or subject(case)
    begin(session, appeal, NEXT, Verb.LODGE, actor=actor, now=now)
    if proofed(session, case):
        advance(session, appeal, NEXT, Verb.PROOF, actor=actor, now=now, proofed_at=now, began_at=now)
    effects.dispute(session, appeal, actor=actor, now=now)
    _tell(session, appeal, "appeal.opened", now)
    facts = {"appeal": appeal.id, "grounds": list(appeal.grounds), "lane": appeal.lane.value}
    return Lodged(appeal, record(session, "appeal.lodge", actor=actor, now=now, facts=facts, case=key))


def contest(session: Session, *, case: Case, text: str, now: datetime, by: str | None = None) -> Lodged:
    """Take a decision to the second instance: three others decide anew. Once, and within the window."""
    first = queries.latest(session, case.id)
    # A decision of the last instance is closed as it is taken, and so is never found here.
    if first is None or first.state is not State.DECIDED or first.decided_at is None:
        raise Conflict(
            "there is no decision of a first instance to contest; the person may do so once a panel has decided",
            code="not-allowed-now",
        )
    if now >= rules.contest_until(first.decided_at):
        raise Conflict(
            "the time to contest this decision is over; with something new, the person may lodge another appeal",
            code="too-late",
        )
    plea = Plea([Ground(ground) for ground in first.grounds], _prose(text), first.lane)
    key, actor = key_of(session, case), by or subject(case)
    advance(session, first, NEXT, Verb.CONTEST, actor=actor, now=now)
    appeal = _new(session, case, key, number=first.number + 1, plea=plea, now=now)
    appeal.instance, appeal.previous_id = first.instance + 1, first.id
    appeal.proofed_at, appeal.began_at = now, first.began_at
    begin(session, appeal, NEXT, Verb.CONTINUE, actor=actor, now=now)
    _tell(session, appeal, "appeal.contested", now)
    facts = {"appeal": appeal.id, "previous": first.id}
    return Lodged(appeal, record(session, "appeal.contest", actor=actor, now=now, facts=facts, case=key))


def state(session: Session, *, case: Case, text: str, now: datetime, by: str | None = None) -> Statement:
    """The subject's own words, shown with the entry; a later statement replaces it. Needs a proofed identity."""
    words = _prose(text, most=policy.STATEMENT_LENGTH)
    verify_scrubbed(words, field="text")
    require_proofed(session, case)
    key = key_of(session, case)
    row = session.scalar(sa.select(Statement).where(Statement.case_id == case.id))
    if row is None:
        row = Statement(id=new_id(), case_id=case.id)
        session.add(row)
    row.sealed_text, row.made_at = seal(key, row, "sealed_text", words), now
    record(session, "statement.make", actor=by or subject(case), now=now, case=key)
    return row


def withdraw(session: Session, *, case: Case, now: datetime) -> Appeal:
    """End the open appeal; what the member's silence suspended stands again. Needs a proofed identity."""
    require_proofed(session, case)
    appeal = queries.latest(session, case.id)
    if appeal is None:
        raise Conflict(
            "there is no appeal to withdraw; the person may lodge one, and withdraw it until the panel decides",
            code="not-allowed-now",
        )
    advance(session, appeal, NEXT, Verb.WITHDRAW, actor=subject(case), now=now, closed_at=now)
    effects.reinstate(session, appeal, actor=subject(case), now=now, reason="appeal-withdrawn")
    finish(session, appeal, actor=subject(case), now=now)
    _tell(session, appeal, "appeal.withdrawn", now)
    key = key_of(session, case)
    record(session, "appeal.withdraw", actor=subject(case), now=now, facts={"appeal": appeal.id}, case=key)
    return appeal


def answer(session: Session, *, actor: Actor, appeal: Appeal, statement: str, issuer: str, now: datetime) -> Answer:
    """The filing member's answer, signed by the account that sends it. The same answer again changes nothing."""
    require(actor, Action.APPEAL_ANSWER, member_id=appeal.member_id)
    signed = _verified(session, actor, appeal, statement, issuer, now)
    given = session.scalar(sa.select(Answer).where(Answer.appeal_id == appeal.id))
    if given is not None and given.statement_digest == signed.digest:
        return given
    advance(session, appeal, NEXT, Verb.ANSWER, actor=actor.id, now=now)
    key = key_of(session, session.get_one(Case, appeal.case_id))
    row = Answer(id=new_id(), appeal_id=appeal.id, case_id=appeal.case_id, account_id=actor.id, kid=signed.kid)
    row.statement_digest, row.answered_at = signed.digest, now
    row.sealed_statement = seal(key, row, "sealed_statement", statement)
    session.add(row)
    facts = {"appeal": appeal.id, "kid": signed.kid}
    record(session, "appeal.answer", actor=actor.id, now=now, facts=facts, case=key)
    return row


def finish(session: Session, appeal: Appeal, *, actor: str, now: datetime) -> None:
    """An instance is over: with it the one before, and the entry's dispute flag. The caller records."""
    if appeal.previous_id is not None:
        first = session.get_one(Appeal, appeal.previous_id)
        advance(session, first, NEXT, Verb.CLOSE, actor=actor, now=now, closed_at=now)
    effects.settle(session, appeal, actor=actor, now=now)


def proofed(session: Session, case: Case) -> bool:
    """Whether a verifier has confirmed who the subject is: by a signed attestation, or by two at a counter."""
    attested = sa.select(Attestation.id).where(Attestation.case_id == case.id).limit(1)
    return session.scalar(attested) is not None or sightings.are_enough(sightings.of_case(session, case))


def key_by(session: Session, actor: Actor, member_id: str) -> Callable[[str], PublicKey]:
    """For `jws.verify`: the member's keys that are the actor's own hand, and no others (Forbidden)."""

    def key_for(kid: str) -> PublicKey:
        key, hand = valid_key(session, kid, member_id)
        if hand != actor.id:
            raise Forbidden("sign with your own key; this one is somebody else's", field="kid", code="key-not-yours")
        return key

    return key_for


def require_proofed(session: Session, case: Case) -> None:
    """Forbidden until a verifier has confirmed who the subject is."""
    if not proofed(session, case):
        raise Forbidden("this needs a proof of identity: let a verifier confirm first who you are", code="not-proofed")


def _prose(text: str, *, most: int = rules.TEXT_LENGTH) -> str:
    """The text with the line ends that a browser sends made one."""
    return verify_prose(text.replace("\r\n", "\n"), field="text", most=most)


def _new(session: Session, case: Case, key: CaseKey, *, number: int, plea: Plea, now: datetime) -> Appeal:
    entry = effects.entry_of(session, case.id)
    appeal = Appeal(id=new_id(), case_id=case.id, number=number, instance=1, member_id=case.member_id, lane=plea.lane)
    appeal.grounds, appeal.entry_id = [ground.value for ground in plea.grounds], entry.id if entry else None
    appeal.sealed_text = seal(key, appeal, "sealed_text", plea.text)
    appeal.suspended, appeal.lodged_at, appeal.informed_at = False, now, now
    return appeal


def _verified(
    session: Session, actor: Actor, appeal: Appeal, statement: str, issuer: str, now: datetime
) -> jws.Statement:
    signed = jws.verify(statement, typ=ANSWER, key_for=key_by(session, actor, appeal.member_id))
    verify_claims(signed.payload, _ANSWER)
    for name, wanted in (("iss", appeal.member_id), ("aud", issuer), ("appeal", appeal.id)):
        verify_value(signed.payload, name, wanted)
    verify_times(signed.payload, now=now, max_age=policy.ANSWER_LIMIT)
    verify_no_number(signed.payload["text"], field="text")
    return signed


def _tell(session: Session, appeal: Appeal, kind: str, now: datetime) -> None:
    """The filing member learns that something happened and where to read it, nothing else."""
    payload = {"type": kind, "id": appeal.id}
    send(session, channel="webhook", member_id=appeal.member_id, kind=kind, payload=payload, now=now)
