"""Pages for the registry office: letters and their service, time to answer, appeals to admit."""

from __future__ import annotations

from registry.web.clerk import admission, case, desk, letter
from registry.web.clerk.blueprint import bp

__all__ = ["admission", "bp", "case", "desk", "letter"]
