"""What the domain refuses is a template and values, so that each reader reads it in their language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from apiflask import APIFlask

from registry.cases.hands import HANDS
from registry.cases.steps import after
from registry.errors import Conflict, Invalid, TooMany, ZiluError
from registry.reports.rules import NEXT, State, Verb
from registry.web.errors import in_words
from scripts.translations import REFUSALS, UNSPOKEN

REGISTRY = Path(__file__).parents[3] / "registry"
PASSED_ON = {"template", "why", "_REFUSED"}  # made elsewhere of a sentence
NO_VALUES = {"field", "code", "retry_after"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every refusal that a page can speak, with where it stands."""
    for path in sorted(REGISTRY.rglob("*.py")):
        place = path.relative_to(REGISTRY)
        if place.parts[0] in UNSPOKEN or str(place) in UNSPOKEN:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
                yield f"{place}:{node.lineno}", node


def test_every_refusal_is_a_sentence_that_can_be_looked_up() -> None:
    found = dict(calls())
    assert len(found) > 300
    said = [node.args[0] for node in found.values() if node.args]
    assert {ast.unparse(each) for each in said if not isinstance(each, ast.Constant)} <= PASSED_ON


def test_every_refusal_names_its_values_and_no_others() -> None:
    for where, node in calls():
        said = node.args[0] if node.args else None
        if isinstance(said, ast.Constant):
            given = {str(keyword.arg) for keyword in node.keywords} - NO_VALUES
            assert set(re.findall(r"\{(\w+)", str(said.value))) == given, where


def test_what_is_not_allowed_now_says_what_would_be() -> None:
    """In a second clause: what is so stands in the first."""
    case = ("reports", "entries", "appeals", "panels", "amendments", "orders")
    for where, node in calls():
        said = node.args[0] if node.args else None
        if isinstance(said, ast.Constant) and ast.unparse(node.func) == "Conflict" and where.startswith(case):
            assert re.search("[,;:] ", str(said.value)), where


def test_of_every_verb_it_is_known_whose_hand_it_is() -> None:
    """Of all tables of states, and of no verb that none has."""
    known = set()
    for path in REGISTRY.glob("*/r*.py"):
        for table in vars(import_module(f"registry.{path.parent.name}.{path.stem}")).values():
            if isinstance(table, Mapping) and any(isinstance(key, tuple) and key[0] is None for key in table):
                known.add(frozenset(verb.value for _state, verb in table))
    assert known == set(map(frozenset, HANDS.values()))


def in_chinese(app: APIFlask, error: ZiluError) -> str:
    with app.test_request_context("/home", headers={"Accept-Language": "zh-CN"}):
        return in_words(error)


def test_a_state_that_forbids_says_in_chinese_what_it_is_and_what_it_allows(app: APIFlask) -> None:
    try:
        after(NEXT, State.FILED, Verb.SERVE, "report")
    except Conflict as error:
        refused = error
    assert refused.message == (
        "cannot serve this report: it is filed; allowed now: countersign (approver), replace (reporter), "
        "void (approver/panelist), withdraw (reporter)"
    )
    assert in_chinese(app, refused) == (
        "此举报的状态为“已提交”，不能“送达”；目前可以："
        "会签（会签人）、更换（举报员）、宣告无效（会签人/合议员）、撤回（举报员）。"
    )
    with app.test_request_context("/home"):
        assert in_words(refused) == f"{refused.message[0].upper()}{refused.message[1:]}."


def test_values_of_every_kind_are_said(app: APIFlask) -> None:
    full = TooMany("your member keeps {kept} drafts already; file or delete some", retry_after=1, kept=200)
    assert (full.message, full.retry_after) == ("your member keeps 200 drafts already; file or delete some", 1)
    assert in_chinese(app, full) == "贵单位已保存 200 份草稿，请提交或删除一些。"
    braces = ZiluError("as {it} stands", it="{x}")
    assert braces.message == "as {x} stands"
    assert ZiluError("as {it} stands").message == "as {it} stands"


def test_a_sentence_about_a_claim_is_said_by_its_code(app: APIFlask) -> None:
    refused = Invalid("iat must be a whole number", field="iat", code="claim-wrong")
    assert in_chinese(app, refused) == "此处内容不符合要求。"
    assert in_chinese(app, Invalid("of no known kind", code="never-seen")) == "Of no known kind."
