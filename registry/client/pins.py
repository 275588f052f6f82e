"""The registry's public keys as a member first saw them. Whatever changes afterwards is refused, not believed.

{"identity": {"key_id", "mode", "public_key", "suite"},      a file of mode 0600 beside the client's key:
 "issuer": …,                                                the discovery document with the key set (RFC 7517)
 "jwks": {"keys": [JWK, …]},                                 in it. Whoever got the keys another way puts
 "limits": {"batch"},                                        the file there before the first request.
 "log": {"origin", "verifier_key"}}
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Self

from registry import base64url, policy
from registry.errors import Invalid
from registry.identity.group import SIZE, require_element
from registry.log import leaf, proof
from registry.log.checkpoint import parse_vkey
from registry.log.quorum import Policy
from registry.signing import keys
from registry.signing.keys import PublicKey

SUITE = {"suite": "ristretto255-SHA512", "mode": "VOPRF"}
_MAX_FILE = 65_536


class Untrusted(Invalid):
    """What the registry said does not verify: another key, a wrong proof, a receipt that does not fit."""

    code = "untrusted"


@dataclass(frozen=True, slots=True)
class Pins:
    """What a client trusts. `receipt_keys` by thumbprint; `batch` is how many elements one request may have."""

    issuer: str
    key_id: str
    public_key: bytes
    receipt_keys: Mapping[str, PublicKey]
    log_origin: str
    log_vkey: str
    batch: int
    witnessed: Policy | None = None

    @property
    def policy(self) -> Policy:
        """What a checkpoint needs: the quorum of the policy that was given us, or else the log's signature alone."""
        return self.witnessed or Policy(parse_vkey(self.log_vkey))

    def under(self, policy: Policy | None) -> Pins:
        """These pins, with a policy of witnesses; Untrusted when it is for another log."""
        if policy is not None and policy.log.vkey != self.log_vkey:
            raise Untrusted("the policy names another log key than the pinned one", field="policy", code="key-changed")
        return replace(self, witnessed=policy)

    @classmethod
    def read(cls, document: Mapping[str, Any], *, issuer: str) -> Self:
        """The keys in a discovery document with `jwks`; Untrusted unless all are there and `issuer` is its own."""
        try:
            return cls._read(document, issuer)
        except (KeyError, TypeError, AttributeError):
            raise _incomplete() from None
        except Untrusted:
            raise
        except Invalid:
            raise _incomplete() from None

    @classmethod
    def _read(cls, document: Mapping[str, Any], issuer: str) -> Self:
        identity, log = document["identity"], document["log"]
        if document["issuer"] != issuer:
            raise Untrusted("the registry at this address gives another issuer; check the address", field="issuer")
        if {name: identity[name] for name in SUITE} != SUITE:
            raise Untrusted("the registry uses another identity suite than this client", field="identity.suite")
        public = base64url.decode(identity["public_key"], field="identity.public_key", size=SIZE)
        require_element(public)
        parse_vkey(log["verifier_key"], field="log.verifier_key")
        received = [keys.from_jwk(jwk) for jwk in document["jwks"]["keys"]]
        return cls(
            issuer=issuer,
            key_id=str(identity["key_id"]),
            public_key=public,
            receipt_keys={keys.thumbprint(key): key for key in received},
            log_origin=str(log["origin"]),
            log_vkey=log["verifier_key"],
            batch=_batch(document["limits"]["batch"]),
        )

    def follow(self, succession: object, policy: Policy) -> Pins:
        """These pins with the identity key that the log leads to: from the pinned one, leaf by leaf.

        `succession` is the discovery document's list of {"entry", "proof"}. A leaf counts when it replaces the key
        that was reached, and stands in the pinned log under a checkpoint that `policy` accepts; others are passed
        over. Raises Untrusted for a leaf whose proof does not fit, or a policy of another log.
        """
        reached = self
        for step in succession if isinstance(succession, list) else []:
            reached = reached._after(step, policy)
        return reached

    def _after(self, step: Mapping[str, Any], policy: Policy) -> Pins:
        try:
            entry = base64url.decode(step["entry"], field="succession")
            key = leaf.parse(entry).key or {}
            if key.get("use") != "identity-switch" or key.get("replaces") != base64url.encode(self.public_key):
                return self
            self.under(policy)
            proof.verify(step["proof"], entry=entry, policy=policy)
            public = base64url.decode(key["public"], field="succession", size=SIZE)
            require_element(public)
            return replace(self, key_id=str(key["key_id"]), public_key=public)
        except (Invalid, KeyError, TypeError, AttributeError):
            raise Untrusted(
                "the registry's new identity key is not proven by its log; nothing was sent", field="identity"
            ) from None

    def verify_same(self, found: Pins) -> None:
        """Raise Untrusted, naming the first, when one of the keys is not the pinned one."""
        pinned_receipts, found_receipts = (sorted(pins.receipt_keys) for pins in (self, found))
        for name, pinned, now in (
            ("identity", (self.key_id, self.public_key), (found.key_id, found.public_key)),
            ("receipt", pinned_receipts, found_receipts),
            ("log", (self.log_origin, self.log_vkey), (found.log_origin, found.log_vkey)),
        ):
            if pinned != now:
                raise Untrusted(
                    f"the registry shows another {name} key than the pinned one; nothing was sent. Ask the operator, "
                    "and renew the pinned keys only when the change stands in the log",
                    field=name,
                    code="key-changed",
                )


def load(path: Path, *, issuer: str) -> Pins:
    """The pins in a file; Invalid when it cannot be read."""
    return Pins.read(read_document(path), issuer=issuer)


def read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes()[:_MAX_FILE])
    except OSError as failed:
        raise Invalid(f"{path} cannot be read ({failed.strerror})", field="keys") from None
    except ValueError:
        _not_a_document(path)
    if not isinstance(document, dict):
        _not_a_document(path)
    return document


def store(path: Path, document: Mapping[str, Any]) -> None:
    """Write what was pinned to a new file of mode 0600; Invalid when it cannot be written."""
    data = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
    try:
        with open(path, "xb", opener=_private) as stream:
            stream.write(data)
    except OSError as failed:
        raise Invalid(f"{path} cannot be written ({failed.strerror})", field="keys") from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _batch(limit: object) -> int:
    if not isinstance(limit, int) or limit < 1:
        raise _incomplete()
    return min(limit, policy.BATCH)


def _incomplete() -> Untrusted:
    return Untrusted("the registry's discovery document lacks a key, or one that is well formed", field="keys")


def _not_a_document(path: Path) -> NoReturn:
    raise Invalid(f"{path} must hold the registry's discovery document with its jwks, as JSON", field="keys")
