from __future__ import annotations

from flask import Blueprint

bp = Blueprint("reporter", __name__)
