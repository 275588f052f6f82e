"""The access table, held against every route, role and relation.

`access_matrix.txt` says in words what the table and the routes say in code. A route without a rule, a rule that is
deleted, added or flipped, a route that changes its action: each makes the file differ. To accept a change on purpose:

    .venv/bin/python -m tests.test_access > tests/access_matrix.txt      and read the difference
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.access import RULES, SCOPES, Action, Actor, Relation, allowed
from registry.accounts.rules import Role, Scope
from registry.clock import system
from registry.db import Store
from registry.keys.holder import Holder
from registry.members.models import Standing
from tests.app_fixture import SignIn, build
from tests.cast import Cast
from tests.conftest import KEYRING

MATRIX = Path(__file__).with_name("access_matrix.txt")


def rules(app: APIFlask) -> Iterator[tuple[str, str, Action | None]]:
    """Method, path and action of every route."""
    for rule in app.url_map.iter_rules():
        action = getattr(app.view_functions[rule.endpoint], "zilu_action", None)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule, action


def described(app: APIFlask) -> str:
    """The whole table as text: the routes, then who may do each action, to whose, with which scope."""
    lines = [f"{method:<5} {path:<62} {action}" for method, path, action in sorted(rules(app), key=lambda r: r[1::-1])]
    lines.append("")
    for action in Action:
        who = ", ".join(f"{role} ({RULES[role, action]})" for role in Role if (role, action) in RULES) or "nobody"
        scopes = " ".join(sorted(SCOPES.get(action, frozenset()))) or "-"
        lines.append(f"{action:<22} {scopes:<20} {who}")
    return "\n".join(lines) + "\n"


def test_the_table_and_the_routes_are_as_they_were_read_and_accepted(app: APIFlask) -> None:
    assert described(app) == MATRIX.read_text()


def test_every_route_has_a_rule(app: APIFlask) -> None:
    assert [(method, path) for method, path, action in rules(app) if not isinstance(action, Action)] == []


def test_every_action_that_needs_a_role_is_somebodys(app: APIFlask) -> None:
    used = {action for _, _, action in rules(app)} - {Action.PUBLIC}
    assert {action for action in used if not any(rule[1] is action for rule in RULES)} == set()


def path_of(rule: str) -> str:
    """A path of the rule's form, of things that do not exist."""
    parts = (
        "1" if part.startswith("<int:") else "ZL-0000-0000" if part.startswith("<") else part
        for part in rule.split("/")
    )
    return "/".join(parts)


@pytest.mark.parametrize("name", ["hana", "rui", "ana", "adam", "cleo", "sol", "cem", "vera", "rex", "olaf"])
def test_each_role_reaches_its_own_pages_and_no_others(app: APIFlask, cast: Cast, signed_in: SignIn, name: str) -> None:
    """403 where the table says no; anything but that (a page, "not found", "which one?") where it says yes."""
    person, client = cast[name], signed_in(cast[name])
    for method, path, action in rules(app):
        if path.startswith(("/api/", "/oauth", "/static", "/case/", "/sign-", "/log", "/.well-known")) or not action:
            continue
        status = client.open(path_of(path), method=method).status_code
        may = action is Action.PUBLIC or allowed(person.actor, action)
        assert (status == 403) != may or method != "GET", (method, path, status)


def test_nobody_who_is_not_signed_in_gets_past_a_guard(app: APIFlask, visitor: FlaskClient) -> None:
    for method, path, action in rules(app):
        if action is Action.PUBLIC or method != "GET":
            continue
        response = visitor.get(path_of(path))
        way_in = (response.location or "").partition("?")[0]
        refused = response.status_code == 401 or way_in in ("/case", "/sign-in")
        assert refused, (path, response.status_code)


def test_an_api_token_is_asked_for_on_every_endpoint(app: APIFlask, visitor: FlaskClient) -> None:
    for method, path, action in rules(app):
        if path.startswith("/api/") and action is not Action.PUBLIC:
            response = visitor.open(path_of(path), method=method, json={})
            assert response.status_code == 401, (method, path)
            assert response.content_type == "application/problem+json"


ANYONE = Actor("x", "u", "acme", "acme", Standing.ADMITTED, frozenset())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_what_is_not_in_the_table_is_denied_and_relations_hold(role: Role, action: Action) -> None:
    actor = replace(ANYONE, roles=frozenset({role}))
    own = allowed(actor, action, member_id="acme", group="acme")
    sister = allowed(actor, action, member_id="eagle", group="acme")
    other = allowed(actor, action, member_id="birch", group="birch")
    expected = {
        None: (False, False, False),
        Relation.ANY: (True, True, True),
        Relation.OWN: (True, False, False),
        Relation.OTHER: (False, False, True),
    }
    assert (own, sister, other) == expected[RULES.get((role, action))]


@pytest.mark.parametrize("action", SCOPES)
def test_a_token_without_the_scope_does_not_reach_the_action(action: Action) -> None:
    everyone = replace(ANYONE, roles=frozenset(Role))
    for scope in Scope:
        with_one = replace(everyone, scopes=frozenset({scope}))
        assert allowed(with_one, action) == (scope in SCOPES[action])
    assert not allowed(replace(everyone, scopes=frozenset()), action)


if __name__ == "__main__":
    print(described(build(Store("sqlite://", KEYRING), system, Holder(Path("none")))), end="")
