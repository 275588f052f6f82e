"""What is left of a case, and what is not. Every table that names a case is gone through, so that none is forgotten.

Rows of `GONE` are deleted. Of all others whatever is sealed is emptied, and what could be matched with something that
somebody knows is replaced by random bytes. Every row that stays, and every other one that an act of the case attested
(a message on its way, a check that was told), is attested anew, by an act that still opens.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

import sqlalchemy as sa

from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.checks.forgetting import forget_checks, forget_moved, forget_renamed
from registry.checks.models import Check
from registry.db import Base, Session
from registry.entries import places
from registry.log.actions import touch

GONE: Final = frozenset(
    {"answer", "attestation", "case_match", "countersignature", "statement", "subject_contact", "subject_session"}
)
# Sealed under the vault key, and about no person: acknowledgements of recalls, and the erasure's own signature.
KEPT: Final = frozenset({("erasure", "sealed_statement"), ("recall", "sealed_statement")})
# Digests, names and sizes by which somebody who has the original could recognise it.
MATCHABLE: Final = frozenset({"code_hash", "holder_match", "incident", "jti", "lookup", "size", "statement_digest"})
_HANDLES: Final = frozenset({"handle", "subject_handle"})


def forget(session: Session, case: Case) -> None:
    """Destroy the key and all that is about the person. The caller records, under the vault key."""
    attested = {row for act in acts.of_case(session, key_of(session, case)) for row in act.rows}
    _forget_checks(session, case)
    for kind in _tables().values():
        if kind is not Case and "case_id" in sa.inspect(kind).column_attrs:
            of_case = sa.select(kind).where(kind.case_id == case.id)  # type: ignore[attr-defined]
            for row in session.scalars(of_case).all():
                _forget_row(session, row)
    handles = [case.subject_handle] if case.subject_handle is not None else []
    case.wrapped_key = None
    _empty(case)
    forget_moved(session, [f"case:{case.id}"])
    forget_renamed(session, handles)
    for table, name in attested:
        if (left := _stored(session, table, name)) is not None:
            touch(session, left)
    touch(session, case)


def _tables() -> dict[str, type[Base]]:
    """Every logged table by name, in the order of their names."""
    found = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers if mapper.class_.logged}
    return dict(sorted(found.items()))


def _stored(session: Session, table: str, name: str) -> Base | None:
    """The row that acts call `table:name`, if it is still there."""
    kind = _tables()[table]
    columns = sa.inspect(kind).primary_key
    parts = name.split("/") if len(columns) > 1 else [name]
    return session.get(kind, tuple(column.type.python_type(part) for column, part in zip(columns, parts, strict=True)))


def _forget_checks(session: Session, case: Case) -> None:
    """Nobody can find out any more whom they asked about; unless another case of the person is on file."""
    other = sa.select(Case.id).where(Case.subject_handle == case.subject_handle, Case.id != case.id).limit(1)
    if case.subject_handle is None or session.scalar(other) is not None:
        return
    places.forget(session, case.subject_handle)
    forget_checks(session, session.scalars(sa.select(Check).where(Check.handle == case.subject_handle)).all())


def _forget_row(session: Session, row: Base) -> None:
    if row.__tablename__ in GONE:
        session.delete(row)
    else:
        _empty(row)
        touch(session, row)


def _empty(row: Base) -> None:
    for attribute in sa.inspect(row).mapper.column_attrs:
        name, column = attribute.key, attribute.columns[0]
        if (row.__tablename__, name) in KEPT or getattr(row, name) is None:
            continue
        if name.startswith("sealed_") or name in _HANDLES:
            setattr(row, name, None if column.nullable else b"")
        elif name in MATCHABLE:
            setattr(row, name, _random_like(getattr(row, name)))


def _random_like(value: Any) -> Any:
    if isinstance(value, int):
        return 0
    return secrets.token_bytes(len(value)) if isinstance(value, bytes) else secrets.token_hex(16)
