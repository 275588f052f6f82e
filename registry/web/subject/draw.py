"""`/case/draw`: the person's share in the draw of the panel, 32 bytes that their own browser makes."""

from __future__ import annotations

from typing import Any

from flask import url_for

from registry import base64url
from registry.access import Action, needs
from registry.appeals import draw as drawing
from registry.appeals import queries
from registry.errors import Conflict
from registry.identity.draw import NONCE_SIZE
from registry.web.context import actor, case_id, running, sent
from registry.web.subject.blueprint import bp


@bp.post("/case/draw")
@needs(Action.APPEAL_DRAW)
def draw() -> dict[str, Any]:
    """{"nonce"} → {"next"}. The draw itself follows within a minute, by the worker."""
    nonce, run = base64url.decode(sent(nonce=str)["nonce"], field="nonce", size=NONCE_SIZE), running()
    with run.store.write() as session:
        appeal = queries.latest(session, case_id())
        if appeal is None:
            raise Conflict("there is no appeal, so no panel is drawn", code="not-allowed-now")
        drawing.offer_nonce(session, appeal=appeal, nonce=nonce, now=run.clock(), actor=actor().id)
    return {"next": url_for("subject.file", _anchor="appeals")}
