"""The tag: N = k·H(TYPE:NUMBER), the pseudonym of an identity document under the consortium's key.

N is the unblinded element of RFC 9497 without the RFC's last hash, so that it can be moved to another key. It
is 32 bytes and a wire value: the database has its handle and its sealed form only.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.errors import Invalid

from . import group, voprf
from .document import Document
from .voprf import Blinded, Evaluated
from .voprf import unblind as unblind  # 1/blind · evaluated, one tag; part of this module's interface

TAG_SIZE = group.SIZE
PEPPER_SIZE = 32
SEALED_SIZE = 32 + TAG_SIZE + 16
"""The sender's ephemeral key, the tag, and the authentication tag."""

EACH_SIZE = 32 + 32 + 16 + 12 + TAG_SIZE + 16
"""What `seal_each` makes: a sealed key, a nonce, the tag, the authentication tag. No other seal has this size."""

_HANDLE_CONTEXT = b"zilu/handle/v1"
_SEAL_CONTEXT = b"zilu/sealed-tag/v1"
_EACH_CONTEXT = b"zilu/sealed-each/v1"
_NONCE_SIZE = 12
_SEALED_KEY_SIZE = 32 + 32 + 16
_SEAL = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def blind(document: Document) -> Blinded:
    """What the client sends to the key holder, and the secret that it keeps."""
    return voprf.blind(document.oprf_input)


def unblind_batch(public: bytes, blinded: Sequence[Blinded], evaluated: Evaluated) -> list[bytes]:
    """The tags of a batch, in order, after its proof has been verified against the key holder's `public` key.

    `public` must be pinned, never taken from the answer with the proof. Raises as `voprf.verify_proof`.
    """
    voprf.verify_proof(public, [one.element for one in blinded], evaluated.elements, evaluated.proof)
    inverses = group.scalar_invert_each([one.blind for one in blinded])
    return [group.multiply(inverse, element) for inverse, element in zip(inverses, evaluated.elements, strict=True)]


def handle(pepper: bytes, tag: bytes) -> bytes:
    """What the database stores in place of a tag: 32 bytes, useless without the pepper (32 bytes)."""
    if len(pepper) != PEPPER_SIZE:
        raise Invalid(f"The pepper must be {PEPPER_SIZE} bytes.", field="pepper")
    group.require_element(tag)
    return hmac.digest(pepper, _HANDLE_CONTEXT + tag, "sha256")


def seal_tag(holder_public: bytes, tag: bytes) -> bytes:
    """The tag so that only the key holder can read it: HPKE (RFC 9180) base mode, 80 bytes."""
    return seal_tags(holder_public, [tag])


def seal_tags(holder_public: bytes, found: Sequence[bytes]) -> bytes:
    """Several tags in one seal, in order: 48 bytes and 32 for each."""
    for tag in found:
        group.require_element(tag)
    return _SEAL.encrypt(b"".join(found), X25519PublicKey.from_public_bytes(holder_public), info=_SEAL_CONTEXT)


def seal_each(holder_public: bytes, found: Sequence[bytes]) -> list[bytes]:
    """A seal for each tag at little more than the work of one: HPKE of a fresh key, then AES-256-GCM under that.

    140 bytes. Each opens by itself, whatever becomes of the others.
    """
    for tag in found:
        group.require_element(tag)
    key = AESGCM.generate_key(bit_length=256)
    sealed = _SEAL.encrypt(key, X25519PublicKey.from_public_bytes(holder_public), info=_EACH_CONTEXT)
    nonces = [secrets.token_bytes(_NONCE_SIZE) for _ in found]
    return [
        sealed + nonce + AESGCM(key).encrypt(nonce, tag, _EACH_CONTEXT)
        for nonce, tag in zip(nonces, found, strict=True)
    ]


def open_tag(holder_private: bytes, sealed: bytes) -> bytes:
    """The tag in what `seal_tag` or `seal_each` made; Invalid (field "sealed_tag") for anything else."""
    found = open_tags(holder_private, sealed)
    if len(found) != 1:
        raise _not_sealed()
    return found[0]


def open_tags(holder_private: bytes, sealed: bytes) -> list[bytes]:
    """The tags in what `seal_tags` or `seal_each` made; Invalid (field "sealed_tag") for anything else."""
    private = X25519PrivateKey.from_private_bytes(holder_private)
    try:
        if len(sealed) == EACH_SIZE:
            data = _open_each(private, sealed)
        else:
            data = _SEAL.decrypt(sealed, private, info=_SEAL_CONTEXT)
        found = [data[at : at + TAG_SIZE] for at in range(0, len(data), TAG_SIZE)]
        for tag in found:
            group.require_element(tag)
    except (InvalidTag, ValueError, Invalid):
        raise _not_sealed() from None
    return found


def _open_each(private: X25519PrivateKey, sealed: bytes) -> bytes:
    key = _SEAL.decrypt(sealed[:_SEALED_KEY_SIZE], private, info=_EACH_CONTEXT)
    rest = sealed[_SEALED_KEY_SIZE:]
    return AESGCM(key).decrypt(rest[:_NONCE_SIZE], rest[_NONCE_SIZE:], _EACH_CONTEXT)


def _not_sealed() -> Invalid:
    return Invalid("The sealed tag was not sealed to this key holder.", field="sealed_tag")


# Case match: does this person have the document of the case? Nobody learns a number or a tag, and a wrong
# guess learns one "no". With N = k·H(id) the tag of the case, s secret to the holder, r secret to the person:
#
#    holder  ── M = s·N ──→  person:  X = r·H(id'),  Z = r·M  ──→  holder: same person if s·k·X = Z


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the key holder keeps (`secret`, for one answer only) and what it sends (`element`)."""

    secret: bytes = field(repr=False)
    element: bytes


class Answer(NamedTuple):
    """X and Z, 32 bytes each."""

    x: bytes
    z: bytes


def challenge_match(tag: bytes) -> Challenge:
    """A fresh challenge for the person whose tag this is."""
    secret = group.scalar_random()
    return Challenge(secret, group.multiply(secret, tag))


def answer_match(document: Document, m: bytes) -> Answer:
    """The answer of a person with this document to the challenge's element."""
    blinded = blind(document)
    return Answer(x=blinded.element, z=group.multiply(blinded.blind, m))


def is_match(private: bytes, secret: bytes, answer: Answer) -> bool:
    """Whether the answer was made with the document that was challenged. Invalid for what is no element."""
    group.require_element(answer.z)
    expected = group.multiply(group.scalar_multiply(secret, private), answer.x)
    return hmac.compare_digest(expected, answer.z)
