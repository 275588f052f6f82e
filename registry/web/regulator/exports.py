"""Exports: the list of entries as CSV, and one entry's whole life with its proofs as JSON.

The JSON verifies offline: `entry`, `salt` and `record` open the leaf (`registry.log.leaf`), `proof` is a C2SP
tlog-proof under the checkpoint that stands in it.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import sqlalchemy as sa
from flask import Response, jsonify

from registry import base64url
from registry.access import Action, needs, proven
from registry.audit import proving
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.client.results_file import cell
from registry.clock import rfc3339
from registry.entries import queries
from registry.entries.models import Entry
from registry.log.actions import record
from registry.web.context import actor, running
from registry.web.regulator.blueprint import bp

COLUMNS = ("reference", "state", "member", "offence", "level", "basis", "listed", "until", "disputed", "unheard")


@bp.get("/regulator/export/entries.csv")
@needs(Action.ENTRY_LIST)
@proven
def export_entries() -> Response:
    """Every entry, in UTF-8 with a byte order mark, so that spreadsheets read it; no cell is a formula."""
    run, text = running(), StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    with run.store.write() as session:
        rows = session.scalars(sa.select(Entry).order_by(Entry.listed_at, Entry.id)).all()
        table.writerows([cell(text) for text in _cells(entry, queries.status_of(entry, run.clock()))] for entry in rows)
        facts = {"what": "entries.csv", "rows": len(rows)}
        record(session, "regulator.export", actor=actor().id, now=run.clock(), facts=facts)
    return _download("\ufeff" + text.getvalue(), "text/csv", "entries.csv")


@bp.get("/regulator/export/entries/<entry_id>.json")
@needs(Action.ENTRY_LIST)
@proven
def export_entry(entry_id: str) -> Response:
    run, who = running(), actor()
    with run.store.write() as session:
        entry = queries.readable(session, actor=who, entry_id=entry_id, was_shown=False)
        key = key_of(session, session.get_one(Case, entry.case_id))
        acts = proving.acts(session, key, policy=run.policy)
        body = {
            "entry": dict(zip(COLUMNS, _cells(entry, queries.status_of(entry, run.clock())), strict=True)),
            "log": run.policy.log.vkey,
            "acts": [_act(each) for each in acts],
        }
        facts = {"what": "entry.json", "entry": entry.id}
        record(session, "regulator.export", actor=who.id, now=run.clock(), facts=facts, case=key)
    answer: Response = jsonify(body)
    answer.headers["Content-Disposition"] = f'attachment; filename="{entry.id}.json"'
    return answer


def _cells(entry: Entry, status: str) -> list[str]:
    until = rfc3339(entry.until) if entry.until else ""
    flags = ["yes" if flag else "no" for flag in (entry.disputed, entry.unheard)]
    level, basis = str(entry.level), entry.basis.value
    return [entry.id, status, entry.member_id, entry.offence, level, basis, rfc3339(entry.listed_at), until, *flags]


def _act(each: proving.Proven) -> dict[str, Any]:
    """What opens the act's leaf and proves its place; without a place it is only named."""
    named = {"verb": each.act.verb, "at": rfc3339(each.act.at), "position": each.act.position, "proof": each.proof}
    if each.proof is None or each.salt is None or each.record is None:
        return named
    entry, salt, opened = each.act.act.entry or b"", each.salt, each.record
    return {**named, "entry": entry.decode(), "salt": base64url.encode(salt), "record": opened.decode()}


def _download(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype=kind, headers=headers)
