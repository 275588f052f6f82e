"""`/.well-known/zilu`: what a client must know before it asks anything, and the keys behind the signatures."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from registry import base64url, policy
from registry.access import Action, needs
from registry.api.context import running
from registry.keys import rotations
from registry.log.checkpoint import verifier_key
from registry.signing import keys

bp = APIBlueprint("discovery", __name__, tag="Discovery")


@bp.get("/.well-known/zilu")
@needs(Action.PUBLIC)
def discovery() -> dict[str, Any]:
    """Issuer, identity suite and key, log, endpoints and limits. A client pins what it reads here the first time."""
    run = running()
    issuer = run.issuer
    with run.store.read() as session:
        holder = rotations.announced(session, run.holder.public())
        succession = rotations.succession(session)
    log_key = verifier_key(run.settings.log_origin, run.secrets.log_key.public_key())
    return {
        "issuer": issuer,
        "name": run.settings.registry.name,
        "version": "1",
        "identity": {
            "suite": "ristretto255-SHA512",
            "mode": "VOPRF",
            "key_id": holder.key_id,
            "public_key": base64url.encode(holder.public),
            "succession": succession,
        },
        "log": {
            "origin": run.settings.log_origin,
            "verifier_key": log_key.vkey,
            "url": f"{issuer}/log",
            "keys": f"{issuer}/log/keys",
            "draw_key": base64url.encode(holder.draw_public),
        },
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "token_endpoint": f"{issuer}/oauth/token",
        "evaluations_endpoint": f"{issuer}/api/v1/identity/evaluations",
        "checks_endpoint": f"{issuer}/api/v1/checks",
        "reports_endpoint": f"{issuer}/api/v1/reports",
        "openapi": f"{issuer}/api/v1/openapi.json",
        "limits": {
            "batch": policy.BATCH,
            "exhibit_bytes": policy.EXHIBIT_BYTES,
            "receipt_promise_seconds": int(policy.RECEIPT_PROMISE.total_seconds()),
            "ticket_seconds": int(policy.TICKET_LIFE.total_seconds()),
        },
        "scopes": ["check", "report", "watch", "audit", "roster"],
    }


@bp.get("/.well-known/jwks.json")
@needs(Action.PUBLIC)
def jwks() -> dict[str, Any]:
    """The key that signs receipts (RFC 7517)."""
    public = running().secrets.receipt_key.public_key()
    return {"keys": [{**keys.to_jwk(public), "kid": keys.thumbprint(public), "use": "sig", "alg": "EdDSA"}]}


@bp.get("/healthz")
@needs(Action.PUBLIC)
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@bp.get("/readyz")
@needs(Action.PUBLIC)
def ready() -> dict[str, str]:
    """The database opens and the key holder answers; 503 otherwise."""
    run = running()
    with run.store.read() as session:
        session.connection()
    run.holder.public()
    return {"status": "ready"}
