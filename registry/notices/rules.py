"""Letters, codes and the outbox, as rules: what can happen to a letter, what a code is, when a message is tried again.

(none) ─draft→ drafted ─print→ printed ─serve→ served ─replace→ replaced
                  └─cancel→ cancelled  └─return→ returned                     the last three: its code is dead
"""

from __future__ import annotations

import enum
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from registry import policy
from registry.errors import Invalid


class State(enum.StrEnum):
    DRAFTED = "drafted"
    PRINTED = "printed"
    SERVED = "served"
    RETURNED = "returned"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


class Verb(enum.StrEnum):
    DRAFT = "draft"
    PRINT = "print"
    SERVE = "serve"
    RETURN = "return"
    REPLACE = "replace"
    CANCEL = "cancel"


NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.DRAFT): State.DRAFTED,
        (State.DRAFTED, Verb.PRINT): State.PRINTED,
        (State.DRAFTED, Verb.CANCEL): State.CANCELLED,
        (State.PRINTED, Verb.SERVE): State.SERVED,
        (State.PRINTED, Verb.RETURN): State.RETURNED,
        (State.SERVED, Verb.REPLACE): State.REPLACED,
    }
)
READABLE: Final = frozenset({State.DRAFTED, State.PRINTED})  # by the clerk; once served it is the person's alone
# Somebody may have the letter in hand before the clerk has recorded its service.
CODE_LIVES: Final = frozenset({State.PRINTED, State.SERVED})


class Channel(enum.StrEnum):
    """How a message leaves the outbox."""

    WEBHOOK = "webhook"
    MAIL = "mail"
    SMS = "sms"
    POST = "post"  # a clerk prints it and takes it to the post


BY_ITSELF: Final = frozenset({Channel.WEBHOOK, Channel.MAIL, Channel.SMS})


class Route(enum.StrEnum):
    """A channel on which the person was tried. Mail and SMS say only that a letter waits."""

    POST = "post"
    IN_PERSON = "in-person"
    MAIL = "mail"
    SMS = "sms"


def is_tried(routes: Iterable[Route]) -> bool:
    """Whether enough channels were tried, the letter itself having gone out on one of them at least."""
    tried = set(routes)
    return len(tried) >= policy.CHANNELS and bool(tried & {Route.POST, Route.IN_PERSON})


class Delivery(enum.StrEnum):
    """How a letter was served. Each leaves proof that it reached the person."""

    REGISTERED_POST = "registered-post"
    IN_PERSON = "in-person"
    ELECTRONIC = "electronic"  # to an address that the person gave for this


PROOF_LENGTH: Final = 300  # characters: number of the receipt, who signed it
MATCH_LIFE: Final = timedelta(minutes=10)  # as long as the key holder keeps a challenge
SUBJECT_SESSION_LIFE: Final = timedelta(hours=1)


def verify_service(on: datetime, *, printed_at: datetime, now: datetime) -> None:
    """Raise Invalid for a service before the letter existed, which would shorten the window, or in the future."""
    if on > now:
        raise Invalid("on must not be in the future; record the service once it has happened", field="on")
    if on < printed_at:
        raise Invalid("on must not be before the letter was printed", field="on")


# Codes. Crockford's base 32 forgives what people misread: O is 0, I and L are 1.

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 12  # 60 random bits: not to be guessed, so that wrong codes need no counter
_MISREAD: Final = str.maketrans("OIL", "011")
_SEPARATORS: Final = re.compile(r"[\s-]+")
_LONGEST_TYPED: Final = 60


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def written(code: str) -> str:
    """`7F3K-9QX2-M0TD`: as it stands in the letter."""
    return "-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def read_code(text: str) -> str | None:
    """The code that somebody typed, or None when it cannot be one."""
    return _crockford(text, CODE_LENGTH)


def read_case_number(text: str) -> str | None:
    """`ZL-7F3K-9QX2`, however it was typed; None when it cannot be a case number."""
    digits = _crockford(re.sub(r"(?i)^\s*zl", "", text[:_LONGEST_TYPED]), 8)
    return f"ZL-{digits[:4]}-{digits[4:]}" if digits else None


def _crockford(text: str, length: int) -> str | None:
    bare = _SEPARATORS.sub("", text[:_LONGEST_TYPED]).upper().translate(_MISREAD)
    return bare if len(bare) == length and all(c in ALPHABET for c in bare) else None


def code_hash(pepper: bytes, *, case_id: str, code: str) -> bytes:
    """What the database keeps of a code: 32 bytes. `case_id` has a fixed length, so the parts cannot run together."""
    return hmac.digest(pepper, b"zilu/code/v1" + case_id.encode() + code.encode(), "sha256")


# The outbox: the n-th try is followed by the n-th pause; after the last pause the message is given up.

PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(days=1),
)


def is_last(tries: int) -> bool:
    """Whether a message that has been tried so often is not tried again."""
    return tries >= len(PAUSES)


def next_try(tries: int, *, now: datetime) -> datetime:
    """When a message comes due again whose `tries`-th try begins now."""
    return now + PAUSES[min(tries, len(PAUSES)) - 1]


_ADDRESS: Final = re.compile(
    r"https://[a-z0-9.-]+(:[0-9]{1,5})?(/[\x21-\x7e]*)?|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?(/[\x21-\x7e]*)?"
)


def verify_webhook(url: str) -> None:
    """Raise Invalid unless messages to this address are encrypted on their way, or stay on this machine."""
    if len(url) > 500 or not _ADDRESS.fullmatch(url):
        raise Invalid("url must be an https address of at most 500 characters, without a user name", field="url")
