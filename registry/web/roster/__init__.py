"""Pages for the roster: those who screen reports, and those who sit on panels. What they read carries their name."""

from __future__ import annotations

from registry.web.roster import hearing, panel, screening, vote
from registry.web.roster.blueprint import bp

__all__ = ["bp", "hearing", "panel", "screening", "vote"]
