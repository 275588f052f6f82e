"""Pages for the HR department of a member: one person at a time; files go by the command line."""

from __future__ import annotations

from registry.web.checker import check, hit
from registry.web.checker.blueprint import bp

__all__ = ["bp", "check", "hit"]
