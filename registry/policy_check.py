"""Whether the policy holds together. Every process asks before it does anything else; if not, it does not start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Final

from registry import policy
from registry.errors import Invalid

_LONGEST_REVIEW: Final = 5 * 365 * policy.DAY


def verify() -> None:
    """Raise Invalid with the first thing in `policy` that contradicts another, in one sentence."""
    for problem in problems():
        raise Invalid(f"policy.py does not hold together: {problem}", field="policy", code="policy")


def problems() -> Iterator[str]:
    """Everything that is wrong with the policy."""
    yield from _offences()
    yield from _ladder()
    yield from _terms()
    yield from _proof()
    yield from _deadlines()
    yield from _rest()


def durations() -> dict[str, timedelta]:
    """Every length of time that the policy sets, by its name."""
    return {
        name: value for name, value in vars(policy).items() if isinstance(value, timedelta) and name not in ("DAY",)
    }


def _offences() -> Iterator[str]:
    versions = defaultdict(list)
    for offence in policy.OFFENCE_VERSIONS:
        versions[offence.code].append(offence.version)
        if not (offence.en.strip() and offence.zh.strip()):
            yield f"offence {offence.code} must be worded in both languages"
    for code, numbers in versions.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"the versions of offence {code} must be 1, 2, 3… in their order"
    if {code: offence.version for code, offence in policy.OFFENCES.items()} != {c: len(v) for c, v in versions.items()}:
        yield "OFFENCES must hold the newest version of every offence, by its code"


def _ladder() -> Iterator[str]:
    if [step.level for step in policy.LADDER] != list(range(len(policy.LADDER), 0, -1)):
        yield "LADDER must have the levels one by one, the gravest first and 1 last"
    if "serious" not in {step.name for step in policy.LADDER}:
        yield "LADDER must have a level named serious, to which GAIN_SERIOUS leads"
    for step in policy.LADDER:
        if step.strict_from > step.other_from:
            yield f"level {step.level} must not ask for more records of the strict kinds than of the others"
        if not 0 < step.rehabilitation <= 1:
            yield f"rehabilitation at level {step.level} must be a part of the term"
    for graver, milder in pairwise(policy.LADDER):
        if graver.strict_from <= milder.strict_from or graver.other_from <= milder.other_from:
            yield f"level {graver.level} must ask for more records than level {milder.level}"
        if graver.rehabilitation < milder.rehabilitation:
            yield f"rehabilitation must not come earlier at level {graver.level} than at level {milder.level}"
        if milder.max_term and graver.max_term and graver.max_term < milder.max_term:
            yield f"level {graver.level} must not have a shorter term than level {milder.level}"


def _terms() -> Iterator[str]:
    for step in policy.LADDER[1:]:
        if step.max_term is None:
            yield f"level {step.level} must have a longest term: only the gravest may be permanent"
    for step in policy.LADDER:
        if step.max_term and policy.MAX_TERM and step.max_term > policy.MAX_TERM:
            yield f"the term of level {step.level} must not be longer than MAX_TERM"
    if policy.REVIEW_EVERY > _LONGEST_REVIEW:
        yield "REVIEW_EVERY must be five years or less"
    if not 0 < policy.REVIEW_AT < 1:
        yield "REVIEW_AT must be a part of the term"


def _proof() -> Iterator[str]:
    if policy.Basis.SUSPICION in policy.LISTABLE:
        yield "a suspicion (D) must not be listable"
    if policy.PROOF_FOR.keys() != policy.LISTABLE or not all(policy.PROOF_FOR.values()):
        yield "PROOF_FOR must demand something for every standard that can be listed, and for no other"


# The first of each pair must be over before the second.
_IN_ORDER: Final = (
    ("FILING_WARNING", "FILING_LIMIT"),
    ("FILING_LIMIT", "DRAFT_LIFE"),
    ("MEMBER_INFORMED", "ANSWER_LIMIT"),
    ("ANSWER_LIMIT", "DECISION_LIMIT"),
    ("NONCE_LIMIT", "DECISION_LIMIT_URGENT"),
    ("RECUSAL_DECIDED", "DECISION_LIMIT_URGENT"),
    ("DECISION_LIMIT_URGENT", "DECISION_LIMIT"),
    ("REVIEW_LIMIT", "REVIEW_DEFAULT"),
    ("CHECK_OPEN", "CHECK_KEPT_HIRED"),
    ("TOKEN_LIFE", "SESSION_LIFE"),
)


def _deadlines() -> Iterator[str]:
    for name, length in durations().items():
        if length <= timedelta():
            yield f"{name} must be longer than nothing"
    for first, second in _IN_ORDER:
        if getattr(policy, first) >= getattr(policy, second):
            yield f"{first} must be shorter than {second}"
    if policy.DECISION_LIMIT + policy.SECOND_INSTANCE_LIMIT > policy.APPEAL_LIMIT:
        yield "APPEAL_LIMIT must leave room for both instances"
    shortest = min((step.max_term for step in policy.LADDER if step.max_term), default=policy.REVIEW_EVERY)
    if shortest <= policy.RESPONSE_WINDOW:
        yield "RESPONSE_WINDOW must be shorter than the shortest term of LADDER"


def _rest() -> Iterator[str]:
    if policy.CONSENT_FOR.keys() != set(policy.Purpose) or not all(policy.CONSENT_FOR.values()):
        yield "CONSENT_FOR must say for every purpose how sure the consent must be"
    if not 0 < policy.OVERTURN_INVESTIGATED < policy.OVERTURN_THROTTLED < policy.OVERTURN_SUSPENDED < 1:
        yield "OVERTURN_INVESTIGATED, OVERTURN_THROTTLED and OVERTURN_SUSPENDED must be parts of one, in this order"
    if policy.TELLINGS.keys() != set(policy.News):
        yield "TELLINGS must say for every kind of news how often the person is told"
    if policy.SEATS % 2 == 0 or policy.SEATS < 3:
        yield "SEATS must be odd, and three or more"
