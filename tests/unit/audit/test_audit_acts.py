"""Acts that were rewritten by somebody who has the keys, back-dated, kept waiting, erased."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa

from registry import vault
from registry.cases.actions import open_case
from registry.cases.models import Case
from registry.db import Session
from registry.log import leaf
from registry.log.actions import CaseKey, record, touch
from registry.log.models import Act, LeafType
from registry.members.models import Unit
from tests.conftest import KEYRING, START
from tests.unit.audit.conftest import MINUTE, Small


def _opened(act: Act, column: str, key: bytes = KEYRING.vault_key) -> bytes:
    return vault.open_sealed(key, getattr(act, column), table="act", row=act.uid, column=column)


def _seal(act: Act, column: str, data: bytes) -> None:
    setattr(act, column, vault.seal(KEYRING.vault_key, data, table="act", row=act.uid, column=column))


def _rewrite(act: Act, /, **changes: Any) -> None:
    """Another record under the same salt, with the commitment that belongs to it; only the leaf cannot be changed."""
    record_ = rfc8785.dumps({**json.loads(_opened(act, "record")), **changes})
    _seal(act, "record", record_)
    act.commitment = leaf.commit(_opened(act, "salt"), act.type.value, record_)


def _change(small: Small, id: int, change: Callable[[Act], None]) -> str:
    """What the audit says of the act afterwards."""
    with small.store.write() as session:
        change(small.act(id, session))
    (found,) = [each for each in small.differences() if each.name == f"act:{id}"]
    assert found.kind.value == "altered"
    return found.why


def test_acts_that_nobody_touched_have_no_difference(small: Small) -> None:
    small.add("one", START)
    small.sequence(START)
    small.add("two", START)
    outcome = small.outcome()
    assert outcome.differences == ()
    assert (outcome.acts, outcome.size, outcome.rows, outcome.checkpoints, outcome.pending) == (3, 2, 4, 2, 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda act: _rewrite(act, actor="somebody-else"), "its leaf carries another commitment"),
        (lambda act: _rewrite(act, at="2026-01-01T00:00:00Z"), "its record names another at"),
        (lambda act: _rewrite(act, act="0" * 32), "its record names another act"),
        (lambda act: _rewrite(act, case="0" * 32), "its record names another case"),
        (lambda act: _rewrite(act, rows="A" * 43), "its row list is not the one that its record names"),
        (lambda act: _rewrite(act, clear={"use": "x"}), "its record names another public key"),
        (lambda act: _seal(act, "rows", b"[]"), "its row list is not the one that its record names"),
        (lambda act: _seal(act, "salt", bytes(32)), "its commitment is not the one to its record"),
        (lambda act: _seal(act, "salt", bytes(31)), "its commitment is not the one to its record"),
        (lambda act: setattr(act, "salt", act.rows), "its salt does not open"),
        (lambda act: setattr(act, "record", b""), "its record does not open"),
        (lambda act: setattr(act, "commitment", bytes(32)), "its leaf carries another commitment"),
        (lambda act: setattr(act, "type", LeafType.SNAPSHOT), "its leaf shows another type or public key"),
        (lambda act: setattr(act, "clear", "{}"), "its leaf shows another type or public key"),
        (lambda act: setattr(act, "entry", b"{}"), "its entry is no leaf"),
        (lambda act: setattr(act, "at", START + timedelta(seconds=3)), "its leaf is older than itself"),
        (lambda act: setattr(act, "case_id", "0" * 32), "its record does not open"),
    ],
)
def test_a_rewritten_act_is_named_with_what_is_wrong_with_it(
    small: Small, change: Callable[[Act], None], why: str
) -> None:
    id = small.add("one", START)
    small.sequence(START)
    assert why in _change(small, id, change)


def test_a_leaf_that_is_older_than_the_leaf_before_it_is_named(small: Small) -> None:
    id = small.add("one", START)
    small.sequence(START)

    def older(act: Act) -> None:
        act.entry = leaf.encode(leaf.Leaf(act.commitment, START - MINUTE, "act"))

    assert "its leaf is older than the leaf before it" in _change(small, id, older)


def test_a_row_list_that_opens_counts_although_something_else_of_its_act_is_wrong(small: Small) -> None:
    id = small.add("one", START)
    small.sequence(START)
    _change(small, id, lambda act: setattr(act, "salt", bytes(60)))
    assert [name for _, name in small.named()] == [f"act:{id}"]


def test_rows_of_an_act_that_does_not_open_are_extra_with_doubt(small: Small) -> None:
    id = small.add("one", START)
    small.sequence(START)
    _change(small, id, lambda act: setattr(act, "rows", bytes(60)))
    (row,) = [each for each in small.differences() if each.name.startswith("unit:")]
    assert (row.kind.value, row.why) == ("extra", "no act attests it, of those that open; 1 do not")


def test_a_row_that_was_deleted_and_comes_back_is_extra(small: Small) -> None:
    small.add("one", START)
    with small.store.write() as session:
        unit = session.scalars(sa.select(Unit).where(Unit.name == "one")).one()
        session.delete(unit)
        id = record(session, "unit.close", actor="olaf", now=START).id
    assert small.named() == set()
    small.edit("INSERT INTO unit (id, member_id, name) VALUES (:id, 'acme', 'one')", id=unit.id)
    (found,) = small.differences()
    assert (found.kind.value, found.name, found.why) == (
        "extra",
        f"unit:{unit.id}",
        f"act:{id} attests that it was deleted",
    )


# Time


def test_an_act_that_the_sequencer_should_have_found_earlier_is_back_dated(small: Small) -> None:
    small.say(START + 5 * MINUTE)
    small.sequence(START + 5 * MINUTE)
    late = small.say(START + 2 * MINUTE)
    small.sequence(START + 6 * MINUTE)
    assert small.named() == {("back-dated", f"act:{late}")}


@pytest.mark.parametrize("seconds", [0, 59, 60])
def test_an_act_that_waited_for_a_minute_at_most_is_in_time(small: Small, seconds: int) -> None:
    small.say(START + 5 * MINUTE)
    small.sequence(START + 5 * MINUTE)
    small.say(START + 5 * MINUTE - timedelta(seconds=seconds))
    small.sequence(START + 6 * MINUTE)
    assert small.named() == set()


def test_an_act_that_waited_while_the_sequencer_was_down_is_not_back_dated(small: Small) -> None:
    small.say(START + MINUTE)
    small.say(START + 300 * MINUTE)
    small.sequence(START + 300 * MINUTE)
    assert small.named() == set()


def test_acts_that_wait_are_counted_and_told_when_they_wait_too_long(small: Small) -> None:
    small.say(START)
    small.say(START + MINUTE)
    counts = [small.outcome(START + timedelta(seconds=s)) for s in (60, 61, 121)]
    assert [(each.pending, each.late, each.differences) for each in counts] == [(2, 0, ()), (2, 1, ()), (2, 2, ())]


# Numbers


def test_a_waiting_act_that_is_gone_is_missed(small: Small) -> None:
    gone = small.say(START)
    small.say(START)
    small.edit("DELETE FROM act WHERE id = :id", id=gone)
    assert small.named() == {("missing", f"act:{gone}")}


def test_an_act_of_another_number_is_named(small: Small) -> None:
    id = small.say(START)
    small.sequence(START)
    small.edit("UPDATE act SET id = 900 WHERE id = :id", id=id)
    assert small.named() == {("altered", "act:900")}


# Cases and their keys


def _case(session: Session) -> tuple[Case, CaseKey]:
    case, key = open_case(
        session, member_id="acme", subject_handle=secrets.token_bytes(32), sealed_tag=b"sealed", now=START
    )
    record(session, "case.open", actor="olaf", now=START, case=key)
    record(session, "case.read", actor="olaf", now=START, case=key)
    return case, key


def _erase(small: Small, case_id: str, positions: list[int] | None) -> None:
    with small.store.write() as session:
        case = session.get_one(Case, case_id)
        case.wrapped_key = None
        touch(session, case)
        facts = {"case": case_id, "positions": positions} if positions is not None else {"case": case_id}
        record(session, "case.erase", actor="olaf", now=START, type=LeafType.ERASURE, facts=facts)
    small.sequence(START)


@pytest.fixture
def case_id(small: Small) -> str:
    """A case with acts 2 and 3, at positions 1 and 2."""
    with small.store.write() as session:
        case, _ = _case(session)
    small.sequence(START)
    return case.id


def test_acts_under_a_case_key_open(small: Small, case_id: str) -> None:
    assert small.named() == set()


def test_acts_that_an_erasure_lists_need_not_open_but_the_erasure_must_be_signed(small: Small, case_id: str) -> None:
    _erase(small, case_id, [1, 2])
    assert small.named() == {("altered", "act:4")}


@pytest.mark.parametrize("positions", [[], [2], None])
def test_an_erased_case_is_named_when_the_erasure_lists_not_all(
    small: Small, case_id: str, positions: list[int] | None
) -> None:
    _erase(small, case_id, positions)
    named = small.named()
    assert {("altered", f"case:{case_id}"), ("altered", "act:2")} <= named
    assert (("altered", "act:3") in named) is (positions != [2])


def test_only_an_erasure_erases(small: Small, case_id: str) -> None:
    with small.store.write() as session:
        case = session.get_one(Case, case_id)
        case.wrapped_key = None
        record(session, "case.erase", actor="olaf", now=START, facts={"positions": [1, 2]})
    small.sequence(START)
    assert {("altered", "act:2"), ("altered", "act:3")} <= small.named()


def test_a_case_whose_row_is_gone_is_missing_and_its_acts_are_not_accused(small: Small, case_id: str) -> None:
    small.edit('DELETE FROM "case" WHERE id = :id', id=case_id)
    assert small.named() == {("missing", f"case:{case_id}")}


def test_an_act_that_was_moved_to_another_case_is_altered_and_no_case_is_missed(small: Small, case_id: str) -> None:
    small.edit("UPDATE act SET case_id = :id WHERE id = 3", id="0" * 32)
    assert small.named() == {("altered", "act:3")}


def test_an_act_that_was_moved_between_cases_is_altered(small: Small, case_id: str) -> None:
    with small.store.write() as session:
        other, _ = _case(session)
    small.sequence(START)
    small.edit("UPDATE act SET case_id = :id WHERE id = 3", id=other.id)
    assert small.named() == {("altered", "act:3")}
