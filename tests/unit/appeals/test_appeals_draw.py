from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.appeals import draw, queries
from registry.appeals.models import Draw, Seat
from registry.db import Session
from registry.errors import Conflict, Forbidden, Invalid, Unavailable, ZiluError
from registry.identity import draw as drawing
from registry.identity.draw import Drawn, Panelist
from registry.keys.holder import Holder
from registry.log.models import Act, LeafType
from registry.log.tree import leaf_hash
from registry.notices.models import Message
from tests.unit.appeals.contest import NONCE, Contest


class Lying(Holder):
    """Whoever has the draw key and would like another panel."""

    def draw(self, *, case: str, message: bytes) -> Drawn:
        return super().draw(case=case, message=bytes(32))


class CutOff(Holder):
    """Draws, and the line breaks before the answer is here."""

    def draw(self, *, case: str, message: bytes) -> Drawn:
        super().draw(case=case, message=message)
        raise Unavailable("the key holder does not answer", retry_after=1)


def row_of(contest: Contest) -> Draw:
    with contest.store.read() as session:
        return session.query(Draw).filter_by(appeal_id=contest.appeal().id).one()


def step_down(contest: Contest, seat: Seat) -> Seat:
    actor = next(actor for actor in contest.panel() if actor.id == seat.account_id)
    with contest.store.write() as session:
        appeal = queries.get(session, contest.appeal().id)
        return draw.step_down(session, actor=actor, appeal=appeal, now=contest.now)


class TestTheNonce:
    def test_it_is_taken_only_once_the_admission_is_public(self, contest: Contest) -> None:
        contest.admitted()
        with pytest.raises(Conflict) as refused:
            contest.offer()
        assert refused.value.code == "not-public-yet"
        contest.sequence().offer()
        assert row_of(contest).nonce == NONCE

    def test_the_same_again_changes_nothing_and_another_is_refused(self, contest: Contest) -> None:
        contest.admitted().sequence().offer().offer()
        with pytest.raises(Conflict) as refused:
            contest.offer(b"2" * 32)
        assert refused.value.code == "nonce-taken"
        assert row_of(contest).nonce == NONCE

    @pytest.mark.parametrize("nonce", [b"", b"1" * 31, b"1" * 33])
    def test_it_has_32_bytes(self, contest: Contest, nonce: bytes) -> None:
        contest.admitted().sequence()
        with pytest.raises(Invalid) as refused:
            contest.offer(nonce)
        assert refused.value.field == "nonce"

    def test_none_is_taken_for_an_appeal_that_is_not_admitted(self, contest: Contest) -> None:
        contest.lodge().attest().sequence()
        with pytest.raises(Conflict) as refused:
            contest.offer()
        assert refused.value.code == "not-allowed-now"

    def test_none_is_taken_once_the_appeal_is_withdrawn(self, contest: Contest) -> None:
        contest.admitted().sequence().withdraw()
        with pytest.raises(Conflict) as refused:
            contest.offer()
        assert refused.value.code == "not-allowed-now"


class TestTheDraw:
    def test_it_follows_the_design_to_the_byte(self, drawn: Contest) -> None:
        row = row_of(drawn)
        with drawn.store.read() as session:
            entry = session.scalars(sa.select(Act.entry).where(Act.uid == row.admission)).one()
        assert entry is not None
        pool = [Panelist(id, member) for id, member in row.pool]
        message = drawing.message(
            case_number=drawn.number,
            admission_leaf_hash=leaf_hash(entry),
            pool_root=drawing.pool_root(pool),
            nonce=NONCE,
        )
        assert row.message == message
        assert row.v is not None
        assert row.proof is not None
        public = drawn.holder.public().draw_public
        drawing.verify_draw(draw_public=public, m=message, drawn=Drawn(row.v, row.proof))
        ranked = drawing.rank(drawing.seed(message, row.v), pool)
        wanted = [(p.id, p.member, ranked.index(p)) for p in drawing.seat(ranked)]
        assert [(s.account_id, s.member_id, s.rank) for s in drawn.seats()] == wanted

    def test_three_of_distinct_members_sit_and_their_members_are_told(self, drawn: Contest) -> None:
        members = {seat.member_id for seat in drawn.seats()}
        assert len(drawn.seats()) == len(members) == 3
        with drawn.store.read() as session:
            told = session.scalars(sa.select(Message.member_id).where(Message.kind == "panel.seated")).all()
        assert set(told) == members

    def test_drawn_again_it_gives_the_same_seats(self, drawn: Contest) -> None:
        before = [seat.id for seat in drawn.seats()]
        drawn.draw()
        assert [seat.id for seat in drawn.seats()] == before

    def test_a_holder_that_answers_for_another_message_seats_nobody(
        self, contest: Contest, holder_socket: Path
    ) -> None:
        contest.holder = Lying(holder_socket)
        with pytest.raises(Invalid):
            contest.admitted().draw()
        assert contest.seats() == []
        assert row_of(contest).v is None

    def test_a_crash_after_the_holder_has_answered_is_made_good(
        self, contest: Contest, holder: Holder, holder_socket: Path
    ) -> None:
        contest.admitted().sequence().offer()
        contest.holder = CutOff(holder_socket)
        with pytest.raises(Unavailable):
            contest.draw()
        assert row_of(contest).v is None
        contest.holder = holder
        contest.draw()
        assert len(contest.seats()) == 3

    def test_without_a_nonce_of_its_own_it_is_not_drawn_from_another(self, contest: Contest) -> None:
        contest.admitted().sequence().offer()
        with pytest.raises(Conflict):
            contest.draw(b"2" * 32)

    def test_the_draw_key_has_one_clear_leaf(self, drawn: Contest) -> None:
        public = drawn.holder.public().draw_public
        with drawn.store.write() as session:
            assert draw.is_published(session, public)
            assert not draw.publish_key(session, draw_public=public, now=drawn.now)
            assert not draw.is_published(session, bytes(32))
            clear = session.scalars(sa.select(Act.clear).where(Act.type == LeafType.KEY)).all()
        assert len([text for text in clear if text and '"use":"draw"' in text]) == 1


class TestSteppingDown:
    def test_the_next_in_rank_is_seated_and_the_others_stay(self, drawn: Contest) -> None:
        before = drawn.seats()
        successor = step_down(drawn, before[0])
        after = {seat.id for seat in drawn.seats()}
        assert after == {before[1].id, before[2].id, successor.id}
        assert successor.rank == 3

    def test_when_nobody_is_left_it_is_refused_and_the_panel_stays(self, drawn: Contest) -> None:
        step_down(drawn, drawn.seats()[0])
        with pytest.raises(Invalid) as refused:
            step_down(drawn, drawn.seats()[0])
        assert refused.value.code == "pool-too-small"
        assert len(drawn.seats()) == 3

    def test_who_left_is_not_on_the_panel_any_more(self, drawn: Contest) -> None:
        leaver = drawn.panel()[0]
        step_down(drawn, drawn.seats()[0])
        drawn.answer()
        with pytest.raises(Forbidden):
            drawn.hear(leaver)

    def test_after_the_hearing_the_panel_stays_as_it_is(self, drawn: Contest) -> None:
        drawn.answer().hear()
        with pytest.raises(Conflict):
            step_down(drawn, drawn.seats()[0])

    def test_who_has_no_seat_cannot_leave_it(self, drawn: Contest) -> None:
        seated = {seat.account_id for seat in drawn.seats()}
        outsider = next(
            drawn.cast[n].actor for n in ("cem", "dag", "lin", "uma") if drawn.cast[n].actor.id not in seated
        )
        with drawn.store.write() as session, pytest.raises(Forbidden):
            draw.step_down(session, actor=outsider, appeal=queries.get(session, drawn.appeal().id), now=drawn.now)


def test_a_pool_that_is_too_small_for_a_replacement_leaves_no_trace(drawn: Contest) -> None:
    step_down(drawn, drawn.seats()[0])

    def count(session: Session) -> int:
        return session.query(Seat).count()

    with drawn.store.read() as session:
        before = count(session)
    with pytest.raises(ZiluError):
        step_down(drawn, drawn.seats()[0])
    with drawn.store.read() as session:
        assert count(session) == before
