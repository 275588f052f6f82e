"""The group ristretto255 (RFC 9496): elements and scalars as 32 bytes each, little-endian scalars.

Everything here is constant time in its scalars, because they are keys. A zero scalar, the identity element
and every second spelling of either is refused (RFC 9497, section 2.1) with `field` "scalar" or "element".
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from itertools import accumulate

from registry.errors import Invalid

from . import sodium

SIZE = sodium.BYTES
UNIFORM_SIZE = sodium.WIDE

_ZERO = bytes(SIZE)
_UNUSED_BIT = 0x80


def _bad_element() -> Invalid:
    return Invalid(
        "The element must be the canonical 32-byte encoding of a ristretto255 element, not the identity.",
        field="element",
    )


def _bad_scalar() -> Invalid:
    return Invalid(
        "The scalar must be 32 bytes, little-endian, below the order of the group and not zero.",
        field="scalar",
    )


def require_element(element: bytes) -> None:
    """Refuse (Invalid) what is not the canonical encoding of an element other than the identity."""
    if not _has_shape(element) or element == _ZERO or not sodium.is_valid_point(element):
        raise _bad_element()


def _has_shape(element: bytes) -> bool:
    # libsodium 1.0.18 ignores the highest bit, which RFC 9496 (section 4.3.1) wants to be zero: with it, every
    # element would have two spellings, and every person two handles.
    return len(element) == SIZE and element[-1] < _UNUSED_BIT


def require_scalar(scalar: bytes) -> None:
    """Refuse (Invalid) what is not a canonical scalar other than zero."""
    if len(scalar) != SIZE:
        raise _bad_scalar()
    canonical = hmac.compare_digest(sodium.scalar_reduce(scalar + _ZERO), scalar)
    if not canonical or hmac.compare_digest(scalar, _ZERO):
        raise _bad_scalar()


def multiply(scalar: bytes, element: bytes) -> bytes:
    """scalar · element."""
    return multiply_each(scalar, (element,))[0]


def multiply_each(scalar: bytes, elements: Iterable[bytes]) -> list[bytes]:
    """scalar · element for every element; the scalar is checked once for all."""
    require_scalar(scalar)
    return [_multiply(scalar, element) for element in elements]


def _multiply(scalar: bytes, element: bytes) -> bytes:
    # libsodium refuses the identity (the product would be the identity) and encodings that are not canonical.
    product = sodium.scalarmult(scalar, element) if _has_shape(element) else None
    if product is None:
        raise _bad_element()
    return product


def multiply_base(scalar: bytes) -> bytes:
    """scalar · generator."""
    require_scalar(scalar)
    product = sodium.scalarmult_base(scalar)
    if product is None:
        raise _bad_scalar()
    return product


def add(left: bytes, right: bytes) -> bytes:
    """left + right; an element and its negative are refused, since their sum is the identity."""
    require_element(left)
    require_element(right)
    return _add(left, right)


def _add(left: bytes, right: bytes) -> bytes:
    total = sodium.add(left, right)
    if total is None or total == _ZERO:
        raise _bad_element()
    return total


def weighted_sum(weights: Sequence[bytes], elements: Sequence[bytes]) -> bytes:
    """Σ weight · element over two sequences of one length, not empty. Weights must be reduced and public."""
    products = (_multiply(weight, element) for weight, element in zip(weights, elements, strict=True))
    total = next(products)
    for product in products:
        total = _add(total, product)
    return total


def element_from_uniform(uniform: bytes) -> bytes:
    """The element that 64 uniform bytes map to (RFC 9496, section 4.3.4)."""
    element = sodium.from_hash(uniform)
    require_element(element)
    return element


def scalar_from_uniform(uniform: bytes) -> bytes:
    """64 uniform bytes modulo the group order; zero is possible and left to the caller."""
    return sodium.scalar_reduce(uniform)


def scalar_random() -> bytes:
    """A uniform scalar other than zero, from the system's random source."""
    return sodium.scalar_random()


def scalar_multiply(left: bytes, right: bytes) -> bytes:
    """left · right modulo the group order."""
    require_scalar(left)
    require_scalar(right)
    return sodium.scalar_mul(left, right)


def scalar_subtract(left: bytes, right: bytes) -> bytes:
    """left - right modulo the group order; zero when they are equal."""
    require_scalar(left)
    require_scalar(right)
    return sodium.scalar_sub(left, right)


def scalar_invert(scalar: bytes) -> bytes:
    """1 / scalar modulo the group order."""
    return scalar_invert_each([scalar])[0]


def scalar_invert_each(scalars: Sequence[bytes]) -> list[bytes]:
    """1 / scalar for each, with one inversion and three products a scalar (Montgomery's trick)."""
    for scalar in scalars:
        require_scalar(scalar)
    products = list(accumulate(scalars, sodium.scalar_mul))
    if not products:
        return []
    inverse = sodium.scalar_invert(products[-1])
    if inverse is None:  # only for zero, which no factor is
        raise _bad_scalar()
    inverses = []
    for scalar, before in zip(reversed(scalars), [*products[-2::-1], None], strict=True):
        inverses.append(inverse if before is None else sodium.scalar_mul(inverse, before))
        inverse = sodium.scalar_mul(inverse, scalar)
    return inverses[::-1]
