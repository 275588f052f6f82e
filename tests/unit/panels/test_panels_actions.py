from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from registry import policy
from registry.appeals import queries
from registry.appeals.rules import State
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.checks.models import Check
from registry.db import Store
from registry.entries import actions as entries_actions
from registry.entries import queries as entries
from registry.entries.models import Entry
from registry.entries.rules import State as EntryState
from registry.errors import Conflict, Forbidden, Invalid
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.notices.models import Message
from registry.panels import actions as panels
from registry.panels.actions import opened_ballot
from registry.panels.models import Decision, Hearing, Vote
from registry.panels.rules import Choice
from registry.recalls.models import Recall
from registry.reports.models import Report
from registry.reports.rules import State as ReportState
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.listing import check, people
from tests.unit.appeals.contest import Contest, more_panelists


@pytest.fixture
def shown(drawn: Contest) -> Contest:
    """birch was shown the entry. The check is asked, and its row pointed at the entry: a tag of nobody cannot be."""
    check(drawn.store, drawn.holder, people(1), drawn.cast.hana.actor, drawn.now)
    with drawn.store.write() as session:
        entry = session.query(Entry).filter_by(case_id=drawn.case_id).one()
        session.execute(sa.update(Check).values(entry_id=entry.id, handle=entry.handle))
    return drawn


@pytest.fixture
def heard(shown: Contest) -> Contest:
    return shown.answer().hear()


def recalls(contest: Contest) -> list[tuple[str, str]]:
    with contest.store.read() as session:
        rows = session.query(Recall).order_by(Recall.issued_at, Recall.reason)
        return [(recall.member_id, recall.reason.value) for recall in rows]


def is_visible(contest: Contest) -> bool:
    entry = contest.entry()
    with contest.store.read() as session:
        return entry.handle in entries.visible(session, [entry.handle], contest.now)


def decision(contest: Contest) -> Decision:
    with contest.store.read() as session:
        return session.query(Decision).one()


class TestHearing:
    def test_it_opens_the_vote_and_its_record_is_sealed(self, drawn: Contest) -> None:
        drawn.answer().hear()
        assert drawn.appeal().state is State.HEARD
        with drawn.store.read() as session:
            assert b"heard" not in session.query(Hearing).one().sealed_notes

    def test_nothing_is_heard_before_the_member_has_answered(self, drawn: Contest) -> None:
        with pytest.raises(Conflict):
            drawn.hear()

    def test_nobody_hears_without_a_seat(self, drawn: Contest) -> None:
        drawn.answer()
        seated = {actor.id for actor in drawn.panel()}
        for person in drawn.cast.values():
            if person.actor.id not in seated:
                with pytest.raises(Forbidden):
                    drawn.hear(person.actor)

    @pytest.mark.parametrize("member", ["acme", "eagle"])
    def test_a_seat_is_worth_nothing_on_the_case_of_ones_own_member_or_group(self, drawn: Contest, member: str) -> None:
        """Somebody who was drawn, and has changed sides since."""
        drawn.answer()
        partial = dataclasses.replace(drawn.panel()[0], member_id=member, group="acme")
        with pytest.raises(Forbidden):
            drawn.hear(partial)
        drawn.hear()
        with pytest.raises(Forbidden):
            drawn.vote(partial, "void")

    @pytest.mark.parametrize("notes", ["", "a" * 10_001, f"He showed {NUMBER}."])
    def test_notes_are_prose(self, drawn: Contest, notes: str) -> None:
        drawn.answer()
        with drawn.store.write() as session, pytest.raises(Invalid) as refused:
            appeal = queries.get(session, drawn.appeal().id)
            panels.hear(session, actor=drawn.panel()[0], appeal=appeal, notes=notes, now=drawn.now)
        assert refused.value.field == "notes"


class TestVoting:
    def test_a_vote_is_sealed_until_all_are_in(self, heard: Contest) -> None:
        first, second, third = heard.panel()
        heard.vote(first, "void").vote(second, "keep")
        with heard.store.read() as session:
            key = key_of(session, session.get_one(Case, heard.case_id))
            for vote in session.query(Vote):
                assert vote.opened_at is None
                with pytest.raises(Conflict) as refused:
                    opened_ballot(vote, key)
                assert refused.value.code == "sealed"
            assert session.query(Decision).count() == 0
        heard.vote(third, "keep")
        with heard.store.read() as session:
            assert {vote.opened_at for vote in session.query(Vote)} == {heard.now}

    def test_sealed_votes_are_all_of_one_length(self, heard: Contest) -> None:
        first, second, _ = heard.panel()
        heard.vote(first, "shorten", term_days=100).vote(second, "keep")
        with heard.store.read() as session:
            assert len({len(vote.sealed_choice) for vote in session.query(Vote)}) == 1

    def test_no_act_in_the_log_tells_a_vote(self, heard: Contest) -> None:
        heard.vote(heard.panel()[0], "void")
        with heard.store.read() as session:
            acts = session.query(Act).filter_by(case_id=heard.case_id).all()
        assert all(b"void" not in act.record for act in acts)

    def test_a_vote_is_cast_once(self, heard: Contest) -> None:
        heard.vote(heard.panel()[0], "void")
        with pytest.raises(Conflict) as refused:
            heard.vote(heard.panel()[0], "keep")
        assert refused.value.code == "voted"

    def test_the_table_itself_takes_one_vote_a_seat(self, heard: Contest) -> None:
        heard.vote(heard.panel()[0], "void")
        with heard.store.read() as session:
            vote = session.query(Vote).one()
            values = {column.name: getattr(vote, column.name) for column in Vote.__table__.columns}
        with pytest.raises(IntegrityError), heard.store.write() as session:
            session.execute(sa.insert(Vote).values({**values, "id": "another"}))

    def test_nobody_votes_before_the_hearing(self, drawn: Contest) -> None:
        drawn.answer()
        with pytest.raises(Conflict) as refused:
            drawn.vote(drawn.panel()[0], "void")
        assert refused.value.code == "not-allowed-now"

    def test_nobody_votes_without_a_seat(self, heard: Contest) -> None:
        seated = {actor.id for actor in heard.panel()}
        for person in heard.cast.values():
            if person.actor.id not in seated:
                with pytest.raises(Forbidden):
                    heard.vote(person.actor, "void")

    def test_a_graver_level_and_a_longer_term_are_not_a_panels_to_give(self, heard: Contest) -> None:
        first = heard.panel()[0]
        for choice, how, field in (("correct", {"level": 4}, "level"), ("shorten", {"term_days": 365}, "until")):
            with pytest.raises(Invalid) as refused:
                heard.vote(first, choice, **how)
            assert refused.value.field == field


class TestDeciding:
    def test_void_removes_the_entry_and_tells_everyone_in_the_same_transaction(self, heard: Contest) -> None:
        assert is_visible(heard)
        heard.votes("void", "keep", "void")
        assert not is_visible(heard)
        assert heard.entry().state is EntryState.VOIDED
        assert recalls(heard) == [("birch", "voided")]
        assert heard.appeal().state is State.CLOSED
        assert (decision(heard).choice, decision(heard).unanimous) == (Choice.VOID, False)

    def test_rolled_back_neither_the_entry_nor_a_recall_is_touched(self, heard: Contest) -> None:
        class Crash(Exception):
            pass

        first, second, third = heard.panel()
        heard.vote(first, "void").vote(second, "void")
        with pytest.raises(Crash), heard.store.write() as session:
            appeal = queries.get(session, heard.appeal().id)
            panels.vote(session, actor=third, appeal=appeal, choice="void", reasons="So be it.", now=heard.now)
            assert session.query(Recall).count() == 1
            raise Crash
        assert is_visible(heard)
        assert recalls(heard) == []
        assert heard.appeal().state is State.HEARD
        with heard.store.read() as session:
            assert session.query(Vote).count() == 2
            assert session.query(Decision).count() == 0

    def test_keep_leaves_the_entry_and_waits_to_be_contested(self, heard: Contest) -> None:
        heard.votes("keep", "keep", "void")
        assert is_visible(heard)
        assert heard.entry().disputed
        assert heard.appeal().state is State.DECIDED
        assert recalls(heard) == []

    def test_correct_changes_the_level_and_tells(self, heard: Contest) -> None:
        heard.votes("correct", "correct", "void", level=1)
        assert (heard.entry().state, heard.entry().level) == (EntryState.CORRECTED, 1)
        assert recalls(heard) == [("birch", "corrected")]

    def test_shorten_moves_the_end_and_tells(self, heard: Contest) -> None:
        heard.votes("shorten", "shorten", "keep", term_days=90)
        entry = heard.entry()
        assert entry.until == entry.listed_at + timedelta(days=90)
        assert recalls(heard) == [("birch", "shortened")]

    def test_suspend_hides_it_and_tells(self, heard: Contest) -> None:
        heard.votes("suspend", "suspend", "keep")
        assert not is_visible(heard)
        assert recalls(heard) == [("birch", "suspended")]

    def test_what_silence_has_hidden_is_shown_again_when_it_is_kept(self, shown: Contest) -> None:
        shown.tick(policy.ANSWER_LIMIT)
        assert not is_visible(shown)
        shown.clock.move(timedelta(hours=1))
        shown.hear().votes("keep", "keep", "keep")
        assert is_visible(shown)
        assert recalls(shown) == [("birch", "suspended"), ("birch", "listed")]

    def test_what_silence_has_hidden_is_corrected_too(self, shown: Contest) -> None:
        shown.tick(policy.ANSWER_LIMIT)
        shown.hear().votes("correct", "correct", "keep", level=1)
        assert (shown.entry().state, shown.entry().level) == (EntryState.CORRECTED, 1)

    def test_what_an_order_has_hidden_stays_hidden_when_it_is_kept(self, heard: Contest) -> None:
        with heard.store.write() as session:
            entry = session.query(Entry).one()
            entries_actions.suspend(session, entry, actor_id="olaf", now=heard.now, reason="order")
        heard.votes("keep", "keep", "keep")
        assert not is_visible(heard)

    def test_a_permanent_listing_is_not_kept_by_two_of_three(self, heard: Contest) -> None:
        with heard.store.write() as session:
            session.execute(sa.update(Entry).values(until=None))
        heard.votes("keep", "keep", "void")
        entry = heard.entry()
        assert entry.until == entry.listed_at + (policy.MAX_TERM or policy.REVIEW_EVERY)
        assert decision(heard).choice is Choice.SHORTEN

    def test_the_member_is_told_that_there_is_a_decision_and_not_which(self, heard: Contest) -> None:
        heard.votes("void", "void", "void")
        with heard.store.read() as session:
            message = session.query(Message).filter_by(kind="appeal.decided").one()
        assert message.member_id == "acme"
        assert message.payload == {"type": "appeal.decided", "id": heard.appeal().id}


class TestBeforeTheListing:
    @pytest.fixture
    def noticed(self, store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Contest:
        return Contest(store, cast, holder, clock, listed=False).heard()

    def report(self, contest: Contest) -> Report:
        with contest.store.read() as session:
            return session.query(Report).one()

    def test_void_ends_the_report(self, noticed: Contest) -> None:
        noticed.votes("void", "void", "keep")
        assert self.report(noticed).state is ReportState.VOIDED
        assert noticed.appeal().state is State.CLOSED

    def test_keep_lets_it_go_on(self, noticed: Contest) -> None:
        noticed.votes("keep", "void", "keep")
        assert self.report(noticed).state is ReportState.NOTICED

    def test_there_is_nothing_to_shorten_yet(self, noticed: Contest) -> None:
        with pytest.raises(Invalid) as refused:
            noticed.vote(noticed.panel()[0], "shorten", term_days=90)
        assert refused.value.field == "choice"


class TestTheSecondInstance:
    def test_it_undoes_what_the_first_has_hidden(self, contest: Contest) -> None:
        from_first(contest, "suspend", "keep")
        assert contest.entry().state is EntryState.LISTED

    def test_its_void_is_the_end(self, contest: Contest) -> None:
        from_first(contest, "keep", "void")
        assert contest.entry().state is EntryState.VOIDED
        with contest.store.read() as session:
            assert {appeal.state for appeal in queries.of_case(session, contest.case_id)} == {State.CLOSED}


def from_first(contest: Contest, first: str, second: str) -> None:
    more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
    contest.decided(first, first, first).contest().admit().draw(b"2" * 32).answer().hear()
    contest.votes(second, second, second)
