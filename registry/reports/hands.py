"""Whose hand signed: two people are two keys."""

from __future__ import annotations

from registry.access import Actor
from registry.db import Session
from registry.errors import Forbidden
from registry.keys.queries import valid_key
from registry.signing import jws


def by_own_hand(session: Session, actor: Actor, token: str, *, typ: str) -> jws.Statement:
    """The statement in `token`, if the actor's own key signed it; else Forbidden with code `key-not-yours`."""
    signed = jws.verify(token, typ=typ, key_for=lambda kid: valid_key(session, kid, actor.member_id)[0])
    _, account_id = valid_key(session, signed.kid, actor.member_id)
    if account_id != actor.id:
        raise Forbidden("sign with your own key; this one is somebody else's", field="kid", code="key-not-yours")
    return signed
