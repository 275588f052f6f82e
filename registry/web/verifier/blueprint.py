from __future__ import annotations

from flask import Blueprint

bp = Blueprint("verifier", __name__)
