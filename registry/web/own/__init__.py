"""Pages for everyone who signs in, about their own account: how and where they sign in."""

from __future__ import annotations

from registry.web.own import account, codes, devices, passkeys, prove
from registry.web.own.blueprint import bp

__all__ = ["account", "bp", "codes", "devices", "passkeys", "prove"]
