"""Pages for everyone who signs in, about their own account: where they are signed in, and that it is they."""

from __future__ import annotations

from registry.web.own import devices, prove
from registry.web.own.blueprint import bp

__all__ = ["bp", "devices", "prove"]
