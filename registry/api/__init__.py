"""The API edge: JSON in, JSON out, problem details (RFC 9457) for everything that is refused."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from apiflask import APIBlueprint, APIFlask

from registry.api import discovery, log, oauth, problems, v1
from registry.api.auth import guard
from registry.api.openapi import complete


@cache
def blueprints() -> tuple[APIBlueprint, ...]:
    """The public ones, then every module of version 1 that has a `bp`: guarded once, however many apps there are."""
    found = [importlib.import_module(f"{v1.__name__}.{module.name}") for module in pkgutil.iter_modules(v1.__path__)]
    all_of_them = (discovery.bp, oauth.bp, log.bp, *(module.bp for module in found))
    for blueprint in all_of_them:
        blueprint.before_request(guard)
        problems.register(blueprint)
    return all_of_them


def register(app: APIFlask) -> None:
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    app.spec_processor(complete)
