"""Pages for a candidate, who has no account: what they are asked, and their answer."""

from __future__ import annotations

from registry.web.candidate import consent
from registry.web.candidate.blueprint import bp

__all__ = ["bp", "consent"]
