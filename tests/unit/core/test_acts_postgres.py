"""On PostgreSQL two transactions change one row in turn; the act of the second attests the row as it then stands."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from registry.db import Store
from registry.log.actions import record
from registry.members.models import Member, Standing
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import START
from tests.postgres import cast, pg_server, pg_url, store

__all__ = ["cast", "pg_server", "pg_url", "store"]


def suspend(store: Store) -> None:
    with store.write() as session:
        session.get_one(Member, "acme").standing = Standing.SUSPENDED
        record(session, "member.standing", actor="olaf", now=START)


def test_an_act_attests_the_row_as_it_stands_not_as_it_was_read(store: Store, cast: Cast) -> None:
    with store.write() as session:
        member = session.get_one(Member, "acme")  # read before the other's change
        suspend(store)
        member.headcount = 77
        record(session, "member.count", actor="olaf", now=START)
    with store.read() as session:
        member = session.get_one(Member, "acme")
        assert (member.standing, member.headcount) == (Standing.SUSPENDED, 77)
    assert unattested(store) == set()


def test_a_row_that_was_set_to_what_it_was_is_locked_and_attested_as_it_stands(store: Store, cast: Cast) -> None:
    """Nothing of it is updated, so nothing locks it but the log."""
    with store.write() as session:
        member = session.get_one(Member, "acme")
        suspend(store)
        before, member.headcount = member.headcount, 77
        member.headcount = before
        session.get_one(Member, "birch").headcount = 77
        record(session, "member.count", actor="olaf", now=START)
        with store.engine.connect() as other, pytest.raises(sa.exc.OperationalError):
            other.execute(sa.text("SELECT 1 FROM member WHERE id = 'acme' FOR UPDATE NOWAIT"))
    assert unattested(store) == set()


def test_a_row_stays_locked_from_its_act_to_the_commit(store: Store, cast: Cast) -> None:
    with store.write() as session:
        session.get_one(Member, "acme").headcount = 77
        record(session, "member.count", actor="olaf", now=START)
        with store.engine.connect() as other, pytest.raises(sa.exc.OperationalError):
            other.execute(sa.text("SELECT 1 FROM member WHERE id = 'acme' FOR UPDATE NOWAIT"))


def test_new_rows_are_not_read_again(store: Store, cast: Cast) -> None:
    asked: list[str] = []
    with store.write() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *said: asked.append(said[2]))
        session.add(Member(**_like(session.get_one(Member, "acme")), id="new"))
        record(session, "member.admit", actor="olaf", now=START)
    assert not any("FOR NO KEY UPDATE" in statement for statement in asked)
    assert unattested(store) == set()


def _like(member: Member) -> dict[str, object]:
    columns = (column.key for column in sa.inspect(Member).column_attrs)
    return {name: getattr(member, name) for name in columns if name != "id"}
