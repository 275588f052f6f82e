"""Pages for screeners and panelists, and for inspections of sealed annexes. What they read carries their name."""

from __future__ import annotations

from registry.web.roster import hearing, inspections, panel, screening, vote
from registry.web.roster.blueprint import bp

__all__ = ["bp", "hearing", "inspections", "panel", "screening", "vote"]
