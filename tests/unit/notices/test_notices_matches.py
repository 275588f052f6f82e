"""The way in for the accused: five attempts a code, one answer for every failure, no oracle."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.db import Store
from registry.errors import Forbidden, Invalid, Unauthenticated, Unavailable
from registry.identity import document, group, tags
from registry.keyholder.answers import Ceilings
from registry.keys.holder import Holder
from registry.notices import matches
from registry.notices.matches import Challenge
from registry.notices.models import CaseMatch, Notice, SubjectSession
from registry.reports.serving import replace_letter
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock, key_holder
from tests.filing import OTHER_NUMBER, Filing, tag_of

HOUR = timedelta(hours=1)
_serial = iter(range(10_000))

REFUSED = "case number, code and identity number do not fit together, or the code has been tried too often"


def somebody() -> str:
    """A number that nobody else has."""
    first17 = f"11010519491231{next(_serial) % 1000:03}"
    return first17 + document.check_digit(first17)


class Visitor:
    """Somebody with a letter in hand and a number in mind."""

    def __init__(self, store: Store, holder: Holder, case: str, code: str) -> None:
        self.store, self.holder, self.case, self.code = store, holder, case, code

    def begin(self, now: datetime) -> Challenge:
        with self.store.write() as session:
            return matches.begin_match(session, case_number=self.case, code=self.code, holder=self.holder, now=now)

    def finish(self, challenge: Challenge, number: str, now: datetime) -> str:
        answer = tags.answer_match(document.parse(number), challenge.m)
        with self.store.write() as session:
            token = matches.finish_match(
                session,
                case_number=self.case,
                code=self.code,
                match_id=challenge.match_id,
                x=answer.x,
                z=answer.z,
                holder=self.holder,
                now=now,
            )
        return matches.require_token(token)

    def come_in(self, number: str, now: datetime) -> str:
        return self.finish(self.begin(now), number, now)


class Accused:
    """A filing whose letter has been printed, and the number that it is about."""

    def __init__(self, store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
        self.number = somebody()
        self.filing = Filing(store, cast, holder, now, tag_of(holder, self.number)).countersigned(now).screened(now)
        letter = self.filing.printed(now)
        self.code = letter.split('<td class="code">')[1].split("<")[0]
        self.letter_id = self.filing.letter_id()
        self.visitor = Visitor(store, holder, self.filing.number, self.code)

    def attempts_left(self) -> int:
        with self.filing.store.read() as session:
            return session.get_one(Notice, self.letter_id).attempts_left


@pytest.fixture
def accused(store: Store, cast: Cast, holder: Holder, now: datetime) -> Accused:
    return Accused(store, cast, holder, now)


def test_letter_and_document_together_open_the_case(accused: Accused, store: Store, now: datetime) -> None:
    token = accused.visitor.come_in(accused.number, now)
    with store.read() as session:
        opened = matches.subject_session(session, token=token, now=now + HOUR - timedelta(seconds=1))
        assert opened.case_id == accused.filing.case_id
        with pytest.raises(Unauthenticated):
            matches.subject_session(session, token=token, now=now + HOUR)


def test_case_and_code_are_read_as_people_type_them(accused: Accused, now: datetime) -> None:
    typed = Visitor(
        accused.visitor.store,
        accused.visitor.holder,
        accused.filing.number.lower().replace("-", " "),
        accused.code.lower().replace("0", "o").replace("-", ""),
    )
    typed.come_in(accused.number, now)


def test_the_token_is_not_kept(accused: Accused, tmp_path: Path, now: datetime) -> None:
    token = accused.visitor.come_in(accused.number, now)
    assert token.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("registry.db*"))


def test_whoever_leaves_is_out(accused: Accused, store: Store, now: datetime) -> None:
    token = accused.visitor.come_in(accused.number, now)
    with store.write() as session:
        matches.leave(session, token=token, now=now)
    assert unattested(store) == set()
    with pytest.raises(Unauthenticated), store.read() as session:
        matches.subject_session(session, token=token, now=now)


@pytest.mark.parametrize("token", ["", "x" * 43])
def test_a_made_up_token_opens_nothing(store: Store, now: datetime, token: str) -> None:
    with pytest.raises(Unauthenticated), store.read() as session:
        matches.subject_session(session, token=token, now=now)


# Five attempts


def test_five_wrong_numbers_and_the_code_is_dead(accused: Accused, now: datetime) -> None:
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(Forbidden):
            accused.visitor.come_in(OTHER_NUMBER, now)
        assert accused.attempts_left() == left
    with pytest.raises(Forbidden):
        accused.visitor.come_in(accused.number, now)


def test_the_right_number_gives_its_attempt_back(accused: Accused, now: datetime) -> None:
    for _ in range(4):
        with pytest.raises(Forbidden):
            accused.visitor.come_in(OTHER_NUMBER, now)
    for _ in range(7):
        accused.visitor.come_in(accused.number, now)
        assert accused.attempts_left() == 1


def test_an_attempt_counts_before_it_is_answered(accused: Accused, store: Store, now: datetime) -> None:
    """So that challenges cannot be collected and answered later, or all at once."""
    challenges = [accused.visitor.begin(now) for _ in range(7)]
    assert accused.attempts_left() == 0
    assert unattested(store) == set()
    with store.read() as session:
        known = set(session.scalars(sa.select(CaseMatch.id)))
    assert [challenge.match_id in known for challenge in challenges] == [True] * 5 + [False] * 2


def test_wrong_codes_do_not_lock_the_person_out(accused: Accused, now: datetime) -> None:
    guesser = Visitor(accused.visitor.store, accused.visitor.holder, accused.filing.number, "0000-0000-0000")
    for _ in range(9):
        with pytest.raises(Forbidden):
            guesser.come_in(accused.number, now)
    accused.visitor.come_in(accused.number, now)


def test_a_key_holder_that_is_down_uses_up_nothing(accused: Accused, tmp_path: Path, now: datetime) -> None:
    away = Visitor(accused.visitor.store, Holder(tmp_path / "away.sock"), accused.filing.number, accused.code)
    with pytest.raises(Unavailable):
        away.begin(now)
    assert accused.attempts_left() == 5


# No oracle


def failure(visitor: Visitor, number: str, now: datetime) -> tuple[object, ...]:
    challenge = visitor.begin(now)
    with pytest.raises(Forbidden) as refused:
        visitor.finish(challenge, number, now)
    group.require_element(challenge.m)
    error = refused.value
    shape = (len(challenge.match_id), set(challenge.match_id) <= set("0123456789abcdef"), len(challenge.m))
    return (shape, type(error), error.message, error.field, error.code)


def test_every_failure_looks_alike(accused: Accused, store: Store, holder: Holder, now: datetime) -> None:
    case, code = accused.filing.number, accused.code
    failures = {
        "wrong number": failure(accused.visitor, OTHER_NUMBER, now),
        "wrong code": failure(Visitor(store, holder, case, "0000-0000-0000"), accused.number, now),
        "no code": failure(Visitor(store, holder, case, ""), accused.number, now),
        "unknown case": failure(Visitor(store, holder, "ZL-0000-0000", code), accused.number, now),
        "no case": failure(Visitor(store, holder, "case 7", code), accused.number, now),
    }
    for _ in range(5):
        accused.visitor.begin(now)
    failures["used up"] = failure(accused.visitor, accused.number, now)
    assert len(set(failures.values())) == 1, failures


def test_a_decoy_is_never_the_same_twice(store: Store, holder: Holder, now: datetime) -> None:
    nobody = Visitor(store, holder, "ZL-0000-0000", "0000-0000-0000")
    challenges = [nobody.begin(now) for _ in range(3)]
    assert len({challenge.m for challenge in challenges}) == 3
    assert len({challenge.match_id for challenge in challenges}) == 3


def test_a_decoy_leaves_nothing_behind(store: Store, holder: Holder, now: datetime) -> None:
    Visitor(store, holder, "ZL-0000-0000", "0000-0000-0000").begin(now)
    with store.read() as session:
        assert session.scalars(sa.select(CaseMatch)).all() == []


def test_a_match_is_answered_once(accused: Accused, now: datetime) -> None:
    challenge = accused.visitor.begin(now)
    accused.visitor.finish(challenge, accused.number, now)
    with pytest.raises(Forbidden, match=REFUSED):
        accused.visitor.finish(challenge, accused.number, now)


def test_a_closed_match_stays_closed_whatever_the_holder_knows(accused: Accused, store: Store, now: datetime) -> None:
    challenge = accused.visitor.begin(now)
    with store.write() as session:
        assert matches._close(session, session.get_one(CaseMatch, challenge.match_id), now)
        session.rollback()
        assert matches._close(session, session.get_one(CaseMatch, challenge.match_id), now)
        assert not matches._close(session, session.get_one(CaseMatch, challenge.match_id), now)
        session.rollback()


def test_a_wrong_answer_ends_the_match(accused: Accused, now: datetime) -> None:
    challenge = accused.visitor.begin(now)
    for number in (OTHER_NUMBER, accused.number):
        with pytest.raises(Forbidden):
            accused.visitor.finish(challenge, number, now)


def test_a_match_is_answered_within_ten_minutes(accused: Accused, clock: MovingClock) -> None:
    challenge = accused.visitor.begin(clock())
    with pytest.raises(Forbidden):
        accused.visitor.finish(challenge, accused.number, clock.at + timedelta(minutes=10))


def test_a_match_is_no_use_without_the_code(accused: Accused, store: Store, holder: Holder, now: datetime) -> None:
    challenge = accused.visitor.begin(now)
    with pytest.raises(Forbidden, match=REFUSED):
        Visitor(store, holder, accused.filing.number, "0000-0000-0000").finish(challenge, accused.number, now)


def test_a_match_of_ones_own_case_opens_no_other(
    accused: Accused, store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    """A thief with somebody else's letter proves their own number, and is still not let in."""
    thief = Accused(store, cast, holder, now)
    challenge = thief.visitor.begin(now)
    with pytest.raises(Forbidden, match=REFUSED):
        accused.visitor.finish(challenge, thief.number, now)
    with store.read() as session:
        assert session.scalars(sa.select(SubjectSession)).all() == []


@pytest.mark.parametrize("field", ["x", "z"])
def test_what_is_no_element_is_refused_whatever_the_case(
    accused: Accused, store: Store, holder: Holder, now: datetime, field: str
) -> None:
    said = []
    for case in (accused.filing.number, "ZL-0000-0000"):
        answer = {"x": group.element_from_uniform(b"x" * 64), "z": group.element_from_uniform(b"z" * 64), field: b"no"}
        with pytest.raises(Invalid) as refused, store.write() as session:
            matches.finish_match(
                session,
                case_number=case,
                code=accused.code,
                match_id="0" * 32,
                holder=holder,
                now=now,
                **answer,
            )
        said.append((refused.value.field, refused.value.message))
    assert said[0] == said[1]
    assert said[0][0] == field


# Which letter's code


def test_the_code_of_an_unprinted_letter_opens_nothing(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    """Nobody can have it."""
    accused = Accused(store, cast, holder, now)
    with store.write() as session:
        letter = session.get_one(Notice, accused.letter_id)
        letter.state = type(letter.state).DRAFTED
        session.flush()
        assert matches._letter(session, accused.filing.number, accused.code) is None
        session.rollback()


def test_the_code_of_a_letter_that_came_back_is_dead(accused: Accused, store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        replace_letter(
            session,
            actor=cast.cleo.actor,
            letter_id=accused.letter_id,
            reason="Came back.",
            issuer=ISSUER,
            now=now,
        )
    with pytest.raises(Forbidden):
        accused.visitor.come_in(accused.number, now)
    fresh = accused.filing.printed(now).split('<td class="code">')[1].split("<")[0]
    Visitor(store, accused.visitor.holder, accused.filing.number, fresh).come_in(accused.number, now)


def test_a_person_who_has_been_served_still_gets_in(accused: Accused, now: datetime) -> None:
    accused.filing.served(now)
    accused.visitor.come_in(accused.number, now + 90 * 24 * HOUR)


def test_the_holders_own_limit_looks_like_every_failure(store: Store, cast: Cast, now: datetime) -> None:
    with key_holder(Ceilings(member=10, overall=10, matches=2)) as socket:
        accused = Accused(store, cast, Holder(socket), now)
        for _ in range(2):
            accused.visitor.come_in(accused.number, now)
        assert failure(accused.visitor, accused.number, now)[2] == REFUSED
