"""Pages for the registry office: letters and their service, time to answer, appeals to admit, panelists challenged."""

from __future__ import annotations

from registry.web.clerk import admission, case, challenge, desk, letter
from registry.web.clerk.blueprint import bp

__all__ = ["admission", "bp", "case", "challenge", "desk", "letter"]
