"""`/case`: the accused person's way in, with case number, code and identity document.

The number is used in the page's own script and never sent; what is sent leads nowhere (`registry.notices.matches`).
Whatever does not fit gets one answer, byte for byte.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, render_template, url_for

from registry import base64url
from registry.access import Action, needs
from registry.notices import matches
from registry.web.auth import admit_subject
from registry.web.context import running, sent
from registry.web.public.blueprint import bp


@bp.get("/case")
@needs(Action.PUBLIC)
def match() -> str:
    return render_template("public/match.html")


@bp.post("/case/match/begin")
@needs(Action.PUBLIC)
def begin_match() -> dict[str, Any]:
    """{"case", "code"} → {"match_id", "m"}, for every case and every code."""
    body, run = sent(case=str, code=str), running()
    with run.store.write() as session:
        challenge = matches.begin_match(
            session, case_number=body["case"], code=body["code"], holder=run.holder, now=run.clock()
        )
    return {"match_id": challenge.match_id, "m": base64url.encode(challenge.m)}


@bp.post("/case/match/finish")
@needs(Action.PUBLIC)
def finish_match() -> Response:
    """{"case", "code", "match_id", "x", "z"} → {"next"}, and the cookie that opens the file."""
    body, run = sent(case=str, code=str, match_id=str, x=str, z=str), running()
    x, z = (base64url.decode(body[name], field=name, size=32) for name in ("x", "z"))
    with run.store.write() as session:
        token = matches.finish_match(
            session,
            case_number=body["case"],
            code=body["code"],
            match_id=body["match_id"],
            x=x,
            z=z,
            holder=run.holder,
            now=run.clock(),
        )
    response = jsonify(next=url_for("subject.file"))
    admit_subject(response, matches.require_token(token))
    return response
