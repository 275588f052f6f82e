"""Receipts on the member's disk: `<batch>.json`, in the form of `registry.log.receipt`, verified offline.

A receipt names tags, so it is as private as the staff file that it came from; the files are for their owner only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from registry import policy
from registry.errors import Invalid, NotFound
from registry.log.receipt import Verified, verify_file

from .api import Registry
from .pins import Pins, Untrusted

_BATCH = re.compile("[0-9a-f]{32}")
_PAUSE = 0.5  # seconds between two looks at the log
_MAX_FILE = 4 * 1024 * 1024


def unproven(receipt: str, answers: Sequence[Mapping[str, Any]], absence: object = None) -> dict[str, Any]:
    """The receipt file of an answer that has just come in; its proof follows within a minute."""
    shown = [] if absence is None else [absence]
    return {"absence": shown, "answers": list(answers), "entry": None, "proof": None, "receipt": receipt}


def verify(document: Mapping[str, Any], pins: Pins, *, member: str | None = None) -> Verified:
    """Verify a receipt file against the pinned keys alone; Untrusted says what does not fit."""
    try:
        verified = verify_file(
            document,
            receipt_keys=pins.receipt_keys,
            policy=pins.policy,
            member=member,
        )
    except Invalid as refused:
        raise Untrusted(refused.message, field=refused.field, code=refused.code) from None
    if verified.receipt.issuer != pins.issuer:
        raise Untrusted("the receipt is another registry's", field="iss", code="receipt-issuer")
    return verified


def attach_proof(registry: Registry, document: Mapping[str, Any], *, batch: str) -> dict[str, Any] | None:
    """The receipt file with its log proof, verified; None while the registry has not sequenced it.

    Raises Untrusted when the proof does not fit.
    """
    answer = registry.get(f"/api/v1/receipts/{batch}")
    if answer.get("proof") is None:
        return None
    proven = {**document, "entry": answer.get("entry"), "proof": answer.get("proof")}
    if verify(proven, registry.pins).unsettled and len(document["answers"]) <= policy.ABSENCE_AT_ONCE:
        return settle(registry, proven, batch=batch)
    return proven


def settle(registry: Registry, document: Mapping[str, Any], *, batch: str) -> dict[str, Any]:
    """The receipt file with what the snapshots before and after the answer say of its tags, verified.

    The one after is asked about those alone of whom the one before says something else. Untrusted when both contradict
    the answer; what the registry has no snapshot for, not yet or after a day, stays unsettled.
    """
    settled = dict(document)
    for which in ("before", "after"):
        tags = verify(settled, registry.pins).unsettled
        if tags and not (which == "before" and settled.get("absence")):
            shown = _snapshot(registry, batch, tags, which)
            settled["absence"] = [*settled.get("absence", []), *shown]
    verify(settled, registry.pins)
    return settled


def _snapshot(registry: Registry, batch: str, tags: Sequence[str], which: str) -> list[dict[str, Any]]:
    try:
        return [registry.post(f"/api/v1/receipts/{batch}/absence", {"tags": list(tags), "snapshot": which})]
    except NotFound:
        return []


def path_of(folder: Path, batch: str) -> Path:
    """Where the receipt of a batch is kept; a batch's id is 32 hexadecimal digits, whoever says otherwise."""
    if not _BATCH.fullmatch(batch):
        raise Untrusted("a batch must be named by 32 hexadecimal digits", field="batch", code="batch-name")
    return folder / f"{batch}.json"


def save(folder: Path, batch: str, document: Mapping[str, Any]) -> Path:
    """Keep the receipt file of a batch, on disk when this returns. The same again changes nothing."""
    path = path_of(folder, batch)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as failed:
        raise _unwritable(folder, failed) from None
    replace(path, document)
    return path


def replace(path: Path, document: Mapping[str, Any]) -> None:
    """Write a receipt file in one step that a kill cannot halve."""
    aside = path.with_name(path.name + ".part")
    try:
        with open(aside, "wb", opener=_private) as stream:
            stream.write(json.dumps(document, separators=(",", ":")).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except OSError as failed:
        raise _unwritable(path, failed) from None


def complete(registry: Registry, folder: Path, *, patience: float, sleep: Callable[[float], None]) -> int:
    """Put the log's proof to every receipt in the folder that lacks it; returns how many are overdue.

    Waits up to `patience` seconds for the log to catch up. Raises Untrusted when a proof does not fit.
    """
    waiting = [path for path in sorted(folder.glob("*.json")) if _is_unproven(path)]
    for look in range(int(patience / _PAUSE) + 1):
        if look and waiting:
            sleep(_PAUSE)
        waiting = [path for path in waiting if not _completed(registry, path)]
    return sum(verify(load(path), registry.pins).receipt.deadline < registry.clock() for path in waiting)


def _is_unproven(path: Path) -> bool:
    return bool(_BATCH.fullmatch(path.stem)) and load(path).get("proof") is None


def _completed(registry: Registry, path: Path) -> bool:
    try:
        proven = attach_proof(registry, load(path), batch=path.stem)
    except NotFound:  # a receipt of another account that lies in the same folder
        return True
    if proven is None:
        return False
    replace(path, proven)
    return True


def load(path: Path) -> dict[str, Any]:
    """The receipt file as it is, not verified; Invalid when it is no JSON object."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
        document = json.loads(data) if len(data) <= _MAX_FILE else None
    except FileNotFoundError:
        raise NotFound(f"{path} does not exist; give a receipt file", field="file") from None
    except OSError as failed:
        raise Invalid(f"{path} cannot be read ({failed.strerror})", field="file") from None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Invalid(
            f"{path} must be a receipt file: one JSON object with answers, receipt, entry, proof", field="file"
        )
    return document


def _unwritable(path: Path, failed: OSError) -> Invalid:
    return Invalid(f"{path} cannot be written ({failed.strerror}); make room for it", field="receipts")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
