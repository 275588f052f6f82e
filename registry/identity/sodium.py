"""The few functions of libsodium (1.0.18 or later) that Zilu needs, through ctypes.

libsodium reads and writes fixed sizes whatever it is given, so every length is checked here before the call
and every call has an output buffer of its own. The interpreter lock is released while libsodium works.
A wrong length is a fault of the caller (ValueError); `group` says it in the words of its own callers.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import warnings
from collections.abc import Callable
from pathlib import Path

BYTES = 32
"""Size of a scalar and of an encoded element."""

WIDE = 64
"""Size of the uniform bytes that are mapped to a scalar or an element."""

_Out = ctypes.c_char * BYTES


def load() -> ctypes.CDLL:
    """The system's libsodium, else the copy in the `rbcl` wheel. OSError when it does not start."""
    name = ctypes.util.find_library("sodium")
    library = ctypes.CDLL(name) if name else bundled()
    if library.sodium_init() < 0:
        raise OSError("libsodium could not be initialised")
    return library


def bundled() -> ctypes.CDLL:
    """The copy in the `rbcl` wheel. Imported only when needed: that writes 3 MB into the temporary folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it drops an open temporary file
        wheel = importlib.import_module("rbcl._sodium")
    Path(wheel.lib_path).unlink(missing_ok=True)  # it is loaded, and nobody else would remove it
    library: ctypes.CDLL = wheel._sodium
    return library


_library = load()


def _bind(name: str, pointers: int, result: type[ctypes.c_int] | None) -> Callable[..., int]:
    function = getattr(_library, name)
    function.argtypes = [ctypes.c_char_p] * pointers
    function.restype = result
    bound: Callable[..., int] = function
    return bound


_scalarmult = _bind("crypto_scalarmult_ristretto255", 3, ctypes.c_int)
_scalarmult_base = _bind("crypto_scalarmult_ristretto255_base", 2, ctypes.c_int)
_add = _bind("crypto_core_ristretto255_add", 3, ctypes.c_int)
_from_hash = _bind("crypto_core_ristretto255_from_hash", 2, ctypes.c_int)
_is_valid_point = _bind("crypto_core_ristretto255_is_valid_point", 1, ctypes.c_int)
_scalar_random = _bind("crypto_core_ristretto255_scalar_random", 1, None)
_scalar_reduce = _bind("crypto_core_ristretto255_scalar_reduce", 2, None)
_scalar_invert = _bind("crypto_core_ristretto255_scalar_invert", 2, ctypes.c_int)
_scalar_mul = _bind("crypto_core_ristretto255_scalar_mul", 3, None)
_scalar_sub = _bind("crypto_core_ristretto255_scalar_sub", 3, None)


def _need(size: int, *values: bytes) -> None:
    for value in values:
        if len(value) != size:
            raise ValueError(f"libsodium needs {size} bytes here")


def scalarmult(scalar: bytes, element: bytes) -> bytes | None:
    """The product; None for an encoding that is not canonical, and when the product is the identity."""
    if len(scalar) != BYTES or len(element) != BYTES:  # the hot path: no call for the check
        raise ValueError("libsodium needs 32 bytes here")
    out = _Out()
    return None if _scalarmult(out, scalar, element) else out.raw


def scalarmult_base(scalar: bytes) -> bytes | None:
    """The product with the generator; None when it is the identity."""
    _need(BYTES, scalar)
    out = _Out()
    return None if _scalarmult_base(out, scalar) else out.raw


def add(left: bytes, right: bytes) -> bytes | None:
    """The sum; None when an encoding is not canonical. The identity is not refused here."""
    _need(BYTES, left, right)
    out = _Out()
    return None if _add(out, left, right) else out.raw


def from_hash(uniform: bytes) -> bytes:
    """The element that 64 uniform bytes map to (RFC 9496, section 4.3.4)."""
    _need(WIDE, uniform)
    out = _Out()
    _from_hash(out, uniform)
    return out.raw


def is_valid_point(element: bytes) -> bool:
    """Whether the encoding is canonical. The identity is not refused here."""
    _need(BYTES, element)
    return bool(_is_valid_point(element))


def scalar_random() -> bytes:
    """A uniform scalar, never zero."""
    out = _Out()
    _scalar_random(out)
    return out.raw


def scalar_reduce(wide: bytes) -> bytes:
    """A 64-byte little-endian number modulo the group order."""
    _need(WIDE, wide)
    out = _Out()
    _scalar_reduce(out, wide)
    return out.raw


def scalar_invert(scalar: bytes) -> bytes | None:
    """The reciprocal; None for zero."""
    _need(BYTES, scalar)
    out = _Out()
    return None if _scalar_invert(out, scalar) else out.raw


def scalar_mul(left: bytes, right: bytes) -> bytes:
    """The product modulo the group order."""
    _need(BYTES, left, right)
    out = _Out()
    _scalar_mul(out, left, right)
    return out.raw


def scalar_sub(left: bytes, right: bytes) -> bytes:
    """The difference modulo the group order."""
    _need(BYTES, left, right)
    out = _Out()
    _scalar_sub(out, left, right)
    return out.raw
