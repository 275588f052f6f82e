"""What the key holder answers to each question: look at it, count it, then compute."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry import base64url
from registry.clock import Clock
from registry.errors import Invalid
from registry.identity import draw, group, tags, voprf
from registry.keys.holder import MAX_ELEMENTS, TICKET_SECONDS, TICKET_TYPE
from registry.signing import claims, jws

from .counters import Counters
from .keyfile import Keys
from .matches import Matches

_ELEMENT = claims.encoded(group.SIZE)
_QUESTIONS: dict[str, dict[str, claims.Rule]] = {
    "public": {},
    "evaluate": {"member": claims.identifier(), "account": claims.identifier(), "elements": claims.LIST},
    "match_begin": {"sealed_tag": claims.encoded(tags.SEALED_SIZE)},
    "match_finish": {"match_id": claims.identifier(), "x": _ELEMENT, "z": _ELEMENT},
    "draw": {"case": claims.identifier(), "message": claims.encoded(draw.HASH_SIZE)},
}


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

    def __init__(self, keys: Keys, counters: Counters, ceilings: Ceilings, clock: Clock) -> None:
        self._keys = keys
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
        }

    def answer(self, request: object) -> dict[str, object]:
        """The answer to a decoded line; raises what it refuses."""
        question = request.get("ask") if isinstance(request, dict) else None
        if not isinstance(request, dict) or not isinstance(question, str) or question not in _QUESTIONS:
            raise Invalid(f"The question must ask one of {', '.join(_QUESTIONS)}.", field="ask")
        parameters = {name: value for name, value in request.items() if name != "ask"}
        claims.verify_claims(parameters, _QUESTIONS[question])
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
        elements = _elements(asked["elements"])
        now = self._clock()
        budgets = {f"member:{asked['member']}": self._ceilings.member, "overall": self._ceilings.overall}
        self._counters.spend(budgets, units=len(elements), now=now)
        evaluated = voprf.blind_evaluate_batch(self._keys.identity, elements)
        return {
            "key_id": self._public_keys.key_id,
            "elements": [base64url.encode(element) for element in evaluated.elements],
            "proof": base64url.encode(evaluated.proof),
            "ticket": self._ticket(asked["member"], asked["account"], len(elements), now),
        }

    def _ticket(self, member: str, account: str, count: int, now: datetime) -> str:
        issued = int(now.timestamp())
        statement = {
            "jti": secrets.token_urlsafe(16),
            "member": member,
            "account": account,
            "count": count,
            "key_id": self._public_keys.key_id,
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
        return {"matched": tags.is_match(self._keys.identity.private, secret, tags.Answer(x, z))}

    def _draw(self, asked: Mapping[str, Any]) -> dict[str, object]:
        message = base64url.decode(asked["message"], field="message")
        drawn = self._counters.draw_once(asked["case"], message, lambda m: draw.draw(self._keys.draw, m))
        return {"v": base64url.encode(drawn.v), "proof": base64url.encode(drawn.proof)}


def _elements(texts: list[object]) -> list[bytes]:
    if not 1 <= len(texts) <= MAX_ELEMENTS:
        raise Invalid(f"A batch must have 1 to {MAX_ELEMENTS} elements.", field="elements")
    elements = [_element(text) for text in texts]
    for element in elements:  # before anything is counted: what is refused costs nothing
        group.require_element(element)
    return elements


def _element(text: object) -> bytes:
    return base64url.decode(text if isinstance(text, str) else "", field="elements", size=group.SIZE)
