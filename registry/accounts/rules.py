"""Roles and scopes, and how codes are read."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    CHECKER = "checker"
    REPORTER = "reporter"
    APPROVER = "approver"
    MEMBER_ADMIN = "member-admin"
    CLERK = "clerk"  # the registry office of the association: prints letters, records service; sees nothing else
    SCREENER = "screener"
    PANELIST = "panelist"
    VERIFIER = "verifier"
    REGULATOR = "regulator"
    OPERATOR = "operator"
    SUBJECT = "subject"  # nobody's role: whoever has matched a case has it for that case


GRANTABLE = frozenset(Role) - {Role.SUBJECT}


class Scope(enum.StrEnum):
    """What a token may be used for; a token never reaches further than its account's roles."""

    CHECK = "check"
    REPORT = "report"
    WATCH = "watch"
    AUDIT = "audit"
    ROSTER = "roster"


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # of codes: Crockford's base 32


def plain_code(typed: str) -> str:
    """A code as it was made, however it was typed: without spaces and hyphens, in capitals, O and I as the digits."""
    kept = (letter for letter in typed.upper() if letter.isascii() and letter.isalnum())
    return "".join(kept).translate(str.maketrans("OIL", "011"))
