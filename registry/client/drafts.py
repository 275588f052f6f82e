"""A draft: a report before it is signed, as JSON on the member's disk. It never holds an identity number.

{"offence", "staff", "basis", "gravity", "period", "found", "measure", "breach_notice", "narrative", "facts", "proof",
 "term_days", "reasons", and "witnesses", "incident", "late_reason", "impersonation", "offence_version" or not,
                                           as in a report (`registry.reports.statement`)
 "exhibits": [file beside the draft, or SHA-256 in hexadecimal, …],    named in the same way in "facts" and "proof"
 "annexes": {annex with customers' data: its redacted copy among the exhibits} or not,     named in the same way
 "contact": {"name", "address", "phone" or not, "language"},          sent beside the report, not signed
 "source": where an imported draft came from, or not,                 for the person who signs; not sent
 "names": {SHA-256 of an exhibit: what its file was called} or not}   the same
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

from registry import pictures, policy
from registry.errors import Conflict, Invalid
from registry.signing import canonical

CLAIMS = (
    "offence", "staff", "basis", "gravity", "period", "found", "measure", "breach_notice", "narrative", "facts",
    "proof", "exhibits", "term_days", "reasons",
)  # fmt: skip
OPTIONAL = frozenset({"annexes", "impersonation", "incident", "late_reason", "offence_version", "witnesses"})
_BESIDE = frozenset({"contact", "names", "source"})
_NAMING = frozenset({"exhibits", "exhibit"})
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
    claims = _hashed(claims, path.parent)
    if "annexes" in claims:
        claims["annexes"] = _annexes(claims["annexes"], path.parent)
    return Draft(claims, document["contact"])


def read_document(path: Path) -> dict[str, Any]:
    """A draft as it is in its file, however much of it has been written."""
    return canonical.parse(_read(path), field="draft")


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
    """SHA-256 in hexadecimal of what is sent of a file; Invalid when it cannot be an exhibit."""
    return hashlib.sha256(exhibit(path)).hexdigest()


def exhibit(path: Path) -> bytes:
    """What is hashed and sent of a file: a picture goes without its metadata, everything else as it is."""
    data = _read(path, limit=policy.EXHIBIT_BYTES)
    if not data:
        raise Invalid(f"{path} is empty; an exhibit must hold something", field="exhibits")
    return pictures.stripped(data)


def _read(path: Path, *, limit: int = canonical.MAX_BYTES) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as failed:
        raise Invalid(f"{path} cannot be read ({failed.strerror})", field="file") from None
    if len(data) > limit:
        raise Invalid(f"{path} must have at most {limit} bytes", field="file")
    return data


def _hashed(claims: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The claims with each exhibit's digest wherever its file is named; the registry says what else is wrong."""
    named = claims["exhibits"]
    if not isinstance(named, list) or not named or not all(isinstance(name, str) and name for name in named):
        raise Invalid("exhibits must be a list of files beside the draft, at least one", field="exhibits")
    digests = {name: _digest(name, folder) for name in named}
    hashed: dict[str, Any] = _replaced(claims, digests)
    return hashed


def _replaced(value: Any, digests: Mapping[str, str], *, naming: bool = False) -> Any:
    """`value` with digests for the names in every `exhibits` and `exhibit`, at whatever depth."""
    if isinstance(value, Mapping):
        return {key: _replaced(inner, digests, naming=key in _NAMING) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, digests, naming=naming) for inner in value]
    return digests.get(value, value) if naming and isinstance(value, str) else value


def _annexes(named: object, folder: Path) -> dict[str, str]:
    if not isinstance(named, dict) or not all(isinstance(name, str) and name for name in (*named, *named.values())):
        raise Invalid(
            "annexes must give for each annex its redacted copy, both files beside the draft", field="annexes"
        )
    return {_digest(annex, folder): _digest(copy, folder) for annex, copy in named.items()}


def _digest(name: str, folder: Path) -> str:
    return name if _SHA256.fullmatch(name) else digest_of(folder / name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
