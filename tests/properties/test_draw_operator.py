"""The operator cannot choose a panel.

What an operator controls: the salts of acts, what stands in the log before them, when things happen, how often they
ask, and every row of the database. What they do not: the nonce (the subject's), the draw key (the key holder's, which
signs one message a draw), and the admission's leaf once it is public.

1. Whatever they do before the leaf is public, the panel is a function of that leaf, the nonce and the draw key.
2. No choice of theirs can be tried out: the key holder answers for one message of a draw and for no other.
3. Whatever they change afterwards, the redraw names it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from registry import vault
from registry.appeals.draw import admission_leaf, pool_of
from registry.appeals.models import Draw, Seat
from registry.appeals.redraw import redraw
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.errors import Conflict
from registry.identity import draw as drawing
from registry.log import leaf
from registry.log.actions import record
from registry.log.models import Act
from registry.panels.rules import SEATS
from tests.conftest import MovingClock
from tests.unit.appeals.contest import Contest, Prepared, listed, more_panelists

__all__ = ["listed"]

nonces = st.binary(min_size=32, max_size=32)


@contextmanager
def admitted(listed: Prepared) -> Iterator[Contest]:
    """An appeal whose pool of seven is fixed; the admission's leaf is not public yet."""
    folder = Path(tempfile.mkdtemp(prefix="zilu-"))
    try:
        with listed.resumed(folder / "registry.db", MovingClock()) as contest:
            more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
            yield contest.renumbered().admitted()
    finally:
        shutil.rmtree(folder)


def draw_row(session: Session) -> Draw:
    return session.scalars(sa.select(Draw)).one()


def resalt(contest: Contest, salt: bytes) -> None:
    """Another salt for the admission: another leaf, of the operator's choice."""
    with contest.store.write() as session:
        key = key_of(session, session.get_one(Case, contest.case_id))
        act = session.scalars(sa.select(Act).where(Act.uid == draw_row(session).admission)).one()
        text = vault.open_sealed(key.key, act.record, table="act", row=act.uid, column="record")
        sealed = vault.seal(key.key, salt, table="act", row=act.uid, column="salt")
        values = {"commitment": leaf.commit(salt, act.type.value, text), "salt": sealed}
        session.execute(sa.update(Act).where(Act.id == act.id).values(**values))


def noise(contest: Contest, salt: bytes) -> None:
    """Other acts, before or after the admission is published."""
    with contest.store.write() as session:
        record(session, "noise", actor="system:operator", now=contest.now, facts={"salt": salt.hex()})


def wait(contest: Contest, salt: bytes) -> None:
    contest.clock.move(timedelta(minutes=salt[0]))


BEFORE: dict[str, Callable[[Contest, bytes], None]] = {"resalt": resalt, "noise": noise, "wait": wait}
freedom = st.lists(st.tuples(st.sampled_from(sorted(BEFORE)), nonces), max_size=5)


def panel_of(contest: Contest, nonce: bytes) -> list[str]:
    """What leaf, pool, nonce and draw key make of the case, by the pure rules and nothing else."""
    with contest.store.read() as session:
        row = draw_row(session)
        message = drawing.message(
            case_number=row.name,
            admission_leaf_hash=admission_leaf(session, row),
            pool_root=drawing.pool_root(pool_of(row)),
            nonce=nonce,
        )
    drawn = contest.holder.draw(case=row.name, message=message)
    drawing.verify_draw(draw_public=contest.holder.public().draw_public, m=message, drawn=drawn)
    ranked = drawing.rank(drawing.seed(message, drawn.v), reversed(pool_of(row)))
    return [panelist.id for panelist in drawing.seat(ranked)]


def differs(contest: Contest) -> tuple[str, ...]:
    with contest.store.read() as session:
        (drawn,) = redraw(session, session.get_one(Case, contest.case_id))
        return drawn.differs


@settings(max_examples=10, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(before=freedom, nonce=nonces)
def test_leaf_nonce_and_key_fix_the_panel_whatever_is_done_before(
    listed: Prepared, before: list[tuple[str, bytes]], nonce: bytes
) -> None:
    with admitted(listed) as contest:
        for name, salt in before:
            BEFORE[name](contest, salt)
        contest.draw(nonce)
        assert [seat.account_id for seat in contest.seats()] == panel_of(contest, nonce)
        assert differs(contest) == ()


@settings(max_examples=5, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(nonce=nonces, others=st.lists(nonces, min_size=1, max_size=5))
def test_no_second_message_of_a_draw_is_answered(listed: Prepared, nonce: bytes, others: list[bytes]) -> None:
    """So no salt, no order and no nonce can be tried out before one is chosen, nor exchanged for a better one."""
    with admitted(listed) as contest:
        contest.draw(nonce)
        seats = [seat.account_id for seat in contest.seats()]
        for other in set(others) - {nonce}:
            for attempt in (panel_of, Contest.draw):
                with pytest.raises(Conflict):
                    attempt(contest, other)
        assert [seat.account_id for seat in contest.seats()] == seats
        assert differs(contest) == ()


def test_a_leaf_that_was_chosen_after_the_nonce_is_not_taken(listed: Prepared) -> None:
    """Before its leaf is public no nonce is taken, so nobody knows one while they can still choose the leaf."""
    with admitted(listed) as contest, pytest.raises(Conflict) as refused:
        contest.offer(bytes(32))
    assert refused.value.code == "not-public-yet"


def change(**values: object) -> Callable[[Session], sa.Update]:
    return lambda _session: sa.update(Draw).values(**values)


def _swapped_seat(session: Session) -> sa.Update:
    """Somebody else of the pool in the first seat."""
    seats = session.scalars(sa.select(Seat).order_by(Seat.rank)).all()
    other = next(id for id, _ in draw_row(session).pool if id not in {seat.account_id for seat in seats})
    return sa.update(Seat).where(Seat.id == seats[0].id).values(account_id=other)


def _reranked(session: Session) -> sa.Update:
    first = session.scalars(sa.select(Seat).order_by(Seat.rank)).first()
    assert first is not None
    return sa.update(Seat).where(Seat.id == first.id).values(rank=first.rank + 20)


def _smaller_pool(session: Session) -> sa.Update:
    pool = draw_row(session).pool
    return sa.update(Draw).values(pool=pool[1:], root=drawing.pool_root(drawing.Panelist(*each) for each in pool[1:]))


def _nonce_act_of_the_clock(session: Session) -> sa.Update:
    """Another act in place of the nonce's."""
    other = session.scalars(sa.select(Act.uid).where(Act.position.is_not(None)).limit(1)).one()
    return sa.update(Draw).values(nonce_act=other)


AFTER: dict[str, Callable[[Session], sa.Update]] = {
    "another nonce": change(nonce=b"n" * 32),
    "another V": change(v=drawing.HASH_SIZE * b"\0"),
    "another message": change(message=b"m" * 32),
    "another root": change(root=b"r" * 32),
    "another name": change(name="ZL-0000-0000"),
    "another admission": change(admission="a" * 32),
    "another nonce act": _nonce_act_of_the_clock,
    "a smaller pool": _smaller_pool,
    "another in a seat": _swapped_seat,
    "another rank": _reranked,
}


@pytest.fixture(scope="module")
def seated(listed: Prepared) -> Iterator[Contest]:
    with admitted(listed) as contest:
        yield contest.draw(b"s" * 32)


@pytest.mark.parametrize("name", AFTER)
def test_what_is_changed_after_the_draw_is_named(seated: Contest, name: str) -> None:
    assert differs(seated) == ()
    with seated.store.read() as session:  # nothing of it is kept
        session.execute(AFTER[name](session).execution_options(synchronize_session=False))
        session.expire_all()
        (drawn,) = redraw(session, session.get_one(Case, seated.case_id))
    assert drawn.differs != ()


def test_a_salt_that_is_changed_after_publication_is_named(listed: Prepared) -> None:
    with admitted(listed) as contest:
        contest.draw(b"s" * 32)
        resalt(contest, b"t" * 32)
        assert any("appeal.admit" in difference for difference in differs(contest))


def test_the_walks_have_somebody_to_choose_from(listed: Prepared) -> None:
    """Else they would prove nothing."""
    with admitted(listed) as contest, contest.store.read() as session:
        assert len(draw_row(session).pool) == 2 * SEATS + 1
