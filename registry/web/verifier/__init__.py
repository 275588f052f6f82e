"""Pages for those who confirm who somebody is."""

from __future__ import annotations

from registry.web.verifier import counter
from registry.web.verifier.blueprint import bp

__all__ = ["bp", "counter"]
