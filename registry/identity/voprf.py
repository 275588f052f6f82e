"""RFC 9497, suite ristretto255-SHA512: OPRF (mode 0x00) and VOPRF (mode 0x01) between one client and one key.

    client                                       key holder (private k, public pk = k·B)
    blind:     C = r·H(input)          ──C──→    blind_evaluate: D = k·C
    verify_proof: same k in pk and D   ←─D,proof─ with one proof for the whole batch
    unblind:   N = 1/r · D = k·H(input)

Zilu uses mode 0x01 and stops at N (`tags`); mode 0x00 and `finalize` complete the RFC and its test vectors.
Elements and scalars are 32 bytes, a proof is 64, an output 64. Everything that is refused is Invalid, with
`field` "element", "scalar", "proof", "input", "seed" or "elements".
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from registry.errors import Invalid

from . import group

PROOF_SIZE = 2 * group.SIZE
MAX_INPUT = 0xFFFF
"""Bytes of an input: its length is written in two (RFC 9497, section 1.2)."""

MAX_BATCH = 0xFFFF
"""Elements under one proof: their index is written in two bytes (RFC 9497, section 2.2.1)."""


class Mode(IntEnum):
    """RFC 9497, section 3.1."""

    OPRF = 0x00
    VOPRF = 0x01

    @property
    def context(self) -> bytes:
        """contextString of the suite."""
        return b"OPRFV1-" + bytes([self]) + b"-ristretto255-SHA512"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A scalar k and the element k·B."""

    private: bytes = field(repr=False)
    public: bytes

    @classmethod
    def of(cls, private: bytes) -> KeyPair:
        """The pair with this private key."""
        return cls(private, group.multiply_base(private))


@dataclass(frozen=True, slots=True)
class Blinded:
    """What the client keeps (`blind`, 32 bytes, secret) and what it sends (`element`)."""

    blind: bytes = field(repr=False)
    element: bytes


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One evaluated element for each blinded one, in order, and the proof for all of them."""

    elements: tuple[bytes, ...]
    proof: bytes


def hash_to_group(data: bytes, mode: Mode = Mode.VOPRF) -> bytes:
    """HashToGroup of the suite."""
    if len(data) > MAX_INPUT:
        raise Invalid(f"The input must be at most {MAX_INPUT} bytes long.", field="input")
    return group.element_from_uniform(_expand(data, b"HashToGroup-" + mode.context))


def derive_key_pair(seed: bytes, info: bytes, mode: Mode = Mode.VOPRF) -> KeyPair:
    """DeriveKeyPair (RFC 9497, section 3.2.1) from 32 secret bytes and at most 65,535 public ones."""
    if len(seed) != group.SIZE or len(info) > MAX_INPUT:
        raise Invalid("The seed must be 32 bytes and the key information at most 65,535.", field="seed")
    for counter in range(256):
        material = seed + _prefixed(info) + bytes([counter])
        private = group.scalar_from_uniform(_expand(material, b"DeriveKeyPair" + mode.context))
        if any(private):
            return KeyPair.of(private)
    raise Invalid("This seed derives no key; take another.", field="seed")


def blind(data: bytes, *, scalar: bytes | None = None, mode: Mode = Mode.VOPRF) -> Blinded:
    """Blind (RFC 9497, section 3.3.1). A scalar is given only to repeat a test vector."""
    scalar = group.scalar_random() if scalar is None else scalar
    return Blinded(scalar, group.multiply(scalar, hash_to_group(data, mode)))


def blind_evaluate(private: bytes, element: bytes) -> bytes:
    """BlindEvaluate in mode OPRF (RFC 9497, section 3.3.1): no proof."""
    return group.multiply(private, element)


def blind_evaluate_batch(pair: KeyPair, elements: Sequence[bytes], *, nonce: bytes | None = None) -> Evaluated:
    """BlindEvaluate in mode VOPRF (RFC 9497, section 3.3.2) for 1 to 65,535 elements under one proof.

    A nonce is given only to repeat a test vector; two proofs with one nonce reveal the key.
    """
    _require_batch(elements)
    evaluated = group.multiply_each(pair.private, elements)
    return Evaluated(tuple(evaluated), _prove(pair, elements, evaluated, nonce))


def verify_proof(public: bytes, elements: Sequence[bytes], evaluated: Sequence[bytes], proof: bytes) -> None:
    """Refuse (Invalid, field "proof") unless one private key leads from B to `public` and from each element
    to its evaluated one. VerifyProof of RFC 9497, section 2.2.2. Costs two products an element.
    """
    _require_batch(elements)
    if len(evaluated) != len(elements):
        raise Invalid("There must be one evaluated element for each blinded element.", field="elements")
    group.require_element(public)
    weights = _weights(public, elements, evaluated)
    left, right = group.weighted_sum(weights, elements), group.weighted_sum(weights, evaluated)
    if not _fits(public, left, right, proof):
        raise Invalid(
            "The proof does not fit: the elements were not all evaluated under the expected public key.",
            field="proof",
        )


def unblind(scalar: bytes, evaluated: bytes) -> bytes:
    """1/blind · evaluated = k·H(input)."""
    return group.multiply(group.scalar_invert(scalar), evaluated)


def finalize(data: bytes, scalar: bytes, evaluated: bytes) -> bytes:
    """Finalize (RFC 9497, section 3.3.1): the 64-byte output. In mode VOPRF call `verify_proof` first."""
    if len(data) > MAX_INPUT:
        raise Invalid(f"The input must be at most {MAX_INPUT} bytes long.", field="input")
    element = unblind(scalar, evaluated)
    return hashlib.sha512(_prefixed(data) + _prefixed(element) + b"Finalize").digest()


# The proof (RFC 9497, section 2.2): M = Σ dᵢ·Cᵢ and Z = Σ dᵢ·Dᵢ with weights dᵢ that hash everything, then a
# Chaum-Pedersen proof that B→pk and M→Z have the same logarithm. Names below follow the RFC.


def _prove(pair: KeyPair, elements: Sequence[bytes], evaluated: Sequence[bytes], nonce: bytes | None) -> bytes:
    m = group.weighted_sum(_weights(pair.public, elements, evaluated), elements)
    z = group.multiply(pair.private, m)
    r = _hedged_nonce(pair, m, z) if nonce is None else nonce
    c = _challenge(pair.public, m, z, group.multiply_base(r), group.multiply(r, m))
    s = group.scalar_subtract(r, group.scalar_multiply(c, pair.private))
    return c + s


def _hedged_nonce(pair: KeyPair, m: bytes, z: bytes) -> bytes:
    # With good randomness uniform; with a broken source still secret, and never the same for two statements.
    parts = (pair.private, secrets.token_bytes(group.SIZE), pair.public, m, z)
    return _hash_to_scalar(b"".join(map(_prefixed, parts)) + b"Nonce")


def _fits(public: bytes, m: bytes, z: bytes, proof: bytes) -> bool:
    c, s = proof[: group.SIZE], proof[group.SIZE :]
    try:
        t2 = group.add(group.multiply_base(s), group.multiply(c, public))
        t3 = group.add(group.multiply(s, m), group.multiply(c, z))
    except Invalid:  # half of the proof is no scalar, or a sum is the identity: no honest proof
        return False
    return hmac.compare_digest(_challenge(public, m, z, t2, t3), c)


def _weights(public: bytes, elements: Sequence[bytes], evaluated: Sequence[bytes]) -> list[bytes]:
    context = Mode.VOPRF.context
    seed = _prefixed(hashlib.sha512(_prefixed(public) + _prefixed(b"Seed-" + context)).digest())
    return [
        _hash_to_scalar(seed + index.to_bytes(2, "big") + _prefixed(element) + _prefixed(result) + b"Composite")
        for index, (element, result) in enumerate(zip(elements, evaluated, strict=True))
    ]


def _challenge(public: bytes, m: bytes, z: bytes, t2: bytes, t3: bytes) -> bytes:
    return _hash_to_scalar(b"".join(map(_prefixed, (public, m, z, t2, t3))) + b"Challenge")


def _hash_to_scalar(data: bytes) -> bytes:
    return group.scalar_from_uniform(_expand(data, b"HashToScalar-" + Mode.VOPRF.context))


def _require_batch(elements: Sequence[bytes]) -> None:
    if not 1 <= len(elements) <= MAX_BATCH:
        raise Invalid(f"A batch must hold 1 to {MAX_BATCH} elements.", field="elements")


def _prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _expand(message: bytes, separation: bytes) -> bytes:
    """expand_message_xmd with SHA-512 for 64 bytes, which is one block (RFC 9380, section 5.3.1)."""
    tag = separation + bytes([len(separation)])
    first = hashlib.sha512(bytes(128) + message + b"\x00\x40\x00" + tag).digest()
    return hashlib.sha512(first + b"\x01" + tag).digest()
