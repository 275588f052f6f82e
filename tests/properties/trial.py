"""A registry on trial: people who are accused, cases, and every verb that may be tried by anybody at any moment.

A verb acts in the transaction that it is given. It looks up what it acts on as it stands, and raises the registry's own
refusal when it may not act; `LookupError` says that there is nothing to try it on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import sqlalchemy as sa

from registry.cases.models import Case
from registry.db import Session, new_id
from registry.identity.document import Document
from registry.keys.rotations import handle_of
from registry.signing import jws
from tests.cast import Person
from tests.conftest import ISSUER
from tests.house import House

_DATES = ("drafted_at", "lodged_at", "issued_at", "opened_at", "filed_at", "listed_at", "proposed_at", "signed_at")


@dataclass
class Trial:
    house: House
    accused: list[tuple[bytes, Document]]  # their tags and documents
    cases: list[str] = field(default_factory=list)  # ids, in the order of their filing

    def case(self, session: Session, place: int) -> Case:
        return session.get_one(Case, self.cases[place % len(self.cases)] if self.cases else nothing())

    def tag_of(self, session: Session, case: Case) -> bytes:
        """Whom the case is about; the first of the accused once nobody knows any more."""
        about = (tag for tag, _ in self.accused if handle_of(session, tag) == case.subject_handle)
        return next(about, self.accused[0][0])

    def signed(self, who: Person, typ: str, **said: Any) -> str:
        """By their own key; whoever has none signs with a stranger's."""
        now = int(self.house.clock().timestamp())
        key = {"rex": self.house.rex.key, "olaf": self.house.olaf.key}.get(who.name) or self.signer(who).key
        assert key is not None
        standard = {"iss": who.actor.member_id, "aud": ISSUER, "jti": new_id(), "iat": now}
        return jws.sign({**standard, **said}, typ=typ, key=key)

    def signer(self, who: Person) -> Person:
        return who if who.key is not None else Person(who.name, who.actor, self.house.cast.vera.key, None)


Verb = Callable[[Trial, Session, Person, int, int], object]
VERBS: dict[str, Verb] = {}


def verb(act: Verb) -> Verb:
    VERBS[act.__name__] = act
    return act


def nothing() -> NoReturn:
    raise LookupError


def last(session: Session, kind: Any, case: Case) -> Any:
    """The newest row of the case."""
    order = [getattr(kind, name).desc() for name in _DATES if hasattr(kind, name)]
    found = session.scalars(sa.select(kind).where(kind.case_id == case.id).order_by(*order, kind.id)).first()
    return found if found is not None else nothing()
