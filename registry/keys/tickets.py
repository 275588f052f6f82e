"""The ticket: the key holder's word that an account has had so many elements evaluated. A check consumes it.

typ     ticket+jwt
payload {"jti", "member", "account", "count", "key_id", "iat", "exp": 15 minutes later}
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from registry.errors import Invalid
from registry.keys.holder import MAX_ELEMENTS, HolderKeys
from registry.signing import claims, jws
from registry.signing.keys import from_raw, thumbprint

TICKET_TYPE = "ticket+jwt"
TICKET_SECONDS = 15 * 60

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
class Ticket:
    """What a check consumes: `count` evaluated elements of this account, until `expires`."""

    jti: str
    member: str
    account: str
    count: int
    key_id: str
    issued: datetime
    expires: datetime


def verify_ticket(token: str, keys: HolderKeys, now: datetime, *, former: str | None = None) -> Ticket:
    """The ticket that this key holder gave with an evaluation under its present key, if it is still good.

    One under the key `former` is good as well: whoever had it when the key was rotated may still use it up.

    Raises Invalid (field "ticket") with the code ticket-expired, or ticket-wrong for every other fault. That a
    ticket is spent once only is for the caller to keep, by `jti`.
    """
    payload = _ticket_payload(token, keys)
    if payload["key_id"] not in (keys.key_id, former):
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
