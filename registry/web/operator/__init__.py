"""Pages for the operator, who runs the service: members, health, keys. None shows evidence or touches an entry."""

from __future__ import annotations

from registry.web.operator import health, keys, members
from registry.web.operator.blueprint import bp

__all__ = ["bp", "health", "keys", "members"]
