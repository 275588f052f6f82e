"""Client of the key holder, the process that alone has the identity key. One JSON object a line, over its socket:

    → {"ask": "public"}
    ← {"answer": {"key_id", "public", "draw_public", "ticket_public", "sealing_public"}}
    → {"ask": "evaluate", "member", "account", "elements": [base64url of 32 bytes, 1 to 1000]}
    ← {"answer": {"key_id", "elements", "proof", "ticket"}}
    → {"ask": "match_begin", "sealed_tag"}             ← {"answer": {"match_id", "m"}}
    → {"ask": "match_finish", "match_id", "x", "z"}    ← {"answer": {"matched"}}
    → {"ask": "draw", "case", "message"}               ← {"answer": {"v", "proof"}}
    ← {"error": {"kind", "code", "message", "field", "retry_after"}}       in place of any answer

A line has at most 1 MiB. An error is raised here as the class it was there. Nothing is asked twice: after an
Unavailable the holder may or may not have counted the elements.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
from registry.signing import claims, jws
from registry.signing.keys import from_raw, thumbprint

MAX_LINE = 1 << 20
MAX_ELEMENTS = 1000
TICKET_TYPE = "ticket+jwt"
TICKET_SECONDS = 15 * 60
RETRY_AFTER = 5

_T = TypeVar("_T")

_TICKET_RULES = {
    "jti": claims.identifier(),
    "member": claims.identifier(),
    "account": claims.identifier(),
    "count": claims.whole(1, MAX_ELEMENTS),
    "key_id": claims.identifier(16),
    "iat": claims.SECONDS,
    "exp": claims.SECONDS,
}


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
class Ticket:
    """What a check consumes: `count` evaluated elements of this account, until `expires`."""

    jti: str
    member: str
    account: str
    count: int
    key_id: str
    issued: datetime
    expires: datetime


def key_id(public: bytes) -> str:
    """The name of an identity key: the first 16 hexadecimal digits of SHA-256 of the public key."""
    return hashlib.sha256(public).hexdigest()[:16]


class Holder:
    """The key holder behind a Unix socket. Any method may raise Unavailable; every call has its own connection."""

    def __init__(self, path: Path, *, timeout: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout
        self._keys: HolderKeys | None = None

    def public(self) -> HolderKeys:
        """The public keys, asked for once."""
        if self._keys is None:
            answer = self._ask("public")
            names = ("public", "draw_public", "ticket_public", "sealing_public")
            self._keys = HolderKeys(answer.text("key_id"), *(answer.decoded(name, group.SIZE) for name in names))
        return self._keys

    def evaluate(self, *, member: str, account: str, elements: Sequence[bytes]) -> Evaluation:
        """Evaluate 1 to 1,000 blinded elements (32 bytes) at the cost of as many units of the member's day.

        Raises Invalid for an element that is none, before anything is counted, and TooMany for a batch that does
        not fit the day's ceiling, which is refused whole.
        """
        sent = [base64url.encode(element) for element in elements]
        answer = self._ask("evaluate", member=member, account=account, elements=sent)
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

    def _ask(self, what: str, **parameters: object) -> _Fields:
        line = json.dumps({"ask": what, **parameters}).encode() + b"\n"
        if len(line) > MAX_LINE:
            raise Invalid(f"A batch must have at most {MAX_ELEMENTS} elements.", field="elements")
        try:
            reply = json.loads(self._exchange(line))
        except (OSError, ValueError, RecursionError):
            raise _unavailable() from None
        if isinstance(reply, dict) and isinstance(reply.get("error"), dict):
            raise revive(reply["error"])
        if not isinstance(reply, dict) or not isinstance(reply.get("answer"), dict):
            raise _unavailable()
        return _Fields(reply["answer"])

    def _exchange(self, line: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(self._timeout)
            connection.connect(str(self._path))
            connection.sendall(line)
            with connection.makefile("rb") as stream:
                reply = stream.readline(MAX_LINE)
        if not reply.endswith(b"\n"):
            raise ValueError("cut short")
        return reply


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
        texts: list[object] = self._typed(name, list)
        if len(texts) != count:
            raise _unavailable()
        return tuple(_decoded(text, group.SIZE) for text in texts)

    def _typed(self, name: str, wanted: type[_T]) -> _T:
        value = self._fields.get(name)
        if not isinstance(value, wanted):
            raise _unavailable()
        return value


def _decoded(text: object, size: int) -> bytes:
    try:
        return base64url.decode(text if isinstance(text, str) else "", field="answer", size=size)
    except Invalid:
        raise _unavailable() from None


def _unavailable() -> Unavailable:
    return Unavailable("The key holder does not answer; try again soon.", retry_after=RETRY_AFTER)


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


def verify_ticket(token: str, keys: HolderKeys, now: datetime) -> Ticket:
    """The ticket that this key holder gave with an evaluation under its present key, if it is still good.

    Raises Invalid (field "ticket") with the code ticket-expired, or ticket-wrong for every other fault. That a
    ticket is spent once only is for the caller to keep, by `jti`.
    """
    payload = _ticket_payload(token, keys)
    if payload["key_id"] != keys.key_id:
        raise _wrong_ticket()
    issued, expires = (datetime.fromtimestamp(payload[name], UTC) for name in ("iat", "exp"))
    if now >= expires:
        raise Invalid("The ticket has expired; evaluate the elements again.", field="ticket", code="ticket-expired")
    named = {name: payload[name] for name in ("jti", "member", "account", "count", "key_id")}
    return Ticket(**named, issued=issued, expires=expires)


def _ticket_payload(token: str, keys: HolderKeys) -> dict[str, Any]:
    key = from_raw(keys.ticket_public)
    try:
        statement = jws.verify(token, typ=TICKET_TYPE, key_for={thumbprint(key): key}.__getitem__)
        claims.verify_claims(statement.payload, _TICKET_RULES)
    except Invalid:
        raise _wrong_ticket() from None
    return statement.payload


def _wrong_ticket() -> Invalid:
    return Invalid(
        "The ticket must be one that came with an evaluation under the present key.",
        field="ticket",
        code="ticket-wrong",
    )
