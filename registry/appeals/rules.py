"""The life of an appeal and its clocks. Pure: states, grounds, deadlines, and what falls due when nobody acts.

    lodged → proofed → admitted → answered → heard → decided → closed
                 └→ inadmissible                        └→ second-instance → closed
    withdrawn by the subject, once proofed and before the decision; moot when the report is gone before it

The second instance is an appeal of its own: it begins as proofed, and names the one before.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from registry import policy
from registry.appeals.recusal import decide_by
from registry.errors import Invalid


class State(enum.StrEnum):
    LODGED = "lodged"
    PROOFED = "proofed"  # a verifier has confirmed that the subject lodged it
    ADMITTED = "admitted"  # the pool is fixed; the member is asked
    ANSWERED = "answered"  # the member has answered, or its time to answer is over
    HEARD = "heard"  # the votes are open
    DECIDED = "decided"
    SECOND_INSTANCE = "second-instance"  # three others decide anew
    CLOSED = "closed"
    INADMISSIBLE = "inadmissible"
    WITHDRAWN = "withdrawn"


class Verb(enum.StrEnum):
    LODGE = "lodge"
    CONTINUE = "continue"  # begins the second instance
    PROOF = "proof"
    ADMIT = "admit"
    REFUSE = "refuse"
    ANSWER = "answer"
    LAPSE = "lapse"
    HEAR = "hear"
    DECIDE = "decide"
    CONTEST = "contest"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    MOOT = "moot"  # what it contests is gone
    DEFAULT = "default"  # nobody can decide it any more


# Not while lodged only: to withdraw needs the proof of identity that moves an appeal on.
WITHDRAWABLE: Final = (State.PROOFED, State.ADMITTED, State.ANSWERED, State.HEARD)
MOOTABLE: Final = (State.LODGED, *WITHDRAWABLE)

NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.LODGE): State.LODGED,
        (None, Verb.CONTINUE): State.PROOFED,
        (State.LODGED, Verb.PROOF): State.PROOFED,
        (State.PROOFED, Verb.ADMIT): State.ADMITTED,
        (State.PROOFED, Verb.REFUSE): State.INADMISSIBLE,
        (State.ADMITTED, Verb.ANSWER): State.ANSWERED,
        (State.ADMITTED, Verb.LAPSE): State.ANSWERED,
        (State.ANSWERED, Verb.HEAR): State.HEARD,
        (State.HEARD, Verb.DECIDE): State.DECIDED,
        (State.DECIDED, Verb.CONTEST): State.SECOND_INSTANCE,
        (State.DECIDED, Verb.CLOSE): State.CLOSED,
        (State.SECOND_INSTANCE, Verb.CLOSE): State.CLOSED,
        **{(state, Verb.WITHDRAW): State.WITHDRAWN for state in WITHDRAWABLE},
        **{(state, Verb.MOOT): State.CLOSED for state in MOOTABLE},
        **{(state, Verb.DEFAULT): State.CLOSED for state in (State.ADMITTED, State.ANSWERED, State.HEARD)},
    }
)
OVER: Final = frozenset({State.CLOSED, State.INADMISSIBLE, State.WITHDRAWN})
DRAWABLE: Final = frozenset({State.ADMITTED, State.ANSWERED})
UNDECIDED: Final = frozenset(WITHDRAWABLE)  # and on the clock
VOTABLE: Final = frozenset({State.ANSWERED, State.HEARD})  # only the panel is waited for
SEATED: Final = DRAWABLE | VOTABLE


class Ground(enum.StrEnum):
    """Why the subject says that the listing is wrong. At least one, each once."""

    WRONG_PERSON = "wrong-person"
    NOT_TRUE = "not-true"
    NOT_IN_SCOPE = "not-in-scope"
    DISPROPORTIONATE = "disproportionate"
    PROCEDURE = "procedure"
    NEW_FACTS = "new-facts"
    COURT_OUTCOME = "court-outcome"


class Lane(enum.StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"  # barred from work, or the wrong person


TEXT_LENGTH: Final = policy.REASONS_LENGTH  # characters of an appeal, an answer, a reason
INSTANCES: Final = 2
SILENCE_SIGNED_WITHIN: Final = timedelta(days=1)  # how long a regulator's statement may be on its way
# What the two instances leave of the 45 days is the time to contest the first.
CONTEST_WINDOW: Final = policy.APPEAL_LIMIT - policy.DECISION_LIMIT - policy.SECOND_INSTANCE_LIMIT


def read_grounds(names: Iterable[str]) -> list[Ground]:
    """The grounds of these names; Invalid unless there is one, all are grounds, and none stands twice."""
    listed = list(names)
    if not listed or len(set(listed)) != len(listed) or not set(listed) <= set(Ground):
        raise Invalid("grounds must be one or more of {allowed}, each once", field="grounds", allowed=tuple(Ground))
    return sorted(Ground(name) for name in listed)


def read_lane(name: str) -> Lane:
    if name not in set(Lane):
        raise Invalid("lane must be {allowed}", field="lane", allowed=" or ".join(Lane))
    return Lane(name)


def draw_name(case_number: str, number: int) -> str:
    """What the holder of the draw key knows a draw by: the case number, and the appeal's place when not the first.

    The place is counted in the log, so that a further draw of one case needs a further appeal.
    """
    return case_number if number == 1 else f"{case_number}/{number}"


def seats_both(members: Iterable[str]) -> bool:
    """Whether two panels of distinct members can sit one after the other, whoever is drawn for the first.

    `members` names the member of each panelist. The first panel may use up the only panelist of up to three members.
    """
    lent = Counter(members)
    used_up = min(policy.SEATS, sum(1 for count in lent.values() if count == 1))
    return len(lent) - used_up >= policy.SEATS


# Clocks. They run from the day on which the registry knew who appeals, since to prove that is the subject's affair.


class Duty(enum.StrEnum):
    """What somebody owes the subject by a date."""

    INFORM = "inform"  # tell the filing member
    ADMIT = "admit"
    ANSWER = "answer"
    DECIDE = "decide"
    END = "end"  # both instances together


class Effect(enum.StrEnum):
    """What happens by itself when its time has come."""

    PUBLISH_KEY = "publish-key"  # of no appeal: the draw key needs its clear leaf before any admission
    MOOT = "moot"  # the member took its report back, or it was voided elsewhere
    SILENCE = "silence"  # the member did not answer: the entry is suspended
    DRAW = "draw"  # a nonce is there and no panel
    RECUSE = "recuse"  # nobody decided in time that a challenged panelist stays: they leave
    VACATE = "vacate"  # somebody on the panel cannot or does not decide: the next in rank follows
    SUSPEND = "suspend"  # nobody has decided in time: the listing does not stand until somebody does
    DEFAULT = "default"  # nobody is left who could decide, and the time for it is over: what is contested is void
    CLOSE = "close"  # nobody contested


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a clock looks at. `began_at` is when the first instance was proofed."""

    state: State
    lane: Lane
    instance: int
    lodged_at: datetime
    informed_at: datetime | None = None
    began_at: datetime | None = None
    proofed_at: datetime | None = None
    admitted_at: datetime | None = None
    decided_at: datetime | None = None
    nonce: bool = False
    seated: bool = False
    gone: bool = False  # the report was withdrawn or voided
    unfit: bool = False  # on a seat without a vote is somebody who cannot decide
    awaited_since: datetime | None = None  # since when the longest seated of those without a vote sits
    challenged_at: datetime | None = None  # when the subject challenged a panelist, while nobody has decided that
    exhausted: bool = False  # nobody is left who could take a vacated seat
    harms: bool = False  # checkers see the entry, and this appeal has not hidden it before


def answer_limit(lane: Lane) -> timedelta:
    """Ten days; in the urgent lane the same share of its time to decide."""
    if lane is Lane.NORMAL:
        return policy.ANSWER_LIMIT
    return policy.ANSWER_LIMIT * (policy.DECISION_LIMIT_URGENT / policy.DECISION_LIMIT)


def decision_limit(lane: Lane, instance: int) -> timedelta:
    if lane is Lane.URGENT:
        return policy.DECISION_LIMIT_URGENT
    return policy.DECISION_LIMIT if instance == 1 else policy.SECOND_INSTANCE_LIMIT


def follower_limit(lane: Lane, instance: int) -> timedelta:
    """What whoever is seated late has at least: a third of the time to decide."""
    return decision_limit(lane, instance) / 3


def deadlines(facts: Facts) -> dict[Duty, datetime]:
    """By when each duty is to be done; a duty whose clock has not begun has no date."""
    return {duty: by for duty, (_, by) in _spans(facts).items()}


def _spans(facts: Facts) -> dict[Duty, tuple[datetime, datetime]]:
    starts: dict[Duty, tuple[datetime | None, timedelta]] = {
        Duty.INFORM: (facts.lodged_at, policy.MEMBER_INFORMED),
        Duty.ADMIT: (facts.proofed_at, policy.MEMBER_INFORMED),
        Duty.ANSWER: (facts.admitted_at, answer_limit(facts.lane)),
        Duty.DECIDE: (facts.proofed_at, decision_limit(facts.lane, facts.instance)),
        Duty.END: (facts.began_at, policy.APPEAL_LIMIT),
    }
    return {duty: (start, start + limit) for duty, (start, limit) in starts.items() if start is not None}


_OWED_IN: Final[Mapping[Duty, frozenset[State]]] = MappingProxyType(
    {
        Duty.INFORM: frozenset({State.LODGED, State.PROOFED}),
        Duty.ADMIT: frozenset({State.PROOFED}),
        Duty.ANSWER: frozenset({State.ADMITTED}),
        Duty.DECIDE: frozenset({State.PROOFED, State.ADMITTED, State.ANSWERED, State.HEARD}),
        Duty.END: UNDECIDED,
    }
)


def owed(facts: Facts) -> dict[Duty, tuple[datetime, datetime]]:
    """The duties that somebody owes now: since when, and by when."""
    return {
        duty: since_by
        for duty, since_by in _spans(facts).items()
        if facts.state in _OWED_IN[duty] and not (duty is Duty.INFORM and facts.informed_at)
    }


def overdue(facts: Facts, now: datetime) -> list[Duty]:
    """Duties that are still owed after their date. Computed, never stored."""
    return [duty for duty, (_, by) in owed(facts).items() if now > by]


def nonce_until(admitted_at: datetime) -> datetime:
    """Until when the subject's nonce is waited for without asking a regulator."""
    return admitted_at + policy.NONCE_LIMIT


def contest_until(decided_at: datetime) -> datetime:
    return decided_at + CONTEST_WINDOW


def due_effects(facts: Facts, now: datetime) -> list[Effect]:
    """What is to happen now, in this order; nothing twice, since each effect changes what it is asked from."""
    if facts.gone and facts.state in MOOTABLE:
        return [Effect.MOOT]
    if facts.exhausted and Duty.END in overdue(facts, now):
        return [Effect.DEFAULT]
    due = []
    if facts.state is State.ADMITTED and facts.admitted_at and now >= facts.admitted_at + answer_limit(facts.lane):
        due.append(Effect.SILENCE)
    if facts.state in DRAWABLE and not facts.seated:
        due += [Effect.DRAW] if facts.nonce else []
    if facts.state in SEATED and facts.challenged_at and now >= decide_by(facts.challenged_at):
        due.append(Effect.RECUSE)
    if facts.state in SEATED and (facts.unfit or _is_absent(facts, now)):
        due.append(Effect.VACATE)
    if facts.harms and {Duty.DECIDE, Duty.END} & set(overdue(facts, now)):
        due.append(Effect.SUSPEND)
    if facts.state is State.DECIDED and facts.decided_at and now >= contest_until(facts.decided_at):
        due.append(Effect.CLOSE)
    return due


def is_late(lane: Lane, instance: int, *, seated_at: datetime, proofed_at: datetime, now: datetime) -> bool:
    """Whether a seat without a vote has had its time: until the decision is due, and a follower's own if longer."""
    by = max(proofed_at + decision_limit(lane, instance), seated_at + follower_limit(lane, instance))
    return now > by


def _is_absent(facts: Facts, now: datetime) -> bool:
    """Somebody on the panel keeps the others from deciding. While the member is asked, it is not the panel's turn."""
    seated_at, proofed_at = facts.awaited_since, facts.proofed_at
    if facts.state not in VOTABLE or seated_at is None or proofed_at is None:
        return False
    return is_late(facts.lane, facts.instance, seated_at=seated_at, proofed_at=proofed_at, now=now)
