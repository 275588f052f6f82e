"""The letter goes out, its service is proven, and the window runs from then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry.accounts.rules import Role
from registry.cases import acts
from registry.cases.actions import key_of, unseal
from registry.cases.models import Case
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.keys.holder import Holder
from registry.notices.models import Message, Notice
from registry.notices.rules import Delivery
from registry.notices.rules import State as LetterState
from registry.policy import RESPONSE_WINDOW
from registry.reports import actions
from registry.reports.rules import State
from registry.reports.serving import record_service, replace_letter
from tests.cast import Cast
from tests.conftest import ISSUER
from tests.filing import Filing

HOUR = timedelta(hours=1)


@pytest.fixture
def screened(store: Store, cast: Cast, holder: Holder, now: datetime) -> Filing:
    return Filing(store, cast, holder, now).countersigned(now).screened(now)


def serve(filing: Filing, name: str, letter_id: str, on: datetime, now: datetime, proof: str = "receipt 1") -> None:
    with filing.store.write() as session:
        record_service(
            session,
            actor=filing.cast[name].actor,
            letter_id=letter_id,
            delivery=Delivery.IN_PERSON,
            on=on,
            proof=proof,
            now=now,
        )


def test_the_window_runs_from_the_service(screened: Filing, store: Store, now: datetime) -> None:
    screened.printed(now)
    screened.served(now + 5 * HOUR, on=now + HOUR)
    report = screened.report()
    assert report.state is State.NOTICED
    assert report.window_closes_at == now + HOUR + RESPONSE_WINDOW
    with store.read() as session:
        letter = session.scalars(sa.select(Notice)).one()
        case = session.get_one(Case, screened.case_id)
        assert (letter.state, letter.served_at, letter.delivery) == (
            LetterState.SERVED,
            now + HOUR,
            Delivery.REGISTERED_POST,
        )
        assert unseal(key_of(session, case), letter, "sealed_proof").startswith("receipt XB 1234")
        kinds = list(session.scalars(sa.select(Message.kind)))
    assert sorted(kinds) == ["report.noticed", "report.screened"]


def test_a_letter_that_was_never_printed_was_never_served(screened: Filing, now: datetime) -> None:
    with pytest.raises(Conflict, match="it is drafted"):
        serve(screened, "cleo", screened.letter_id(), now, now)
    assert screened.report().state is State.SCREENED


@pytest.mark.parametrize(("offset", "why"), [(-HOUR, "before the letter was printed"), (HOUR, "in the future")])
def test_no_service_before_the_letter_or_after_now(
    screened: Filing, now: datetime, offset: timedelta, why: str
) -> None:
    screened.printed(now)
    with pytest.raises(Invalid, match=why):
        serve(screened, "cleo", screened.letter_id(), now + offset, now)
    assert screened.report().window_closes_at is None


@pytest.mark.parametrize("proof", ["", "x" * 301, "signed by 11010519491231002X"])
def test_the_proof_is_short_and_names_no_number(screened: Filing, now: datetime, proof: str) -> None:
    screened.printed(now)
    with pytest.raises(Invalid) as refused:
        serve(screened, "cleo", screened.letter_id(), now, now, proof)
    assert refused.value.field == "proof"


@pytest.mark.parametrize("name", ["rui", "ana", "adam", "olaf", "sol", "rex", "hana", "cem"])
def test_only_the_clerk_records_service(screened: Filing, now: datetime, name: str) -> None:
    letter = screened.letter_id()
    screened.printed(now)
    with pytest.raises(Forbidden):
        serve(screened, name, letter, now, now)


def test_a_letter_is_served_once(screened: Filing, now: datetime) -> None:
    letter = screened.letter_id()
    screened.printed(now)
    serve(screened, "cleo", letter, now, now)
    with pytest.raises(Conflict, match="it is served"):
        serve(screened, "cleo", letter, now, now + HOUR)


def test_an_unknown_letter_is_not_found(screened: Filing, now: datetime) -> None:
    with pytest.raises(NotFound):
        serve(screened, "cleo", "0" * 32, now, now)


def replaced(filing: Filing, letter_id: str, now: datetime, name: str = "cleo", reason: str = "came back") -> Notice:
    with filing.store.write() as session:
        return replace_letter(
            session, actor=filing.cast[name].actor, letter_id=letter_id, reason=reason, issuer=ISSUER, now=now
        )


def test_a_letter_that_came_back_is_written_anew(screened: Filing, store: Store, now: datetime) -> None:
    first = screened.letter_id()
    screened.printed(now)
    second = replaced(screened, first, now + HOUR)
    with store.read() as session:
        assert session.get_one(Notice, first).state is LetterState.RETURNED
        assert session.get_one(Notice, first).code_hash != session.get_one(Notice, second.id).code_hash
    screened.printed(now + HOUR)
    screened.served(now + 2 * HOUR)
    assert screened.report().window_closes_at == now + 2 * HOUR + RESPONSE_WINDOW


def test_why_it_was_replaced_stands_in_the_row_alone(screened: Filing, store: Store, now: datetime) -> None:
    first = screened.letter_id()
    screened.printed(now)
    replaced(screened, first, now, reason="Moved to Hefei.")
    with store.read() as session:
        key = key_of(session, session.get_one(Case, screened.case_id))
        assert unseal(key, session.get_one(Notice, first), "sealed_reason") == "Moved to Hefei."
        assert not any(b"Hefei" in act.record for act in acts.of_case(session, key))


def test_a_second_letter_moves_no_window(screened: Filing, store: Store, now: datetime) -> None:
    first = screened.letter_id()
    screened.printed(now)
    screened.served(now)
    closes = screened.report().window_closes_at
    replaced(screened, first, now + HOUR, reason="code used up")
    screened.printed(now + HOUR)
    screened.served(now + 50 * HOUR)
    assert screened.report().window_closes_at == closes
    with store.read() as session:
        assert session.get_one(Notice, first).state is LetterState.REPLACED


def test_a_drafted_letter_needs_no_replacement(screened: Filing, now: datetime) -> None:
    with pytest.raises(Conflict, match="it is drafted"):
        replaced(screened, screened.letter_id(), now)


@pytest.mark.parametrize("name", ["rui", "ana", "olaf", "sol"])
def test_only_the_clerk_replaces(screened: Filing, now: datetime, name: str) -> None:
    letter = screened.letter_id()
    screened.printed(now)
    with pytest.raises(Forbidden):
        replaced(screened, letter, now, name)


def test_a_replacement_says_why(screened: Filing, now: datetime) -> None:
    letter = screened.letter_id()
    screened.printed(now)
    with pytest.raises(Invalid, match="reason"):
        replaced(screened, letter, now, reason="")


def test_a_letter_of_a_withdrawn_report_opens_no_window(
    screened: Filing, cast: Cast, store: Store, now: datetime
) -> None:
    letter = screened.letter_id()
    screened.printed(now)
    with store.write() as session:
        actions.withdraw(session, actor=cast.rui.actor, report_id=screened.id, reason="Wrong person.", now=now)
    serve(screened, "cleo", letter, now, now)
    report = screened.report()
    assert (report.state, report.window_closes_at) == (State.WITHDRAWN, None)
    with pytest.raises(Conflict, match="this report is withdrawn; no more letters are sent"):
        replaced(screened, letter, now)


def test_a_clerk_of_the_filing_members_group_has_no_part_in_it(
    screened: Filing, cast: Cast, store: Store, now: datetime
) -> None:
    letter = screened.letter_id()
    screened.printed(now)
    clerk = replace(cast.eva.actor, roles=frozenset({Role.CLERK}))
    with pytest.raises(Forbidden), store.write() as session:
        record_service(session, actor=clerk, letter_id=letter, delivery=Delivery.IN_PERSON, on=now, proof="p", now=now)
