"""Passkeys (W3C Web Authentication): a device's key in place of password and code.

A passkey counts as both factors, since the device unlocks it for its owner alone (user verification is required). A
challenge is answered once: an answer counts only if it was asked for after the passkey's last use.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from registry import vault
from registry.accounts import sessions
from registry.accounts.models import Account, Passkey
from registry.db import Session
from registry.errors import Conflict, Invalid, NotFound
from registry.log.actions import record
from registry.log.swap import swap

NAME_LENGTH = 60
_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Site:
    """Whose passkeys these are: the registry's address and name."""

    origin: str
    name: str

    @property
    def host(self) -> str:
        return urlsplit(self.origin).hostname or ""

    @property
    def has_passkeys(self) -> bool:
        """Browsers make passkeys for names, not for bare addresses such as 127.0.0.1."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser was asked to sign, and when."""

    challenge: bytes
    at: datetime


def of_account(session: Session, account_id: str) -> Sequence[Passkey]:
    return session.scalars(
        sa.select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.added_at, Passkey.id)
    ).all()


def offer(session: Session, *, account_id: str, site: Site, asked: Asked) -> dict[str, Any]:
    """What the browser needs to make a passkey for the account."""
    known = [PublicKeyCredentialDescriptor(id=row.credential) for row in of_account(session, account_id)]
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=bytes.fromhex(session.keyring.alias("passkey", account_id)),
        user_name=account_id,
        challenge=asked.challenge,
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
    )
    return _plain(options)


def ask(*, site: Site, asked: Asked) -> dict[str, Any]:
    """What the browser needs to sign with one of this site's passkeys; names nobody."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host, challenge=asked.challenge, user_verification=_VERIFIED
    )
    return _plain(options)


def add(
    session: Session,
    *,
    account_id: str,
    credential: Mapping[str, Any],
    asked: Asked,
    site: Site,
    name: str,
    now: datetime,
) -> Passkey:
    """The passkey that the browser has made. Raises Invalid unless it answers what was asked."""
    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=asked.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise Invalid("the passkey was not made as it was asked for; make it again", field="credential") from None
    row = Passkey(id=_id(made.credential_id), account_id=account_id, credential=made.credential_id, added_at=now)
    if session.get(Passkey, row.id):
        raise Conflict("this passkey is there already; use it, or make one on another device", field="credential")
    row.public_key, row.sign_count = made.credential_public_key, made.sign_count
    row.sealed_name = vault.seal(session.keyring.vault_key, name[:NAME_LENGTH].encode(), **_place(row))
    session.add(row)
    record(session, "passkey.add", actor=account_id, now=now)
    return row


def use(session: Session, *, credential: Mapping[str, Any], asked: Asked, site: Site, now: datetime) -> Account | None:
    """Whose passkey answered what was asked; None when it is nobody's, or another answer. The caller records."""
    row = _answering(session, credential)
    if row is None or (account := session.get_one(Account, row.account_id)).closed_at is not None:
        return None
    try:
        shown = webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=asked.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    still = sa.or_(Passkey.used_at.is_(None), Passkey.used_at < asked.at)
    is_new = swap(session, row, still, values={"sign_count": shown.new_sign_count, "used_at": now})
    return account if is_new else None


def sign_in(
    session: Session, *, credential: Mapping[str, Any], asked: Asked, site: Site, now: datetime, device: str = ""
) -> str | None:
    """A session token for whoever holds the passkey, or None. A pause does not matter: there is nothing to guess."""
    account = use(session, credential=credential, asked=asked, site=site, now=now)
    if account is None:
        record(session, "account.sign-in-failed", actor="system:sign-in", now=now)
        return None
    return sessions.open_session(session, account_id=account.id, device=device, now=now)


def prove(
    session: Session, *, token: str, credential: Mapping[str, Any], asked: Asked, site: Site, now: datetime
) -> bool:
    """Whoever holds the session has shown a passkey of the same account, or not. The caller commits either way."""
    row = sessions.require_session(session, token=token, now=now)
    account = use(session, credential=credential, asked=asked, site=site, now=now)
    proves = account is not None and account.id == row.account_id
    if proves:
        row.proven_at = now
    record(session, "account.prove" if proves else "account.prove-failed", actor=row.account_id, now=now)
    return proves


def remove(session: Session, *, account_id: str, passkey_id: str, now: datetime) -> None:
    row = session.get(Passkey, passkey_id)
    if row is None or row.account_id != account_id:
        raise NotFound("there is no such passkey among yours")
    session.delete(row)
    record(session, "passkey.remove", actor=account_id, now=now)


def name_of(session: Session, row: Passkey) -> str:
    return vault.open_sealed(session.keyring.vault_key, row.sealed_name, **_place(row)).decode()


def _answering(session: Session, credential: Mapping[str, Any]) -> Passkey | None:
    claimed = credential.get("rawId")
    try:
        return session.get(Passkey, _id(base64url_to_bytes(claimed))) if isinstance(claimed, str) else None
    except ValueError:
        return None


def _id(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()


def _place(row: Passkey) -> dict[str, str]:
    return {"table": "passkey", "row": row.id, "column": "sealed_name"}


def _plain(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return plain
