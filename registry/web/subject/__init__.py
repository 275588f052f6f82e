"""Pages for the accused person: their case and no other, for an hour after they have matched it."""

from __future__ import annotations

from registry.web.subject import (
    answer,
    appeal,
    checks,
    contact,
    contest,
    copy,
    draw,
    exhibit,
    file,
    leave,
    recusal,
    representatives,
    review,
    statement,
)
from registry.web.subject.blueprint import bp

__all__ = [
    "answer",
    "appeal",
    "bp",
    "checks",
    "contact",
    "contest",
    "copy",
    "draw",
    "exhibit",
    "file",
    "leave",
    "recusal",
    "representatives",
    "review",
    "statement",
]
