"""Every act is logged in the transaction that does it, or that transaction does not commit.

The order in every action is guard, write, notify, log: `record` closes an act over every row written since the one
before. The digest of each row stands in the act's row list, the list's digest in its record, the record's digest in
the commitment, and the commitment in the public leaf. So an edited, missing or added row can be named by replaying
the log (`registry.audit`), and a write that no act follows is refused (`UnloggedWrite`).

    record = JCS {"act", "actor", "at", "case", "facts", "rows": SHA-256 of the row list, "told", "v": 1, "verb"}
    rows   = JCS [[table, primary key, SHA-256 of the row or null when it was deleted], …]
    told   = [[table, primary key, {column: value}], …] of the rows whose tables have columns to tell; else left out
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import rfc8785
import sqlalchemy as sa
from sqlalchemy import event, orm

from registry import base64url, vault
from registry.clock import rfc3339
from registry.db import Base, Session, new_id
from registry.errors import NotFound
from registry.log import leaf
from registry.log.models import Act, LeafType


class UnloggedWrite(RuntimeError):
    """A programming error: a transaction wrote rows after its last act."""


@dataclass(frozen=True, slots=True)
class CaseKey:
    """An opened case key; what is sealed under it dies with it."""

    case_id: str
    key: bytes = field(repr=False)


def record(
    session: Session,
    verb: str,
    *,
    actor: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    case: CaseKey | None = None,
    uid: str | None = None,
    type: LeafType = LeafType.ACT,
    clear: Mapping[str, Any] | None = None,
) -> Act:
    """Write the act that covers every row written since the act before it.

    `actor` is an account id, `system:<duty>` or `subject:<case id>`. `facts` is JSON without floats, identity
    numbers or tags. `clear` is the public key that a leaf of type `key` shows to everyone. `uid` is given when one
    of the rows must name the act.
    """
    session.flush()
    if case is not None:
        _hold(session, case.case_id)
    _read_again(session)
    uid = uid or new_id()
    rows = rfc8785.dumps(_row_list(session))
    body: dict[str, Any] = {
        "act": uid,
        "actor": actor,
        "at": rfc3339(now),
        "case": case.case_id if case else None,
        "facts": dict(facts or {}),
        "rows": base64url.encode(hashlib.sha256(rows).digest()),
        "v": 1,
        "verb": verb,
    }
    if clear is not None:
        body["clear"] = dict(clear)
    # An erasure attests anew all that is left of a case, under a key that stays: it must not tell what it forgets.
    if type is not LeafType.ERASURE and (told := _told(session)):
        body["told"] = told
    text, salt = rfc8785.dumps(body), secrets.token_bytes(32)
    key = case.key if case else session.keyring.vault_key
    act = Act(
        uid=uid,
        type=type,
        at=now,
        case_id=case.case_id if case else None,
        commitment=leaf.commit(salt, type.value, text),
        salt=vault.seal(key, salt, table="act", row=uid, column="salt"),
        record=vault.seal(key, text, table="act", row=uid, column="record"),
        rows=vault.seal(key, rows, table="act", row=uid, column="rows"),
        clear=rfc8785.dumps(dict(clear)).decode() if clear is not None else None,
    )
    _forget(session)
    session.add(act)
    session.flush()
    return act


def _hold(session: Session, case_id: str) -> None:
    """On PostgreSQL, no act comes under a key that is destroyed at the same moment. SQLite has but one writer."""
    if session.get_bind().dialect.name == "postgresql":
        case = sa.table("case", sa.column("id"), sa.column("wrapped_key"))
        living = sa.select(case.c.id).where(case.c.id == case_id, case.c.wrapped_key.is_not(None))
        if session.scalar(living.with_for_update(read=True, key_share=True)) is None:
            raise NotFound("this case has been erased")


def touch(session: Session, row: Base) -> None:
    """Tell the log of a row that was written past the unit of work (a compare-and-set)."""
    _unlogged(session)[row.__tablename__, primary_key(row)] = row


def primary_key(row: Base) -> str:
    """The row's name within its table; parts of a composite key are joined by a stroke."""
    return "/".join(str(part) for part in sa.inspect(row).mapper.primary_key_from_instance(row))


def row_digest(row: Base) -> str:
    """Base64url SHA-256 over the JCS of the row's columns, the same on both databases."""
    return values_digest({column.key: getattr(row, column.key) for column in sa.inspect(row).mapper.column_attrs})


def values_digest(values: Mapping[str, Any]) -> str:
    """As `row_digest`, of the row that has these values by attribute."""
    plain = {key: _plain(value) for key, value in values.items()}
    return base64url.encode(hashlib.sha256(rfc8785.dumps(plain)).digest())


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64url.encode(value)
    if isinstance(value, datetime):
        return rfc3339(value.astimezone(UTC))
    return value


def _row_list(session: Session) -> list[list[str | None]]:
    rows = _unlogged(session)
    return [[*name, None if rows[name] is None else row_digest(cast(Base, rows[name]))] for name in sorted(rows)]


def _told(session: Session) -> list[list[Any]]:
    rows = _unlogged(session)
    shown = ((name, row) for name in sorted(rows) if (row := rows[name]) is not None and row.told)
    return [[*name, {column: _plain(getattr(row, column)) for column in row.told}] for name, row in shown]


def _read_again(session: Session) -> None:
    """On PostgreSQL, take updated rows as they stand: an object read before our update may miss another's columns.

    The update holds each row's lock until the commit; `FOR NO KEY UPDATE` takes it where nothing had changed. SQLite
    has but one writer.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    rows = _unlogged(session)
    for name in sorted(rows.keys() - _inserted(session)):
        if (row := rows[name]) is not None:
            session.refresh(row, with_for_update={"key_share": True})


def _inserted(session: orm.Session) -> set[tuple[str, str]]:
    """Rows that are new since the last act: nobody else can have changed them."""
    names: set[tuple[str, str]] = session.info.setdefault("inserted", set())
    return names


def _unlogged(session: orm.Session) -> dict[tuple[str, str], Base | None]:
    """Rows written since the last act by (table, key); None for a deleted one."""
    rows: dict[tuple[str, str], Base | None] = session.info.setdefault("unlogged", {})
    return rows


@event.listens_for(Session, "after_flush")
def _note_rows(session: orm.Session, _context: object) -> None:
    written = [(row, row) for row in [*session.new, *session.dirty]]
    for row, state in [*written, *((row, None) for row in session.deleted)]:
        if isinstance(row, Base) and row.logged:
            _unlogged(session)[row.__tablename__, primary_key(row)] = state
    _inserted(session).update(
        (row.__tablename__, primary_key(row)) for row in session.new if isinstance(row, Base) and row.logged
    )


@event.listens_for(Session, "before_commit")
def _refuse_unlogged(session: orm.Session) -> None:
    session.flush()
    if names := sorted(_unlogged(session)):
        raise UnloggedWrite(f"no act covers what was written to {names[0][0]}")


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: orm.Session, _previous: object = None) -> None:
    for name in ("unlogged", "inserted"):
        session.info.pop(name, None)
