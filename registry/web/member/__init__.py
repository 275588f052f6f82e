"""Pages for a member's administrator."""

from __future__ import annotations

from registry.web.member import keys, people, units
from registry.web.member.blueprint import bp

__all__ = ["bp", "keys", "people", "units"]
