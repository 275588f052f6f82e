"""Pages for the HR department of a member: one person, or a whole file."""

from __future__ import annotations

from registry.web.checker import check, file, hit
from registry.web.checker.blueprint import bp

__all__ = ["bp", "check", "file", "hit"]
