"""`/regulator/entries`: every entry, the newest first; by state, member, level, offence and dispute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for

from registry import policy
from registry.access import Action, needs
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.queries import status_of
from registry.entries.rules import EXPIRED, State
from registry.log.actions import record
from registry.members.actions import names as member_names
from registry.members.models import Kind, Member
from registry.web.context import actor, running
from registry.web.regulator.blueprint import bp

ROWS = 50


@dataclass(frozen=True, slots=True)
class Row:
    entry: Entry
    status: str
    member: str


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page shows; a state or a member that there is not shows nothing."""

    state: str
    member: str
    level: int | None
    offence: str
    disputed: bool
    page: int

    @classmethod
    def read(cls) -> Filter:
        page = request.args.get("page", 1, type=int)
        return cls(
            state=request.args.get("state", ""),
            member=request.args.get("member", ""),
            level=request.args.get("level", type=int),
            offence=request.args.get("offence", ""),
            disputed=bool(request.args.get("disputed")),
            page=min(max(page, 1), 10**6),
        )

    def url_of(self, page: int) -> str:
        return url_for("regulator.entries", **self.narrowing, page=page)

    @property
    def narrowing(self) -> dict[str, Any]:
        """What is asked for beyond all, by its name in the address."""
        asked = {"state": self.state, "member": self.member, "level": self.level, "offence": self.offence}
        return {name: value for name, value in {**asked, "disputed": self.disputed and "yes"}.items() if value}


@bp.get("/regulator/entries")
@needs(Action.ENTRY_LIST)
def entries() -> str:
    run, asked = running(), Filter.read()
    with run.store.write() as session:
        rows, total = _rows(session, asked, run.clock())
        narrowing = {name: str(value)[:40] for name, value in asked.narrowing.items()}
        facts = {"what": "entries", **narrowing, "rows": len(rows)}
        record(session, "regulator.read", actor=actor().id, now=run.clock(), facts=facts)
        return render_template(
            "regulator/entries.html",
            rows=rows,
            total=total,
            asked=asked,
            last=max(1, -(-total // ROWS)),
            page_url=asked.url_of,
            states=[*State, EXPIRED],
            levels=[step.level for step in policy.LADDER],
            offences=policy.OFFENCES,
            members=session.scalars(sa.select(Member).where(Member.kind == Kind.CARRIER).order_by(Member.name)).all(),
        )


def _rows(session: Session, asked: Filter, now: datetime) -> tuple[list[Row], int]:
    wanted = sa.select(Entry).where(*_conditions(asked, now))
    total = session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
    newest = wanted.order_by(Entry.listed_at.desc(), Entry.id).offset((asked.page - 1) * ROWS).limit(ROWS)
    names = member_names(session)
    rows = [
        Row(
            entry,
            status_of(entry, now),
            names[entry.member_id],
        )
        for entry in session.scalars(newest)
    ]
    return rows, total


def _conditions(asked: Filter, now: datetime) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.member:
        conditions.append(Entry.member_id == asked.member)
    if asked.level is not None:
        conditions.append(Entry.level == min(max(asked.level, -1), 10**6))
    if asked.offence:
        conditions.append(Entry.offence == asked.offence)
    if asked.disputed:
        conditions.append(Entry.disputed.is_(True))
    if asked.state:
        conditions.append(_in_state(asked.state, now))
    return conditions


def _in_state(name: str, now: datetime) -> sa.ColumnElement[bool]:
    """As `entries.rules.status` computes it: a live entry past its end is expired and in no other state."""
    ended = sa.and_(Entry.until.is_not(None), Entry.until <= now)
    final = (State.VOIDED, State.REHABILITATED)
    if name == EXPIRED:
        return sa.and_(Entry.state.not_in(final), ended)
    if name not in set(State):
        return sa.false()
    state = State(name)
    return Entry.state == state if state in final else sa.and_(Entry.state == state, sa.not_(ended))
