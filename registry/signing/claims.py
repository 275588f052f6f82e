"""Checks that every kind of statement makes on its claims. Each failure names the claim, never its value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry import base64url
from registry.errors import Invalid

LEEWAY = timedelta(seconds=60)  # how far a signer's clock may run ahead of ours
_IDENTIFIER = re.compile(r"[\x21-\x7e]+")
END_OF_TIME = 253_402_300_800  # seconds; the year 10000, which a datetime cannot hold


@dataclass(frozen=True, slots=True)
class Rule:
    """What a claim must be. `phrase` completes "<claim> must be …"."""

    phrase: str
    accepts: Callable[[object], bool]


def whole(least: int, most: int) -> Rule:
    """An integer from `least` to `most`; true and false are not integers."""
    return Rule(f"a whole number from {least} to {most}", lambda v: type(v) is int and least <= v <= most)


def identifier(most: int = 200) -> Rule:
    """1 to `most` visible ASCII characters: names, references, addresses."""

    def accepts(value: object) -> bool:
        return isinstance(value, str) and len(value) <= most and bool(_IDENTIFIER.fullmatch(value))

    return Rule(f"text of 1 to {most} visible ASCII characters", accepts)


def prose(most: int) -> Rule:
    """1 to `most` characters in any script, not blank, without control characters but line feeds."""

    def accepts(value: object) -> bool:
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            return False
        return not any((c < " " and c != "\n") or c == "\x7f" for c in value)

    return Rule(f"text of 1 to {most} characters without control characters", accepts)


def encoded(size: int | None = None) -> Rule:
    """Unpadded base64url, of exactly `size` bytes when that is given."""

    def accepts(value: object) -> bool:
        try:
            return isinstance(value, str) and base64url.decode(value, field="claim", size=size) is not None
        except Invalid:
            return False

    return Rule("unpadded base64url" + (f" of {size} bytes" if size is not None else ""), accepts)


def exactly(*values: str) -> Rule:
    """One of `values`; the message lists them."""
    return Rule(" or ".join(values), lambda v: isinstance(v, str) and v in values)


SECONDS = Rule("whole seconds since 1970", lambda v: type(v) is int and 0 <= v < END_OF_TIME)
FLAG = Rule("true or false", lambda v: isinstance(v, bool))
OBJECT = Rule("a JSON object", lambda v: isinstance(v, dict))
LIST = Rule("a JSON list", lambda v: isinstance(v, list))

STANDARD: Mapping[str, Rule] = {"iss": identifier(), "aud": identifier(), "jti": identifier(), "iat": SECONDS}


def verify_claims(
    claims: Mapping[str, object],
    rules: Mapping[str, Rule],
    *,
    optional: frozenset[str] = frozenset(),
    within: str = "",
) -> None:
    """Raise Invalid unless each claim has a rule and keeps it, and all but the `optional` ones are there.

    `within` names the object that the claims stand in, for the field of the error: `checkpoint` gives
    `checkpoint.size`. An unknown claim is not named, because its name was typed.
    """
    prefix = f"{within}." if within else ""
    for name in sorted(rules.keys() - claims.keys() - optional):
        raise Invalid(f"{prefix}{name} is missing", field=prefix + name, code="claim-missing")
    if claims.keys() - rules.keys():
        raise Invalid(
            f"{within or 'statement'} may only have the claims {', '.join(sorted(rules))}",
            field=within or "statement",
            code="claim-unknown",
        )
    for name, value in claims.items():
        if not rules[name].accepts(value):
            raise Invalid(f"{prefix}{name} must be {rules[name].phrase}", field=prefix + name, code="claim-wrong")


def verify_value(claims: Mapping[str, object], name: str, wanted: str) -> None:
    """Raise Invalid unless the claim is `wanted`: our own address as `aud`, the member that signs as `iss`."""
    if claims.get(name) != wanted:
        raise Invalid(f"{name} must be {wanted}", field=name, code="claim-wrong")


def verify_times(claims: Mapping[str, object], *, now: datetime, max_age: timedelta | None = None) -> None:
    """Raise Invalid when `iat` is over 60 s ahead of `now` or older than `max_age`, or `exp` is not after both."""
    seconds, issued, expires = now.timestamp(), claims.get("iat"), claims.get("exp")
    if type(issued) is not int or issued > seconds + LEEWAY.total_seconds():
        raise Invalid("iat must not be in the future; set the clock", field="iat", code="claim-in-future")
    if max_age is not None and issued < seconds - max_age.total_seconds():
        raise Invalid("iat is too long ago; sign the statement again", field="iat", code="claim-too-old")
    if expires is not None and (type(expires) is not int or expires <= max(seconds, issued)):
        raise Invalid("exp must be in the future; sign the statement again", field="exp", code="claim-expired")
