"""Proofing at a counter: two officers of one verifier look at the document, each with their own sign-in.

Each blinds the number from the document before them, as for an attestation, and sends the tag. Neither alone is enough,
and two who are of different houses, or a day apart, are not two at a counter.
"""

from __future__ import annotations

from datetime import datetime

from registry.access import Actor
from registry.appeals import queries, sightings
from registry.appeals.models import Sighting
from registry.appeals.proofing import case_by_number, verify_person
from registry.appeals.rules import NEXT, State, Verb
from registry.cases.actions import key_of
from registry.cases.steps import advance
from registry.db import Session, new_id
from registry.log.actions import record
from registry.policy import COUNTER_WITHIN


def confirm(session: Session, *, actor: Actor, number: str, tag: str, now: datetime) -> Sighting:
    """One officer has seen the person of the case; `tag` in base64url. With the second, an appeal that waits moves on.

    Raises as `proofing.attest` does. The same officer again within a day changes nothing.
    """
    case = case_by_number(session, actor=actor, number=number)
    verify_person(session, case, tag)
    seen = sightings.of_case(session, case)
    for known in seen:
        if known.account_id == actor.id and known.seen_at > now - COUNTER_WITHIN:
            return known
    row = Sighting(id=new_id(), case_id=case.id, member_id=actor.member_id, account_id=actor.id, seen_at=now)
    session.add(row)
    appeal = queries.latest(session, case.id)
    if sightings.are_enough([*seen, row]) and appeal is not None and appeal.state is State.LODGED:
        advance(session, appeal, NEXT, Verb.PROOF, actor=actor.id, now=now, proofed_at=now, began_at=now)
    facts = {"sighting": row.id}
    record(session, "case.sight", actor=actor.id, now=now, facts=facts, case=key_of(session, case))
    return row
