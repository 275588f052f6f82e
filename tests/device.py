"""A device that keeps a passkey, as the Web Authentication specification has it: attestation `none`, ES256."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from datetime import datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from registry import base64url
from registry.accounts import passkeys
from registry.accounts.models import Passkey
from registry.accounts.passkeys import Asked, Site
from registry.db import Session

SITE = Site("https://registry.example", "The tests' consortium")
PRESENT, VERIFIED, MADE = 0x01, 0x04, 0x40


class Device:
    def __init__(self, site: Site = SITE, *, verifies: bool = True) -> None:
        self.site, self.verifies = site, verifies
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.count = secrets.token_bytes(32), 0

    def make(self, challenge: bytes) -> dict[str, Any]:
        """What `navigator.credentials.create` gives."""
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        attested = {"fmt": "none", "attStmt": {}, "authData": self._data(MADE) + credential}
        return self._credential(
            clientDataJSON=self._said("webauthn.create", challenge), attestationObject=cbor2.dumps(attested)
        )

    def show(self, challenge: bytes) -> dict[str, Any]:
        """What `navigator.credentials.get` gives."""
        self.count += 1
        said, data = self._said("webauthn.get", challenge), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._credential(clientDataJSON=said, authenticatorData=data, signature=signature)

    def add(self, session: Session, account_id: str, now: datetime) -> Passkey:
        """Make a passkey of the account on this device."""
        asked = Asked(secrets.token_bytes(32), now)
        made = self.make(asked.challenge)
        return passkeys.add(
            session, account_id=account_id, credential=made, asked=asked, site=self.site, name="telephone", now=now
        )

    def _data(self, more: int) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(self.site.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _said(self, kind: str, challenge: bytes) -> bytes:
        said = {"type": kind, "challenge": base64url.encode(challenge), "origin": self.site.origin}
        return json.dumps(said).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        name = base64url.encode(self.id)
        answer = {key: base64url.encode(value) for key, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": answer, "clientExtensionResults": {}}
