"""One accusation's way through the house, step by step, through the same actions as the edges use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from registry import base64url
from registry.appeals.listing import list_due
from registry.clock import rfc3339
from registry.db import Session, Store, new_id
from registry.entries.models import Entry
from registry.identity import document, group, tags
from registry.keys.holder import Holder
from registry.notices.actions import pull, queue
from registry.notices.rules import Delivery
from registry.policy import RESPONSE_WINDOW
from registry.reports import statement
from registry.reports.actions import countersign, file
from registry.reports.exhibits import put_exhibit
from registry.reports.models import Report
from registry.reports.rules import Ground, Verdict
from registry.reports.screening import screen
from registry.reports.serving import record_service
from registry.signing import jws
from tests.cast import Cast, Person
from tests.conftest import ISSUER

NUMBER = "11010519491231002X"
OTHER_NUMBER = "440524188001010014"
CONTACT: Mapping[str, object] = {"name": "王小明", "address": "北京市朝阳区\n幸福路 1 号", "language": "zh"}
EXHIBIT = b"time,account,records\n2026-02-01T10:00:00Z,courier-7,300\n2026-02-02T10:00:00Z,courier-7,410\n"
SHA256 = hashlib.sha256(EXHIBIT).hexdigest()
# With the customers that the exhibit leaves out.
ANNEX = b"time,account,customer\n2026-02-01T10:00:00Z,courier-7,Zhao Liu\n2026-02-02T10:00:00Z,courier-7,Sun Qi\n"
ANNEXES: Mapping[str, str] = {hashlib.sha256(ANNEX).hexdigest(): SHA256}


def tag_of(holder: Holder, number: str = NUMBER) -> bytes:
    """As a member's program makes it: blind, let the holder evaluate, verify, unblind."""
    blinded = tags.blind(document.parse(number))
    evaluation = holder.evaluate(member="acme", account="acme-security", elements=[blinded.element])
    evaluated = tags.Evaluated(evaluation.elements, evaluation.proof)
    return tags.unblind_batch(holder.public().public, [blinded], evaluated)[0]


def any_tag(seed: int = 1) -> bytes:
    """A tag of nobody, for tests that ask no key holder."""
    return group.element_from_uniform(bytes([seed]) * 64)


def claims(person: Person, tag: bytes, now: datetime, **changes: Any) -> dict[str, Any]:
    """The payload of a report that is in order; `changes` replaces claims, and REMOVED removes one."""
    said: dict[str, Any] = {
        "iss": person.actor.member_id,
        "aud": ISSUER,
        "jti": new_id(),
        "iat": int(now.timestamp()),
        "sub": base64url.encode(tag),
        "v": 1,
        "offence": "sale",
        "offence_version": 1,
        "staff": "employee",
        "impersonation": False,
        "basis": "B",
        "gravity": {"records": 710, "kind": "transaction", "gain_cny": 900},
        "period": {"from": str((now - timedelta(days=40)).date()), "to": str((now - timedelta(days=9)).date())},
        "found": {"on": str((now - timedelta(days=5)).date()), "how": "The access log showed exports at night."},
        "measure": "Dismissed; access withdrawn the same day.",
        "breach_notice": {"date": str((now - timedelta(days=4)).date()), "reference": "SPB-2026-0117"},
        "narrative": "The courier exported customers' addresses and sold them to a collector.",
        "facts": [{"text": "Exported 710 customers' records at night.", "exhibits": [SHA256]}],
        "proof": {
            "police": {"reference": "PSB-2026-88", "date": str((now - timedelta(days=4)).date())},
            "dismissal": {"reference": "HR-2026-31", "date": str((now - timedelta(days=4)).date())},
        },
        "exhibits": [SHA256],
        "term_days": 365,
        "reasons": "Repeated over a month, for gain, from a position of trust.",
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not REMOVED}


REMOVED = object()


def sign(person: Person, payload: Mapping[str, Any], typ: str = statement.REPORT) -> str:
    assert person.key is not None
    return jws.sign(payload, typ=typ, key=person.key)


def countersignature(person: Person, report: Report, tag: bytes, now: datetime, /, **changes: Any) -> str:
    payload = {
        "iss": person.actor.member_id,
        "aud": ISSUER,
        "jti": new_id(),
        "iat": int(now.timestamp()),
        "sub": base64url.encode(tag),
        "report": base64url.encode(report.statement_digest),
        **changes,
    }
    return sign(person, payload, statement.COUNTERSIGNATURE)


class Filing:
    """A report at some point of its way. Each method takes it one step further, in a transaction of its own."""

    def __init__(
        self, store: Store, cast: Cast, holder: Holder, now: datetime, tag: bytes | None = None, **changes: Any
    ) -> None:
        self.store, self.cast, self.holder = store, cast, holder
        self.tag = tag if tag is not None else any_tag()
        self.payload = claims(cast.rui, self.tag, now, **changes)
        self.token = sign(cast.rui, self.payload)
        with store.write() as session:
            put_exhibit(session, actor=cast.rui.actor, sha256=SHA256, data=EXHIBIT, now=now)
            for digest in changes.get("annexes", {}):
                put_exhibit(session, actor=cast.rui.actor, sha256=digest, data=ANNEX, now=now)
        with store.write() as session:
            self.filed = self.file(session, now)
        self.id, self.case_id, self.number = self.filed.report.id, self.filed.case.id, self.filed.case.number

    def file(self, session: Session, now: datetime) -> Any:
        return file(
            session,
            actor=self.cast.rui.actor,
            token=self.token,
            contact=CONTACT,
            issuer=ISSUER,
            sealing_public=self.holder.public().sealing_public,
            now=now,
        )

    def report(self) -> Report:
        with self.store.read() as session:
            return session.get_one(Report, self.id)

    def countersigned(self, now: datetime) -> Filing:
        with self.store.write() as session:
            token = countersignature(self.cast.ana, self.filed.report, self.tag, now)
            countersign(session, actor=self.cast.ana.actor, report_id=self.id, token=token, issuer=ISSUER, now=now)
        return self

    def screened(self, now: datetime) -> Filing:
        return self._screened(Verdict.ACCEPT, None, now)

    def refused(self, now: datetime) -> Filing:
        return self._screened(Verdict.REFUSE, Ground.NO_EVIDENCE, now)

    def _screened(self, verdict: Verdict, ground: Ground | None, now: datetime) -> Filing:
        with self.store.write() as session:
            screen(
                session,
                actor=self.cast.sol.actor,
                report_id=self.id,
                verdict=verdict,
                ground=ground,
                fact=None if ground is None else 1,
                reasons="Looked at every exhibit.",
                issuer=ISSUER,
                now=now,
            )
        return self

    def letter_id(self) -> str:
        """The newest letter of the case that waits to be printed or served."""
        with self.store.read() as session:
            return [n.id for n, number in queue(session, actor=self.cast.cleo.actor) if number == self.number][-1]

    def printed(self, now: datetime) -> str:
        """The letter's text."""
        with self.store.write() as session:
            return pull(session, letter_id=self.letter_id(), actor=self.cast.cleo.actor, now=now)

    def served(self, now: datetime, on: datetime | None = None) -> Filing:
        with self.store.write() as session:
            record_service(
                session,
                actor=self.cast.cleo.actor,
                letter_id=self.letter_id(),
                delivery=Delivery.REGISTERED_POST,
                on=on or now,
                proof=f"receipt XB 1234, signed {rfc3339(on or now)[:10]}",
                now=now,
            )
        return self

    def noticed(self, now: datetime) -> Filing:
        """From filed to noticed, all at once."""
        self.countersigned(now).screened(now).printed(now)
        return self.served(now)

    def listed(self, now: datetime) -> Entry:
        """From filed to listed: the window closes, and the worker comes by."""
        self.noticed(now)
        with self.store.write() as session:
            (entry,) = list_due(session, now=now + RESPONSE_WINDOW)
            return entry
