"""Rows are read whatever was done to them, and no two things that are stored differently read the same."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from registry.audit.stored import View, tables, viewing
from registry.log.actions import row_digest
from registry.members.models import Unit
from tests.conftest import START
from tests.unit.audit.conftest import Small


@pytest.fixture
def unit(small: Small) -> str:
    """A unit whose name could be bytes in base64url."""
    small.add("YWJj", START)
    with small.store.read() as session:
        return session.scalars(sa.select(Unit.id).where(Unit.name == "YWJj")).one()


def _edit(small: Small, unit: str, expression: str) -> set[tuple[str, str]]:
    small.edit(f"UPDATE unit SET name = {expression} WHERE id = :id", id=unit)  # noqa: S608
    return small.named()


@pytest.mark.parametrize(
    "expression",
    [
        "X'616263'",  # bytes that a digest writes as the same text
        "CAST(X'59574AFF' AS TEXT)",  # no UTF-8
        "CAST(X'EDA080' AS TEXT)",  # a lone surrogate
        "'YWJj' || char(0)",
        "'YWJj '",
        "''",
    ],
)
def test_a_value_that_is_stored_otherwise_is_altered(small: Small, unit: str, expression: str) -> None:
    assert _edit(small, unit, expression) == {("altered", f"unit:{unit}")}


def test_a_key_that_is_no_text_is_named_as_it_is(small: Small, unit: str) -> None:
    small.edit("UPDATE unit SET id = X'FF00' WHERE id = :id", id=unit)
    assert small.named() == {("missing", f"unit:{unit}"), ("extra", "unit:b'\\xff\\x00'")}


@pytest.mark.parametrize(
    "value",
    ["'2026-03-02T09:00:00.000000'", "'2026-03-02 09:00:00'", "'2026-03-02 09:00:00.000000+00:00'", "0", "'never'"],
)
def test_a_time_in_another_form_is_altered(small: Small, value: str) -> None:
    small.edit(f"UPDATE member SET admitted_at = {value}")  # noqa: S608
    assert small.named() == {("altered", "member:acme")}


@pytest.mark.parametrize("value", ["'carrier '", "'Carrier'", "'nothing'", "1", "NULL"])
def test_a_word_that_is_not_one_of_its_kind_is_altered(small: Small, value: str) -> None:
    small.edit("PRAGMA writable_schema=ON")
    small.edit("UPDATE sqlite_schema SET sql = replace(sql, 'kind VARCHAR(32) NOT NULL', 'kind VARCHAR(32)')")
    small.store.engine.dispose()
    small.edit(f"UPDATE member SET kind = {value}")  # noqa: S608
    assert small.named() == {("altered", "member:acme")}


def test_the_digest_is_the_one_that_acts_attest(small: Small) -> None:
    with small.store.read() as session, viewing(session) as view:
        for kind in tables().values():
            attested = [row_digest(row) for row in session.scalars(sa.select(kind))]
            assert [row.digest() for row in view.read(kind)] == attested
            assert view.count(kind) == len(attested)


def test_reading_lets_the_connection_go_as_it_was(small: Small, unit: str) -> None:
    with small.store.read() as session:
        with viewing(session) as view:
            assert isinstance(view, View)
        small.edit("UPDATE unit SET name = CAST(X'FF' AS TEXT) WHERE id = :id", id=unit)
    with small.store.read() as session, pytest.raises(sa.exc.OperationalError):
        session.scalars(sa.select(Unit.name)).all()
