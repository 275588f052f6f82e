from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry import base64url, policy
from registry.appeals import actions, queries, timestamp
from registry.appeals.actions import proofed
from registry.appeals.models import Answer, Appeal, Attestation
from registry.appeals.rules import CONTEST_WINDOW, State
from registry.cases.actions import key_of, unseal
from registry.cases.models import Case, Statement, Step
from registry.db import Store
from registry.entries.rules import State as EntryState
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.keys.actions import revoke
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.notices.models import Message
from registry.reports.actions import withdraw as withdraw_report
from registry.signing import jws, keys
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.filing import NUMBER, any_tag
from tests.unit.appeals.contest import Contest, more_panelists


def kinds(contest: Contest, member: str = "acme") -> list[str]:
    with contest.store.read() as session:
        messages = session.query(Message).filter_by(member_id=member).order_by(Message.written_at)
        return [message.kind for message in messages if message.kind.startswith("appeal.")]


def state_words(contest: Contest, text: str) -> None:
    with contest.store.write() as session:
        actions.state(session, case=session.get_one(Case, contest.case_id), text=text, now=contest.now)


class TestLodging:
    def test_an_appeal_marks_the_entry_disputed_and_tells_the_member_at_once(self, contest: Contest) -> None:
        appeal = contest.lodge().appeal()
        assert appeal.state is State.LODGED
        assert appeal.entry_id == contest.entry().id
        assert contest.entry().disputed
        assert appeal.informed_at == contest.now
        assert kinds(contest) == ["appeal.opened"]

    def test_the_words_are_sealed_and_open_with_the_case_key(self, contest: Contest) -> None:
        contest.lodge(text="I was on leave that month.")
        appeal = contest.appeal()
        assert b"leave" not in appeal.sealed_text
        with contest.store.read() as session:
            key = key_of(session, session.get_one(Case, contest.case_id))
            assert unseal(key, appeal, "sealed_text") == "I was on leave that month."

    def test_a_case_in_its_window_is_contested_before_it_is_listed(
        self, store: Store, cast: Cast, holder: Holder, clock: MovingClock
    ) -> None:
        assert Contest(store, cast, holder, clock, listed=False).lodge().appeal().entry_id is None

    def test_one_appeal_at_a_time(self, contest: Contest) -> None:
        contest.lodge()
        with pytest.raises(Conflict, match="open") as refused:
            contest.lodge()
        assert refused.value.code == "appeal-open"

    def test_after_one_is_over_another_may_be_lodged(self, contest: Contest) -> None:
        contest.lodge().attest().withdraw()
        assert contest.lodge(grounds=["new-facts"]).appeal().number == 2

    def test_what_has_been_proofed_once_need_not_be_proofed_again(self, contest: Contest) -> None:
        contest.attest().lodge()
        assert contest.appeal().state is State.PROOFED
        assert contest.appeal().proofed_at == contest.now

    def test_a_report_that_is_gone_cannot_be_contested(
        self, store: Store, cast: Cast, holder: Holder, clock: MovingClock
    ) -> None:
        contest = Contest(store, cast, holder, clock, listed=False)
        with store.write() as session:
            withdraw_report(
                session, actor=cast.rui.actor, report_id=contest.filing.id, reason="A mistake.", now=clock()
            )
        with pytest.raises(Conflict, match="nothing left"):
            contest.lodge()

    @pytest.mark.parametrize(
        ("how", "field"),
        [
            ({"grounds": []}, "grounds"),
            ({"grounds": ["not-true", "not-true"]}, "grounds"),
            ({"grounds": ["unfair"]}, "grounds"),
            ({"lane": "express"}, "lane"),
            ({"text": "  "}, "text"),
            ({"text": "a" * 2001}, "text"),
            ({"text": f"I am not {NUMBER}"}, "text"),
        ],
    )
    def test_bad_input_names_the_field_and_changes_nothing(
        self, contest: Contest, how: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            contest.lodge(**how)
        assert refused.value.field == field
        assert NUMBER not in refused.value.message
        assert not contest.entry().disputed

    def test_intake_gives_a_signed_timestamp_that_opens_the_leaf(self, contest: Contest) -> None:
        key = keys.generate()
        with contest.store.write() as session:
            case = session.get_one(Case, contest.case_id)
            lodged = actions.lodge(
                session, case=case, grounds=["procedure"], text="No hearing.", lane="urgent", now=contest.now
            )
            token = timestamp.issue(session, case=case, act=lodged.act, issuer=ISSUER, key=key)
            assert token == timestamp.issue(session, case=case, act=lodged.act, issuer=ISSUER, key=key)
        public = {keys.thumbprint(key.public_key()): key.public_key()}
        payload = jws.verify(token, typ=timestamp.TYP, key_for=public.__getitem__).payload
        opened = json.loads(base64url.decode(payload["opening"]["record"], field="record"))
        assert payload["aud"] == contest.number
        assert payload["leaf"] == base64url.encode(lodged.act.commitment)
        assert opened["verb"] == "appeal.lodge"
        assert opened["facts"]["lane"] == "urgent"


class TestProofing:
    def test_a_verifiers_word_moves_the_appeal_on(self, contest: Contest) -> None:
        assert contest.lodge().attest().appeal().state is State.PROOFED
        assert contest.appeal().began_at == contest.now

    def test_another_person_is_refused_and_nothing_changes(self, contest: Contest) -> None:
        contest.lodge()
        with pytest.raises(Conflict) as refused:
            contest.attest(contest.attestation(sub=base64url.encode(any_tag(9))))
        assert refused.value.code == "identity-differs"
        assert contest.appeal().state is State.LODGED
        with contest.store.read() as session:
            assert session.query(Attestation).count() == 0

    def test_the_same_statement_again_gives_the_same_attestation(self, contest: Contest) -> None:
        token = contest.lodge().attestation()
        contest.attest(token).attest(token)
        with contest.store.read() as session:
            assert session.query(Attestation).count() == 1

    def test_a_used_jti_is_not_used_for_another_statement(self, contest: Contest) -> None:
        contest.attest(contest.attestation(jti="a-1"))
        contest.clock.move(timedelta(seconds=1))
        with pytest.raises(Conflict, match="jti"):
            contest.attest(contest.attestation(jti="a-1"))

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"aud": "https://other.example"}, "aud"),
            ({"iss": "acme"}, "iss"),
            ({"case": "ZL-0000-0000"}, "case"),
            ({"sub": "AAAA"}, "sub"),
            ({"sub": base64url.encode(b"\xff" * 32)}, "sub"),
            ({"iat": 0, "exp": 4_000_000_000}, "iat"),
            ({"exp": 1}, "exp"),
        ],
    )
    def test_a_claim_that_does_not_fit_is_named(self, contest: Contest, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refused:
            contest.attest(contest.attestation(**changes))
        assert refused.value.field == field

    def test_a_reporters_key_does_not_attest(self, contest: Contest) -> None:
        with pytest.raises(Forbidden):
            contest.attest(contest.attestation(contest.cast.rui), contest.cast.rui.actor)

    def test_a_key_of_another_member_does_not_attest(self, contest: Contest) -> None:
        token = contest.attestation(contest.cast.rui, iss="notary")
        with pytest.raises(Invalid) as refused:
            contest.attest(token)
        assert refused.value.code == "key-unknown"

    def test_a_revoked_key_does_not_attest(self, contest: Contest) -> None:
        with contest.store.write() as session:
            revoke(session, actor=contest.cast.nora.actor, kid=contest.cast.vera.kid, now=contest.now)
        with pytest.raises(Invalid) as refused:
            contest.attest()
        assert refused.value.code == "key-revoked"

    def test_a_case_that_is_not_there_is_not_found(self, contest: Contest) -> None:
        contest.number = "ZL-0000-0000"
        with pytest.raises(NotFound):
            contest.attest()


class TestStatement:
    def test_it_needs_a_proof_of_identity(self, contest: Contest) -> None:
        with pytest.raises(Forbidden) as refused:
            state_words(contest, "It was not me.")
        assert refused.value.code == "not-proofed"

    def test_a_later_one_replaces_it_and_the_log_keeps_both_acts(self, contest: Contest) -> None:
        contest.attest()
        state_words(contest, "It was not me.")
        state_words(contest, "It was my brother.\r\nHe said so.")
        with contest.store.read() as session:
            row = session.query(Statement).one()
            key = key_of(session, session.get_one(Case, contest.case_id))
            assert unseal(key, row, "sealed_text") == "It was my brother.\nHe said so."
            assert proofed(session, session.get_one(Case, contest.case_id))

    @pytest.mark.parametrize("text", ["", "a" * (policy.STATEMENT_LENGTH + 1), f"No. {NUMBER}"])
    def test_it_is_short_and_holds_no_number(self, contest: Contest, text: str) -> None:
        contest.attest()
        with pytest.raises(Invalid) as refused:
            state_words(contest, text)
        assert refused.value.field == "text"


class TestAnswer:
    def test_the_member_answers_by_signature(self, contest: Contest) -> None:
        assert contest.admitted().answer().appeal().state is State.ANSWERED

    def test_the_approver_may_answer_too(self, contest: Contest) -> None:
        contest.admitted().answer(contest.answer_token(contest.cast.ana), contest.cast.ana.actor)
        assert contest.appeal().state is State.ANSWERED

    def test_the_same_answer_again_changes_nothing(self, contest: Contest) -> None:
        token = contest.admitted().answer_token()
        contest.answer(token).answer(token)
        with contest.store.read() as session:
            assert session.query(Answer).count() == 1
            steps = session.query(Step).filter_by(subject=f"appeal:{contest.appeal().id}", verb="answer")
            assert steps.count() == 1

    def test_another_answer_is_refused(self, contest: Contest) -> None:
        contest.admitted().answer()
        with pytest.raises(Conflict):
            contest.answer(contest.answer_token(text="On second thoughts."))

    def test_nobody_answers_for_another_member(self, contest: Contest) -> None:
        contest.admitted()
        with pytest.raises(Forbidden):
            contest.answer(contest.answer_token(contest.cast.ben), contest.cast.ben.actor)

    def test_a_colleagues_key_is_not_ones_own(self, contest: Contest) -> None:
        contest.admitted()
        with pytest.raises(Forbidden) as refused:
            contest.answer(contest.answer_token(contest.cast.ana), contest.cast.rui.actor)
        assert refused.value.code == "key-not-yours"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"appeal": "0" * 32}, "appeal"),
            ({"aud": "https://other.example"}, "aud"),
            ({"iss": "birch"}, "iss"),
            ({"text": ""}, "text"),
            ({"text": f"It is {NUMBER}."}, "text"),
            ({"iat": 0}, "iat"),
            ({"more": 1}, "statement"),
        ],
    )
    def test_a_claim_that_does_not_fit_is_named(self, contest: Contest, changes: dict[str, Any], field: str) -> None:
        contest.admitted()
        with pytest.raises(Invalid) as refused:
            contest.answer(contest.answer_token(**changes))
        assert refused.value.field == field
        assert contest.appeal().state is State.ADMITTED

    def test_an_appeal_that_is_not_admitted_is_not_answered(self, contest: Contest) -> None:
        contest.lodge()
        with pytest.raises(Conflict) as refused:
            contest.answer()
        assert refused.value.code == "not-allowed-now"


class TestWithdrawing:
    def test_the_dispute_ends_with_it(self, contest: Contest) -> None:
        contest.lodge().attest().withdraw()
        assert contest.appeal().state is State.WITHDRAWN
        assert not contest.entry().disputed

    def test_it_needs_a_proof_of_identity(self, contest: Contest) -> None:
        contest.lodge()
        with pytest.raises(Forbidden):
            contest.withdraw()

    def test_what_silence_had_hidden_is_shown_again(self, contest: Contest) -> None:
        contest.seated().tick(policy.ANSWER_LIMIT)
        assert contest.entry().state is EntryState.SUSPENDED
        contest.withdraw()
        assert contest.entry().state is EntryState.LISTED

    def test_there_must_be_something_to_withdraw(self, contest: Contest) -> None:
        contest.attest()
        with pytest.raises(Conflict):
            contest.withdraw()

    def test_a_decision_cannot_be_withdrawn_from(self, contest: Contest) -> None:
        contest.decided("keep", "keep", "keep")
        with pytest.raises(Conflict):
            contest.withdraw()


class TestContesting:
    def test_the_second_instance_is_an_appeal_of_its_own(self, contest: Contest) -> None:
        more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
        first = contest.decided().appeal()
        second = contest.contest().appeal()
        assert (second.instance, second.number, second.previous_id) == (2, 2, first.id)
        assert second.state is State.PROOFED
        assert second.began_at == first.began_at
        assert contest.entry().disputed

    def test_its_panel_is_three_others_and_its_end_closes_both(self, contest: Contest) -> None:
        more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
        first = {seat.account_id for seat in contest.decided().seats()}
        contest.contest().admit().draw(b"2" * 32).answer()
        second = {seat.account_id for seat in contest.seats()}
        assert len(second) == 3
        assert not first & second
        contest.hear().votes("keep", "keep", "keep")
        with contest.store.read() as session:
            states = session.scalars(sa.select(Appeal.state)).all()
        assert states == [State.CLOSED, State.CLOSED]
        assert not contest.entry().disputed

    def test_it_cannot_be_refused(self, contest: Contest) -> None:
        contest.decided().contest()
        with pytest.raises(Conflict, match="right"):
            contest.refuse()

    def test_withdrawing_it_leaves_the_first_decision(self, contest: Contest) -> None:
        contest.decided().contest().withdraw()
        with contest.store.read() as session:
            first, second = queries.of_case(session, contest.case_id)
        assert (first.state, second.state) == (State.CLOSED, State.WITHDRAWN)

    def test_the_window_ends(self, contest: Contest) -> None:
        contest.decided().clock.move(CONTEST_WINDOW)
        with pytest.raises(Conflict) as refused:
            contest.contest()
        assert refused.value.code == "too-late"

    def test_there_is_no_third_instance(self, contest: Contest) -> None:
        more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
        contest.decided().contest().admit().draw(b"2" * 32).answer().hear().votes("keep", "keep", "keep")
        with pytest.raises(Conflict):
            contest.contest()

    def test_what_is_not_decided_is_not_contested(self, contest: Contest) -> None:
        contest.heard()
        with pytest.raises(Conflict):
            contest.contest()


def test_every_act_of_the_subject_names_the_case_and_nobody(contest: Contest) -> None:
    contest.lodge().attest().withdraw()
    with contest.store.read() as session:
        actors = session.scalars(sa.select(Step.actor).where(Step.verb.in_(["lodge", "withdraw"]))).all()
        acts = session.scalars(sa.select(Act).where(Act.case_id == contest.case_id)).all()
    assert set(actors) == {f"subject:{contest.case_id}"}
    assert acts
