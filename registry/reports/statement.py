"""What a report says, read strictly from its signed payload (typ `report+jwt`), claim by claim.

    iss   the member             jti   its own name for the statement      sub   the tag, 32 bytes
    aud   the registry           iat   when it was signed                  v     1, the version of this list
    offence, basis, staff        codes of the policy; offence_version is the present one of that offence
    impersonation                true when the papers may be somebody else's: then it cannot pass the screener
    gravity       {"records", "kind", "gain_cny"}         level and longest term follow from it
    period        {"from", "to"}                          dates, YYYY-MM-DD
    found         {"on", "how"}                           starts the filing clock
    measure       what the member did                     breach_notice {"date", "reference"} or {"none": reason}
    narrative     what happened                           exhibits      [SHA-256 in hexadecimal, 1 to 20]
    facts, witnesses, proof, annexes                      as in `evidence`
    incident      the member's own reference, or left out; reports of one incident share it
    term_days     whole days, or null for permanent       reasons       for that term
    late_reason   only when the filing clock has run out

The countersignature (typ `countersignature+jwt`) has iss, aud, jti, iat, sub (from the number that was entered again)
and report: SHA-256 of the report's payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from registry import base64url, policy
from registry.errors import Invalid
from registry.identity import group
from registry.policy import LISTABLE, OFFENCES, Basis, Gravity, Kind, Proof, Staff
from registry.reports import evidence, rules
from registry.reports.evidence import DATE
from registry.reports.prose import verify_no_numbers
from registry.signing.claims import (
    FLAG,
    LIST,
    OBJECT,
    STANDARD,
    Rule,
    encoded,
    exactly,
    prose,
    verify_claims,
    verify_times,
    verify_value,
    whole,
)

REPORT: Final = "report+jwt"
COUNTERSIGNATURE: Final = "countersignature+jwt"
VERSION: Final = 1
_SHORT: Final = 500

DAYS: Final = Rule(
    "whole days from 1, or null for permanent", lambda v: v is None or (type(v) is int and 1 <= v <= 36_500)
)

_RULES: Final = {
    **STANDARD,
    "v": whole(VERSION, VERSION),
    "sub": encoded(32),
    "offence": exactly(*OFFENCES),
    "offence_version": whole(1, 1_000),
    "staff": exactly(*(staff.value for staff in Staff)),
    "impersonation": FLAG,
    "incident": prose(rules.INCIDENT_LENGTH),
    "basis": exactly(*(basis.value for basis in Basis)),
    "gravity": OBJECT,
    "period": OBJECT,
    "found": OBJECT,
    "measure": prose(_SHORT),
    "breach_notice": OBJECT,
    "narrative": prose(rules.NARRATIVE_LENGTH),
    "facts": LIST,
    "witnesses": LIST,
    "proof": OBJECT,
    "exhibits": LIST,
    "annexes": OBJECT,
    "term_days": DAYS,
    "reasons": prose(policy.REASONS_LENGTH),
    "late_reason": prose(_SHORT),
}
_OPTIONAL: Final = frozenset({"annexes", "incident", "late_reason", "witnesses"})
_GRAVITY: Final = {
    "records": whole(0, rules.MAX_RECORDS),
    "kind": exactly(*(kind.value for kind in Kind)),
    "gain_cny": whole(0, rules.MAX_RECORDS),
}
_PERIOD: Final = {"from": DATE, "to": DATE}
_FOUND: Final = {"on": DATE, "how": prose(_SHORT)}
_COUNTERSIGNATURE: Final = {**STANDARD, "sub": encoded(32), "report": encoded(32)}


@dataclass(frozen=True, slots=True)
class Accusation:
    """A report's payload, read. Nothing in it has been believed yet but who signed it."""

    tag: bytes = field(repr=False)
    jti: str
    offence: str
    offence_version: int
    staff: Staff
    impersonation: bool
    basis: Basis
    records: int
    kind: Kind
    gain_cny: int
    period_from: date
    period_to: date
    found_on: date
    found_how: str = field(repr=False)
    measure: str = field(repr=False)
    breach: evidence.Breach = field(repr=False)
    narrative: str = field(repr=False)
    facts: tuple[evidence.Fact, ...]
    proof: Mapping[Proof, evidence.Part]
    exhibits: tuple[str, ...]
    annexes: Mapping[str, str]  # the digest of each sealed annex, with that of its redacted copy
    term_days: int | None
    reasons: str = field(repr=False)
    late_reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Countersigned:
    """A countersignature's payload, read."""

    tag: bytes = field(repr=False)
    jti: str
    issued: int  # seconds
    report: bytes  # digest of the report's payload


def read(payload: Mapping[str, Any], *, member_id: str, issuer: str) -> Accusation:
    """The accusation in the payload of a report that `member_id` signed for `issuer`.

    Raises Invalid that names the first claim that is wrong, never its value. Looks at no clock: `verify_timely` does.
    """
    verify_claims(payload, _RULES, optional=_OPTIONAL)
    verify_value(payload, "iss", member_id)
    verify_value(payload, "aud", issuer)
    _verify_offence(payload)
    _verify_listable(payload["basis"])
    _verify_parts(payload)
    _verify_evidence(payload)
    verify_no_numbers({name: claim for name, claim in payload.items() if name != "sub"})
    accusation = decode(payload)
    _verify_order(accusation)
    rules.verify_term(accusation.term_days, level(accusation))
    return accusation


def decode(payload: Mapping[str, Any]) -> Accusation:
    """The accusation in a payload that `read` has accepted before, whatever the policy says by now."""
    gravity, period, found = payload["gravity"], payload["period"], payload["found"]
    return Accusation(
        tag=_tag(payload["sub"]),
        jti=payload["jti"],
        offence=payload["offence"],
        offence_version=payload["offence_version"],
        staff=Staff(payload["staff"]),
        impersonation=payload["impersonation"],
        basis=Basis(payload["basis"]),
        records=gravity["records"],
        kind=Kind(gravity["kind"]),
        gain_cny=gravity["gain_cny"],
        period_from=date.fromisoformat(period["from"]),
        period_to=date.fromisoformat(period["to"]),
        found_on=date.fromisoformat(found["on"]),
        found_how=found["how"],
        measure=payload["measure"],
        breach=evidence.breach_of(payload["breach_notice"]),
        narrative=payload["narrative"],
        facts=evidence.facts_of(payload),
        proof=evidence.proof_of(payload),
        exhibits=tuple(payload["exhibits"]),
        annexes=payload.get("annexes", {}),
        term_days=payload["term_days"],
        reasons=payload["reasons"],
        late_reason=payload.get("late_reason"),
    )


def level(accusation: Accusation) -> Gravity:
    """The level of the policy's ladder; Invalid for a case that is too small to be listed."""
    found = rules.gravity(records=accusation.records, kind=accusation.kind, gain_cny=accusation.gain_cny)
    if found is None:
        last = policy.LADDER[-1]
        least = last.strict_from if accusation.kind in policy.STRICT_KINDS else last.other_from
        raise Invalid(
            "gravity.records must be {least} or more for this kind of data; a smaller case is not listed",
            field="gravity.records",
            code="too-small",
            least=least,
        )
    return found


def verify_timely(
    accusation: Accusation, payload: Mapping[str, Any], *, now: datetime, filed_at: datetime | None = None
) -> None:
    """Raise Invalid for a signature of another time, dates in the future, or a late report that does not say why.

    `filed_at` is when the first version was filed, if this is not it: an edit does not make a report late.
    """
    verify_times(payload, now=now, max_age=rules.SIGNED_WITHIN)
    today = rules.latest_date(now)
    if accusation.found_on > today:
        raise Invalid("found.on must not be in the future", field="found.on")
    if accusation.breach.on is not None and accusation.breach.on > today:
        raise Invalid("breach_notice.date must not be in the future", field="breach_notice.date")
    for name, part in accusation.proof.items():
        if part.on > today:
            raise Invalid("proof.{name}.date must not be in the future", field=f"proof.{name}.date", name=name)
    if rules.is_late(accusation.found_on, filed_at or now) and accusation.late_reason is None:
        raise Invalid(
            "late_reason is missing: the finding is more than {most} days ago",
            field="late_reason",
            code="filed-late",
            most=policy.FILING_LIMIT.days,
        )


def read_countersignature(payload: Mapping[str, Any], *, member_id: str, issuer: str, now: datetime) -> Countersigned:
    """The countersignature in a payload that `member_id` signed for `issuer`; Invalid as for `read`."""
    verify_claims(payload, _COUNTERSIGNATURE)
    verify_value(payload, "iss", member_id)
    verify_value(payload, "aud", issuer)
    verify_times(payload, now=now, max_age=rules.SIGNED_WITHIN)
    return Countersigned(
        tag=_tag(payload["sub"]),
        jti=payload["jti"],
        issued=payload["iat"],
        report=base64url.decode(payload["report"], field="report", size=32),
    )


def _tag(text: str) -> bytes:
    tag = base64url.decode(text, field="sub", size=32)
    try:
        group.require_element(tag)
    except Invalid:
        raise Invalid("sub must be a tag: the unblinded element of an evaluation", field="sub") from None
    return tag


def _verify_offence(payload: Mapping[str, Any]) -> None:
    present = OFFENCES[payload["offence"]].version
    if payload["offence_version"] != present:
        raise Invalid(
            "offence_version must be {present}, the present version of this offence",
            field="offence_version",
            present=present,
        )


def _verify_listable(basis: str) -> None:
    if Basis(basis) not in LISTABLE:
        listable = ", ".join(sorted(b.value for b in LISTABLE))
        raise Invalid(
            "basis must be one of {listable}: a suspicion is never listed",
            field="basis",
            code="basis-not-listable",
            listable=listable,
        )


def _verify_parts(payload: Mapping[str, Any]) -> None:
    for name, rules_of in (("gravity", _GRAVITY), ("period", _PERIOD), ("found", _FOUND)):
        verify_claims(payload[name], rules_of, within=name)
    evidence.verify_breach(payload["breach_notice"])


def _verify_order(accusation: Accusation) -> None:
    if accusation.period_from > accusation.period_to:
        raise Invalid("period.to must not be before period.from", field="period.to")
    if accusation.period_to > accusation.found_on:
        raise Invalid("period.to must not be after found.on", field="period.to")


def _verify_evidence(payload: Mapping[str, Any]) -> None:
    exhibits = payload["exhibits"]
    evidence.verify_exhibits(exhibits)
    evidence.verify_annexes(payload.get("annexes", {}), exhibits=exhibits)
    evidence.verify_facts(payload["facts"], exhibits=exhibits)
    if "witnesses" in payload:
        evidence.verify_witnesses(payload["witnesses"])
    evidence.verify_proof(payload["proof"], basis=Basis(payload["basis"]), exhibits=exhibits)
