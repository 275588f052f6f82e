"""A member whose listings fell too often files less, then nothing; all else it may do as before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry import policy
from registry.db import Store
from registry.errors import Conflict, Forbidden, NotFound, ZiluError
from registry.keys.holder import Holder
from registry.notices.models import Message
from registry.reports import actions as reports
from registry.reports import versions
from registry.restraints import actions, rules
from registry.restraints.models import Restraint
from registry.restraints.rules import State, Verb
from tests.app_fixture import SignIn
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.filing import CONTACT, Filing, any_tag, claims, countersignature, sign
from tests.listing import check, people
from tests.pages import text_of

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("decided", "overturned", "verb"),
    [
        (9, 9, None),
        (10, 2, None),
        (10, 3, Verb.THROTTLE),
        (10, 4, Verb.THROTTLE),
        (10, 5, Verb.SUSPEND),
        (100, 20, None),
        (100, 21, Verb.THROTTLE),
        (100, 41, Verb.SUSPEND),
    ],
)
def test_what_the_rates_lead_to(decided: int, overturned: int, verb: Verb | None) -> None:
    assert rules.due(decided=decided, overturned=overturned) is verb


def impose(store: Store, clock: MovingClock, overturned: int) -> Restraint | None:
    with store.write() as session:
        return actions.impose(session, member_id="acme", decided=10, overturned=overturned, now=clock())


def refused(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> ZiluError:
    with pytest.raises(ZiluError) as error:
        Filing(store, cast, holder, clock(), any_tag(9))
    return error.value


def test_a_throttled_member_files_one_a_day_and_a_suspended_one_none(
    store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    assert impose(store, clock, 2) is None
    row = impose(store, clock, 3)
    assert row is not None
    assert row.state is State.THROTTLED
    assert impose(store, clock, 3) is None
    filing = Filing(store, cast, holder, clock())
    error = refused(store, cast, holder, clock)
    assert (error.code, "2026-03-03T09:00:00Z" in error.message) == ("filing-throttled", True)
    with store.write() as session:  # what was filed is found again
        assert not filing.file(session, clock()).is_new
    filing.countersigned(clock())
    clock.move(policy.DAY - SECOND)
    assert refused(store, cast, holder, clock).code == "filing-throttled"
    clock.move(SECOND)
    second = Filing(store, cast, holder, clock(), any_tag(2))
    assert unattested(store) == set()

    graver = impose(store, clock, 5)
    assert graver is not None
    assert (graver.id, graver.state, graver.overturned) == (row.id, State.SUSPENDED, 5)
    assert impose(store, clock, 3) is None  # it does not become milder by itself
    clock.move(DAY)
    assert refused(store, cast, holder, clock).code == "filing-suspended"
    how = {"actor": cast.ana.actor, "report_id": second.id, "issuer": ISSUER, "now": clock()}
    with pytest.raises(Forbidden, match="files nothing"), store.write() as session:
        token = countersignature(cast.ana, second.filed.report, second.tag, clock())
        reports.countersign(session, token=token, **how)
    with pytest.raises(Forbidden, match="files nothing"), store.write() as session:
        token = sign(cast.rui, claims(cast.rui, second.tag, clock(), term_days=100))
        versions.replace(session, token=token, contact=CONTACT, **{**how, "actor": cast.rui.actor})
    with store.write() as session:
        reports.withdraw(session, actor=cast.rui.actor, report_id=second.id, reason="We were wrong.", now=clock())
    check(store, holder, people(1), cast.hana.actor, clock())

    with store.write() as session:
        kinds = [(m.kind, m.member_id) for m in session.query(Message).filter(Message.kind.like("restraint.%"))]
        assert sorted(kinds) == [
            (f"restraint.{s}", m) for s in ("suspended", "throttled") for m in ("acme", "regulator")
        ]
        for who in (cast.olaf, cast.adam, cast.cleo):
            with pytest.raises(Forbidden):
                actions.lift(session, actor=who.actor, restraint_id=row.id, reasons="x", now=clock())
        with pytest.raises(NotFound):
            actions.lift(session, actor=cast.rex.actor, restraint_id="0", reasons="x", now=clock())
        lifted = actions.lift(session, actor=cast.rex.actor, restraint_id=row.id, reasons="They know.", now=clock())
        assert (lifted.state, lifted.lifted_by) == (State.LIFTED, "inspector")
    with pytest.raises(Conflict), store.write() as session:
        actions.lift(session, actor=cast.rex.actor, restraint_id=row.id, reasons="x", now=clock())
    Filing(store, cast, holder, clock(), any_tag(9))
    assert unattested(store) == set()


def test_the_member_and_the_regulator_see_it_and_nobody_else(
    store: Store, cast: Cast, clock: MovingClock, signed_in: SignIn
) -> None:
    impose(store, clock, 5)
    with store.read() as session:
        seen = {
            name: len(actions.page(session, actor=cast[name].actor)) for name in ("rui", "ana", "adam", "ben", "rex")
        }
    assert seen == {"rui": 1, "ana": 1, "adam": 1, "ben": 0, "rex": 1}
    said = "acme: of 10 listings that were decided on, 5 did not stand. It files nothing until a regulator lifts this."
    for name, sees in (("rui", True), ("rex", True), ("ben", False), ("hana", False)):
        assert (said in text_of(signed_in(cast[name]).get("/home"))) is sees, name
