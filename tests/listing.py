"""People in the register without their whole story: a case, a report and an entry, written as rows.

For tests of what comes after a listing. How an entry comes about is tested where reports and entries are.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from registry.access import Actor
from registry.base64url import encode
from registry.cases.actions import open_case, seal
from registry.cases.models import Statement
from registry.checks import actions
from registry.checks.actions import Asked
from registry.checks.rules import Question, read_question
from registry.client.sample import number
from registry.db import Session, Store, new_id
from registry.entries import places
from registry.entries.models import Entry
from registry.entries.rules import State
from registry.identity import tags
from registry.identity.document import Document, parse
from registry.identity.voprf import Evaluated
from registry.keys.holder import Holder
from registry.keys.rotations import handle_of
from registry.log.actions import record
from registry.policy import Basis, Staff
from registry.reports.models import Report
from registry.reports.rules import State as ReportState
from tests.cast import Cast

CONSENT = {"kind": "declared", "reference": "HR-2026-03/17"}


def people(count: int, *, seed: int = 7) -> list[Document]:
    """So many different documents, the same ones every time."""
    random, numbers = Random(seed), dict[str, None]()
    while len(numbers) < count:
        numbers[number(random)] = None
    return [parse(text) for text in numbers]


def tags_of(holder: Holder, documents: Sequence[Document], actor: Actor) -> tuple[list[bytes], str]:
    """Their tags and a ticket, straight from the key holder; `admit` has not seen it."""
    blinded = [tags.blind(document) for document in documents]
    evaluation = holder.evaluate(member=actor.member_id, account=actor.id, elements=[one.element for one in blinded])
    found = tags.unblind_batch(holder.public().public, blinded, Evaluated(evaluation.elements, evaluation.proof))
    return found, evaluation.ticket


def admitted(
    store: Store, holder: Holder, documents: Sequence[Document], actor: Actor, now: datetime
) -> tuple[list[bytes], str]:
    """As the API does it: budgets, key holder, budgets again."""
    keys, blinded = holder.public(), [tags.blind(document) for document in documents]
    with store.read() as session:
        actions.require_evaluation(session, actor=actor, key_id=keys.key_id, units=len(blinded), keys=keys, now=now)
    evaluation = holder.evaluate(member=actor.member_id, account=actor.id, elements=[one.element for one in blinded])
    with store.write() as session:
        actions.admit(session, actor=actor, evaluation=evaluation, keys=keys, now=now)
    found = tags.unblind_batch(keys.public, blinded, Evaluated(evaluation.elements, evaluation.proof))
    return found, evaluation.ticket


def question(found: Sequence[bytes], *, purpose: str = "hiring") -> Question:
    return read_question(purpose=purpose, consent=CONSENT, tags=[encode(tag) for tag in found])


def check(
    store: Store,
    holder: Holder,
    documents: Sequence[Document],
    actor: Actor,
    now: datetime,
    *,
    purpose: str = "hiring",
    key: str | None = None,
) -> Asked:
    """Ask about these people, all steps."""
    found, ticket = admitted(store, holder, documents, actor, now)
    with store.write() as session:
        return actions.ask(
            session,
            actor=actor,
            question=question(found, purpose=purpose),
            ticket=ticket,
            holder=holder,
            now=now,
            key=key,
        )


def list_person(
    store: Store,
    holder: Holder,
    cast: Cast,
    document: Document,
    now: datetime,
    *,
    term: timedelta | None = timedelta(days=365),
    statement: str | None = None,
    tag: bytes | None = None,
) -> Entry:
    """An entry that acme filed about this person, listed at `now`; by `tag` under whichever key."""
    if tag is None:
        (tag,), _ = tags_of(holder, [document], cast.rui.actor)
    with store.write() as session:
        return _entry(session, cast, tag, holder, now, term, statement)


def _entry(
    session: Session,
    cast: Cast,
    tag: bytes,
    holder: Holder,
    now: datetime,
    term: timedelta | None,
    statement: str | None,
) -> Entry:
    handle = handle_of(session, tag)
    sealed = tags.seal_tag(holder.public().sealing_public, tag)
    case, key = open_case(session, member_id="acme", subject_handle=handle, sealed_tag=sealed, now=now)
    report = Report(
        id=new_id(), case_id=case.id, member_id="acme", state=ReportState.LISTED,
        statement_digest=secrets.token_bytes(32), offence="sale", offence_version=1, staff=Staff.EMPLOYEE,
        impersonation=False, level=2, basis=Basis.POLICE, term_days=365,
        late=False, sealed_words=b"", sealed_contact=b"", filed_by=cast.rui.actor.id,
        filed_at=now,
    )  # fmt: skip
    session.add(report)
    session.flush()
    entry = Entry(
        id=new_id(), case_id=case.id, report_id=report.id, member_id="acme", state=State.LISTED, handle=handle,
        sealed_tag=sealed, offence="sale", level=2, basis=Basis.POLICE, disputed=False, listed_at=now,
        until=now + term if term else None,
    )  # fmt: skip
    session.add(entry)
    places.name(session, entry, tag)
    places.stir(session, entry)
    if statement is not None:
        said = Statement(id=new_id(), case_id=case.id, made_at=now)
        said.sealed_text = seal(key, said, "sealed_text", statement)
        session.add(said)
    record(session, "entry.list", actor="system:listing", now=now, facts={"entry": entry.id}, case=key)
    return entry
