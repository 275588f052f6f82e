"""Pages for the roster: screeners, panelists, and the clerk who admits appeals. What they read carries their name."""

from __future__ import annotations

from registry.web.roster import admission, hearing, inspections, panel, screening, vote
from registry.web.roster.blueprint import bp

__all__ = ["admission", "bp", "hearing", "inspections", "panel", "screening", "vote"]
