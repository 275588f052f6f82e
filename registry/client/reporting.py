"""Sign, file and countersign a report. The key never leaves the member; the number never leaves but blinded.

Whoever countersigns enters the number again from the document: from it and from the words shown, the digest is made
anew, so that nobody can sign a report about somebody else, or other words than those they read.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from registry import base64url
from registry.errors import Conflict, Invalid
from registry.identity import group
from registry.identity.document import Document
from registry.policy import OFFENCES
from registry.signing import canonical, jws
from registry.signing.keys import PrivateKey

from . import drafts
from .api import Registry
from .checking import tags_of
from .drafts import Draft

VERSION = 1  # of the report's claims
REPORT, COUNTERSIGNATURE = "report+jwt", "countersignature+jwt"

Verify = Callable[[Mapping[str, Any], str], None]
"""Raises Invalid for a payload that the member (second argument) may not sign: `registry.reports.statement`."""


def prepare(registry: Registry, draft: Draft, *, verify: Verify) -> dict[str, Any]:
    """The payload without its subject, verified before anybody is asked for a number."""
    signing_key(registry)
    payload = {**standard_claims(registry), **_defaults(draft.claims), **draft.claims}
    verify({**payload, "sub": base64url.encode(group.multiply_base(b"\1" + bytes(31)))}, payload["iss"])
    return payload


def sign(registry: Registry, payload: Mapping[str, Any], person: Document) -> str:
    """The signed report about this person (JWS of type report+jwt)."""
    return jws.sign({**payload, "sub": _tag(registry, person)}, typ=REPORT, key=signing_key(registry))


def file(
    registry: Registry, signed: Mapping[str, Any], exhibits: Sequence[Path], *, replaces: str | None = None
) -> dict[str, Any]:
    """Upload the exhibits that the report names, then file it. Again is harmless: the same report is found.

    With `replaces` it is a new version of that report, which has its exhibits already: only new ones are sent.
    """
    path = "/api/v1/reports" if replaces is None else f"/api/v1/reports/{require_id(replaces)}/versions"
    token, contact = signed.get("report"), signed.get("contact")
    if signed.keys() != {"report", "contact"} or not isinstance(token, str) or not isinstance(contact, dict):
        raise Invalid("the file must hold a signed report and its contact; make it with zilu report sign", field="file")
    payload = jws.parse(token, typ=REPORT).payload
    wanted = [*payload.get("exhibits", []), *payload.get("annexes", {})]
    for digest, exhibit in _matched(wanted, exhibits, all_of_them=replaces is None).items():
        registry.put(f"/api/v1/exhibits/{digest}", drafts.exhibit(exhibit), content_type="application/octet-stream")
    return registry.post(path, {"report": token, "contact": contact})


def read(registry: Registry, report: str) -> dict[str, Any]:
    """What was filed, as those on the case see it. The registry writes down that it was read."""
    return registry.get(f"/api/v1/reports/{require_id(report)}")


def countersign(registry: Registry, shown: Mapping[str, Any], person: Document) -> dict[str, Any]:
    """Countersign the report that `read` showed, about the person whose number was entered again.

    Raises Conflict with code `number-differs` when this is another person, or other words than those shown.
    """
    key, tag = signing_key(registry), _tag(registry, person)
    digest = hashlib.sha256(canonical.dumps({**shown["statement"], "sub": tag})).digest()
    if base64url.encode(digest) != shown["digest"]:
        raise Conflict(
            "this number is not the one that the report is about, or the registry's key has changed since it was "
            "signed; read it again from the document, else let the reporter sign a new version",
            field="number",
            code="number-differs",
        )
    claims = {**standard_claims(registry), "sub": tag, "report": shown["digest"]}
    token = jws.sign(claims, typ=COUNTERSIGNATURE, key=key)
    return registry.post(f"/api/v1/reports/{require_id(shown['id'])}/countersignature", {"countersignature": token})


def standard_claims(registry: Registry) -> dict[str, Any]:
    """What every statement of this client begins with."""
    return {
        "iss": registry.member,
        "aud": registry.profile.issuer,
        "jti": secrets.token_hex(16),
        "iat": int(registry.clock().timestamp()),
    }


def _defaults(claims: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft may leave out: the versions of form and offence, and that the papers are the person's own."""
    offence = OFFENCES.get(str(claims["offence"]))
    return {"v": VERSION, "offence_version": offence.version if offence else 1, "impersonation": False}


def signing_key(registry: Registry) -> PrivateKey:
    """The profile's own key; Invalid when it has none."""
    key = registry.profile.signing_key
    if key is None:
        raise Invalid("this profile has no signing_key; name the file of yours in it", field="signing_key")
    return key


def _tag(registry: Registry, person: Document) -> str:
    (tag,), _ticket = tags_of(registry, [person])
    return base64url.encode(tag)


def _matched(wanted: Sequence[str], paths: Sequence[Path], *, all_of_them: bool) -> dict[str, Path]:
    """The file of each exhibit and annex that the report names; Invalid when one is missing or one too many."""
    given = {drafts.digest_of(path): path for path in paths}
    strangers = [path for digest, path in given.items() if digest not in wanted]
    if strangers:
        raise Invalid(f"{strangers[0]} is not an exhibit of this report, or has changed since", field="exhibit")
    missing = [number for number, digest in enumerate(wanted, 1) if digest not in given]
    if missing and all_of_them:
        raise Invalid(f"exhibit {missing[0]} of the report is missing; name its file with --exhibit", field="exhibit")
    return given


def require_id(text: str) -> str:
    """An id is part of an address, so it is what an id may be and nothing else."""
    if not (len(text) == 32 and set(text) <= set("0123456789abcdef")):
        raise Invalid("the id must be 32 hexadecimal digits", field="id")
    return text
