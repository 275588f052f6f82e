"""Begin, renew, cancel and list watches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from registry.access import Action, Actor, allowed, require
from registry.checks.models import Batch, Check
from registry.checks.queries import require_batch, require_check
from registry.checks.rules import kept_until
from registry.db import Session, new_id
from registry.errors import Conflict, Invalid, NotFound
from registry.log.actions import record
from registry.log.swap import swap
from registry.policy import BATCH, DAY, WATCH_AT_MOST, WATCH_BEGINS_WITHIN, Purpose
from registry.watches.models import Watch


def begin(session: Session, *, actor: Actor, checks: Sequence[str], days: int, now: datetime) -> list[Watch]:
    """Keep these checks of present staff open for so many days; all or none.

    Each must be the member's own, made within a day, and watched by nothing yet (Conflict `watched`).
    """
    require(actor, Action.WATCH)
    if not 1 <= len(set(checks)) == len(checks) <= BATCH:
        raise Invalid("checks must be 1 to {most}, each once", field="checks", most=BATCH)
    until = _until(days, now)
    watches = [_begun(session, actor, _fresh(session, actor, id, now), until, now) for id in checks]
    facts = {"watches": [watch.id for watch in watches]}
    record(session, "watch.begin", actor=actor.id, now=now, facts=facts)
    return watches


def renew(session: Session, *, actor: Actor, watch_id: str, check_id: str, days: int, now: datetime) -> Watch:
    """Go on with a new check of the same person. Invalid when it is of somebody else.

    Whom an erased check was about nobody knows any more; any new one will do then, so that no refusal betrays the case.
    """
    watch, check = require_watch(session, actor, watch_id), _fresh(session, actor, check_id, now)
    old = session.get_one(Check, watch.check_id)
    if old.handle not in (None, check.handle):
        raise Invalid("check must be a new one of the person who is watched", field="check", code="another-person")
    until = _until(days, now)
    live = (Watch.cancelled_at.is_(None), Watch.until > now)
    if not swap(session, watch, *live, values={"check_id": check.id, "until": until}):
        raise Conflict("this watch is over; begin another", code="not-allowed-now")
    _keep_open(session, old, now)
    _keep_open(session, check, until)
    record(session, "watch.renew", actor=actor.id, now=now, facts={"watch": watch.id})
    return watch


def keep(session: Session, *, actor: Actor, batch_id: str, now: datetime) -> list[Watch]:
    """Watch everybody whom this batch of present staff asked about for the longest time: renewed where watched before.

    So the year's list of staff, checked once, begins and renews all watches. NotFound and Conflict as for each of them;
    Conflict `watched` when there is nobody left to watch.
    """
    require(actor, Action.WATCH)
    batch, days = require_batch(session, actor, batch_id), WATCH_AT_MOST // DAY
    begun = sa.exists().where(Watch.check_id == Check.id)
    checks = sa.select(Check).where(Check.batch_id == batch.id, Check.handle.is_not(None), ~begun)
    fresh = {check.handle: check.id for check in session.scalars(checks.order_by(Check.ordinal))}
    if not fresh:
        raise Conflict("nobody of this batch is left to be watched", code="watched")
    live = sa.select(Watch.id, Check.handle).join(Check, Check.id == Watch.check_id)
    live = live.where(Watch.member_id == actor.member_id, Watch.cancelled_at.is_(None), Watch.until > now)
    known = {handle: id for id, handle in session.execute(live) if handle in fresh}
    renewed = [
        renew(session, actor=actor, watch_id=id, check_id=fresh.pop(handle), days=days, now=now)
        for handle, id in known.items()
    ]
    return renewed + (begin(session, actor=actor, checks=list(fresh.values()), days=days, now=now) if fresh else [])


def is_fresh(at: datetime, now: datetime) -> bool:
    """Whether a watch may begin with a check of then."""
    return now - at <= WATCH_BEGINS_WITHIN


def cancel(session: Session, *, actor: Actor, watch_id: str, now: datetime) -> Watch:
    """Nothing is told any more. A second time changes nothing."""
    watch = require_watch(session, actor, watch_id)
    if swap(session, watch, Watch.cancelled_at.is_(None), values={"cancelled_at": now}):
        _keep_open(session, session.get_one(Check, watch.check_id), now)
        record(session, "watch.cancel", actor=actor.id, now=now, facts={"watch": watch.id})
    return watch


def require_watch(session: Session, actor: Actor, watch_id: str) -> Watch:
    """The watch, if it is the member's own; NotFound otherwise, whether or not there is one."""
    watch = session.get(Watch, watch_id)
    if watch is None or not allowed(actor, Action.WATCH, member_id=watch.member_id):
        raise NotFound("there is no such watch among those of your member", field="id")
    return watch


def page(session: Session, *, actor: Actor, now: datetime, after: str | None = None, limit: int = 100) -> list[Watch]:
    """The member's live watches by id; `after` is the last id of the page before."""
    require(actor, Action.WATCH)
    live = sa.select(Watch).where(Watch.member_id == actor.member_id, Watch.id > (after or ""))
    live = live.where(Watch.cancelled_at.is_(None), Watch.until > now)
    return list(session.scalars(live.order_by(Watch.id).limit(limit)))


def _until(days: int, now: datetime) -> datetime:
    if not 1 <= days <= WATCH_AT_MOST // DAY:
        raise Invalid("days must be 1 to {most}", field="days", most=WATCH_AT_MOST // DAY)
    return now + timedelta(days=days)


def _fresh(session: Session, actor: Actor, check_id: str, now: datetime) -> Check:
    """A check that a watch may begin with: so each beginning and renewal is paid for."""
    check = require_check(session, actor, check_id)
    if session.get_one(Batch, check.batch_id).purpose is not Purpose.PRESENT_STAFF:
        raise Invalid("a watch begins with a check of present staff", field="check", code="purpose-wrong")
    if check.handle is None or not is_fresh(check.at, now):
        raise Conflict("a watch begins with a check of the last day; check again", field="check", code="check-old")
    if session.scalar(sa.select(Watch.id).where(Watch.check_id == check.id)) is not None:
        raise Conflict("this check is watched already", field="check", code="watched")
    return check


def _begun(session: Session, actor: Actor, check: Check, until: datetime, now: datetime) -> Watch:
    watch = Watch(id=new_id(), member_id=actor.member_id, account_id=actor.id, check_id=check.id, begun_at=now)
    watch.until = until
    session.add(watch)
    _keep_open(session, check, until)
    return watch


def _keep_open(session: Session, check: Check, until: datetime) -> None:
    """Until then a listing is told, and the registry knows whom the check was about at least so long."""
    kept = max(kept_until(Purpose.PRESENT_STAFF, check.at), until)
    swap(session, check, values={"closes_at": until, "kept_until": kept})
