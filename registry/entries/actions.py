"""List; correct, revise, suspend, reinstate, shorten, void and rehabilitate what is listed.

The verbs are called where a decision is carried out (`appeals`, `findings`): those have asked who may do it, and
issue the recalls in the same transaction. Each verb records its own act.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from registry import base64url, policy
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.entries import places, queries, rules
from registry.entries.models import Entry
from registry.entries.rules import NEXT, Verb
from registry.errors import Conflict, Invalid
from registry.log.actions import CaseKey, record
from registry.log.swap import swap
from registry.notices import news
from registry.policy import Basis, News
from registry.reports import actions as reports
from registry.reports import queries as reports_queries
from registry.reports import rules as report_rules
from registry.reports.models import Report
from registry.reports.serving import contact_again, tell_member

LISTING = "system:listing"
_NEWS: Final = MappingProxyType({Verb.VOID: News.REMOVED, Verb.REHABILITATE: News.REMOVED})


def is_due(session: Session, report: Report, *, now: datetime) -> bool:
    """Looked at again under the row's lock: the window may have been made longer at this moment."""
    session.refresh(report, with_for_update=True)
    closes = report.window_closes_at
    return report.state is report_rules.State.NOTICED and closes is not None and closes <= now


def list_report(session: Session, report: Report, *, now: datetime) -> Entry:
    """Make a noticed report an entry, once. Whether it may be listed now is asked by `registry.appeals.listing`."""
    if not is_due(session, report, now=now):
        raise Conflict("the time to answer this report is not over, or it has changed; read it again", code="outdated")
    case, key = reports_queries.case_of(session, report)
    advance(session, report, report_rules.NEXT, report_rules.Verb.LIST, actor=LISTING, now=now)
    entry = Entry(
        id=new_id(),
        case_id=case.id,
        report_id=report.id,
        member_id=report.member_id,
        handle=case.subject_handle,
        sealed_tag=case.sealed_tag,
        offence=report.offence,
        level=report.level,
        basis=report.basis,
        disputed=case.contested_since is not None,
        unheard=report.unheard_since is not None and report.heard_at is None,
        listed_at=now,
        hidden_until=case.hidden_until,
        until=report_rules.until(now, report.term_days),
    )
    begin(session, entry, NEXT, Verb.LIST, actor=LISTING, now=now)
    places.name(session, entry, base64url.decode(reports_queries.payload_of(report, key)["sub"], field="sub"))
    places.stir(session, entry)
    tell_member(session, report, now)
    news.tell(session, case_id=case.id, news=News.LISTED, now=now)
    record(session, "entry.list", actor=LISTING, now=now, facts={"entry": entry.id}, case=key)
    return entry


def suspend(session: Session, entry: Entry, *, actor_id: str, now: datetime, reason: str) -> Entry:
    """Hide the entry until it is reinstated; its term runs on."""
    return _move(session, entry, Verb.SUSPEND, actor_id, now, reason)


def reinstate(session: Session, entry: Entry, *, actor_id: str, now: datetime, reason: str) -> Entry:
    return _move(session, entry, Verb.REINSTATE, actor_id, now, reason)


def revise(
    session: Session,
    entry: Entry,
    *,
    actor_id: str,
    now: datetime,
    reason: str,
    level: int | None = None,
    until: datetime | None = None,
    by_letter: bool = False,
) -> Entry:
    """Something new has happened to the case, such as a court's outcome: a lower level, an earlier end, or neither.

    Of these verbs, `by_letter` is for a caller who writes to the person: they are not told a second time.
    """
    changes = _milder(entry, level, until)
    return _move(session, entry, Verb.REVISE, actor_id, now, reason, changes=changes, by_letter=by_letter)


def correct(
    session: Session,
    entry: Entry,
    *,
    actor_id: str,
    now: datetime,
    reason: str,
    offence: str | None = None,
    level: int | None = None,
    basis: Basis | None = None,
    until: datetime | None = None,
    by_letter: bool = False,
) -> Entry:
    """Replace what was wrong. The end moves forward when the term was longer than the new level allows."""
    if offence is not None and offence not in policy.OFFENCES:
        raise Invalid("offence must be one of {allowed}", field="offence", allowed=tuple(policy.OFFENCES))
    if basis is not None and basis not in policy.LISTABLE:
        raise Invalid("basis must be one that can be listed; else void the entry", field="basis")
    given = {name: value for name, value in (("offence", offence), ("basis", basis)) if value is not None}
    changes = {**given, **_milder(entry, level, until)}
    return _move(session, entry, Verb.CORRECT, actor_id, now, reason, changes=changes, by_letter=by_letter)


def shorten(session: Session, entry: Entry, *, actor_id: str, now: datetime, reason: str, until: datetime) -> Entry:
    """An earlier end; one that has passed already ends the entry now."""
    rules.verify_shorter(until, present=entry.until, listed_at=entry.listed_at)
    return _move(session, entry, Verb.SHORTEN, actor_id, now, reason, changes={"until": until})


def void(
    session: Session, entry: Entry, *, actor_id: str, now: datetime, reason: str, by_letter: bool = False
) -> Entry:
    """The entry should not have been; its report is voided with it."""
    _move(session, entry, Verb.VOID, actor_id, now, reason, by_letter=by_letter)
    reports.void(session, report=session.get_one(Report, entry.report_id), actor_id=actor_id, reason=reason, now=now)
    return entry


def rehabilitate(session: Session, entry: Entry, *, actor_id: str, now: datetime, reason: str) -> Entry:
    """The entry was right and has served its purpose before its end."""
    return _move(session, entry, Verb.REHABILITATE, actor_id, now, reason)


def hide_until(session: Session, case: Case, until: datetime, now: datetime) -> Entry | None:
    """Hide what the case lists, now or later, until then; the entry if it was shown. The caller records and recalls.

    A later date that stands already stays.
    """
    entry, was_shown = _hide(session, case, max(case.hidden_until or until, until), now)
    return entry if was_shown else None


def unhide(session: Session, case: Case, until: datetime | None, now: datetime) -> Entry | None:
    """Hide what the case lists only until then; the entry if it is shown again. The caller records and recalls."""
    entry, was_shown = _hide(session, case, until, now)
    return entry if entry is not None and queries.shown(entry, now) and not was_shown else None


def _hide(session: Session, case: Case, until: datetime | None, now: datetime) -> tuple[Entry | None, bool]:
    """Hide what the case lists until then and no longer; the entry, and whether it was shown before."""
    case.hidden_until = until
    entry = queries.of_case(session, case.id)
    if entry is None:
        return None, False
    was_shown, entry.hidden_until = queries.shown(entry, now), until
    places.stir(session, entry)
    return entry, was_shown


def mark_hit(session: Session, entry: Entry, *, now: datetime) -> None:
    """An unheard entry is shown to somebody: the first time begins the days to answer, every other does nothing."""
    if not entry.unheard or entry.first_hit_at is not None:
        return
    if swap(session, entry, Entry.first_hit_at.is_(None), values={"first_hit_at": now}):
        record(session, "entry.hit", actor=LISTING, now=now, facts={"entry": entry.id}, case=_key(session, entry))


def contact_due(session: Session, *, issuer: str, now: datetime, limit: int = 20) -> list[Entry]:
    """Write to those whose unheard entry was hit; nobody is written to twice for it."""
    return [entry for entry in queries.to_contact(session, limit=limit) if _contact(session, entry, issuer, now)]


def _contact(session: Session, entry: Entry, issuer: str, now: datetime) -> bool:
    if entry.first_hit_at is None:
        return False
    if not swap(session, entry, Entry.contacted_at.is_(None), values={"contacted_at": now}):
        return False
    report = session.get_one(Report, entry.report_id)
    ends = entry.first_hit_at + policy.UNHEARD_WINDOW
    letter = contact_again(session, report=report, issuer=issuer, now=now, relied_on_from=ends, actor=LISTING)
    facts = {"entry": entry.id, "letter": letter.id}
    record(session, "entry.contact", actor=LISTING, now=now, facts=facts, case=_key(session, entry))
    return True


def mark_disputed(session: Session, entry: Entry, *, disputed: bool, actor_id: str, now: datetime) -> Entry:
    """Whether an appeal is open against it; shown with every hit. Conflict when it was marked so already."""
    if not swap(session, entry, Entry.disputed.is_(not disputed), values={"disputed": disputed}):
        raise Conflict("this entry is marked so already; read it again", code="outdated")
    facts = {"entry": entry.id, "disputed": disputed}
    record(session, "entry.dispute", actor=actor_id, now=now, facts=facts, case=_key(session, entry))
    return entry


def _move(
    session: Session,
    entry: Entry,
    verb: Verb,
    actor_id: str,
    now: datetime,
    reason: str,
    *,
    changes: Mapping[str, Any] | None = None,
    by_letter: bool = False,
) -> Entry:
    key = _key(session, entry)
    advance(session, entry, NEXT, verb, actor=actor_id, now=now, **(changes or {}))
    places.stir(session, entry)
    if not by_letter:
        news.tell(session, case_id=entry.case_id, news=_NEWS.get(verb, News.CHANGED), now=now)
    facts = {"entry": entry.id, "reason": reason}
    record(session, f"entry.{verb.value}", actor=actor_id, now=now, facts=facts, case=key)
    return entry


def _key(session: Session, entry: Entry) -> CaseKey:
    return key_of(session, session.get_one(Case, entry.case_id))


def _milder(entry: Entry, level: int | None, until: datetime | None) -> dict[str, Any]:
    """What a lower level and an earlier end change."""
    ends = [until]
    if level is not None:
        rules.verify_milder(level, present=entry.level)
        ends.append(_capped(entry, level))
    if until is not None:
        rules.verify_shorter(until, present=entry.until, listed_at=entry.listed_at)
    changes = {"level": level, "until": min((end for end in ends if end is not None), default=None)}
    return {name: value for name, value in changes.items() if value is not None}


def _capped(entry: Entry, level: int) -> datetime | None:
    """The present end, or the latest that the level allows if that is earlier."""
    gravity = next(gravity for gravity in policy.LADDER if gravity.level == level)
    longest = report_rules.longest_term(gravity)
    ends = [end for end in (entry.until, entry.listed_at + longest if longest else None) if end is not None]
    return min(ends, default=None)
