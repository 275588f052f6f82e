"""The consortium's own rules, as data. Nothing here is code that decides; `rules.py` files read it.

Terms follow the Dutch sector registers (1 to 4 years) and article 16 of the Chinese credit rules (5 years at most);
gravity takes its steps from article 5 of the 2017 judicial interpretation on personal data (法释〔2017〕10号),
as halved for data that came from one's job: 25, 250, 2,500 records, and stricter for location, communication and
credit data.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import Final

DAY: Final = timedelta(days=1)


class Basis(enum.StrEnum):
    """Standard of proof. A suspicion is never listable."""

    JUDGMENT = "A"  # court judgment or administrative penalty
    POLICE = "B"  # police case and dismissal
    INVESTIGATION = "C"  # dismissal, forensic trail, and a signed internal investigation that was served
    SUSPICION = "D"


LISTABLE: Final = frozenset({Basis.JUDGMENT, Basis.POLICE, Basis.INVESTIGATION})


class Proof(enum.StrEnum):
    """What a report names to meet its standard of proof."""

    JUDGMENT = "judgment"  # or penalty: reference and date
    POLICE = "police"  # the case's reference and date
    DISMISSAL = "dismissal"  # or the end of whatever contract there was: reference and date
    INVESTIGATION = "investigation"  # internal and signed: an exhibit and its date
    SERVICE = "service"  # the certificate that the investigation was served: an exhibit and its date


# What each standard demands; a report may name the other parts as well.
PROOF_FOR: Final = MappingProxyType(
    {
        Basis.JUDGMENT: frozenset({Proof.JUDGMENT}),
        Basis.POLICE: frozenset({Proof.POLICE, Proof.DISMISSAL}),
        Basis.INVESTIGATION: frozenset({Proof.DISMISSAL, Proof.INVESTIGATION, Proof.SERVICE}),
    }
)


class Staff(enum.StrEnum):
    """How the person worked for the member. Data leave by the hands of all of them."""

    EMPLOYEE = "employee"
    AGENCY = "agency"
    FRANCHISE = "franchise"
    GIG = "gig"


class Kind(enum.StrEnum):
    """Kind of customer data. The law counts the first two more strictly."""

    LOCATION = "location"
    COMMUNICATION = "communication"
    CREDIT = "credit"
    TRANSACTION = "transaction"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Offence:
    code: str
    version: int
    en: str
    zh: str


# A changed meaning is a new version below the old one, which stays: old reports are read by it.
OFFENCE_VERSIONS: Final = (
    Offence("sale", 1, "Sold customer data", "出售客户信息"),
    Offence("disclosure", 1, "Gave customer data to outsiders", "非法提供客户信息"),
    Offence("theft", 1, "Took customer data without authority", "窃取客户信息"),
    Offence("account-rental", 1, "Let outsiders use a system account", "出租出借系统账号"),
)
OFFENCES: Final = MappingProxyType({offence.code: offence for offence in OFFENCE_VERSIONS})  # the present versions


@dataclass(frozen=True, slots=True)
class Gravity:
    """A level of gravity: from how many records, and the term that may be asked for at most."""

    level: int
    name: str
    strict_from: int  # records of location, communication or credit data
    other_from: int  # records of any other kind
    max_term: timedelta | None  # None: permanent is allowed, with a review every five years
    rehabilitation: Fraction  # of the term that must be over before the person can ask for its end


# Sorted from the gravest. Fewer records than the last level cannot be listed at all.
LADDER: Final = (
    Gravity(4, "gravest", 10_000, 25_000, None, Fraction(3, 4)),
    Gravity(3, "serious", 1_000, 2_500, 3 * 365 * DAY, Fraction(2, 3)),
    Gravity(2, "medium", 100, 250, 2 * 365 * DAY, Fraction(1, 2)),
    Gravity(1, "minor", 10, 25, 365 * DAY, Fraction(1, 2)),
)
STRICT_KINDS: Final = frozenset({Kind.LOCATION, Kind.COMMUNICATION, Kind.CREDIT})
GAIN_SERIOUS: Final = 2_500  # CNY; a gain this large makes the case at least serious
MAX_TERM: Final[timedelta | None] = 5 * 365 * DAY  # caps permanent too, as most countries' law will; None lifts it
REVIEW_AT: Final = Fraction(1, 2)  # of its term every listing is looked at again…
REVIEW_EVERY: Final = 5 * 365 * DAY  # …and after this long at the latest
REVIEW_LIMIT: Final = 30 * DAY  # for somebody to decide a review; then the regulators are told…
REVIEW_DEFAULT: Final = 60 * DAY  # …and then, if nobody has, the listing ends

# Filing and notice
FILING_LIMIT: Final = 10 * DAY  # from the finding to the report
FILING_WARNING: Final = 7 * DAY  # from the finding; whoever holds a draft is warned
DRAFT_LIFE: Final = 30 * DAY  # from its first line; then it is swept
INCIDENT_LIFE: Final = 180 * DAY  # of what a member notes for itself before there is anything to report
RESPONSE_WINDOW: Final = 30 * DAY  # from service to listing; nothing is visible before
WINDOW_AT_LEAST: Final = 14 * DAY  # of it that are left when a service is recorded, however late that is
EXTENSION: Final = 15 * DAY  # of the window at most, once
CHANNELS: Final = 2  # that are tried before the window may run without proof of receipt
UNHEARD_WINDOW: Final = 15 * DAY  # from an unheard entry's first hit; nobody may rely on it before
REPRESENTATIONS: Final = 20  # that the accused may hand in
REASONS_LENGTH: Final = 2_000
STATEMENT_LENGTH: Final = 2_000  # characters
EXHIBIT_BYTES: Final = 10 * 1024 * 1024
EXHIBIT_PIXELS: Final = 40_000_000  # of a picture: a page at 600 dpi
EXHIBIT_PAGES: Final = 300  # of a PDF
EXHIBIT_OBJECTS: Final = 250_000  # within a PDF
EXHIBIT_ROWS: Final = 100_000  # of a table
INSPECTION_LIFE: Final = timedelta(hours=8)  # for which a sealed annex can be looked at under supervision
CODE_ATTEMPTS: Final = 5  # case matches per one-time code


class News(enum.StrEnum):
    """Of what the person whom a case is about is told: that there is something new to read, and never what."""

    LISTED = "listed"
    CHANGED = "changed"
    REMOVED = "removed"
    RELEASED = "released"  # somebody was shown the entry
    DECIDED = "decided"
    DATE = "date"  # one of theirs is near (REMIND_BEFORE)


@dataclass(frozen=True, slots=True)
class Telling:
    """How long nobody is told again of the same kind of news; what has come since is on the page all the same."""

    electronic: timedelta  # by mail and SMS, as far as the person gave an address
    post: timedelta  # when they gave none


TELLINGS: Final = MappingProxyType(
    {
        News.LISTED: Telling(0 * DAY, 0 * DAY),
        News.CHANGED: Telling(0 * DAY, 0 * DAY),
        News.REMOVED: Telling(0 * DAY, 0 * DAY),
        News.RELEASED: Telling(1 * DAY, 30 * DAY),
        News.DECIDED: Telling(0 * DAY, 0 * DAY),
        News.DATE: Telling(0 * DAY, 0 * DAY),
    }
)

# Checks
BATCH: Final = 1_000
ABSENCE_AT_ONCE: Final = 10  # tags up to which an answer brings along what the snapshot before it says
CHALLENGES_PER_TAG: Final = 4  # how often a batch's tags may be asked about once more, on average
TICKET_LIFE: Final = timedelta(minutes=15)
RECEIPT_PROMISE: Final = timedelta(seconds=60)  # from the answer to its log proof
CHECK_OPEN: Final = 90 * DAY  # a hiring check is told of listings this long
CHECK_KEPT: Final = 90 * DAY  # whom a hiring check asked about; the person can see it as long
CHECK_KEPT_HIRED: Final = 365 * DAY  # …when they were hired, or were staff already
NEVER_APPLIED_ANSWER: Final = 10 * DAY  # for a member to show that somebody did apply
HIT_RATE_BAND: Final = (0.0005, 0.01)  # hits per check; fewer look like guessing, more like looking for somebody
HIT_RATE_AT_LEAST: Final = 1_000  # checks, before a rate says anything
CHECKS_PER_HEAD_AND_DAY: Final = 2  # a member's daily budget is its declared headcount times this
CHECKS_PER_DAY_AT_LEAST: Final = 100  # for small members, and for verifiers, who declare no staff
CHECKS_AT_ONCE: Final = Fraction(2, 3)  # of a day's budget at one stroke: everybody once. One batch is always allowed
CHECKS_RECOVER: Final = timedelta(hours=8)  # from nothing left of that to all of it, evenly
CANARIES: Final = 50  # identities that nobody has: a check of one raises an alarm


class Purpose(enum.StrEnum):
    HIRING = "hiring"
    PRESENT_STAFF = "present-staff"


class Consent(enum.StrEnum):
    """How sure we are that the person agreed to be checked."""

    DECLARED = "declared"  # the member signs that it holds the consent
    GRANTED = "granted"  # the person signed it in their own browser


CONSENT_FOR: Final = MappingProxyType(
    {
        Purpose.HIRING: frozenset({Consent.DECLARED, Consent.GRANTED}),
        Purpose.PRESENT_STAFF: frozenset({Consent.DECLARED, Consent.GRANTED}),
    }
)

CONSENT_LIFE: Final = 7 * DAY  # of a group of links to candidates, at most
CONSENT_LINKS: Final = 100  # in one group
CONSENT_TEXT: Final = 4_000  # characters of what a candidate agrees to
CONSENT_EVALUATIONS: Final = 2  # a link: the candidate may mistype once

ROTATION_GRACE: Final = 2 * DAY
"""From the switch to a new identity key until the old handles go: tickets last 15 minutes, attestations a day."""
# Watches
WATCH_AT_MOST: Final = 365 * DAY  # then the member has to ask again
WATCH_BEGINS_WITHIN: Final = 1 * DAY  # of the check that it keeps open

# Appeals
MEMBER_INFORMED: Final = 1 * DAY
ANSWER_LIMIT: Final = 10 * DAY  # silence suspends the entry
DECISION_LIMIT: Final = 15 * DAY
DECISION_LIMIT_URGENT: Final = 5 * DAY
SECOND_INSTANCE_LIMIT: Final = 20 * DAY
APPEAL_LIMIT: Final = 45 * DAY
NONCE_LIMIT: Final = 2 * DAY  # the subject's silence in the draw: zeros, once a regulator has signed for it
RECUSAL_ASKED: Final = 3 * DAY  # from when somebody is seated, for the person to say why they must not decide
RECUSAL_DECIDED: Final = 2 * DAY  # for a clerk or regulator to decide that; then whoever it is about leaves the panel
SEATS: Final = 3
REMIND_BEFORE: Final = (3 * DAY, 1 * DAY)  # of every date by which somebody owes something
OVERTURN_LOOKS_BACK: Final = 365 * DAY
OVERTURN_AT_LEAST: Final = 10  # decided cases, before a rate says anything
OVERTURN_INVESTIGATED: Final = 0.10  # a member overturned more often than this has to answer for it
OVERTURN_THROTTLED: Final = 0.20  # …more often than this files so many reports a day, until a regulator lifts it…
THROTTLED_FILINGS: Final = 1
OVERTURN_SUSPENDED: Final = 0.40  # …and more often than this files none
FINDING_ANSWER: Final = 10 * DAY  # then the regulators are told

# Recalls
RECALL_ACK: Final = 3 * DAY  # then the regulator is told

# The subject's identity, and who acts for them
COUNTER_WITHIN: Final = 1 * DAY  # between two officers at one counter
MANDATE_LONGEST: Final = 365 * DAY

# What takes two people's signatures: orders of courts and authorities, amendments of what was screened
CONFIRMED_WITHIN: Final = timedelta(hours=72)  # hiding takes one of the two; without the other it lapses then
ORDER_LONGEST: Final = 10 * 365 * DAY


# Erasure


class Ending(enum.StrEnum):
    """Why a case may be forgotten: the lawful ground that a regulator signs for."""

    EXPIRED = "expired"  # the entry has reached its date
    ENDED = "ended"  # the entry was voided, or ended before its date
    UNLISTED = "unlisted"  # the report was refused, withdrawn or voided, and never listed
    ORDERED = "ordered"  # a court or an authority says so: at once


# How long a case is kept after it ended, for appeals, complaints and the law's limits.
KEPT_AFTER: Final = MappingProxyType({Ending.EXPIRED: 180 * DAY, Ending.ENDED: 180 * DAY, Ending.UNLISTED: 90 * DAY})

BACKUPS_KEPT: Final = 35 * DAY  # of the database; with the last backup goes the key that opens what was erased since
REWRAP_EVERY: Final = 31 * DAY  # from one renewal of the key that wraps case keys to the next

# Sign-in
SESSION_LIFE: Final = timedelta(hours=12)
SESSION_IDLE: Final = timedelta(hours=1)  # from the last page to the end of the session
SESSION_SEEN_EVERY: Final = timedelta(minutes=10)  # how exactly the last page is known
PROOF_LIFE: Final = timedelta(minutes=15)  # how long a password counts for what needs one again
TOKEN_LIFE: Final = timedelta(minutes=10)
ASSERTION_LIFE: Final = timedelta(minutes=5)
CLOCK_SKEW: Final = timedelta(seconds=60)  # by which a client's clock may be off
IDEMPOTENCY_LIFE: Final = 1 * DAY
SIGN_IN_ATTEMPTS: Final = 5
SIGN_IN_PAUSE: Final = timedelta(minutes=15)
SECOND_STEP_WITHIN: Final = timedelta(minutes=5)  # from the password to the code
JOIN_WITHIN: Final = timedelta(minutes=30)  # from the code of an invitation to a password or a passkey
INVITATION_LIFE: Final = 7 * DAY  # from when its code opens an account
RECOVERY_DELAY: Final = 1 * DAY  # in which whoever still has the old ways into an account can refuse new ones
RECOVERY_CODES: Final = 10  # that stand in for a lost device, once each
# The roles that show a second factor: all that sign, decide, read evidence or give keys.
SECOND_FACTOR_FOR: Final = frozenset(
    {
        "reporter",
        "approver",
        "member-admin",
        "clerk",
        "screener",
        "panelist",
        "verifier",
        "regulator",
        "operator",
    }
)

# The log
SEQUENCING_LIMIT: Final = timedelta(seconds=60)
WITNESS_QUORUM: Final = 3  # of four, so that one may be away; a registry's own file may ask for more
WITNESS_ALWAYS: Final = "regulator"  # in every quorum
WITNESS_NEVER: Final = "operator"  # whoever keeps the log does not vouch for it
