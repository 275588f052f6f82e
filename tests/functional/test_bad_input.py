"""Bad input at every endpoint and command: one clear refusal that changes nothing and repeats nothing.

The endpoints and their members are read from the OpenAPI document, so that a new one is tested without being named.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry import policy
from registry.accounts.models import AccessToken
from registry.accounts.rules import Scope
from registry.accounts.sessions import hashed_token
from registry.db import Store
from registry.log.actions import record
from registry.log.models import Act
from tests.cast import Cast, Person
from tests.conftest import MovingClock

NUMBER = "11010519491231002X"
REFUSED = {400, 403, 404, 409, 413, 415, 422}
ROLES = ("hana", "rui", "ana", "cleo", "sol", "cem", "vera", "rex")
WRONG: tuple[Any, ...] = (
    NUMBER,
    [NUMBER],
    {NUMBER: NUMBER},
    int(NUMBER[:-1]) ** 3,
    -1,
    True,
    None,
    "",
    "\0",
    "x" * 70_000,
)


def bearer(store: Store, person: Person, clock: MovingClock) -> str:
    token = secrets.token_urlsafe(32)
    with store.write() as session:
        row = AccessToken(
            id=hashed_token(token),
            client_id=person.actor.id,
            scopes=[scope.value for scope in Scope],
            expires_at=clock() + policy.TOKEN_LIFE,
        )
        session.add(row)
        record(session, "token.issue", actor=person.actor.id, now=clock())
    return token


def operations(app: APIFlask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and the members of the body of every operation that takes one."""
    spec: Any = app.spec
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "/").rpartition("/")[2]
                yield method, path, spec["components"]["schemas"].get(name, {}).get("properties", {})


def bodies(members: dict[str, Any]) -> Iterator[Any]:
    yield from ({}, [], NUMBER, None, {"surplus": NUMBER}, {NUMBER: 1}, {f"w{NUMBER}": 1})
    for member in members:
        for wrong in WRONG:
            yield {member: wrong}
            yield {**dict.fromkeys(members, "x"), member: wrong}


def acts(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Act)) or 0


def send(client: FlaskClient, method: str, path: str, token: str, **more: Any) -> None:
    """One request that must be refused, in the form of every refusal."""
    address = path.replace("{", "").replace("}", "")
    response = client.open(address, method=method, headers={"Authorization": f"Bearer {token}"}, **more)
    assert response.status_code in REFUSED, (method, path, response.status_code, response.text[:200])
    assert response.content_type == "application/problem+json", (method, path)
    assert NUMBER not in response.text, (method, path)
    problem = response.get_json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert "\n" not in problem["detail"]


@pytest.mark.parametrize("name", ROLES)
def test_no_endpoint_takes_bad_bodies_or_repeats_them(
    app: APIFlask, visitor: FlaskClient, store: Store, cast: Cast, clock: MovingClock, name: str
) -> None:
    token = bearer(store, cast[name], clock)
    before, seen = acts(store), 0
    for method, path, members in operations(app):
        for body in bodies(members):
            send(visitor, method, path, token, json=body)
            seen += 1
        send(visitor, method, path, token, data=f'{{"a": {NUMBER}', content_type="application/json")
        send(visitor, method, path, token, data=NUMBER, content_type="text/plain")
    assert seen > 200
    assert acts(store) == before


def test_an_unknown_thing_is_not_found_in_words_that_do_not_repeat_its_name(
    app: APIFlask, visitor: FlaskClient, store: Store, cast: Cast, clock: MovingClock
) -> None:
    spec: Any = app.spec
    tokens = [bearer(store, cast[name], clock) for name in ROLES]
    for path, methods in spec["paths"].items():
        if "{" in path and "get" in methods:
            address = "/".join(NUMBER if part.startswith("{") else part for part in path.split("/"))
            for token in tokens:
                response = visitor.get(address, headers={"Authorization": f"Bearer {token}"})
                assert response.status_code in {403, 404, 422}, address
                assert NUMBER not in response.text


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit",),
        ("check", NUMBER, "--purpose", "hiring", "--consent-reference", "x"),
        ("doctor",),
        ("keyholder",),
        ("member", "list"),
        ("account", "list"),
        ("key", "list"),
        ("migrate",),
        ("report", "sign", "nowhere.json"),
        ("report", "file", "nowhere.json"),
        ("report", "countersign", NUMBER),
        ("report", "amend", NUMBER, "nowhere.json"),
        ("report", "confirm", NUMBER, NUMBER),
        ("summary", "--month", NUMBER),
        ("receipt", "verify", "nowhere.json"),
        ("appeal", "redraw", NUMBER),
        ("serve",),
        ("worker",),
    ],
    ids=lambda arguments: " ".join(arguments[:2]).replace(NUMBER, "N"),
)
def test_every_command_says_in_one_sentence_that_the_settings_are_missing(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "registry", "--config", str(tmp_path / "config.toml"), *arguments]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert NUMBER not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
