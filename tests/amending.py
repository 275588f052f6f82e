"""Rui amends what acme has filed, and ana confirms it, through the same actions as the edges use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from registry import base64url
from registry.amendments import actions, rules
from registry.amendments.models import Amendment
from registry.appeals.listing import list_due
from registry.cases.models import Case
from registry.db import Store, new_id
from registry.entries.models import Entry
from registry.entries.queries import of_case
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.policy import RESPONSE_WINDOW
from registry.recalls.models import Recall
from registry.signing import jws
from tests.cast import Cast, Person
from tests.conftest import ISSUER, MovingClock
from tests.filing import NUMBER, Filing, tag_of
from tests.listing import check

SAID: dict[str, dict[str, Any]] = {
    "correction": {"changes": {"level": 1, "term_days": 200}},
    "revision": {"on": "2026-03-01", "changes": {"term_days": 300}},
    "contest": {"proceeding": {"body": "arbitration", "reference": "Lao Zhong 17", "on": "2026-03-01"}},
    "void": {},
}


@dataclass
class Desk:
    """Acme's security department, with one report."""

    store: Store
    cast: Cast
    holder: Holder
    clock: MovingClock
    filing: Filing

    def listed(self) -> Desk:
        """Noticed, its window closed; hana has asked about them."""
        self.filing.noticed(self.clock())
        self.clock.move(RESPONSE_WINDOW)
        with self.store.write() as session:
            list_due(session, now=self.clock())
        check(self.store, self.holder, [parse(NUMBER)], self.cast.hana.actor, self.clock())
        return self

    def entry(self) -> Entry:
        with self.store.read() as session:
            entry = of_case(session, self.filing.case_id)
            assert entry is not None
            return entry

    def case(self) -> Case:
        with self.store.read() as session:
            return session.get_one(Case, self.filing.case_id)

    def claims(self, kind: str, /, **changes: Any) -> dict[str, Any]:
        said = {
            **_standard(self.cast.rui, self.clock),
            "report": self.filing.id,
            "digest": base64url.encode(self.filing.report().statement_digest),
            "kind": kind,
            "what": "The number of records was 24, not 710.",
            "why": "Two files were counted twice.",
            **SAID[kind],
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def sign(self, kind: str, /, *, who: Person | None = None, **changes: Any) -> Amendment:
        who = who or self.cast.rui
        return self.send(_signed(who, self.claims(kind, **changes), rules.AMENDMENT), who)

    def send(self, token: str, who: Person | None = None) -> Amendment:
        actor = (who or self.cast.rui).actor
        with self.store.write() as session:
            return actions.sign(
                session, actor=actor, report_id=self.filing.id, token=token, issuer=ISSUER, now=self.clock()
            )

    def confirmation(self, row: Amendment, who: Person) -> str:
        said = {**_standard(who, self.clock), "amendment": base64url.encode(row.statement_digest)}
        return _signed(who, said, rules.CONFIRMATION)

    def confirm(self, row: Amendment, who: Person | None = None, token: str = "") -> Amendment:
        who = who or self.cast.ana
        token = token or self.confirmation(row, who)
        with self.store.write() as session:
            return actions.confirm(
                session, actor=who.actor, amendment_id=row.id, token=token, issuer=ISSUER, now=self.clock()
            )

    def amend(self, kind: str, /, **changes: Any) -> Amendment:
        """Both of them."""
        return self.confirm(self.sign(kind, **changes))

    def tick(self, by: timedelta) -> list[Amendment]:
        self.clock.move(by)
        with self.store.write() as session:
            return actions.lapse_due(session, self.clock())

    def recalls(self) -> list[str]:
        with self.store.read() as session:
            return [row.reason.value for row in session.query(Recall).order_by(Recall.issued_at, Recall.id)]


def desk_of(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Desk:
    return Desk(store, cast, holder, clock, Filing(store, cast, holder, clock(), tag_of(holder)))


def _standard(who: Person, clock: MovingClock) -> dict[str, Any]:
    return {"iss": who.actor.member_id, "aud": ISSUER, "jti": new_id(), "iat": int(clock().timestamp())}


def _signed(who: Person, said: dict[str, Any], typ: str) -> str:
    assert who.key is not None
    return jws.sign(said, typ=typ, key=who.key)
