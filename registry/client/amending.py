"""Amend a report after its screening, and confirm what a colleague has signed. The key never leaves the member."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from registry import base64url
from registry.errors import Conflict, Invalid, NotFound
from registry.signing import canonical, jws

from .api import Registry
from .reporting import read, require_id, signing_key, standard_claims

AMENDMENT, CONFIRMATION = "amendment+jwt", "amendment-confirmation+jwt"
_SAID = frozenset({"kind", "what", "why", "changes", "on", "settles", "proceeding"})


def amend(registry: Registry, report: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Sign what `said` says of the report, and send it. Raises Invalid for a member that no amendment has."""
    if said.keys() - _SAID:
        raise Invalid(f"the file may only have {', '.join(sorted(_SAID))}", field="file")
    shown = read(registry, report)
    claims = {**standard_claims(registry), **said, "report": shown["id"], "digest": shown["digest"]}
    token = jws.sign(claims, typ=AMENDMENT, key=signing_key(registry))
    return registry.post(f"/api/v1/reports/{shown['id']}/amendments", {"amendment": token})


def amendments(registry: Registry, report: str) -> list[dict[str, Any]]:
    """Every amendment of the report. The registry writes down that they were read."""
    found: list[dict[str, Any]] = registry.get(f"/api/v1/reports/{require_id(report)}/amendments")["amendments"]
    return found


def waiting(registry: Registry, report: str, amendment: str) -> dict[str, Any]:
    """The amendment with its words, to be confirmed."""
    found = [each for each in amendments(registry, report) if each["id"] == require_id(amendment)]
    if not found:
        raise NotFound("this report has no such amendment", field="amendment")
    return found[0]


def confirm(registry: Registry, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm what `waiting` showed. Conflict when its digest is not that of the words shown."""
    digest = base64url.encode(hashlib.sha256(canonical.dumps(shown["statement"])).digest())
    if digest != shown["digest"]:
        raise Conflict("the digest is not that of the words shown; read the amendment again", code="report-differs")
    claims = {**standard_claims(registry), "amendment": digest}
    token = jws.sign(claims, typ=CONFIRMATION, key=signing_key(registry))
    return registry.post(f"/api/v1/amendments/{require_id(shown['id'])}/confirmation", {"confirmation": token})
