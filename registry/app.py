"""`create_app`: the only place that knows every part. It reads as a list."""

from __future__ import annotations

import os
from pathlib import Path

from apiflask import APIFlask

from registry import api, web
from registry.config import load
from registry.running import Running, end_with_parent, start

ROOT = Path(__file__).resolve().parent.parent


def create_app(run: Running) -> APIFlask:
    app = APIFlask(
        "registry",
        title="Zilu",
        version="1",
        json_errors=False,
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "registry/web/static"),
    )
    app.extensions["zilu"] = run
    api.register(app)
    web.register(app, session_key=run.secrets.session_key)
    return app


def wsgi() -> APIFlask:
    """What the HTTP server loads; ZILU_CONFIG names the configuration file."""
    end_with_parent()
    return create_app(start(load(Path(os.environ["ZILU_CONFIG"]))))
