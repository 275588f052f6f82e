"""Open a case; open its key; seal and unseal what belongs to it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from registry import vault
from registry.access import Action, Actor, require
from registry.cases import wrapping
from registry.cases.models import Case
from registry.db import Base, Session, new_id
from registry.errors import NotFound
from registry.log.actions import CaseKey
from registry.members.models import Member

# Crockford's base 32: no I, L, O, U, so that a number survives the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Owned(Protocol):
    """A case, or what was filed in one: it belongs to the member that filed it."""

    member_id: Any


def require_on(session: Session, actor: Actor, action: Action, owned: Owned) -> None:
    """`access.require` for what belongs to a member: who owns that member counts as well."""
    group = session.get_one(Member, owned.member_id).group
    require(actor, action, member_id=owned.member_id, group=group)


def open_case(
    session: Session, *, member_id: str, subject_handle: bytes, sealed_tag: bytes, now: datetime
) -> tuple[Case, CaseKey]:
    """A new case with a fresh key of its own."""
    case_id, key, under = new_id(), vault.new_key(), wrapping.present(session)
    case = Case(
        id=case_id,
        number=new_number(),
        member_id=member_id,
        subject_handle=subject_handle,
        sealed_tag=sealed_tag,
        wrapped_key=vault.wrap(session.keyring.wrapping_key(under), key, case=case_id),
        wrapped_under=under,
        opened_at=now,
    )
    session.add(case)
    session.flush()
    return case, CaseKey(case_id, key)


def new_number() -> str:
    """`ZL-7F3K-9QX2`: 40 random bits, so that a number says nothing about how many cases there are."""
    digits = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"ZL-{digits[:4]}-{digits[4:]}"


def hold(session: Session, case_id: str) -> None:
    """One at a time: whoever lists a case or contests it sees what the other has done. For PostgreSQL."""
    session.execute(sa.select(Case.id).where(Case.id == case_id).with_for_update(key_share=True))


def key_of(session: Session, case: Case) -> CaseKey:
    """The case's key; NotFound once it has been destroyed."""
    if case.wrapped_key is None:
        raise NotFound("this case has been erased")
    kek = session.keyring.wrapping_key(case.wrapped_under)
    return CaseKey(case.id, vault.unwrap(kek, case.wrapped_key, case=case.id))


def seal(key: CaseKey, row: Base, column: str, text: str) -> bytes:
    """`text` sealed for this column of this row; it opens nowhere else. The row must have its id already."""
    return seal_bytes(key, row, column, text.encode())


def unseal(key: CaseKey, row: Base, column: str) -> str:
    return unseal_bytes(key, row, column).decode()


def seal_bytes(key: CaseKey, row: Base, column: str, data: bytes) -> bytes:
    return vault.seal(key.key, data, table=row.__tablename__, row=_id(row), column=column)


def unseal_bytes(key: CaseKey, row: Base, column: str) -> bytes:
    return vault.open_sealed(key.key, getattr(row, column), table=row.__tablename__, row=_id(row), column=column)


def _id(row: Base) -> str:
    identity: str = row.id  # type: ignore[attr-defined]
    return identity
