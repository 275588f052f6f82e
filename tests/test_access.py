"""The access table, held against every route, role and relation.

`access_matrix.txt` says in words what the table and the routes say in code. A route without a rule, a rule that is
deleted, added or flipped, a route that changes its action: each makes the file differ. To accept a change on purpose:

    .venv/bin/python -m tests.test_access > tests/access_matrix.txt      and read the difference
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry import access
from registry.access import NEEDS_ADMISSION, NEEDS_PROOF, RULES, SCOPES, Action, Actor, Relation, allowed
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
    lines += [
        "",
        f"needs admission: {' '.join(sorted(NEEDS_ADMISSION))}",
        f"needs proof: {' '.join(sorted(NEEDS_PROOF))}",
    ]
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
    return re.sub(r"<[^>]+>", "ZL-0000-0000", re.sub(r"<int:[^>]+>", "1", rule))


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


def accepted() -> dict[tuple[Role, Action], Relation]:
    """The rules as the file has them."""
    found = {}
    for line in MATRIX.read_text().split("\n\n")[1].splitlines():
        action, who = Action(line.split()[0]), re.findall(r"([a-z-]+) \((any|own|other)\)", line)
        found.update({(Role(role), action): Relation(relation) for role, relation in who})
    return found


def answers(role: Role, action: Action) -> tuple[bool, ...]:
    """What the table says of an actor's own member, one of its group, and another."""
    actor = replace(ANYONE, roles=frozenset({role}))
    parties = (("acme", "acme"), ("eagle", "acme"), ("birch", "birch"))
    return tuple(allowed(actor, action, member_id=member, group=group) for member, group in parties)


EXPECTED = {None: (False, False, False), "any": (True, True, True), "own": (True, False, False)}
EXPECTED["other"] = (False, False, True)


def test_the_code_answers_as_the_accepted_file_says() -> None:
    file = accepted()
    wrong = [(r, a) for r in Role for a in Action if answers(r, a) != EXPECTED[file.get((r, a))]]
    assert wrong == []


def test_every_rule_that_is_deleted_added_or_flipped_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above, against every mutant of the table: it fails for each."""
    file, mutants = accepted(), 0
    for role in Role:
        for action in Action:
            true = RULES.get((role, action))
            for other in {None, *Relation} - {true}:
                mutant = {rule: relation for rule, relation in RULES.items() if rule != (role, action)}
                monkeypatch.setattr(access, "RULES", mutant if other is None else {**mutant, (role, action): other})
                assert answers(role, action) != EXPECTED[file.get((role, action))], (role, action, other)
                mutants += 1
    assert mutants == 3 * len(Role) * len(Action)


def test_what_needs_admission_or_proof_stands_in_the_accepted_file() -> None:
    """Held against the file word by word, so that none can be left out or put in unseen."""
    lines = MATRIX.read_text().splitlines()[-2:]
    assert [frozenset(line.partition(": ")[2].split()) for line in lines] == [NEEDS_ADMISSION, NEEDS_PROOF]
    for action in NEEDS_ADMISSION:
        suspended = replace(ANYONE, roles=frozenset(Role), standing=Standing.SUSPENDED)
        assert not allowed(suspended, action)


if __name__ == "__main__":
    print(described(build(Store("sqlite://", KEYRING), system, Holder(Path("none")))), end="")
