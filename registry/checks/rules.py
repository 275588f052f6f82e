"""The rules of checks: what must be said to ask, what each may ask in a day, and what follows from a hit. Pure."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import Any, Final

from registry import base64url
from registry.errors import Invalid
from registry.identity.group import SIZE, require_element
from registry.log import absence
from registry.policy import (
    BATCH,
    CHECK_KEPT,
    CHECK_KEPT_HIRED,
    CHECK_OPEN,
    CHECKS_AT_ONCE,
    CHECKS_PER_DAY_AT_LEAST,
    CHECKS_PER_HEAD_AND_DAY,
    CHECKS_RECOVER,
    CONSENT_FOR,
    DAY,
    Consent,
    Purpose,
)
from registry.reports.prose import verify_no_number
from registry.signing.canonical import dumps
from registry.signing.claims import Rule, encoded, identifier, verify_claims


class Outcome(enum.StrEnum):
    """The whole answer. It never says what to do."""

    NO_ENTRY = "no-entry"
    ENTRY = "entry"


class LinkState(enum.StrEnum):
    """A candidate's answer to a consent by link."""

    OPEN = "open"
    GRANTED = "granted"
    DECLINED = "declined"
    USED = "used"  # for the one check that it was given for


class LinkVerb(enum.StrEnum):
    ASK = "ask"
    GRANT = "grant"
    DECLINE = "decline"
    USE = "use"


NEXT_LINK: Final[Mapping[tuple[LinkState | None, LinkVerb], LinkState]] = MappingProxyType(
    {
        (None, LinkVerb.ASK): LinkState.OPEN,
        (LinkState.OPEN, LinkVerb.GRANT): LinkState.GRANTED,
        (LinkState.OPEN, LinkVerb.DECLINE): LinkState.DECLINED,
        (LinkState.GRANTED, LinkVerb.USE): LinkState.USED,
    }
)


class LinkSeen(enum.StrEnum):
    """What the member sees of a candidate's link."""

    WAITING = "waiting"
    AGREED = "agreed"
    DECLINED = "declined"
    USED = "used"
    EXPIRED = "expired"  # not answered in time, or agreed to and not used


def seen(state: LinkState, *, expires_at: datetime, now: datetime) -> LinkSeen:
    if state in (LinkState.OPEN, LinkState.GRANTED) and expires_at <= now:
        return LinkSeen.EXPIRED
    return {LinkState.OPEN: LinkSeen.WAITING, LinkState.GRANTED: LinkSeen.AGREED}.get(state) or LinkSeen(state.value)


class Verdict(enum.StrEnum):
    """What is decided after a hit."""

    HIRED = "hired"
    NOT_HIRED = "not-hired"
    STAYS = "stays"
    LEAVES = "leaves"


VERDICTS: Mapping[Purpose, tuple[Verdict, ...]] = {
    Purpose.HIRING: (Verdict.HIRED, Verdict.NOT_HIRED),
    Purpose.PRESENT_STAFF: (Verdict.STAYS, Verdict.LEAVES),
}


class Duty(enum.StrEnum):
    """What the member owes before a hit may weigh in a decision."""

    CONFIRM_IDENTITY = "confirm the person's identity with the filing member"
    NAMED_PERSON = "let a named person decide, never a program"
    TELL_FIRST = "tell the candidate before you decide, and hear them"
    RECORD = "record the decision and its reasons"
    NOT_YET = "do not rely on the entry before the date it names: nothing is known to have reached the person"
    SILENCE = "read nothing into silence: whoever has not answered has admitted nothing"
    LATE = "weigh that the person has answered late, and for which reasons; ask the filing member"
    DISPUTED = "weigh that the person disputes the entry, and read their statement"
    FORGET = "do not rely on the entry: it is not shown any more; take back what you decided because of it"


_BEFORE_A_DECISION = (Duty.CONFIRM_IDENTITY, Duty.NAMED_PERSON, Duty.TELL_FIRST, Duty.RECORD)

_LONGEST_PROOF = base64url.encode(bytes(absence.LONGEST))
_HIT = {"outcome": Outcome.ENTRY.value, "reference": "0" * 32}

REFERENCE_LENGTH = 64
_REFERENCE = Rule(
    f"one line of 1 to {REFERENCE_LENGTH} printable characters",
    lambda v: isinstance(v, str) and v.isprintable() and 0 < len(v.strip()) <= len(v) <= REFERENCE_LENGTH,
)
_GRANTED: Mapping[str, Rule] = {"kind": identifier(16), "group": identifier(32)}
_DECLARED: Mapping[str, Rule] = {"kind": identifier(16), "reference": _REFERENCE, "text_sha256": encoded(32)}


@dataclass(frozen=True, slots=True)
class Declared:
    """A consent that the member says it holds: where to find it, and which text the person agreed to."""

    reference: str | None = None
    text_sha256: str | None = None

    @property
    def facts(self) -> dict[str, str]:
        """As in the request, without what was left out."""
        stated = {"reference": self.reference, "text_sha256": self.text_sha256}
        return {"kind": Consent.DECLARED.value, **{name: value for name, value in stated.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Granted:
    """Consents that candidates have signed under the links of a group."""

    group: str

    @property
    def facts(self) -> dict[str, str]:
        return {"kind": Consent.GRANTED.value, "group": self.group}


def read_purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError:
        allowed = " or ".join(purpose.value for purpose in Purpose)
        raise Invalid("purpose must be {allowed}", field="purpose", allowed=allowed) from None


def read_consent(said: str | Mapping[str, Any], purpose: Purpose) -> Declared | Granted:
    """The consent as the request states it; Invalid when it is not one that `purpose` may be asked with."""
    stated = {"kind": said} if isinstance(said, str) else dict(said)
    kinds = sorted(CONSENT_FOR[purpose])
    if stated.get("kind") not in kinds:
        raise Invalid("consent.kind must be {allowed}", field="consent.kind", allowed=" or ".join(kinds))
    if stated["kind"] == Consent.GRANTED:
        verify_claims(stated, _GRANTED, within="consent")
        return Granted(stated["group"])
    verify_claims(stated, _DECLARED, optional=frozenset({"reference", "text_sha256"}), within="consent")
    if not isinstance(said, str) and "reference" not in stated:
        raise Invalid("consent.reference is missing; name where the consent is kept", field="consent.reference")
    verify_no_number(stated.get("reference", ""), field="consent.reference")
    return Declared(stated.get("reference"), stated.get("text_sha256"))


def ceilings(*, member: str, unit: str, account: str, headcount: int) -> dict[str, int]:
    """How many evaluations each may have in one day (UTC), in the one order in which they are charged.

    A unit or an account alone gets three quarters, so that none can use up what all the others need.
    """
    whole = max(headcount * CHECKS_PER_HEAD_AND_DAY, CHECKS_PER_DAY_AT_LEAST)
    part = whole * 3 // 4
    return {f"account:{account}": part, f"member:{member}": whole, f"unit:{unit}": part}


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many evaluations may be had at one stroke; from none left, all are there again after `CHECKS_RECOVER`."""

    size: int

    @classmethod
    def of(cls, ceiling: int) -> Bucket:
        """That of whoever may have `ceiling` in one day."""
        return cls(max(int(ceiling * CHECKS_AT_ONCE), BATCH))

    def full_after(self, full_at: datetime | None, units: int, now: datetime) -> datetime:
        """When the bucket is full again if `units` are taken now; `full_at` is when it would have been."""
        begins = now if full_at is None else max(full_at, now)
        return begins + CHECKS_RECOVER * units // self.size

    @staticmethod
    def latest(now: datetime) -> datetime:
        """What `full_after` may be at most: then nothing is left."""
        return now + CHECKS_RECOVER


def budget_day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def seconds_left(now: datetime) -> int:
    """Until the next day (UTC) begins; at least 1."""
    today = now.astimezone(UTC)
    midnight = datetime.combine(today.date(), time(), UTC) + DAY
    return int((midnight - today).total_seconds()) + 1


def closes_at(purpose: Purpose, now: datetime) -> datetime | None:
    """Until when a listing is told to whoever asked: a hiring check stays open, others are over with the answer."""
    return now + CHECK_OPEN if purpose is Purpose.HIRING else None


def kept_until(purpose: Purpose, at: datetime, *, hired: bool = False) -> datetime:
    """Until when the registry knows whom a check of `at` asked about."""
    return at + (CHECK_KEPT if purpose is Purpose.HIRING and not hired else CHECK_KEPT_HIRED)


def duties(
    *, shown: bool, disputed: bool, must_wait: bool = False, silent: bool = False, late: bool = False
) -> tuple[Duty, ...]:
    """What follows from an entry that is shown (`shown`) or is not any more."""
    if not shown:
        return (Duty.FORGET,)
    first = {Duty.NOT_YET: must_wait, Duty.DISPUTED: disputed, Duty.SILENCE: silent, Duty.LATE: late}
    return (*(duty for duty, owed in first.items() if owed), *_BEFORE_A_DECISION)


@dataclass(frozen=True, slots=True)
class Question:
    """What a batch asks. The ticket is no part of it: a retry may carry another one."""

    purpose: Purpose
    consent: Declared | Granted
    tags: tuple[bytes, ...] = field(repr=False)

    @property
    def canonical(self) -> bytes:
        """By which a retry is recognised."""
        tags = [base64url.encode(tag) for tag in self.tags]
        return dumps({"consent": self.consent.facts, "purpose": self.purpose.value, "tags": tags})


def read_question(*, purpose: str, consent: str | Mapping[str, Any], tags: Sequence[str]) -> Question:
    """The question that a request asks; Invalid names the field. `tags` are 1 to 1,000 in base64url."""
    known = read_purpose(purpose)
    return Question(known, read_consent(consent, known), read_tags(tags))


def read_tags(tags: Sequence[str]) -> tuple[bytes, ...]:
    """1 to 1,000 tags in base64url; Invalid otherwise."""
    if not 1 <= len(tags) <= BATCH:
        raise Invalid("tags must be 1 to {most}", field="tags", most=BATCH)
    return tuple(_element(tag, "tags") for tag in tags)


def read_elements(elements: Sequence[str]) -> tuple[bytes, ...]:
    """1 to 1,000 blinded elements, each canonical and not the identity; Invalid otherwise."""
    if not 1 <= len(elements) <= BATCH:
        raise Invalid("elements must be 1 to {most}", field="elements", most=BATCH)
    return tuple(_element(element, "elements") for element in elements)


def _element(text: object, name: str) -> bytes:
    element = base64url.decode(text if isinstance(text, str) else "", field=name, size=SIZE)
    try:
        require_element(element)
    except Invalid:
        raise Invalid(
            "{name} must each be a canonical ristretto255 element, not the identity", field=name, name=name
        ) from None
    return element


def padded(answer: Mapping[str, Any]) -> str:
    """The answer to a batch as JSON, as long as if everybody in it were listed: encryption hides no lengths."""
    longest = {**answer, "checks": [check | _HIT for check in answer["checks"]]}
    if shown := answer.get("absence"):
        longest["absence"] = _longest(shown)
    return json.dumps(answer).ljust(len(json.dumps(longest)))


def padded_absence(shown: Mapping[str, Any]) -> str:
    """What a snapshot says as JSON, as long whatever it says."""
    return json.dumps(shown).ljust(len(json.dumps(_longest(shown))))


def _longest(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {**shown, "proofs": [_LONGEST_PROOF for _ in shown["proofs"]]}
