"""Take evidence in, bind it to the case whose report names it, open it for those on the case.

The digest in a signed report is over the bytes that stand here: nothing is changed after the upload, and what would
have to be changed (a picture with metadata) is refused. An exhibit that holds customers' data has two files: the
redacted copy, which everyone on the case may open, and the annex, which the report links to it by hash and which is
opened only at an inspection (`inspections`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa

from registry import vault
from registry.access import Action, Actor, require
from registry.accounts.rules import Role
from registry.cases.actions import key_of, seal_bytes, unseal_bytes
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.log.actions import CaseKey, record
from registry.notices import letters
from registry.reports import queries, rules
from registry.reports.contents import Kind, kind_of
from registry.reports.models import Exhibit, Report
from registry.reports.rules import State

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Opened:
    kind: Kind
    data: bytes = field(repr=False)


def put_exhibit(session: Session, *, actor: Actor, sha256: str, data: bytes, now: datetime) -> Exhibit:
    """Keep a file of at most 10 MiB until a report names it. Sent again, it is the same exhibit.

    Raises Invalid unless `sha256` (lower-case hexadecimal) is the file's and its bytes are of a kind allowed.
    """
    require(actor, Action.REPORT_FILE, member_id=actor.member_id)
    if not hmac.compare_digest(hashlib.sha256(data).hexdigest().encode(), sha256.encode()):
        raise Invalid(
            "sha256 must be the SHA-256 of the bytes that are sent, in lower-case hexadecimal", field="sha256"
        )
    kind = kind_of(data)
    lookup = _lookup(session, sha256)
    if (kept := _waiting(session, actor.member_id, lookup)) is not None:
        return kept
    _verify_room(session, actor.member_id)
    exhibit = Exhibit(
        id=new_id(),
        case_id=None,
        member_id=actor.member_id,
        lookup=lookup,
        kind=kind,
        size=len(data),
        uploaded_by=actor.id,
        uploaded_at=now,
    )
    exhibit.sealed_content = vault.seal(session.keyring.vault_key, data, **_place(exhibit))
    session.add(exhibit)
    record(session, "exhibit.put", actor=actor.id, now=now, facts={"exhibit": exhibit.id, "bytes": len(data)})
    return exhibit


def waiting(session: Session, *, actor: Actor, digests: Sequence[str]) -> dict[str, Exhibit]:
    """Those of these uploads (by SHA-256) of the actor's member that no report has named yet."""
    require(actor, Action.DRAFT_KEEP, member_id=actor.member_id)
    found = {digest: _waiting(session, actor.member_id, _lookup(session, digest)) for digest in digests}
    return {digest: exhibit for digest, exhibit in found.items() if exhibit is not None}


def bind(
    session: Session,
    *,
    member_id: str,
    digests: Sequence[str],
    annexes: Mapping[str, str] = MappingProxyType({}),
    key: CaseKey,
) -> list[Exhibit]:
    """Give the uploads to the case: sealed anew under its key, the old ciphertext overwritten. The caller records.

    `annexes` maps the digest of each annex to that of its redacted copy among `digests`. Raises Invalid that names
    the first digest, by its place, that the member has not uploaded for this report.
    """
    bound = {
        digest: _bound(session, member_id, digest, key, field=f"exhibits[{place}]")
        for place, digest in enumerate(digests)
    }
    session.flush()  # the annexes refer to their copies
    for place, (digest, copy) in enumerate(sorted(annexes.items())):
        _bound(session, member_id, digest, key, field=f"annexes[{place}]").copy_id = bound[copy].id
    return list(bound.values())


def _bound(session: Session, member_id: str, digest: str, key: CaseKey, *, field: str) -> Exhibit:
    exhibit = _waiting(session, member_id, _lookup(session, digest))
    if exhibit is None:
        raise Invalid(
            "{what} has not been uploaded; PUT it to /api/v1/exhibits, once for each report",
            field=field,
            code="exhibit-missing",
            what=field,
        )
    data = vault.open_sealed(session.keyring.vault_key, exhibit.sealed_content, **_place(exhibit))
    exhibit.case_id, exhibit.sealed_content = key.case_id, seal_bytes(key, exhibit, "sealed_content", data)
    return exhibit


def open_exhibit(session: Session, *, actor: Actor, report_id: str, sha256: str, now: datetime) -> Opened:
    """A piece of evidence for somebody on the case; each opening is logged.

    A screener opens it while they screen; a panelist through the appeal that they sit on (`panels.evidence`).
    """
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.EXHIBIT_OPEN)
    _verify_on_the_case(actor, report)
    return _open(session, report.case_id, sha256, actor.id, now)


def open_as_subject(session: Session, *, case_id: str, sha256: str, now: datetime, by: str | None = None) -> Opened:
    """The same for the accused, who may read all of it. Only for whoever has matched the case (`notices.matches`)."""
    return _open(session, case_id, sha256, by or f"subject:{case_id}", now)


def open_for_panel(session: Session, *, case_id: str, sha256: str, actor: Actor, now: datetime) -> Opened:
    """The same for a panelist; whether they sit on a panel of the case, `panels.evidence` has asked."""
    return _open(session, case_id, sha256, actor.id, now)


def _verify_on_the_case(actor: Actor, report: Report) -> None:
    if actor.member_id == report.member_id or Role.REGULATOR in actor.roles:
        return
    if Role.SCREENER not in actor.roles:
        raise Forbidden("a panel opens the evidence through the appeal that it sits on")
    if report.state is not State.COUNTERSIGNED:
        raise Forbidden("a screener opens the evidence while the report waits to be screened")


def _open(session: Session, case_id: str, sha256: str, actor: str, now: datetime) -> Opened:
    if not _SHA256.fullmatch(sha256):
        raise Invalid("sha256 must be 64 lower-case hexadecimal digits", field="sha256")
    exhibit = _of_case(session, case_id, sha256)
    if exhibit is None or exhibit.copy_id is not None:
        raise NotFound("this report has no such exhibit; an annex is opened at an inspection")
    key = key_of(session, session.get_one(Case, case_id))
    data = unseal_bytes(key, exhibit, "sealed_content")
    record(session, "exhibit.open", actor=actor, now=now, facts={"exhibit": exhibit.id}, case=key)
    return Opened(exhibit.kind, data)


def annex_of(session: Session, *, case_id: str, sha256: str) -> Exhibit | None:
    """The sealed annex of the exhibit with this digest; None when it has none."""
    copy = _of_case(session, case_id, sha256)
    return session.scalar(sa.select(Exhibit).where(Exhibit.copy_id == copy.id)) if copy else None


def bundle(session: Session, *, case_id: str, digests: Sequence[str]) -> tuple[letters.Exhibited, ...]:
    """What the letter says of each exhibit, in the report's order."""
    found = [(digest, _of_case(session, case_id, digest)) for digest in digests]
    return tuple(
        letters.Exhibited(
            row.kind.value, row.size, digest, annex_of(session, case_id=case_id, sha256=digest) is not None
        )
        for digest, row in found
        if row is not None
    )


def _of_case(session: Session, case_id: str, sha256: str) -> Exhibit | None:
    return session.scalar(
        sa.select(Exhibit).where(Exhibit.case_id == case_id, Exhibit.lookup == _lookup(session, sha256))
    )


def _waiting(session: Session, member_id: str, lookup: bytes) -> Exhibit | None:
    return session.scalar(
        sa.select(Exhibit).where(Exhibit.member_id == member_id, Exhibit.lookup == lookup, Exhibit.case_id.is_(None))
    )


def _verify_room(session: Session, member_id: str) -> None:
    waiting = sa.select(sa.func.count()).where(Exhibit.member_id == member_id, Exhibit.case_id.is_(None))
    if (session.scalar(waiting) or 0) >= rules.WAITING_EXHIBITS:
        raise Conflict(
            "{most} exhibits of your member wait already; file the reports that name them first",
            code="exhibits-waiting",
            most=rules.WAITING_EXHIBITS,
        )


def _lookup(session: Session, sha256: str) -> bytes:
    return hmac.digest(session.keyring.pepper, b"zilu/exhibit/v1" + sha256.encode(), "sha256")


def _place(exhibit: Exhibit) -> dict[str, str]:
    return {"table": exhibit.__tablename__, "row": exhibit.id, "column": "sealed_content"}
