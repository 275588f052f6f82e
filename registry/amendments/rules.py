"""What an amendment says, and what can happen to it. Pure.

(none) ─sign→ signed ─confirm→ in-force ─settle→ settled       settle: a contest whose outcome a revision has told
                 └─lapse→ lapsed                               72 hours without the second signature

    typ     amendment+jwt, by a reporter of the filing member
    payload {"iss", "aud", "jti", "iat", "report": id, "digest": base64url SHA-256 of the report's payload, "kind",
             "what", "why": in words,
             "changes": {"offence", "level", "basis", "term_days"}     correction, revision; each may be left out
             "on": date of the event                                   revision
             "settles": id of a contest whose outcome it is            revision; may be left out
             "proceeding": {"body", "reference", "on"}}                contest
    typ     amendment-confirmation+jwt, by a second person
    payload {"iss", "aud", "jti", "iat", "amendment": base64url SHA-256 of the first payload}

The kinds are those of the US National Practitioner Data Bank: correction, revision to action, notice of appeal, void.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from registry import policy
from registry.errors import Invalid
from registry.policy import Basis
from registry.reports.evidence import DATE
from registry.reports.rules import latest_date
from registry.signing.claims import (
    OBJECT,
    STANDARD,
    Rule,
    encoded,
    exactly,
    identifier,
    prose,
    verify_claims,
    verify_times,
    verify_value,
    whole,
)

AMENDMENT: Final = "amendment+jwt"
CONFIRMATION: Final = "amendment-confirmation+jwt"
WORDS_LENGTH: Final = policy.REASONS_LENGTH  # characters of what, and of why


class Kind(enum.StrEnum):
    CORRECTION = "correction"  # the report was wrong
    REVISION = "revision"  # it was right, and something has happened since
    CONTEST = "contest"  # a court, an arbitration or a labour body has been seized
    VOID = "void"  # the report should not have been


class Body(enum.StrEnum):
    """Before whom it is contested."""

    COURT = "court"
    ARBITRATION = "arbitration"
    LABOUR = "labour"  # labour inspection, labour dispute commission


class State(enum.StrEnum):
    SIGNED = "signed"
    IN_FORCE = "in-force"
    SETTLED = "settled"
    LAPSED = "lapsed"


class Verb(enum.StrEnum):
    SIGN = "sign"
    CONFIRM = "confirm"
    SETTLE = "settle"
    LAPSE = "lapse"


NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.SIGN): State.SIGNED,
        (State.SIGNED, Verb.CONFIRM): State.IN_FORCE,
        (State.SIGNED, Verb.LAPSE): State.LAPSED,
        (State.IN_FORCE, Verb.SETTLE): State.SETTLED,
    }
)
TAKEN: Final = frozenset({State.IN_FORCE, State.SETTLED})  # it has had its effect

_CLAIMS: Final = {
    **STANDARD,
    "report": identifier(32),
    "digest": encoded(32),
    "kind": exactly(*(kind.value for kind in Kind)),
    "what": prose(WORDS_LENGTH),
    "why": prose(WORDS_LENGTH),
}
# What each kind says besides; `_OPTIONAL` of it may be left out.
_OWN: Final[Mapping[Kind, Mapping[str, Rule]]] = MappingProxyType(
    {
        Kind.CORRECTION: {"changes": OBJECT},
        Kind.REVISION: {"changes": OBJECT, "on": DATE, "settles": identifier(32)},
        Kind.CONTEST: {"proceeding": OBJECT},
        Kind.VOID: {},
    }
)
_OPTIONAL: Final = frozenset({"changes", "settles"})
_CHANGES: Final = {
    "offence": exactly(*policy.OFFENCES),
    "level": whole(1, len(policy.LADDER)),
    "basis": exactly(*(basis.value for basis in sorted(policy.LISTABLE))),
    "term_days": whole(1, 36_500),
}
_REVISED: Final = frozenset({"level", "term_days"})  # another offence, or another proof, is no later event
_PROCEEDING: Final = {"body": exactly(*(body.value for body in Body)), "reference": prose(100), "on": DATE}
_CONFIRMATION: Final = {**STANDARD, "amendment": encoded(32)}


@dataclass(frozen=True, slots=True)
class Changes:
    """What is replaced; None where the report stands as it is."""

    offence: str | None = None
    level: int | None = None
    basis: Basis | None = None
    term_days: int | None = None


@dataclass(frozen=True, slots=True)
class Amended:
    """The words of an amendment."""

    report: str
    digest: str
    kind: Kind
    what: str = field(repr=False)
    why: str = field(repr=False)
    changes: Changes
    settles: str | None


def read(payload: Mapping[str, Any], *, member_id: str, issuer: str, now: datetime) -> Amended:
    """The amendment that `member_id` signed within 72 hours; Invalid names the claim that is wrong."""
    verify_claims({name: payload[name] for name in ("kind",) if name in payload}, {"kind": _CLAIMS["kind"]})
    verify_claims(payload, {**_CLAIMS, **_OWN[Kind(payload["kind"])]}, optional=_OPTIONAL)
    _verify_standard(payload, member_id=member_id, issuer=issuer, now=now)
    _verify_parts(payload, now)
    return decode(payload)


def decode(payload: Mapping[str, Any]) -> Amended:
    """The words of a payload that `read` has accepted before."""
    changes = payload.get("changes", {})
    return Amended(
        report=payload["report"],
        digest=payload["digest"],
        kind=Kind(payload["kind"]),
        what=payload["what"],
        why=payload["why"],
        changes=Changes(**{**changes, **({"basis": Basis(changes["basis"])} if "basis" in changes else {})}),
        settles=payload.get("settles"),
    )


def read_confirmation(payload: Mapping[str, Any], *, member_id: str, issuer: str, digest: str, now: datetime) -> None:
    """Raise Invalid unless `member_id` confirmed within 72 hours the amendment of this digest."""
    verify_claims(payload, _CONFIRMATION)
    verify_value(payload, "amendment", digest)
    _verify_standard(payload, member_id=member_id, issuer=issuer, now=now)


def confirm_by(signed_at: datetime) -> datetime:
    return signed_at + policy.CONFIRMED_WITHIN


def verify_favourable(changes: Changes, *, level: int, basis: Basis, term_days: int | None) -> None:
    """Raise Invalid (code `needs-new-report`) for a change from these that tells against the accused person.

    Standards of proof are A to C, the strongest first; a listing without a term lasts longest.
    """
    if changes.level is not None and changes.level > level:
        raise _against(
            "level must be at most {most}: what makes a case graver takes a report of its own, with its own notice and "
            "hearing; file a new report",
            "level",
            level,
        )
    if changes.basis is not None and changes.basis.value < basis.value:
        raise _against(
            "basis must not be stronger than {most}: what makes a case graver takes a report of its own, with its own "
            "notice and hearing; file a new report",
            "basis",
            basis.value,
        )
    if changes.term_days is not None and term_days is not None and changes.term_days > term_days:
        raise _against(
            "term_days must be at most {most}: what makes a case graver takes a report of its own, with its own notice "
            "and hearing; file a new report",
            "term_days",
            term_days,
        )


def _against(template: str, name: str, most: str | int) -> Invalid:
    return Invalid(template, field=f"changes.{name}", code="needs-new-report", most=most)


def _verify_parts(payload: Mapping[str, Any], now: datetime) -> None:
    kind = Kind(payload["kind"])
    if "changes" in payload:
        verify_claims(payload["changes"], _CHANGES, optional=frozenset(_CHANGES), within="changes")
    if kind is Kind.REVISION and payload.get("changes", {}).keys() - _REVISED:
        raise Invalid("changes of a revision may only be level and term_days; correct the rest", field="changes")
    if kind is Kind.REVISION and not payload.get("changes") and "settles" not in payload:
        raise Invalid("changes must name a level or term_days, or settles a contest, in a revision", field="changes")
    if kind is Kind.CONTEST:
        verify_claims(payload["proceeding"], _PROCEEDING, within="proceeding")
        _verify_past(payload["proceeding"]["on"], "proceeding.on", now)
    if "on" in payload:
        _verify_past(payload["on"], "on", now)


def _verify_past(day: str, name: str, now: datetime) -> None:
    if date.fromisoformat(day) > latest_date(now):
        raise Invalid("{name} must not be in the future", field=name, name=name)


def _verify_standard(payload: Mapping[str, Any], *, member_id: str, issuer: str, now: datetime) -> None:
    for name, wanted in (("iss", member_id), ("aud", issuer)):
        verify_value(payload, name, wanted)
    verify_times(payload, now=now, max_age=policy.CONFIRMED_WITHIN)
