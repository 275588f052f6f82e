"""A draft: a report before it is signed, as JSON on the member's disk. It never holds an identity number.

{"offence", "basis", "gravity", "period", "found", "measure", "breach_notice", "narrative", "term_days", "reasons",
 "late_reason" or not,                     as in a report (`registry.reports.statement`)
 "exhibits": [file beside the draft, or SHA-256 in hexadecimal, …],
 "contact": {"name", "address", "phone" or not, "language"},          sent beside the report, not signed
 "source": where an imported draft came from, or not}                 for the person who signs; not sent
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry import policy
from registry.errors import Conflict, Invalid
from registry.signing import canonical

CLAIMS = (
    "offence", "basis", "gravity", "period", "found", "measure", "breach_notice", "narrative", "exhibits", "term_days",
    "reasons",
)  # fmt: skip
OPTIONAL = frozenset({"late_reason"})
_BESIDE = frozenset({"contact", "source"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be signed, but for who signs and about whom; and what goes beside it."""

    claims: Mapping[str, Any] = field(repr=False)
    contact: Mapping[str, Any] = field(repr=False)


def load(path: Path) -> Draft:
    """The draft in a file, its exhibits hashed; Invalid names the member that is missing, unknown or unreadable."""
    document = canonical.parse(_read(path), field="draft")
    missing = [name for name in (*CLAIMS, "contact") if name not in document]
    if missing:
        raise Invalid(f"the draft lacks {missing[0]}; write it in", field=missing[0])
    if document.keys() - {*CLAIMS, *OPTIONAL, *_BESIDE}:
        known = ", ".join((*CLAIMS, *sorted(OPTIONAL), *sorted(_BESIDE)))
        raise Invalid(f"the draft may only have {known}", field="draft")
    if not isinstance(document["contact"], dict):
        raise Invalid("contact must be an object with name, address, language and perhaps phone", field="contact")
    claims = {name: document[name] for name in (*CLAIMS, *OPTIONAL) if name in document}
    return Draft({**claims, "exhibits": _digests(claims["exhibits"], path.parent)}, document["contact"])


def load_signed(path: Path) -> dict[str, Any]:
    """What `zilu report sign` wrote, not verified; Invalid when it is no JSON object."""
    return canonical.parse(_read(path, limit=2 * canonical.MAX_BYTES), field="file", limit=2 * canonical.MAX_BYTES)


def store(path: Path, document: Mapping[str, Any]) -> None:
    """Write a new file of mode 0600; Conflict when there is one already."""
    try:
        with open(path, "x", encoding="utf-8", opener=_private) as stream:
            json.dump(document, stream, ensure_ascii=False, indent=1)
            stream.write("\n")
    except FileExistsError:
        raise Conflict(f"{path} exists already; name a new file", field="file") from None
    except OSError as failed:
        raise Invalid(f"{path} cannot be written ({failed.strerror})", field="file") from None


def digest_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; Invalid when it cannot be an exhibit."""
    data = _read(path, limit=policy.EXHIBIT_BYTES)
    if not data:
        raise Invalid(f"{path} is empty; an exhibit must hold something", field="exhibits")
    return hashlib.sha256(data).hexdigest()


def _read(path: Path, *, limit: int = canonical.MAX_BYTES) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as failed:
        raise Invalid(f"{path} cannot be read ({failed.strerror})", field="file") from None
    if len(data) > limit:
        raise Invalid(f"{path} must have at most {limit} bytes", field="file")
    return data


def _digests(named: object, folder: Path) -> list[str]:
    if not isinstance(named, list) or not named or not all(isinstance(name, str) and name for name in named):
        raise Invalid("exhibits must be a list of files beside the draft, at least one", field="exhibits")
    return [name if _SHA256.fullmatch(name) else digest_of(folder / name) for name in named]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
