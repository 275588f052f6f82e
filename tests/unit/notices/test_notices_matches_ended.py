"""A match that failed stays failed and is logged; a letter that is dead lets nobody stay."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Store
from registry.errors import Forbidden, Unauthenticated
from registry.identity import document, tags
from registry.keys.holder import Holder
from registry.notices import matches
from registry.notices.models import CaseMatch, Notice, SubjectSession
from registry.notices.rules import State
from registry.reports.serving import replace_letter
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import ISSUER
from tests.filing import OTHER_NUMBER
from tests.unit.notices.test_notices_matches import Accused, Visitor, accused

__all__ = ["accused"]

REFUSED = "case number, code and identity number do not fit together, or the code has been tried too often"


def verbs(store: Store, case_id: str) -> list[str]:
    with store.read() as session:
        return [act.verb for act in acts.of_case(session, key_of(session, session.get_one(Case, case_id)))]


def replaced(accused: Accused, store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        replace_letter(
            session, actor=cast.cleo.actor, letter_id=accused.letter_id, reason="Lost.", issuer=ISSUER, now=now
        )


# Failure


def test_a_wrong_answer_is_kept_and_logged(accused: Accused, store: Store, now: datetime) -> None:
    challenge = accused.visitor.begin(now)
    with pytest.raises(Forbidden, match=REFUSED):
        accused.visitor.finish(challenge, OTHER_NUMBER, now)
    with store.read() as session:
        assert session.get_one(CaseMatch, challenge.match_id).closed_at == now
        assert session.scalars(sa.select(SubjectSession)).all() == []
    assert verbs(store, accused.filing.case_id)[-2:] == ["match.begin", "match.fail"]
    assert unattested(store) == set()


@pytest.mark.parametrize("code", ["0000-0000-0000", ""])
def test_what_is_no_match_of_the_letter_leaves_nothing(
    accused: Accused, store: Store, holder: Holder, now: datetime, code: str
) -> None:
    challenge = accused.visitor.begin(now)
    with pytest.raises(Forbidden, match=REFUSED):
        Visitor(store, holder, accused.filing.number, code).finish(challenge, accused.number, now)
    with store.read() as session:
        assert session.get_one(CaseMatch, challenge.match_id).closed_at is None
    assert verbs(store, accused.filing.case_id)[-1] == "match.begin"


def test_no_token_is_refused_and_a_token_passes() -> None:
    with pytest.raises(Forbidden, match=REFUSED):
        matches.require_token(None)
    assert matches.require_token("token") == "token"


# The end of a letter


@pytest.mark.parametrize("served", [False, True])
def test_whoever_came_in_with_a_replaced_letter_is_out(
    accused: Accused, store: Store, cast: Cast, now: datetime, served: bool
) -> None:
    if served:
        accused.filing.served(now)
    token = accused.visitor.come_in(accused.number, now)
    later = now + timedelta(minutes=5)
    replaced(accused, store, cast, later)
    with store.read() as session, pytest.raises(Unauthenticated):
        matches.subject_session(session, token=token, now=later)
    assert unattested(store) == set()


def test_a_session_of_another_case_goes_on(
    accused: Accused, store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    other = Accused(store, cast, holder, now)
    token = other.visitor.come_in(other.number, now)
    replaced(accused, store, cast, now)
    with store.read() as session:
        assert matches.subject_session(session, token=token, now=now).case_id == other.filing.case_id


def test_a_session_that_is_over_is_left_as_it_was(accused: Accused, store: Store, cast: Cast, now: datetime) -> None:
    accused.visitor.come_in(accused.number, now)
    replaced(accused, store, cast, now + timedelta(hours=3))
    with store.read() as session:
        assert session.scalars(sa.select(SubjectSession.expires_at)).one() == now + timedelta(hours=1)


def test_a_letter_that_dies_during_the_answer_lets_nobody_in(
    accused: Accused, store: Store, holder: Holder, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key holder is asked after the letter was read; what is written last reads it again."""
    challenge = accused.visitor.begin(now)
    answer = tags.answer_match(document.parse(accused.number), challenge.m)
    with store.write() as session:
        notice = session.get_one(Notice, accused.letter_id)
        assert notice.state is State.PRINTED
        dead = sa.update(Notice).where(Notice.id == notice.id).values(state=State.RETURNED)
        session.execute(dead.execution_options(synchronize_session=False))
        monkeypatch.setattr(matches, "_letter", lambda *_: notice)
        token = matches.finish_match(
            session,
            case_number=accused.filing.number,
            code=accused.code,
            match_id=challenge.match_id,
            x=answer.x,
            z=answer.z,
            holder=holder,
            now=now,
        )
        assert token is None
        assert session.scalars(sa.select(SubjectSession)).all() == []
        session.rollback()
