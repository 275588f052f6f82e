"""What the key holder answers to each question: look at it, count it, then compute."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry import base64url
from registry.clock import Clock
from registry.errors import Conflict, Invalid
from registry.identity import draw, group, tags, voprf
from registry.identity.voprf import KeyPair
from registry.keys.holder import MAX_ELEMENTS, key_id
from registry.keys.tickets import TICKET_SECONDS, TICKET_TYPE
from registry.signing import claims, jws

from .counters import Counters
from .keyfile import Keys
from .matches import Matches
from .succession import Succession

_ELEMENT = claims.encoded(group.SIZE)
_QUESTIONS: dict[str, dict[str, claims.Rule]] = {
    "public": {},
    "evaluate": {
        "member": claims.identifier(),
        "account": claims.identifier(),
        "elements": claims.LIST,
        "key_id": claims.identifier(16),
    },
    "match_begin": {"sealed_tag": claims.encoded(tags.SEALED_SIZE)},
    "match_finish": {"match_id": claims.identifier(), "x": _ELEMENT, "z": _ELEMENT},
    "draw": {"case": claims.identifier(), "message": claims.encoded(draw.HASH_SIZE)},
    "rotation_begin": {},
    "move": {"tags": claims.LIST},
    "move_sealed": {"sealed": claims.LIST},
    "open_sealed": {"sealed": claims.LIST},
}
_OPTIONAL = frozenset({"key_id"})


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What may be asked in a UTC day: elements of one member, elements of all, case matches of one tag.

    Every match is one guess at a number; the web node's own limit is tighter.
    """

    member: int
    overall: int
    matches: int


class KeyHolder:
    """Keys, counters and open matches behind one method. Safe for many threads."""

    def __init__(
        self, keys: Keys, succession: Succession, counters: Counters, ceilings: Ceilings, clock: Clock
    ) -> None:
        self._keys = keys
        self._succession = succession
        self._public_keys = keys.public
        self._counters = counters
        self._ceilings = ceilings
        self._clock = clock
        self._matches = Matches()
        self._answers: dict[str, Callable[[dict[str, Any]], dict[str, object]]] = {
            "public": self._public,
            "evaluate": self._evaluate,
            "match_begin": self._match_begin,
            "match_finish": self._match_finish,
            "draw": self._draw,
            "rotation_begin": self._rotation_begin,
            "move": self._move,
            "move_sealed": self._move_sealed,
            "open_sealed": self._open_sealed,
        }

    def answer(self, request: object) -> dict[str, object]:
        """The answer to a decoded line; raises what it refuses."""
        question = request.get("ask") if isinstance(request, dict) else None
        if not isinstance(request, dict) or not isinstance(question, str) or question not in _QUESTIONS:
            raise Invalid(f"The question must ask one of {', '.join(_QUESTIONS)}.", field="ask")
        parameters = {name: value for name, value in request.items() if name != "ask"}
        claims.verify_claims(parameters, _QUESTIONS[question], optional=_OPTIONAL)
        return self._answers[question](parameters)

    def _public(self, _: Mapping[str, Any]) -> dict[str, object]:
        keys = self._public_keys
        return {
            "key_id": keys.key_id,
            "public": base64url.encode(keys.public),
            "draw_public": base64url.encode(keys.draw_public),
            "ticket_public": base64url.encode(keys.ticket_public),
            "sealing_public": base64url.encode(keys.sealing_public),
        }

    def _evaluate(self, asked: Mapping[str, Any]) -> dict[str, object]:
        elements = _elements(asked["elements"], "elements")
        pair = self._named(asked.get("key_id", self._public_keys.key_id))
        now = self._clock()
        budgets = {f"member:{asked['member']}": self._ceilings.member, "overall": self._ceilings.overall}
        self._counters.require(budgets, units=len(elements), now=now)
        evaluated = _evaluated(pair, elements)
        self._counters.spend(budgets, units=len(elements), now=now)  # nothing is handed out before
        return {
            "key_id": key_id(pair.public),
            "elements": [base64url.encode(element) for element in evaluated.elements],
            "proof": base64url.encode(evaluated.proof),
            "ticket": self._ticket(asked["member"], asked["account"], len(elements), key_id(pair.public), now),
        }

    def _named(self, wanted: str) -> KeyPair:
        for pair in self._succession.pairs:
            if key_id(pair.public) == wanted:
                return pair
        raise Conflict("key_id must be a key that this holder has.", field="key_id", code="key-outdated")

    def _ticket(self, member: str, account: str, count: int, under: str, now: datetime) -> str:
        issued = int(now.timestamp())
        statement = {
            "jti": secrets.token_urlsafe(16),
            "member": member,
            "account": account,
            "count": count,
            "key_id": under,
            "iat": issued,
            "exp": issued + TICKET_SECONDS,
        }
        return jws.sign(statement, typ=TICKET_TYPE, key=self._keys.ticket)

    def _match_begin(self, asked: Mapping[str, Any]) -> dict[str, object]:
        sealed = base64url.decode(asked["sealed_tag"], field="sealed_tag")
        tag = tags.open_tag(self._keys.sealing.private_bytes_raw(), sealed)
        now = self._clock()
        self._counters.spend({self._match_budget(tag): self._ceilings.matches}, units=1, now=now)
        challenge = tags.challenge_match(tag)
        return {
            "match_id": self._matches.keep(challenge.secret, now),
            "m": base64url.encode(challenge.element),
        }

    def _match_budget(self, tag: bytes) -> str:
        # Keyed, so that the counters tell nobody whose case was tried.
        digest = hmac.digest(self._keys.identity.private, b"zilu/match-budget/v1" + tag, "sha256")
        return f"match:{digest.hex()}"

    def _match_finish(self, asked: Mapping[str, Any]) -> dict[str, object]:
        secret = self._matches.take(asked["match_id"], self._clock())
        x, z = (base64url.decode(asked[name], field=name) for name in ("x", "z"))
        answer = tags.Answer(x, z)  # the tag is under one of the keys, and nobody has to say which
        return {"matched": any(tags.is_match(pair.private, secret, answer) for pair in self._succession.pairs)}

    def _draw(self, asked: Mapping[str, Any]) -> dict[str, object]:
        message = base64url.decode(asked["message"], field="message")
        drawn = self._counters.draw_once(asked["case"], message, lambda m: draw.draw(self._keys.draw, m))
        return {"v": base64url.encode(drawn.v), "proof": base64url.encode(drawn.proof)}

    def _rotation_begin(self, _: Mapping[str, Any]) -> dict[str, object]:
        following = self._succession.begin()
        ratio = self._succession.ratio()
        return {"public": base64url.encode(following.public), "ratio_public": base64url.encode(ratio.public)}

    def _move(self, asked: Mapping[str, Any]) -> dict[str, object]:
        moved, proof = self._succession.move(_elements(asked["tags"], "tags"))
        return {"tags": _encoded(moved), "proof": base64url.encode(proof)}

    def _move_sealed(self, asked: Mapping[str, Any]) -> dict[str, object]:
        opened = self._opened(asked["sealed"])
        moved, proof = self._succession.move([tag for found in opened for tag in found])
        rest = iter(moved)
        parts = [[next(rest) for _ in found] for found in opened]
        sealed = [tags.seal_tags(self._public_keys.sealing_public, part) for part in parts]
        return {
            "tags": [_encoded(found) for found in opened],
            "moved": [_encoded(part) for part in parts],
            "sealed": _encoded(sealed),
            "proof": base64url.encode(proof),
        }

    def _open_sealed(self, asked: Mapping[str, Any]) -> dict[str, object]:
        self._succession.require()
        return {"tags": [_encoded(found) for found in self._opened(asked["sealed"])]}

    def _opened(self, texts: list[object]) -> list[list[bytes]]:
        if len(texts) > MAX_ELEMENTS:
            raise _wrong_count("sealed")
        private = self._keys.sealing.private_bytes_raw()
        opened = [tags.open_tags(private, _decoded(text, "sealed", None)) for text in texts]
        if not 1 <= sum(map(len, opened)) <= MAX_ELEMENTS:
            raise _wrong_count("sealed")
        return opened


def _elements(texts: list[object], name: str) -> list[bytes]:
    if not 1 <= len(texts) <= MAX_ELEMENTS:
        raise _wrong_count(name)
    return [_decoded(text, name, group.SIZE) for text in texts]


def _evaluated(pair: KeyPair, elements: list[bytes]) -> voprf.Evaluated:
    """Invalid for what is no element. To look at each before would be a tenth of the work once more."""
    try:
        return voprf.blind_evaluate_batch(pair, elements)
    except Invalid:
        raise Invalid(
            "elements must each be a canonical ristretto255 element, not the identity", field="elements"
        ) from None


def _wrong_count(name: str) -> Invalid:
    return Invalid(f"A batch must have 1 to {MAX_ELEMENTS} {name}.", field=name)


def _decoded(text: object, name: str, size: int | None) -> bytes:
    return base64url.decode(text if isinstance(text, str) else "", field=name, size=size)


def _encoded(parts: Iterable[bytes]) -> list[str]:
    return [base64url.encode(part) for part in parts]
