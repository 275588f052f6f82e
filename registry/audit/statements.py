"""Statements: what people signed is verified again, with the keys that held when it was logged.

Positions decide, not dates: a key holds from the act that enrolled it to the act that revoked it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from registry.amendments.rules import AMENDMENT
from registry.amendments.rules import CONFIRMATION as AMENDMENT_CONFIRMATION
from registry.appeals.actions import ANSWER
from registry.appeals.proofing import TYP as ATTESTATION
from registry.appeals.silence import TYP as SILENCE
from registry.audit.acts import Ledger
from registry.audit.differences import Difference, Kind
from registry.audit.keys import Keys
from registry.audit.stored import Stored
from registry.erasures.rules import TYP as ERASURE
from registry.errors import Invalid
from registry.orders.rules import CONFIRMATION, ORDER, WITHDRAWAL
from registry.recalls.rules import TYP as ACKNOWLEDGEMENT
from registry.reports.statement import COUNTERSIGNATURE, REPORT
from registry.signing import jws, keys
from registry.signing.consent import GROUP as CONSENT_GROUP

COLUMN = "sealed_statement"


@dataclass(frozen=True, slots=True)
class Signed:
    """How a table keeps statements: their `typ`, the column that says who signed, and under which key.

    The signer is the account whose hand the key is, or the member where any of its keys will do. `late` for a row
    that was there before it was signed: then its last act is the one that brought the statement.
    """

    typ: str
    signer: Literal["account_id", "member_id"]
    under_case: bool = True
    late: bool = False
    brought_by: str | None = None  # the column with the uid of the act that brought it, where others followed


# Every table with a sealed statement. Where it has no column for the key, the statement itself names it.
SIGNED: Mapping[str, Signed] = {
    "amendment": Signed(AMENDMENT, "account_id"),
    "amendment_confirmation": Signed(AMENDMENT_CONFIRMATION, "account_id"),
    "answer": Signed(ANSWER, "account_id"),
    "attestation": Signed(ATTESTATION, "account_id"),
    "consent_group": Signed(CONSENT_GROUP, "account_id", under_case=False),
    "countersignature": Signed(COUNTERSIGNATURE, "account_id"),
    "erasure": Signed(ERASURE, "account_id", under_case=False, brought_by="cosign_act"),
    "order": Signed(ORDER, "account_id"),
    "order_confirmation": Signed(CONFIRMATION, "account_id"),
    "order_withdrawal": Signed(WITHDRAWAL, "account_id"),
    "recall": Signed(ACKNOWLEDGEMENT, "member_id", under_case=False, late=True),
    "report_version": Signed(REPORT, "account_id"),
    "silence": Signed(SILENCE, "account_id"),
}


@dataclass(frozen=True, slots=True)
class _Span:
    """A signing key, whose it is, and the places of acts between which it holds."""

    jwk: Mapping[str, object]
    member_id: str
    account_id: str
    begin: float
    end: float


class Statements:
    """Verifies one row after another."""

    def __init__(self, signing_keys: Iterable[Stored], *, ledger: Ledger, opener: Keys) -> None:
        self._ledger = ledger
        self._opener = opener
        self._spans = {key.pk: self._span(key) for key in signing_keys if not key.unreadable}

    def _span(self, key: Stored) -> _Span:
        places, values = self._ledger.places, key.values
        return _Span(
            values["jwk"],
            values["member_id"],
            values["account_id"],
            places.get(values["enrolled_by"], math.inf),
            places.get(values["revoked_by"], math.inf),
        )

    def verify(self, row: Stored) -> Iterator[Difference]:
        """Name the row unless its statement is signed as it says. One that is unsigned has nothing to verify."""
        signed = SIGNED.get(row.table)
        attested = self._ledger.rows.get((row.table, row.pk))
        if signed is None or attested is None or row.values.get("kid", "") is None:
            return
        case_id = row.values["case_id"] if signed.under_case else None
        if self._opener.lost(case_id) is not None:
            return
        token = self._opener.open(row, COLUMN, case_id=case_id, place=row.pk)
        place = self._ledger.places.get(row.values[signed.brought_by], -1) if signed.brought_by else attested.first
        place = attested.last if signed.late else place
        if why := "its statement does not open" if token is None else self._problem(row, signed, token, place):
            yield Difference(Kind.ALTERED, row.name, why)

    def _problem(self, row: Stored, signed: Signed, token: bytes, place: int) -> str | None:
        try:
            kid = row.values.get("kid") or jws.parse(token.decode(), typ=signed.typ).kid
        except (Invalid, UnicodeDecodeError):
            return "its signature does not hold"
        span = self._spans.get(kid)
        if span is None or not span.begin <= place < span.end:
            return "the key that signed it did not hold at its position in the log"
        hand = span.member_id if signed.signer == "member_id" else span.account_id
        if hand != row.values[signed.signer]:
            return "the key that signed it is not the one of whom it names"
        try:
            public = {kid: keys.from_jwk(span.jwk)}
            statement = jws.verify(token.decode(), typ=signed.typ, key_for=public.__getitem__)
        except (Invalid, UnicodeDecodeError):
            return "its signature does not hold"
        if row.values.get("statement_digest", statement.digest) != statement.digest:
            return "its digest is not that of its statement"
        return None
