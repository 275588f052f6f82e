"""Where a case stands, in the words of the person it is about, and what they can do now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from registry.appeals import queries as appeals
from registry.appeals import recusals
from registry.appeals import rules as appeal_rules
from registry.appeals.actions import proofed
from registry.appeals.effects import CONTESTABLE
from registry.appeals.interventions import texts_of
from registry.appeals.models import Appeal, Draw, Seat
from registry.appeals.recusal import State as RecusalState
from registry.appeals.recusal import ask_until
from registry.cases.actions import unseal
from registry.cases.models import Case
from registry.db import Session
from registry.entries import queries as entries
from registry.entries.models import Entry
from registry.entries.rules import State as EntryState
from registry.log.actions import CaseKey
from registry.log.models import Act
from registry.members.models import Member
from registry.panels.models import Decision, Vote
from registry.panels.rules import Choice
from registry.reports.models import Report
from registry.reports.rules import State as ReportState
from registry.web.words import STATES

REPORT: Mapping[ReportState, str] = MappingProxyType(
    {
        ReportState.FILED: _("A report has been filed. It is not visible to anybody."),
        ReportState.COUNTERSIGNED: _("A report has been filed and countersigned. It is not visible to anybody."),
        ReportState.SCREENED: _(
            "A report has been screened and a letter sent to you. It is not visible to any company."
        ),
        ReportState.NOTICED: _("The letter has reached you. Nothing is visible to any company while you can answer."),
        ReportState.LISTED: _("The time to answer is over and the report is listed."),
        ReportState.REFUSED: _("The report was refused. It does not lead to a listing."),
        ReportState.WITHDRAWN: _("The company has withdrawn the report. It does not lead to a listing."),
        ReportState.VOIDED: _("The report was declared void. It does not lead to a listing."),
    }
)
ENTRY: Mapping[EntryState, str] = MappingProxyType(
    {
        EntryState.LISTED: _("You are listed: a company that checks you learns that there is an entry."),
        EntryState.CORRECTED: _("You are listed, with a correction."),
        EntryState.REVISED: _("You are listed, with a revision."),
        EntryState.SUSPENDED: _("The entry is hidden: no company that checks you is told of it now."),
        EntryState.VOIDED: _("The entry was declared void. You are not listed, and whoever was told is told so."),
        EntryState.REHABILITATED: _("The entry has ended before its time. You are not listed."),
    }
)
APPEAL: Mapping[appeal_rules.State, str] = MappingProxyType(
    {
        appeal_rules.State.LODGED: _("We have it. Next, a verifier confirms who you are; then the clocks run."),
        appeal_rules.State.PROOFED: _("Your identity is confirmed. Next, the registry office admits the appeal."),
        appeal_rules.State.ADMITTED: _("It is admitted. Next, the panel is drawn, and the company answers."),
        appeal_rules.State.ANSWERED: _("The company’s time to answer is over. Next, the panel hears the case."),
        appeal_rules.State.HEARD: _("The panel has heard the case. Next, it votes and decides."),
        appeal_rules.State.DECIDED: _("The panel has decided."),
        appeal_rules.State.SECOND_INSTANCE: _("It was contested: three others decide anew."),
        appeal_rules.State.CLOSED: _("It is closed."),
        appeal_rules.State.INADMISSIBLE: _("It was not admitted."),
        appeal_rules.State.WITHDRAWN: _("You have withdrawn it."),
    }
)
DUTIES: Mapping[appeal_rules.Duty, str] = MappingProxyType(
    {
        appeal_rules.Duty.INFORM: _("the company is told"),
        appeal_rules.Duty.ADMIT: _("the registry office admits it"),
        appeal_rules.Duty.ANSWER: _("the company answers"),
        appeal_rules.Duty.DECIDE: _("the panel decides"),
        appeal_rules.Duty.END: _("everything is over"),
    }
)


CHOICES: Mapping[Choice, str] = MappingProxyType(
    {
        Choice.KEEP: _("The listing stays as it is."),
        Choice.CORRECT: _("The listing is corrected."),
        Choice.SHORTEN: _("The listing is shortened."),
        Choice.SUSPEND: _("The listing is hidden."),
        Choice.VOID: _("The report is void. You are cleared, and whoever was told otherwise is told so."),
    }
)


RECUSAL: Mapping[RecusalState, str] = MappingProxyType(
    {
        RecusalState.ASKED: _("Nobody has decided it yet; until then they do not vote."),
        RecusalState.SUSTAINED: _("They have left it, and somebody else follows."),
        RecusalState.DISMISSED: _("They stay on it."),
    }
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What became of the subject's challenge to somebody on the panel."""

    text: str
    reasons: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The draw of a panel as the subject sees it."""

    row: Draw
    position: int | None  # of the admission in the log; None while it is not public
    seats: list[tuple[Seat, str]]  # with the name of the organisation
    challenge: Challenge | None
    challenge_until: datetime | None  # until when somebody who sits can be challenged; None when nobody can be

    @property
    def awaits_nonce(self) -> bool:
        return self.row.nonce is None


@dataclass(frozen=True, slots=True)
class Decided:
    """What the panel decided, and what each of the three gave as reasons."""

    decision: Decision
    reasons: list[str] = field(repr=False)
    contest_until: datetime | None  # None when it cannot be contested any more

    @property
    def text(self) -> str:
        return str(CHOICES[self.decision.choice])


@dataclass(frozen=True, slots=True)
class Progress:
    """An appeal with what comes next."""

    appeal: Appeal
    text: str
    due: list[tuple[datetime, str]]
    drawing: Drawing | None
    decided: Decided | None
    interventions: tuple[str, ...] = field(repr=False)  # what regulators have put to the panel


@dataclass(frozen=True, slots=True)
class Standing:
    """What the person can still do, decided by the same rules that the actions apply."""

    entry: Entry | None
    text: str
    is_proofed: bool
    may_appeal: bool
    appeals: list[Progress]


def standing(session: Session, case: Case, report: Report, key: CaseKey, now: datetime) -> Standing:
    entry, lodged = entries.of_case(session, case.id), appeals.of_case(session, case.id)
    ended = entry is not None and entry.state in (EntryState.VOIDED, EntryState.REHABILITATED)
    is_open = any(appeal.state not in appeal_rules.OVER for appeal in lodged)
    return Standing(
        entry=entry,
        text=_text(report, entry, now),
        is_proofed=proofed(session, case),
        may_appeal=report.state in CONTESTABLE and not ended and not is_open,
        appeals=[_progress(session, appeal, key, now) for appeal in reversed(lodged)],
    )


def _text(report: Report, entry: Entry | None, now: datetime) -> str:
    if entry is None:
        return str(REPORT[report.state])
    if entry.until is not None and entry.until <= now:
        return str(gettext("The listing has ended by itself. You are not listed."))
    return str(ENTRY[entry.state])


def _progress(session: Session, appeal: Appeal, key: CaseKey, now: datetime) -> Progress:
    facts = appeals.facts_of(session, appeal)
    dates = appeal_rules.deadlines(facts).items() if appeal.state not in appeal_rules.OVER else ()
    owed = [(by, str(DUTIES[duty])) for duty, by in dates if duty in _ahead(appeal.state)]
    return Progress(
        appeal=appeal,
        text=_words(appeal),
        due=sorted(owed),
        drawing=_drawing(session, appeal, key, now),
        decided=_decided(session, appeal, key, now),
        interventions=texts_of(session, appeal, key),
    )


def _words(appeal: Appeal) -> str:
    """Its state in a sentence; of a refused one with the ground."""
    sentence = str(APPEAL[appeal.state])
    return f"{sentence} {STATES[appeal.refused_for]}" if appeal.refused_for is not None else sentence


def _ahead(state: appeal_rules.State) -> frozenset[appeal_rules.Duty]:
    """Which dates still say something in this state."""
    duty = appeal_rules.Duty
    ahead = {
        appeal_rules.State.PROOFED: {duty.ADMIT, duty.DECIDE, duty.END},
        appeal_rules.State.ADMITTED: {duty.ANSWER, duty.DECIDE, duty.END},
        appeal_rules.State.ANSWERED: {duty.DECIDE, duty.END},
        appeal_rules.State.HEARD: {duty.DECIDE, duty.END},
    }
    return frozenset(ahead.get(state, ()))


def _drawing(session: Session, appeal: Appeal, key: CaseKey, now: datetime) -> Drawing | None:
    row = appeals.draw_of(session, appeal.id)
    if row is None:
        return None
    position = session.scalar(sa.select(Act.position).where(Act.uid == row.admission))
    seats = [(seat, session.get_one(Member, seat.member_id).name) for seat in appeals.seats_of(session, appeal.id)]
    until = max((ask_until(seat.seated_at) for seat, _name in seats), default=now)
    may = appeal.state in appeal_rules.DRAWABLE and now < until
    return Drawing(row, position, seats, _challenge(session, appeal, key), until if may else None)


def _challenge(session: Session, appeal: Appeal, key: CaseKey) -> Challenge | None:
    asked = recusals.of_appeal(session, appeal.id)
    return Challenge(str(RECUSAL[asked.state]), recusals.reasons_of(asked, key)) if asked is not None else None


def _decided(session: Session, appeal: Appeal, key: CaseKey, now: datetime) -> Decided | None:
    decision = session.scalar(sa.select(Decision).where(Decision.appeal_id == appeal.id))
    if decision is None:
        return None
    opened = sa.select(Vote).where(Vote.appeal_id == appeal.id, Vote.opened_at.is_not(None)).order_by(Vote.id)
    until = appeal_rules.contest_until(decision.decided_at)
    open_still = appeal.state is appeal_rules.State.DECIDED and appeal.instance < appeal_rules.INSTANCES
    return Decided(
        decision=decision,
        reasons=[unseal(key, vote, "sealed_reasons") for vote in session.scalars(opened)],
        contest_until=until if open_still and now < until else None,
    )
