from __future__ import annotations

from flask import Blueprint

bp = Blueprint("checker", __name__)
