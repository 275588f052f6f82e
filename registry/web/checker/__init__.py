"""Pages for the HR department of a member: one person or a whole file, and what is owed after it."""

from __future__ import annotations

from registry.web.checker import check, consents, decision, decisions, file, history, hit, receipts, watches
from registry.web.checker.blueprint import bp

__all__ = ["bp", "check", "consents", "decision", "decisions", "file", "history", "hit", "receipts", "watches"]
