"""Enrol, rotate and revoke members' signing keys. Log positions, not claimed dates, bound a key's life."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from registry.access import Action, Actor, require
from registry.accounts.models import Account
from registry.db import Session, new_id
from registry.errors import Conflict, NotFound
from registry.keys.models import SigningKey
from registry.log.actions import record
from registry.log.models import LeafType
from registry.signing import keys


def enrol(session: Session, *, actor: Actor, account_id: str, jwk: Mapping[str, object], now: datetime) -> SigningKey:
    """Bind a public key to the hand of one account of the actor's member. A key is enrolled once, ever."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("there is no such account", field="account")
    require(actor, Action.KEY_ENROL, member_id=account.member_id)
    public = keys.from_jwk(jwk, field="key")
    kid = keys.thumbprint(public)
    if session.get(SigningKey, kid):
        raise Conflict("this key is enrolled already; make a new one", field="key")
    uid = new_id()
    key = SigningKey(
        kid=kid,
        member_id=account.member_id,
        account_id=account.id,
        jwk=keys.to_jwk(public),
        enrolled_at=now,
        enrolled_by=uid,
    )
    session.add(key)
    record(
        session,
        "key.enrol",
        actor=actor.id,
        now=now,
        uid=uid,
        type=LeafType.KEY,
        clear={"use": "report", "member": account.member_id, "jwk": key.jwk, "state": "enrolled"},
    )
    return key


def revoke(session: Session, *, actor: Actor, kid: str, now: datetime) -> SigningKey:
    """End a key's life at the position of this act. What it signed before stays signed."""
    key = session.get(SigningKey, kid)
    if key is None:
        raise NotFound("there is no such key", field="kid")
    require(actor, Action.KEY_REVOKE, member_id=key.member_id)
    if key.revoked_at is not None:
        raise Conflict("this key is revoked already", field="kid")
    uid = new_id()
    key.revoked_at, key.revoked_by = now, uid
    record(
        session,
        "key.revoke",
        actor=actor.id,
        now=now,
        uid=uid,
        type=LeafType.KEY,
        clear={"use": "report", "member": key.member_id, "jwk": key.jwk, "state": "revoked"},
    )
    return key


def rotate(session: Session, *, actor: Actor, kid: str, jwk: Mapping[str, object], now: datetime) -> SigningKey:
    """Enrol a new key for the same hand, then revoke the old one."""
    old = session.get(SigningKey, kid)
    if old is None:
        raise NotFound("there is no such key", field="kid")
    new = enrol(session, actor=actor, account_id=old.account_id, jwk=jwk, now=now)
    revoke(session, actor=actor, kid=kid, now=now)
    return new
