"""A subject who sends no nonce: only a regulator's signature lets the draw go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry import policy
from registry.appeals import draw, queries, silence
from registry.appeals.models import Draw, Silence
from registry.appeals.redraw import redraw
from registry.appeals.rules import Effect
from registry.base64url import encode
from registry.cases.models import Case
from registry.db import new_id
from registry.entries.rules import State as EntryState
from registry.errors import Conflict, Forbidden, Invalid, ZiluError
from registry.log.models import Act
from registry.signing import jws
from tests.attested import unattested
from tests.conftest import ISSUER
from tests.unit.appeals.contest import NONCE, Contest

SECOND = timedelta(seconds=1)


@pytest.fixture
def silent(contest: Contest) -> Contest:
    contest.admitted().sequence().clock.move(policy.NONCE_LIMIT)
    return contest


def signed(contest: Contest, who: str = "rex", **changes: Any) -> str:
    person = contest.cast[who]
    assert person.key is not None
    with contest.store.read() as session:
        row = session.scalars(sa.select(Draw)).one()
        payload = {
            "iss": person.actor.member_id,
            "aud": ISSUER,
            "jti": new_id(),
            "iat": int(contest.now.timestamp()),
            "appeal": row.appeal_id,
            "case": row.name,
            "admission": encode(draw.admission_leaf(session, row)),
            **changes,
        }
    return jws.sign(payload, typ=silence.TYP, key=person.key)


def attest(contest: Contest, statement: str | None = None, who: str = "rex") -> None:
    with contest.store.write() as session:
        silence.attest(
            session,
            actor=contest.cast[who].actor,
            appeal=queries.get(session, contest.appeal().id),
            statement=statement or signed(contest),
            issuer=ISSUER,
            now=contest.now,
        )


def differs(contest: Contest) -> list[tuple[str, ...]]:
    with contest.store.read() as session:
        return [drawn.differs for drawn in redraw(session, session.get_one(Case, contest.case_id))]


def test_with_a_regulators_signature_zeros_are_drawn_from_and_the_draw_repeats(silent: Contest) -> None:
    attest(silent)
    assert silent.sequence().tick() == [Effect.DRAW]
    assert len(silent.sequence().seats()) == policy.SEATS
    with silent.store.read() as session:
        assert session.scalars(sa.select(Draw.nonce)).one() == draw.ZEROS
    assert differs(silent) == [()]
    assert unattested(silent.store) <= {f"case:{silent.case_id}"}  # the fixture renumbers it


def test_without_it_nothing_is_drawn_and_the_delay_is_not_the_subjects_loss(silent: Contest) -> None:
    assert silent.tick() == []
    assert silent.tick(policy.DECISION_LIMIT) == [Effect.SILENCE]  # the member's, as it happens
    assert silent.entry().state is EntryState.SUSPENDED
    assert silent.seats() == []


def test_if_the_member_has_answered_the_late_decision_hides_the_entry(silent: Contest) -> None:
    silent.answer()
    assert silent.tick(policy.DECISION_LIMIT) == [Effect.SUSPEND]
    assert silent.entry().state is EntryState.SUSPENDED


def test_the_same_statement_again_changes_nothing(silent: Contest) -> None:
    statement = signed(silent)
    attest(silent, statement)
    with silent.store.read() as session:
        before = session.query(Act).count()
    attest(silent, statement)
    with silent.store.read() as session:
        assert (session.query(Act).count(), session.query(Silence).count()) == (before, 1)


def test_nobody_is_silent_before_their_time_is_over(contest: Contest) -> None:
    contest.admitted().sequence().clock.move(policy.NONCE_LIMIT - SECOND)
    with pytest.raises(Conflict) as refused:
        attest(contest)
    assert refused.value.code == "not-silent-yet"


def test_a_late_nonce_is_taken_until_somebody_has_signed(silent: Contest) -> None:
    silent.offer(NONCE)
    with pytest.raises(Conflict) as refused:
        attest(silent)
    assert refused.value.code == "nonce-taken"
    assert silent.tick() == [Effect.DRAW]


def test_once_it_is_signed_another_nonce_is_not_taken(silent: Contest) -> None:
    attest(silent)
    with pytest.raises(Conflict) as refused:
        silent.offer(NONCE)
    assert refused.value.code == "nonce-taken"


@pytest.mark.parametrize("who", ["cleo", "rui", "vera", "olaf", "sol"])
def test_nobody_but_a_regulator_signs_for_a_silence(silent: Contest, who: str) -> None:
    with pytest.raises(Forbidden):
        attest(silent, signed(silent), who)


@pytest.mark.parametrize(
    "changes",
    [{"appeal": "0" * 32}, {"case": "ZL-0000-0000"}, {"admission": encode(bytes(32))}, {"aud": "x"}, {"iss": "acme"}],
)
def test_the_statement_is_about_this_draw(silent: Contest, changes: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        attest(silent, signed(silent, **changes))
    assert refused.value.field == next(iter(changes))


def test_an_old_statement_or_anothers_key_does_not_do(silent: Contest) -> None:
    old = int((silent.now - timedelta(days=2)).timestamp())
    for statement in (signed(silent, iat=old), signed(silent, "vera")):
        with pytest.raises(ZiluError):
            attest(silent, statement)


def test_zeros_without_a_signature_are_named_by_the_redraw(silent: Contest) -> None:
    """What an operator could do who kept the subject's nonce back."""
    with silent.store.write() as session:
        appeal = queries.get(session, silent.appeal().id)
        draw.offer_nonce(session, appeal=appeal, nonce=draw.ZEROS, now=silent.now, actor="system:appeals")
    silent.sequence().tick()
    ((difference,),) = differs(silent.sequence())
    assert "no regulator has signed" in difference
