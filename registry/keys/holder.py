"""Client of the key holder, the process that alone has the identity key. One JSON object a line, over its socket:

    → {"ask": "public"}
    ← {"answer": {"key_id", "public", "draw_public", "ticket_public", "sealing_public"}}
    → {"ask": "evaluate", "member", "account", "elements": [base64url of 32 bytes, 1 to 1000], "key_id" or none}
    ← {"answer": {"key_id", "elements", "proof", "ticket"}}
    → {"ask": "match_begin", "sealed_tag"}             ← {"answer": {"match_id", "m"}}
    → {"ask": "match_finish", "match_id", "x", "z"}    ← {"answer": {"matched"}}
    → {"ask": "draw", "case", "message"}               ← {"answer": {"v", "proof"}}
    → {"ask": "rotation_begin"}                        ← {"answer": {"public", "ratio_public"}}
    → {"ask": "move", "tags": […]}                     ← {"answer": {"tags": […], "proof"}}
    → {"ask": "move_sealed", "sealed": […]}            ← {"answer": {"tags": [[…]…], "moved", "sealed", "proof"}}
    → {"ask": "open_sealed", "sealed": […]}            ← {"answer": {"tags": [[…]…]}}
    ← {"error": {"kind", "code", "message", "field", "retry_after"}}       in place of any answer

A line has at most 1 MiB. An error is raised here as the class it was there. Nothing is asked twice: after an
Unavailable the holder may or may not have counted the elements.
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from registry import base64url
from registry.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
    ZiluError,
)
from registry.identity import group
from registry.identity.draw import Drawn
from registry.identity.voprf import PROOF_SIZE
from registry.keys.tls import Way

MAX_LINE = 1 << 20
MAX_ELEMENTS = 1000
RETRY_AFTER = 5
_DISTRUST = "The key holder and this side do not take each other's certificate; look at keyholder.tls on both."

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HolderKeys:
    """The holder's public keys, 32 bytes each: ristretto255 twice, Ed25519, X25519."""

    key_id: str
    public: bytes
    draw_public: bytes
    ticket_public: bytes
    sealing_public: bytes


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluated element for each that was sent, the proof for all (64 bytes), and the ticket for checks."""

    elements: tuple[bytes, ...]
    proof: bytes
    ticket: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """An open case match, good for one answer within ten minutes: its id, and M for the person's browser."""

    id: str
    m: bytes


@dataclass(frozen=True, slots=True)
class Successor:
    """The public side of the next key k' and of the ratio k'/k. The ratio itself exists in the holder's memory only."""

    public: bytes
    ratio_public: bytes


@dataclass(frozen=True, slots=True)
class Moved:
    """For each seal its tags, the same under the next key, and those sealed again; one proof for (pk, pk') and all."""

    tags: tuple[tuple[bytes, ...], ...] = field(repr=False)
    moved: tuple[tuple[bytes, ...], ...] = field(repr=False)
    sealed: tuple[bytes, ...]
    proof: bytes


def key_id(public: bytes) -> str:
    """The name of an identity key: the first 16 hexadecimal digits of SHA-256 of the public key."""
    return hashlib.sha256(public).hexdigest()[:16]


class Holder:
    """The key holder behind a Unix socket, or mutual TLS. Any method may raise Unavailable; every call has its own
    connection."""

    def __init__(self, way: Path | Way, *, timeout: float = 10.0) -> None:
        self._way = way
        self._timeout = timeout
        self._keys: HolderKeys | None = None

    def public(self) -> HolderKeys:
        """The public keys, asked for once."""
        if self._keys is None:
            answer = self._ask("public")
            names = ("public", "draw_public", "ticket_public", "sealing_public")
            self._keys = HolderKeys(answer.text("key_id"), *(answer.decoded(name, group.SIZE) for name in names))
        return self._keys

    def evaluate(
        self, *, member: str, account: str, elements: Sequence[bytes], key_id: str | None = None
    ) -> Evaluation:
        """Evaluate 1 to 1,000 blinded elements (32 bytes) at the cost of as many units of the member's day.

        `key_id` names the key while there are two; without it the older one is meant.

        Raises Invalid for an element that is none, before anything is counted, and TooMany for a batch that does
        not fit the day's ceiling, which is refused whole.
        """
        sent = [base64url.encode(element) for element in elements]
        which = {} if key_id is None else {"key_id": key_id}
        answer = self._ask("evaluate", member=member, account=account, elements=sent, **which)
        return Evaluation(
            elements=answer.decoded_list("elements", len(elements)),
            proof=answer.decoded("proof", PROOF_SIZE),
            ticket=answer.text("ticket"),
            key_id=answer.text("key_id"),
        )

    def begin_match(self, sealed_tag: bytes) -> Challenge:
        """Challenge whoever says to be the person of this tag. TooMany beyond the day's ceiling of one tag."""
        answer = self._ask("match_begin", sealed_tag=base64url.encode(sealed_tag))
        return Challenge(answer.text("match_id"), answer.decoded("m", group.SIZE))

    def finish_match(self, *, match_id: str, x: bytes, z: bytes) -> bool:
        """Whether the answer is right; whatever it says, the match is over. NotFound when there is none open."""
        answer = self._ask("match_finish", match_id=match_id, x=base64url.encode(x), z=base64url.encode(z))
        return answer.flag("matched")

    def draw(self, *, case: str, message: bytes) -> Drawn:
        """V and its proof for the 32-byte m of this case. Conflict for a second m of one case, for ever."""
        answer = self._ask("draw", case=case, message=base64url.encode(message))
        return Drawn(answer.decoded("v", group.SIZE), answer.decoded("proof", PROOF_SIZE))

    def begin_rotation(self) -> Successor:
        """Have the next key made, if it is not there yet; the same one until the older key is retired."""
        answer = self._ask("rotation_begin")
        return Successor(answer.decoded("public", group.SIZE), answer.decoded("ratio_public", group.SIZE))

    def move(self, found: Sequence[bytes]) -> list[bytes]:
        """Tags of the older key as they are under the next one. Conflict when there is no next key."""
        answer = self._ask("move", tags=[base64url.encode(tag) for tag in found])
        return list(answer.decoded_list("tags", len(found)))

    def move_sealed(self, sealed: Sequence[bytes]) -> Moved:
        """Open what is sealed to the holder, up to 1,000 tags in all, and move it; Conflict without a next key."""
        answer = self._ask("move_sealed", sealed=[base64url.encode(one) for one in sealed])
        return Moved(
            tags=answer.decoded_lists("tags", len(sealed)),
            moved=answer.decoded_lists("moved", len(sealed)),
            sealed=answer.decoded_blobs("sealed", len(sealed)),
            proof=answer.decoded("proof", PROOF_SIZE),
        )

    def open_sealed(self, sealed: Sequence[bytes]) -> tuple[tuple[bytes, ...], ...]:
        """The tags in each seal, while a rotation goes on: for whoever verifies it. Conflict without a next key."""
        answer = self._ask("open_sealed", sealed=[base64url.encode(one) for one in sealed])
        return answer.decoded_lists("tags", len(sealed))

    def _ask(self, what: str, **parameters: object) -> _Fields:
        line = json.dumps({"ask": what, **parameters}).encode() + b"\n"
        if len(line) > MAX_LINE:
            raise Invalid("A batch must have at most {most} elements.", field="elements", most=MAX_ELEMENTS)
        try:
            reply = json.loads(self._exchange(line))
        except ssl.SSLError:
            raise _unavailable(_DISTRUST) from None
        except (OSError, ValueError, RecursionError):
            raise _unavailable() from None
        if isinstance(reply, dict) and isinstance(reply.get("error"), dict):
            raise revive(reply["error"])
        if not isinstance(reply, dict) or not isinstance(reply.get("answer"), dict):
            raise _unavailable()
        return _Fields(reply["answer"])

    def _exchange(self, line: bytes) -> bytes:
        with self._connected() as connection:
            connection.sendall(line)
            with connection.makefile("rb") as stream:
                reply = stream.readline(MAX_LINE)
        if not reply.endswith(b"\n"):
            raise ValueError("cut short")
        return reply

    def _connected(self) -> socket.socket:
        if isinstance(self._way, Way):
            return self._way.connect(self._timeout)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._timeout)
            connection.connect(str(self._way))
        except OSError:
            connection.close()
            raise
        return connection


class _Fields:
    """An answer's fields by type; the holder is out of order when one is missing or of another type."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        return self._typed(name, str)

    def flag(self, name: str) -> bool:
        return self._typed(name, bool)

    def decoded(self, name: str, size: int) -> bytes:
        return _decoded(self.text(name), size)

    def decoded_list(self, name: str, count: int) -> tuple[bytes, ...]:
        return tuple(_decoded(text, group.SIZE) for text in self._listed(name, count))

    def decoded_lists(self, name: str, count: int) -> tuple[tuple[bytes, ...], ...]:
        lists = self._listed(name, count)
        if not all(isinstance(each, list) for each in lists):
            raise _unavailable()
        return tuple(tuple(_decoded(text, group.SIZE) for text in each) for each in lists)

    def decoded_blobs(self, name: str, count: int) -> tuple[bytes, ...]:
        return tuple(_decoded(text, None) for text in self._listed(name, count))

    def _listed(self, name: str, count: int) -> list[Any]:
        found: list[Any] = self._typed(name, list)
        if len(found) != count:
            raise _unavailable()
        return found

    def _typed(self, name: str, wanted: type[_T]) -> _T:
        value = self._fields.get(name)
        if not isinstance(value, wanted):
            raise _unavailable()
        return value


def _decoded(text: object, size: int | None) -> bytes:
    try:
        return base64url.decode(text if isinstance(text, str) else "", field="answer", size=size)
    except Invalid:
        raise _unavailable() from None


def _unavailable(why: str = "The key holder does not answer; try again soon.") -> Unavailable:
    return Unavailable(why, retry_after=RETRY_AFTER)


# Errors on the wire: the holder describes what it refused, the client raises the same again.

_KINDS: dict[str, type[ZiluError]] = {
    kind.__name__: kind for kind in (Invalid, Unauthenticated, Forbidden, NotFound, Conflict)
}
_LATER: dict[str, type[TooMany] | type[Unavailable]] = {"TooMany": TooMany, "Unavailable": Unavailable}


def describe(error: ZiluError) -> dict[str, object]:
    """The JSON object of an error."""
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "field": error.field,
        "retry_after": getattr(error, "retry_after", None),
    }


def revive(described: dict[str, Any]) -> ZiluError:
    """The error that `describe` described; Unavailable when the object is none of them."""
    kind, message = described.get("kind"), described.get("message")
    field, code, retry_after = (described.get(name) for name in ("field", "code", "retry_after"))
    if not isinstance(message, str):
        return _unavailable()
    if kind in _LATER and isinstance(retry_after, int):
        return _LATER[kind](message, field=field, retry_after=retry_after)
    if kind in _KINDS:
        return _KINDS[kind](message, field=field, code=code)
    return _unavailable()
