"""The log with its openings, in one file: what a stranger needs to judge the process without the database.

    {"at": when it was made, "checkpoint": the newest signed note, "v": 1}
    {"leaf": {"c", "t", "type", "v"}, "position": 0, "record": {…}, "salt": b64url of 32 bytes}
    …one line for every leaf under the checkpoint, in the order of positions; "record" and "salt" are null for what
    does not open any more

`record` is what the leaf commits to (`registry.log.actions`): who did what when, in which case, and what became of the
rows that it told. Statements, exhibits, votes and everything about the person stay where they are. The file is for an
auditor: whoever has it can read all that was done in every case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from registry import base64url
from registry.audit.keys import Keys
from registry.audit.stored import Stored, View
from registry.cases.models import Case
from registry.clock import rfc3339
from registry.db import Keyring
from registry.errors import NotFound
from registry.log.models import Act, Checkpoint


def lines(view: View, *, keyring: Keyring, now: datetime) -> Iterator[str]:
    """The file's lines, without their ends. NotFound before the log's first checkpoint."""
    heads = [row.values for row in view.read(Checkpoint)]
    if not heads:
        raise NotFound("the log has no checkpoint yet; start the worker")
    head = max(heads, key=lambda values: int(values["size"]))
    yield _line({"at": rfc3339(now), "checkpoint": head["published"] or head["note"], "v": 1})
    keys = Keys(keyring, view.read(Case))
    for act in view.read(Act, Act.position):
        if act.values["position"] is not None and act.values["position"] < head["size"]:
            yield _line(_opened(act, keys))


def _opened(act: Stored, keys: Keys) -> dict[str, object]:
    values = act.values
    salt, record = (keys.open(act, name, case_id=values["case_id"], place=values["uid"]) for name in ("salt", "record"))
    is_open = salt is not None and record is not None
    return {
        "leaf": json.loads(values["entry"]),
        "position": values["position"],
        "record": json.loads(record) if is_open and record is not None else None,
        "salt": base64url.encode(salt) if is_open and salt is not None else None,
    }


def _line(obj: dict[str, object]) -> str:
    return json.dumps(obj, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
