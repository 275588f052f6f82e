from __future__ import annotations

from flask import Blueprint

# The API has a blueprint of the name "roster".
bp = Blueprint("bench", __name__)
