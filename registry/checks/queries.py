"""Answers, receipts and what a hit says, read from rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry import base64url, vault
from registry.access import Action, Actor, allowed
from registry.cases.actions import unseal
from registry.cases.models import Statement
from registry.checks.models import Batch, Check
from registry.checks.rules import Duty, duties
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.queries import relied_on_from, shown, status_of
from registry.errors import NotFound
from registry.log.actions import CaseKey
from registry.log.models import Act
from registry.log.queries import prove
from registry.reports.answering import last_late
from registry.signing.keys import PrivateKey
from registry.signing.receipt import issue_digest

Answer = dict[str, str | None]

# "Zilu" in ASCII: names the advisory lock between answering and telling.
_ANSWERING = 0x5A696C75


@dataclass(frozen=True, slots=True)
class Details:
    """What stands behind a hit. Once the entry is not shown any more, only its state is left, and what follows."""

    check: str
    batch: str
    entry: str
    state: str
    disputed: bool
    unheard: bool  # listed without proof that anything had reached the person
    not_before: datetime | None  # until then nobody may rely on it; None when they may
    late_answer_at: datetime | None  # the person answered after their time, for reasons
    offence: str | None
    level: int | None
    basis: str | None
    listed_at: datetime | None
    until: datetime | None
    statement: str | None = field(repr=False)
    duties: tuple[Duty, ...]


def share_answering(session: Session) -> None:
    """Taken by whoever answers checks; PostgreSQL only, where SQLite has but one writer.

    While an answer is being written, nobody is told of a change: else a check that has just seen an entry, and is not
    committed yet, would be missed when that entry is recalled.
    """
    _lock(session, "pg_advisory_xact_lock_shared")


def stop_answering(session: Session) -> None:
    """Taken by whoever tells past checkers: waits for answers under way, and holds new ones until the commit."""
    _lock(session, "pg_advisory_xact_lock")


def _lock(session: Session, function: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(getattr(sa.func, function)(_ANSWERING)))


def checks_of(session: Session, batch: Batch) -> list[Check]:
    return list(session.scalars(sa.select(Check).where(Check.batch_id == batch.id).order_by(Check.ordinal)))


def answers_of(checks: Sequence[Check], tags: Sequence[bytes]) -> list[Answer]:
    """One answer for each tag, in their order."""
    return [
        {
            "id": check.id,
            "outcome": check.outcome.value,
            "reference": check.entry_id,
            "tag": base64url.encode(tag),
        }
        for check, tag in zip(checks, tags, strict=True)
    ]


def require_check(session: Session, actor: Actor, check_id: str) -> Check:
    """The check, if the actor's member asked it; NotFound otherwise, whether or not there is one."""
    check = session.get(Check, check_id)
    if check is None or not allowed(actor, Action.CHECK_READ, member_id=check.member_id):
        raise NotFound("there is no such check among those of your member", field="id")
    return check


def require_batch(session: Session, actor: Actor, batch_id: str) -> Batch:
    batch = session.get(Batch, batch_id)
    if batch is None or not allowed(actor, Action.CHECK_READ, member_id=batch.member_id):
        raise NotFound("there is no such batch among those of your member", field="id")
    return batch


def receipt(session: Session, batch: Batch, *, issuer: str, key: PrivateKey) -> str:
    """The batch's receipt, the same bytes every time: all of it is in rows, and Ed25519 signs without randomness."""
    act = _act(session, batch)
    salt, record = (_opened(session, act, column) for column in ("salt", "record"))
    return issue_digest(
        issuer=issuer,
        member=batch.member_id,
        jti=batch.id,
        now=batch.at,
        digest=batch.answers,
        count=batch.count,
        leaf=act.commitment,
        salt=salt,
        record=record,
        size=batch.size,
        root=batch.root,
        key=key,
    )


def proof(session: Session, batch: Batch) -> tuple[str, str] | tuple[None, None]:
    """The leaf of the batch's act (base64url) and its tlog-proof; two None while it is not sequenced."""
    proven = prove(session, _act(session, batch))
    return (None, None) if proven is None else (base64url.encode(proven[0]), proven[1])


def _act(session: Session, batch: Batch) -> Act:
    return session.scalars(sa.select(Act).where(Act.uid == batch.act)).one()


def _opened(session: Session, act: Act, column: str) -> bytes:
    sealed: Any = getattr(act, column)
    return vault.open_sealed(session.keyring.vault_key, sealed, table="act", row=act.uid, column=column)


def was_shown(session: Session, *, member_id: str, entry_id: str) -> bool:
    """Whether the member was told of the entry, by an answer or by a recall."""
    told = sa.or_(Check.entry_id == entry_id, Check.later_entry_id == entry_id)
    return session.scalars(sa.select(Check.id).where(told, Check.member_id == member_id).limit(1)).first() is not None


def details_of(session: Session, check: Check, entry: Entry, key: CaseKey | None, now: datetime) -> Details:
    """`key` is None once the case is erased; then only the state is left."""
    seen = shown(entry, now)
    said = _statement(session, entry, key) if seen and key else None
    late = last_late(session, entry.case_id) if seen else None
    wait = relied_on_from(session, entry)
    must_wait = wait is None or now < wait
    return Details(
        check=check.id,
        batch=check.batch_id,
        entry=entry.id,
        state=status_of(entry, now),
        disputed=entry.disputed,
        unheard=entry.unheard,
        not_before=wait if must_wait else None,
        late_answer_at=late,
        offence=entry.offence if seen else None,
        level=entry.level if seen else None,
        basis=entry.basis.value if seen else None,
        listed_at=entry.listed_at if seen else None,
        until=entry.until if seen else None,
        statement=said,
        duties=duties(
            shown=seen,
            disputed=entry.disputed,
            must_wait=must_wait,
            silent=said is None,
            late=late is not None,
        ),
    )


def _statement(session: Session, entry: Entry, key: CaseKey) -> str | None:
    statement = session.scalar(sa.select(Statement).where(Statement.case_id == entry.case_id))
    return unseal(key, statement, "sealed_text") if statement is not None else None
