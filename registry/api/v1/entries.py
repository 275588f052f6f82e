"""Entries: for the member that filed one, those that were shown it, and regulators. Nobody browses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, Actor, needs
from registry.amendments.queries import taken
from registry.amendments.rules import Kind
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.entries import queries
from registry.entries.models import Entry
from registry.log.actions import record
from registry.policy import Basis
from registry.recalls.queries import knows

bp = APIBlueprint("entries", __name__, tag="Entries")

_PAGE = 100


class PageQuery(Body):
    after: str | None = Field(None, max_length=32, description="`next` of the page before")


class EntryAnswer(Answer):
    id: str
    member: str = Field(description="who filed the report")
    state: str = Field(description="listed, corrected, revised, suspended, voided, rehabilitated or expired")
    offence: str | None = Field(description="null, with level, basis and until: not shown to your member any more")
    level: int | None
    basis: Basis | None
    disputed: bool
    listed_at: AwareDatetime
    until: AwareDatetime | None = Field(description="null: permanent, or not shown any more")
    proof: str = Field(description="where the proof is that it was listed")


class ListingAnswer(Answer):
    entry: str = Field(description="base64url of the leaf of the act that listed it")
    proof: str = Field(description="C2SP tlog-proof of the leaf")
    record: str = Field(description="base64url of what the leaf commits to: its facts name the entry")
    salt: str


class AmendedAnswer(Answer):
    kind: Kind
    at: AwareDatetime


class EntryDetails(EntryAnswer):
    amendments: list[AmendedAnswer] = Field(description="what the filing member has amended, the oldest first")


class EntriesAnswer(Answer):
    entries: list[EntryAnswer]
    next: str | None = Field(description="null on the last page")


@bp.get("/api/v1/entries/<entry_id>")
@needs(Action.ENTRY_READ)
@bp.output(EntryDetails)
def read(entry_id: str) -> dict[str, Any]:
    """An entry as it stands now; 404 unless your member filed it or was shown it.

    Reading it is an act of the case. Once it is not visible any more, whoever was shown it learns its state alone.
    """
    run, who = running(), actor()
    with run.store.write() as session:
        told = knows(session, member_id=who.member_id, entry_id=entry_id)
        entry, now = queries.readable(session, actor=who, entry_id=entry_id, was_shown=told), run.clock()
        answer = {**_shown(entry, now), "amendments": _amendments(session, entry)}
        if queries.hidden(entry, actor=who, now=now):
            answer |= {"offence": None, "level": None, "basis": None, "until": None}
        _record(session, entry, who, now)
        return answer


@bp.get("/api/v1/entries/<entry_id>/proof")
@needs(Action.ENTRY_READ)
@bp.output(ListingAnswer)
def proof(entry_id: str) -> dict[str, Any]:
    """That the entry was listed, when, and by whom: the leaf, its place in the log and what it commits to.

    To be had by whoever may read the entry; 404 until the listing is under a published checkpoint,
    and once the case is erased.
    """
    run, who = running(), actor()
    with run.store.read() as session:
        told = knows(session, member_id=who.member_id, entry_id=entry_id)
        entry = queries.readable(session, actor=who, entry_id=entry_id, was_shown=told)
        return queries.listing(session, entry)


@bp.get("/api/v1/entries")
@needs(Action.ENTRY_LIST)
@bp.input(PageQuery, location="query", arg_name="query")
@bp.output(EntriesAnswer)
def page(query: PageQuery) -> dict[str, Any]:
    """All entries, a hundred at a time, for the regulator, whose own reading is an act."""
    run, who = running(), actor()
    with run.store.write() as session:
        entries, now = queries.page(session, actor=who, after=query.after, limit=_PAGE), run.clock()
        facts = {"what": "entries", "after": query.after, "rows": len(entries)}
        record(session, "regulator.read", actor=who.id, now=now, facts=facts)
        last = entries[-1].id if len(entries) == _PAGE else None
        return {"entries": [_shown(entry, now) for entry in entries], "next": last}


def _amendments(session: Session, entry: Entry) -> list[dict[str, Any]]:
    return [{"kind": kind, "at": at} for kind, at in taken(session, entry.case_id)]


def _record(session: Session, entry: Entry, who: Actor, now: datetime) -> None:
    """As an act of the case; of none once that is erased."""
    case = session.get_one(Case, entry.case_id)
    key = key_of(session, case) if case.wrapped_key is not None else None
    record(session, "entry.read", actor=who.id, now=now, facts={"entry": entry.id}, case=key)


def _shown(entry: Entry, now: datetime) -> dict[str, Any]:
    return {
        "id": entry.id,
        "member": entry.member_id,
        "state": queries.status_of(entry, now),
        "offence": entry.offence,
        "level": entry.level,
        "basis": entry.basis,
        "disputed": entry.disputed,
        "listed_at": entry.listed_at,
        "until": entry.until,
        "proof": f"/api/v1/entries/{entry.id}/proof",
    }
