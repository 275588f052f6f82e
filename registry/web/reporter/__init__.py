"""Pages for the security department of a member: drafts, reports, the second signature, answers to appeals."""

from __future__ import annotations

from registry.web.reporter import (
    amendments,
    annexes,
    appeals,
    desk,
    draft,
    exhibits,
    facts,
    filing,
    incidents,
    report,
    signing_key,
    witnesses,
)
from registry.web.reporter.blueprint import bp

__all__ = [
    "amendments",
    "annexes",
    "appeals",
    "bp",
    "desk",
    "draft",
    "exhibits",
    "facts",
    "filing",
    "incidents",
    "report",
    "signing_key",
    "witnesses",
]
