"""Pages for the accused person: their case and no other, for an hour after they have matched it."""

from __future__ import annotations

from registry.web.subject import appeal, checks, contest, draw, exhibit, file, leave, statement
from registry.web.subject.blueprint import bp

__all__ = ["appeal", "bp", "checks", "contest", "draw", "exhibit", "file", "leave", "statement"]
