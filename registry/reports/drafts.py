"""Reports that are still being written, kept for their member alone, and for 30 days.

A draft is what `registry.client.drafts` describes, as far as it has been written: no number of a document stands in
it, and nothing of it counts before somebody has signed it. Its text is under the vault key; each act on it is logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from registry import policy, vault
from registry.access import Action, Actor, require
from registry.client.drafts import CLAIMS, OPTIONAL
from registry.db import Session, new_id
from registry.errors import Conflict, Invalid, NotFound
from registry.log.actions import record
from registry.log.swap import swap
from registry.reports import rules
from registry.reports.evidence import DATE
from registry.reports.models import Draft
from registry.reports.prose import verify_no_numbers
from registry.signing import canonical

_KNOWN = frozenset({*CLAIMS, *OPTIONAL, "contact", "names", "source"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft with its text; `clock` is None until it says when the act was found."""

    draft: Draft
    document: Mapping[str, Any] = field(repr=False)
    clock: rules.Clock | None

    @property
    def found_on(self) -> date | None:
        return _found_on(self.document)

    @property
    def until(self) -> datetime:
        """When it is swept."""
        return self.draft.created_at + policy.DRAFT_LIFE


def save(session: Session, *, actor: Actor, document: Mapping[str, Any], now: datetime) -> Kept:
    """Keep a new draft. Raises Invalid for a member of it that no report has, or a number of a document in it."""
    require(actor, Action.DRAFT_KEEP, member_id=actor.member_id)
    text = _text(document)
    _verify_room(session, actor.member_id)
    draft = Draft(
        id=new_id(), member_id=actor.member_id, version=1, created_by=actor.id, created_at=now, changed_at=now
    )
    draft.sealed_document = _sealed(session, draft, text)
    session.add(draft)
    record(session, "draft.save", actor=actor.id, now=now, facts={"draft": draft.id})
    return _kept(draft, document, now)


def change(
    session: Session, *, actor: Actor, draft_id: str, version: int, document: Mapping[str, Any], now: datetime
) -> Kept:
    """Write the draft anew; Conflict when somebody else has meanwhile. That does not make it be kept any longer."""
    draft = _own(session, actor, draft_id, now)
    sealed = _sealed(session, draft, _text(document))
    changes = {"version": version + 1, "sealed_document": sealed, "changed_at": now}
    if not swap(session, draft, Draft.version == version, values=changes):
        raise Conflict("this draft has changed meanwhile; read it again", field="version", code="draft-changed")
    record(session, "draft.change", actor=actor.id, now=now, facts={"draft": draft.id})
    return _kept(draft, document, now)


def read(session: Session, *, actor: Actor, draft_id: str, now: datetime) -> Kept:
    draft = _own(session, actor, draft_id, now)
    record(session, "draft.read", actor=actor.id, now=now, facts={"draft": draft.id})
    return _opened(session, draft, now)


def of_member(session: Session, *, actor: Actor, now: datetime) -> list[Kept]:
    """All drafts of the actor's member, the oldest first: what time is running out for stands at the top."""
    require(actor, Action.DRAFT_KEEP, member_id=actor.member_id)
    kept = sa.select(Draft).where(Draft.member_id == actor.member_id, Draft.created_at > now - policy.DRAFT_LIFE)
    return [_opened(session, draft, now) for draft in session.scalars(kept.order_by(Draft.created_at, Draft.id))]


def delete(session: Session, *, actor: Actor, draft_id: str, now: datetime) -> None:
    session.delete(_own(session, actor, draft_id, now))
    record(session, "draft.delete", actor=actor.id, now=now, facts={"draft": draft_id})


def sweep(session: Session, *, now: datetime, limit: int = 100) -> bool:
    """Delete what has been kept for its time; whether there was anything."""
    over = sa.select(Draft).where(Draft.created_at <= now - policy.DRAFT_LIFE).order_by(Draft.created_at).limit(limit)
    drafts = list(session.scalars(over))
    for draft in drafts:
        session.delete(draft)
    if drafts:
        record(session, "draft.sweep", actor="system:drafts", now=now, facts={"drafts": len(drafts)})
    return bool(drafts)


def _own(session: Session, actor: Actor, draft_id: str, now: datetime) -> Draft:
    """The draft, if it is the member's and still kept; what is another's is not to be found."""
    require(actor, Action.DRAFT_KEEP)
    draft = session.get(Draft, draft_id)
    if draft is None or draft.member_id != actor.member_id or draft.created_at <= now - policy.DRAFT_LIFE:
        raise NotFound("your member has no such draft; a draft is kept for a month")
    return draft


def _text(document: Mapping[str, Any]) -> str:
    if document.keys() - _KNOWN:
        raise Invalid("document may only have {allowed}", field="document", allowed=tuple(sorted(_KNOWN)))
    verify_no_numbers(document)
    data = canonical.dumps(dict(document), field="document")
    if len(data) > canonical.MAX_BYTES:
        raise Invalid("document must have at most {most} bytes", field="document", most=canonical.MAX_BYTES)
    return data.decode()


def _verify_room(session: Session, member_id: str) -> None:
    kept = session.scalar(sa.select(sa.func.count()).where(Draft.member_id == member_id)) or 0
    if kept >= rules.DRAFTS_KEPT:
        raise Conflict("your member keeps {kept} drafts already; file or delete some", code="drafts-kept", kept=kept)


def _sealed(session: Session, draft: Draft, text: str) -> bytes:
    return vault.seal(session.keyring.vault_key, text.encode(), **_place(draft))


def _opened(session: Session, draft: Draft, now: datetime) -> Kept:
    text = vault.open_sealed(session.keyring.vault_key, draft.sealed_document, **_place(draft))
    return _kept(draft, canonical.loads(text, field="document"), now)


def _kept(draft: Draft, document: Mapping[str, Any], now: datetime) -> Kept:
    found_on = _found_on(document)
    return Kept(draft, document, rules.filing_clock(found_on, now) if found_on else None)


def _found_on(document: Mapping[str, Any]) -> date | None:
    found = document.get("found")
    on = found.get("on") if isinstance(found, dict) else None
    return date.fromisoformat(str(on)) if DATE.accepts(on) else None


def _place(draft: Draft) -> dict[str, str]:
    return {"table": draft.__tablename__, "row": draft.id, "column": "sealed_document"}
