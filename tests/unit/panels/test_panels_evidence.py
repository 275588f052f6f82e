"""The evidence before a panel, and the inspection of a sealed annex under supervision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from registry import policy
from registry.accounts.rules import Role
from registry.cases.models import Case, Step
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.log.models import Act
from registry.panels import evidence
from registry.reports import inspections
from registry.reports.models import Inspection
from registry.reports.rules import InspectionState
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import ANNEX, ANNEXES, EXHIBIT, SHA256
from tests.unit.appeals.contest import Contest


@pytest.fixture
def annexed(store: Any, cast: Cast, holder: Any, clock: MovingClock) -> Contest:
    return Contest(store, cast, holder, clock, listed=False, annexes=ANNEXES)


def acts(contest: Contest) -> int:
    with contest.store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Act)) or 0


def open_(contest: Contest, account: Any, sha256: str = SHA256) -> bytes:
    with contest.store.write() as session:
        return evidence.open_exhibit(
            session, actor=account, appeal_id=contest.appeal().id, sha256=sha256, now=contest.now
        ).data


def hold(contest: Contest, inspector: str = "subject", **how: Any) -> str:
    said = {"actor": contest.cast.cleo.actor, "exhibit": 1, "place": "Room 3", **how}
    with contest.store.write() as session:
        return evidence.hold_inspection(session, number=contest.number, inspector=inspector, now=contest.now, **said).id


def do(contest: Contest, verb: Any, held: str, name: str = "cleo", **how: Any) -> Any:
    with contest.store.write() as session:
        return verb(session, actor=contest.cast[name].actor, inspection_id=held, now=contest.now, **how)


def test_the_three_who_sit_open_the_evidence_and_each_opening_is_logged(drawn: Contest) -> None:
    for account in drawn.panel():
        before = acts(drawn)
        assert open_(drawn, account) == EXHIBIT
        assert acts(drawn) == before + 1


def test_the_subject_is_told_when_and_by_which_organisation_it_was_inspected(annexed: Contest) -> None:
    held = hold(annexed)
    hold(annexed, inspector="inspector")
    do(annexed, inspections.end, held, remarks="As it was.")
    do(annexed, inspections.sign, held, "sol")
    with annexed.store.read() as session:
        found = inspections.for_subject(session, session.get_one(Case, annexed.case_id))
    assert {(seen.began_at, seen.by, seen.is_signed) for seen in found} == {
        (annexed.now, None, True),
        (annexed.now, "Regulator", False),
    }


def test_nobody_else_opens_it_so_and_nobody_once_it_is_decided(drawn: Contest) -> None:
    panel = drawn.panel()
    sitting = {account.id for account in panel}
    others = [p.actor for p in drawn.cast.values() if p.actor.id not in sitting]
    for account in others:
        with pytest.raises(NotFound):
            open_(drawn, account)
    with pytest.raises(Forbidden):
        open_(drawn, replace(panel[0], member_id="acme"))
    drawn.answer().hear()
    for account in panel:
        drawn.vote(account, "void")
    with pytest.raises(NotFound):
        open_(drawn, panel[0])


def test_a_panel_does_not_open_an_annex(annexed: Contest) -> None:
    annexed.lodge().attest().admit().draw()
    (digest,) = ANNEXES
    with pytest.raises(NotFound, match="at an inspection"):
        open_(annexed, annexed.panel()[0], digest)


@pytest.mark.parametrize("sealed", ["Room 3", "Read in silence."])
def test_an_inspection_from_its_beginning_to_the_second_signature(annexed: Contest, sealed: str) -> None:
    held = hold(annexed)
    assert do(annexed, inspections.look, held).data == ANNEX
    do(annexed, inspections.end, held, remarks="Read in silence.")
    do(annexed, inspections.sign, held, "sol")
    with annexed.store.read() as session:
        row = session.get_one(Inspection, held)
        people = (row.inspector, row.held_by, row.signed_by)
        assert people == (f"subject:{annexed.case_id}", "clerk", "screener")
        assert row.state is InspectionState.SIGNED
        assert sealed.encode() not in row.sealed_place + (row.sealed_remarks or b"")
        steps = sa.select(Step.verb).where(Step.subject == f"inspection:{held}").order_by(Step.number)
        assert list(session.scalars(steps)) == ["begin", "end", "sign"]
        ((_, place),) = evidence.inspections_of(session, actor=annexed.cast.rex.actor, number=annexed.number)
        assert place == "Room 3"


def test_a_panelist_and_a_regulator_inspect_too(annexed: Contest) -> None:
    annexed.lodge().attest().admit().draw()
    for inspector in (annexed.panel()[0].id, "inspector"):
        assert do(annexed, inspections.look, hold(annexed, inspector)).data == ANNEX


@pytest.mark.parametrize("inspector", ["cedar-panel", "acme-security", "birch-hr", "nobody", ""])
def test_whoever_is_not_on_the_case_does_not(annexed: Contest, inspector: str) -> None:
    with pytest.raises(Invalid, match="inspector must be"):
        hold(annexed, inspector)


@pytest.mark.parametrize("name", ["rui", "sol", "cem", "rex", "olaf", "vera"])
def test_only_a_clerk_holds_one(annexed: Contest, name: str) -> None:
    with pytest.raises(Forbidden):
        hold(annexed, actor=annexed.cast[name].actor)


def test_nobody_supervises_themselves(annexed: Contest) -> None:
    both = replace(annexed.cast.rex.actor, roles=frozenset({Role.REGULATOR, Role.CLERK}))
    with pytest.raises(Forbidden, match="another clerk"):
        hold(annexed, "inspector", actor=both)


@pytest.mark.parametrize("exhibit", [0, 2, -1])
def test_there_must_be_an_annex(annexed: Contest, exhibit: int) -> None:
    with pytest.raises(NotFound, match="no sealed annex"):
        hold(annexed, exhibit=exhibit)


def test_only_who_holds_it_opens_and_ends_it(annexed: Contest) -> None:
    held = hold(annexed)
    other = replace(annexed.cast.cleo.actor, id="screener")
    for verb, how in ((inspections.look, {}), (inspections.end, {"remarks": "r"})):
        with pytest.raises(Forbidden, match="only the clerk who holds"), annexed.store.write() as session:
            verb(session, actor=other, inspection_id=held, now=annexed.now, **how)


def test_an_annex_is_closed_when_the_inspection_is_over(annexed: Contest) -> None:
    held = hold(annexed)
    annexed.clock.move(policy.INSPECTION_LIFE)
    with pytest.raises(Conflict, match="is over"):
        do(annexed, inspections.look, held)
    late = hold(annexed)
    do(annexed, inspections.end, late, remarks="r")
    with pytest.raises(Conflict, match="is over"):
        do(annexed, inspections.look, late)


def test_the_second_signature_is_a_second_persons_and_comes_after_the_first(annexed: Contest) -> None:
    held = hold(annexed)
    with pytest.raises(Conflict, match="it is open"):
        do(annexed, inspections.sign, held, "sol")
    do(annexed, inspections.end, held, remarks="r")
    with pytest.raises(Forbidden, match="a second person"):
        do(annexed, inspections.sign, held, "cleo")
    for name in ("rui", "rex", "hana"):
        with pytest.raises(Forbidden):
            do(annexed, inspections.sign, held, name)
    do(annexed, inspections.sign, held, "vera")


@pytest.mark.parametrize("verb", [inspections.look, inspections.sign])
def test_an_unknown_inspection_is_not_found(annexed: Contest, verb: Any) -> None:
    with pytest.raises(NotFound):
        do(annexed, verb, "0" * 32)
