"""What a form has sent, carried over the prompt for the password: in the prompt's own page, and kept nowhere.

It stands there signed for this session, so that nobody can put other words into somebody's mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import current_app, request
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer

from registry.web.addresses import own_page

# An address with this in its query has been sent a form that is for another page.
MARK = "carry"


@dataclass(frozen=True, slots=True)
class Carried:
    """A form on its way: where it goes, and the names and values of its fields."""

    to: str
    fields: Sequence[tuple[str, str]] = field(repr=False)


def has_arrived() -> bool:
    return request.method == "POST" and MARK in request.args


def packed() -> str | None:
    """The form of this request, for a hidden field; None when it goes to no page of ours, or has files."""
    to = own_page(request.args.get("next", ""), method="POST")
    if to is None or request.files:
        return None
    fields = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    return str(_signer().dumps({"to": to, "fields": fields}))


def unpacked(text: str | None) -> Carried | None:
    """None for what this session has not packed."""
    try:
        carried = _signer().loads(text or "")
    except BadSignature:
        return None
    return Carried(carried["to"], [(name, value) for name, value in carried["fields"]])


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt=f"carried/{current_user.token}")
