"""What can happen to a report, how grave a case is, what term may be asked for, and until when.

(none) ─file→ filed ─countersign→ countersigned ─screen→ screened ─serve→ noticed ─list→ listed
                │         ↑──────────┤ replace: a new version, back to filed
                └──────withdraw──────┴─refuse→ refused   └──withdraw──┘ └withdraw, until it is listed
presume: as serve, when every channel was tried and none gave proof of receipt; the report is `unheard`
void: by a decision or an order, from every state that could still lead to harm
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from registry import policy
from registry.errors import Invalid
from registry.policy import Gravity, Kind


class State(enum.StrEnum):
    FILED = "filed"
    COUNTERSIGNED = "countersigned"
    SCREENED = "screened"
    REFUSED = "refused"
    NOTICED = "noticed"
    LISTED = "listed"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


class Verb(enum.StrEnum):
    FILE = "file"
    REPLACE = "replace"
    COUNTERSIGN = "countersign"
    SCREEN = "screen"
    REFUSE = "refuse"
    SERVE = "serve"
    PRESUME = "presume"
    LIST = "list"
    WITHDRAW = "withdraw"
    VOID = "void"


OPEN: Final = (State.FILED, State.COUNTERSIGNED, State.SCREENED, State.NOTICED)

NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.FILE): State.FILED,
        (State.FILED, Verb.REPLACE): State.FILED,
        (State.COUNTERSIGNED, Verb.REPLACE): State.FILED,
        (State.FILED, Verb.COUNTERSIGN): State.COUNTERSIGNED,
        (State.COUNTERSIGNED, Verb.SCREEN): State.SCREENED,
        (State.COUNTERSIGNED, Verb.REFUSE): State.REFUSED,
        (State.SCREENED, Verb.SERVE): State.NOTICED,
        (State.SCREENED, Verb.PRESUME): State.NOTICED,
        (State.NOTICED, Verb.LIST): State.LISTED,
        **{(state, Verb.WITHDRAW): State.WITHDRAWN for state in OPEN},
        **{(state, Verb.VOID): State.VOIDED for state in (*OPEN, State.LISTED)},
    }
)


class Verdict(enum.StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"


class Ground(enum.StrEnum):
    """Why a screener may refuse, and nothing else. Whether the accusation is true is not the screener's to say."""

    OUT_OF_SCOPE = "out-of-scope"
    LABOUR_DISPUTE = "labour-dispute"  # union work, wages, injury
    RETALIATION = "retaliation"  # signs that a complaint is being paid back
    NO_EVIDENCE = "no-evidence"  # for one of the alleged facts
    WRONG_PERSON = "wrong-person"


class InspectionState(enum.StrEnum):
    OPEN = "open"
    ENDED = "ended"
    SIGNED = "signed"


class InspectionVerb(enum.StrEnum):
    BEGIN = "begin"
    END = "end"
    SIGN = "sign"


# (none) ─begin→ open ─end→ ended ─sign→ signed          who ends it signs first; somebody else signs second
INSPECTION: Mapping[tuple[InspectionState | None, InspectionVerb], InspectionState] = MappingProxyType(
    {
        (None, InspectionVerb.BEGIN): InspectionState.OPEN,
        (InspectionState.OPEN, InspectionVerb.END): InspectionState.ENDED,
        (InspectionState.ENDED, InspectionVerb.SIGN): InspectionState.SIGNED,
    }
)


# Grounds that are said of one of the alleged facts: of these it must be named, of those it may be.
FACT_NAMED: Final = frozenset({Ground.NO_EVIDENCE})
FACT_MAY_BE_NAMED: Final = frozenset({Ground.OUT_OF_SCOPE, Ground.LABOUR_DISPUTE})


INCIDENTS_KEPT: Final = 1_000  # notes of one member at a time
INCIDENT_LENGTH: Final = 100  # characters of a member's own reference
DRAFTS_KEPT: Final = 500  # of one member at a time
MAX_EXHIBITS: Final = 20
MAX_FACTS: Final = 20
MAX_WITNESSES: Final = 10
FACT_LENGTH: Final = 500  # characters
WAITING_EXHIBITS: Final = 50  # a member's uploads that no report names yet
MAX_RECORDS: Final = 10**12
NARRATIVE_LENGTH: Final = 5_000  # characters
SIGNED_WITHIN: Final = 10 * policy.DAY  # from signing to sending: nothing is kept in a drawer for a better moment
# Somewhere on Earth it is tomorrow already; dates in a statement are the member's own.
_EARLIEST_DAWN: Final = timedelta(hours=14)


def verify_ground(verdict: Verdict, ground: Ground | None, fact: int | None, *, facts: int) -> None:
    """Raise Invalid unless a refusal has one ground, said of one of the report's `facts` facts where that fits."""
    if (ground is None) != (verdict is Verdict.ACCEPT):
        raise Invalid("ground must be given to refuse, and left out to accept", field="ground")
    if fact is None and ground in FACT_NAMED:
        raise Invalid(
            "fact must say which of the {facts} alleged facts the ground applies to", field="fact", facts=facts
        )
    if fact is not None and ground not in FACT_NAMED | FACT_MAY_BE_NAMED:
        raise Invalid("fact must be left out: what was said is about the whole report", field="fact")
    if fact is not None and not 1 <= fact <= facts:
        raise Invalid("fact must be from 1 to {facts}", field="fact", facts=facts)


def gravity(*, records: int, kind: Kind, gain_cny: int) -> Gravity | None:
    """The level of the policy's ladder, or None when the case is too small to be listed at all."""
    strict = kind in policy.STRICT_KINDS
    by_records = next((g for g in policy.LADDER if records >= (g.strict_from if strict else g.other_from)), None)
    if gain_cny < policy.GAIN_SERIOUS:
        return by_records
    serious = next(g for g in policy.LADDER if g.name == "serious")
    return by_records if by_records and by_records.level > serious.level else serious


def longest_term(level: Gravity) -> timedelta | None:
    """The longest term that may be asked for in days; None when there is no limit."""
    limits = [limit for limit in (level.max_term, policy.MAX_TERM) if limit is not None]
    return min(limits, default=None)


def capped_days(days: int | None, level: int) -> int | None:
    """A term in days, made no longer than this level allows."""
    gravity = next(gravity for gravity in policy.LADDER if gravity.level == level)
    longest = longest_term(gravity)
    if longest is None or (days is None and gravity.max_term is None):
        return days
    return longest.days if days is None else min(days, longest.days)


def verify_term(days: int | None, level: Gravity) -> None:
    """Raise Invalid for a term outside the ladder. `None` asks for a permanent listing, at the gravest level only."""
    longest = longest_term(level)
    at = level.level
    if days is None and level.max_term is not None:
        if longest is None:
            raise Invalid(
                "term_days must be 1 or more at level {level}: only the gravest may be permanent",
                field="term_days",
                level=at,
            )
        raise Invalid(
            "term_days must be at most {most} at level {level}: only the gravest may be permanent",
            field="term_days",
            most=longest.days,
            level=at,
        )
    if days is not None and longest is not None and days > longest.days:
        raise Invalid(
            "term_days must be at most {most} at level {level}", field="term_days", most=longest.days, level=at
        )


def until(listed_at: datetime, term_days: int | None) -> datetime | None:
    """When a listing ends by itself. A permanent one ends too while the policy caps it."""
    term = timedelta(days=term_days) if term_days is not None else policy.MAX_TERM
    return listed_at + term if term is not None else None


def latest_date(now: datetime) -> date:
    """The latest date that it is anywhere."""
    return (now + _EARLIEST_DAWN).astimezone(UTC).date()


def filing_deadline(found_on: date) -> datetime:
    """The end (UTC) of the last day on which a report needs no reason for being late."""
    return datetime.combine(found_on, time(), UTC) + policy.FILING_LIMIT + policy.DAY


class Clock(enum.StrEnum):
    """How much of the time to file is left."""

    RUNNING = "running"
    ENDING = "ending"  # from the warning on
    OVER = "over"  # a report is still taken, with the reason for its being late


def is_late(found_on: date, now: datetime) -> bool:
    return now >= filing_deadline(found_on)


def filing_clock(found_on: date, now: datetime) -> Clock:
    if is_late(found_on, now):
        return Clock.OVER
    warned_at = datetime.combine(found_on, time(), UTC) + policy.FILING_WARNING
    return Clock.ENDING if now >= warned_at else Clock.RUNNING


def window_closes(served_at: datetime, *, recorded_at: datetime) -> datetime:
    """Nothing may be listed before. A service that is recorded late leaves the policy's least from then on."""
    return max(served_at + policy.RESPONSE_WINDOW, recorded_at + policy.WINDOW_AT_LEAST)


def verify_extension(days: int) -> None:
    """Raise Invalid unless the window is made longer, by no more than the policy allows."""
    if not 1 <= days <= policy.EXTENSION.days:
        raise Invalid("days must be 1 to {most}", field="days", most=policy.EXTENSION.days)
