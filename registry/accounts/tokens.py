"""Access tokens for programs: OAuth client credentials with `private_key_jwt` (RFC 6749 section 4.4, RFC 7523).

The assertion is a JWT that the client signs with its enrolled key: `iss` = `sub` = client id, `aud` = the issuer,
`exp` at most five minutes away, and a `jti` that is good once. The token is random and opaque; its row can be revoked.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import jwt
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from registry import policy
from registry.access import Actor
from registry.accounts.actions import actor_of
from registry.accounts.models import AccessToken, ApiClient, UsedAssertion
from registry.accounts.rules import Scope
from registry.accounts.sessions import hashed_token
from registry.db import Session
from registry.errors import Unauthenticated
from registry.log.actions import record
from registry.signing import keys

_REFUSED = "client_assertion was not accepted; sign a fresh one with the client's enrolled key"


def issue(session: Session, *, assertion: str, scope: str, issuer: str, now: datetime) -> tuple[str, list[str]]:
    """A token and the scopes that it carries; Unauthenticated says the same for every fault of the assertion."""
    client = _client(session, assertion)
    claims = _claims(assertion, client, issuer, now)
    _use_once(session, client, claims["jti"], datetime.fromtimestamp(claims["exp"], UTC))
    asked = scope.split()
    scopes = [name for name in client.scopes if name in asked] if asked else list(client.scopes)
    token = secrets.token_urlsafe(32)
    session.add(
        AccessToken(id=hashed_token(token), client_id=client.id, scopes=scopes, expires_at=now + policy.TOKEN_LIFE)
    )
    record(session, "token.issue", actor=client.account_id, now=now, facts={"scopes": scopes})
    return token, scopes


def _client(session: Session, assertion: str) -> ApiClient:
    try:
        named = jwt.decode(assertion, options={"verify_signature": False}).get("sub")
    except jwt.PyJWTError:
        named = None
    client = session.get(ApiClient, named) if isinstance(named, str) else None
    if client is None or client.revoked_at is not None:
        raise Unauthenticated(_REFUSED)
    return client


def _claims(assertion: str, client: ApiClient, issuer: str, now: datetime) -> dict[str, Any]:
    """Time is checked here and not by PyJWT, which would read the clock itself."""
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            keys.from_jwk(client.jwk),
            algorithms=["EdDSA"],
            audience=issuer,
            issuer=client.id,
            subject=client.id,
            options={
                "require": ["iss", "sub", "aud", "jti", "iat", "exp"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError:
        raise Unauthenticated(_REFUSED) from None
    issued, expires, jti = claims["iat"], claims["exp"], claims["jti"]
    fresh = isinstance(issued, int) and isinstance(expires, int) and _fresh(issued, expires, now.timestamp())
    if not (fresh and isinstance(jti, str) and 0 < len(jti) <= 64):
        raise Unauthenticated(_REFUSED)
    return claims


def _fresh(issued: int, expires: int, now: float) -> bool:
    skew, life = policy.CLOCK_SKEW.total_seconds(), policy.ASSERTION_LIFE.total_seconds()
    return issued <= now + skew and now - skew < expires <= now + life + skew


def _use_once(session: Session, client: ApiClient, jti: str, expires_at: datetime) -> None:
    named = session.keyring.alias("assertion", jti)
    session.add(UsedAssertion(client_id=client.id, jti=named, expires_at=expires_at))
    try:
        session.flush()
    except IntegrityError:
        raise Unauthenticated(_REFUSED) from None


def token_actor(session: Session, *, token: str, now: datetime) -> Actor:
    """Who holds this access token; Unauthenticated once it is over."""
    row = session.get(AccessToken, hashed_token(token))
    client = session.get(ApiClient, row.client_id) if row is not None else None
    if row is None or row.expires_at <= now or client is None or client.revoked_at is not None:
        raise Unauthenticated("the access token is unknown or over; ask /oauth/token for a new one")
    return actor_of(session, client.account_id, frozenset(Scope(name) for name in row.scopes))


def sweep(session: Session, *, now: datetime) -> int:
    """Delete tokens and assertions that are over; returns how many rows went."""
    gone = [
        *session.scalars(sa.select(AccessToken).where(AccessToken.expires_at <= now).limit(500)),
        *session.scalars(
            sa.select(UsedAssertion).where(UsedAssertion.expires_at <= now - policy.CLOCK_SKEW).limit(500)
        ),
    ]
    for row in gone:
        session.delete(row)
    if gone:
        record(session, "token.sweep", actor="system:sweep", now=now, facts={"rows": len(gone)})
    return len(gone)
