"""The keys that a client pins must stand in the registry's log, for everybody to see (`registry.log.own_keys`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry import base64url
from registry.errors import Invalid
from registry.log import leaf, proof
from registry.log.quorum import Policy
from registry.signing import keys

from .pins import SUITE, Pins, Untrusted

PATH = "/log/keys"


def verify(answer: Mapping[str, Any], pins: Pins) -> None:
    """Raise Untrusted unless each pinned key stands in the log, under the quorum of the pins' policy.

    1. every proof holds; 2. the identity key, each receipt key and the log's key are among the leaves.
    """
    try:
        shown = list(_shown(answer, pins.policy))  # 1
    except (Invalid, KeyError, TypeError) as failed:
        why = failed.message if isinstance(failed, Invalid) else "it is not in the form of a proof"
        raise Untrusted(f"the registry does not prove its keys: {why}", field="keys", code="key-unproven") from None
    for name, wanted in _wanted(pins):  # 2
        if wanted not in shown:
            raise Untrusted(
                f"the registry's {name} key does not stand in its log; nothing was sent",
                field=name,
                code="key-unlogged",
            )


def _shown(answer: Mapping[str, Any], policy: Policy) -> Iterator[Mapping[str, Any] | None]:
    for each in answer["keys"]:
        entry = base64url.decode(each["entry"], field="entry")
        proof.verify(each["proof"], entry=entry, policy=policy)
        yield leaf.parse(entry).key


def _wanted(pins: Pins) -> Iterator[tuple[str, Mapping[str, Any]]]:
    public = base64url.encode(pins.public_key)
    yield "identity", {"use": "identity", "suite": SUITE["suite"], "key_id": pins.key_id, "public": public}
    for key in pins.receipt_keys.values():
        yield "receipt", {"use": "receipt", "jwk": keys.to_jwk(key)}
    yield "log", {"use": "log", "vkey": pins.log_vkey}
