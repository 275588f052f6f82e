"""`create_app`: the only place that knows every part. It reads as a list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import structlog
from apiflask import APIBlueprint, APIFlask
from flask import request

from registry import api, policy_check, web
from registry.access import Action, needs
from registry.config import load
from registry.parent import end_with_parent
from registry.running import Running, start

_log = structlog.get_logger("zilu.app")
ROOT = Path(__file__).resolve().parent.parent


def create_app(run: Running) -> APIFlask:
    policy_check.verify()
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
    _mark(app)
    app.log_exception = _log_exception  # type: ignore[method-assign]
    return app


def _log_exception(exc_info: Any) -> None:
    """The kind of an unexpected error and where; its text and the path may hold what somebody typed."""
    _log.error("request failed", kind=getattr(exc_info[0], "__name__", "?"), endpoint=request.endpoint)


def _mark(app: APIFlask) -> None:
    """What the frameworks serve by themselves is public; pages are no part of the OpenAPI document."""
    for endpoint in ("static", "openapi.spec"):
        needs(Action.PUBLIC)(app.view_functions[endpoint])
    for blueprint in app.blueprints.values():
        if not isinstance(blueprint, APIBlueprint):
            blueprint.enable_openapi = False  # type: ignore[attr-defined]


def wsgi() -> APIFlask:
    """What the HTTP server loads; ZILU_CONFIG names the configuration file."""
    end_with_parent()
    return create_app(start(load(Path(os.environ["ZILU_CONFIG"]))))
