"""Pages for everyone: what Zilu is, the consortium's rules, the ways in."""

from __future__ import annotations

from registry.web.public import join, language, match, passkey, policy, representative, sign_in, start, statistics
from registry.web.public.blueprint import bp

__all__ = ["bp", "join", "language", "match", "passkey", "policy", "representative", "sign_in", "start", "statistics"]
