"""The read interface of the log (C2SP tlog-tiles): checkpoint, tiles, entry bundles. Anyone may read it."""

from __future__ import annotations

import gzip
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from registry import base64url
from registry.access import Action, needs
from registry.api.context import running
from registry.log import own_keys, queries
from registry.running import programs, public_keys

bp = APIBlueprint("log", __name__, tag="Log")


@bp.get("/log/checkpoint")
@bp.doc(hide=True)
@needs(Action.PUBLIC)
def checkpoint() -> Response:
    """The latest signed tree head."""
    with running().store.read() as session:
        note = queries.head_note(session)
    response = Response(note, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "max-age=1"
    return response


@bp.get("/log/tile/<path:path>")
@bp.doc(hide=True)
@needs(Action.PUBLIC)
def tile(path: str) -> Response:
    """A tile of hashes or a bundle of entries; what has been published never changes."""
    with running().store.read() as session:
        data = queries.tile(session, f"tile/{path}")
    response = Response(data, content_type="application/octet-stream")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return _compressed(response) if path.startswith("entries/") else response


@bp.get("/log/keys")
@needs(Action.PUBLIC)
def own() -> dict[str, Any]:
    """The registry's own keys as they stand in the log: each leaf with its C2SP tlog-proof. 503 until they do.

    `programs` are the files under /static/bundle over which the hash in the leaf of use "page" goes.
    """
    run = running()
    with run.store.read() as session:
        found = own_keys.proofs(session, public_keys(run, session))
    keys = [{"entry": base64url.encode(entry), "proof": proof} for entry, proof in found]
    return {"keys": keys, "programs": [file.name for file in programs()]}


def _compressed(response: Response) -> Response:
    """Entries are text and shrink by half; hashes would not."""
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.set_data(gzip.compress(response.get_data(), mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
