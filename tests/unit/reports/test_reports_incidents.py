"""Several reports of one incident know each other; what a member notes before that is its own, sealed, and passes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from registry import policy, summaries
from registry.accounts.rules import Role
from registry.cases.models import Case
from registry.copies import contents
from registry.db import Store
from registry.erasures.forgetting import forget
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.panels.queries import SEES, Part
from registry.reports import incidents, queries, rules
from registry.reports.models import Incident
from registry.summaries import Owed
from tests.amending import desk_of
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.filing import NUMBER, Filing, any_tag

SECOND = timedelta(seconds=1)


def test_reports_of_one_incident_know_each_other_and_the_accused_know_of_none(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    one = Filing(store, cast, holder, now, any_tag(1), incident="I-17")
    other = Filing(store, cast, holder, now, any_tag(2), incident="I-17")
    Filing(store, cast, holder, now, any_tag(3), incident="I-18")
    alone = Filing(store, cast, holder, now, any_tag(4))
    with store.write() as session:
        (sibling,) = queries.siblings(session, one.report())
        assert (sibling.id, sibling.case, sibling.state) == (other.id, other.number, "filed")
        assert queries.siblings(session, alone.report()) == []
        assert len(queries.of_incident(session, member_id="acme", reference="I-17")) == 2
        assert queries.of_incident(session, member_id="birch", reference="I-17") == []
        case = session.get_one(Case, one.case_id)
        copy = contents.document_of(session, case=case, issuer=ISSUER, by="subject:x", now=now)
        assert other.number not in json.dumps(copy)
    assert "I-17" not in str(one.report().__dict__)
    assert {role for role, parts in SEES.items() if Part.SIBLINGS in parts} == {
        Role.REPORTER, Role.APPROVER, Role.PANELIST, Role.REGULATOR,
    }  # fmt: skip
    with store.write() as session:
        forget(session, session.get_one(Case, other.case_id))
        record(session, "erasure.execute", actor="system:test", now=now)
    with store.read() as session:
        assert queries.siblings(session, one.report()) == []


def test_a_note_is_its_members_alone_and_passes(store: Store, cast: Cast, clock: MovingClock, holder: Holder) -> None:
    with store.write() as session:
        noted = incidents.note(
            session, actor=cast.rui.actor, reference="I-17", text="Odd exports at night.", now=clock()
        )
    Filing(store, cast, holder, clock(), incident="I-17")
    with store.write() as session:
        (seen,) = incidents.of_member(session, actor=cast.ana.actor, now=clock())
        assert (seen.reference, seen.text, seen.until) == (
            "I-17",
            "Odd exports at night.",
            clock() + policy.INCIDENT_LIFE,
        )
        assert [report.state for report in seen.reports] == ["filed"]
        assert incidents.of_member(session, actor=cast.ben.actor, now=clock()) == []
        with pytest.raises(NotFound):
            incidents.delete(session, actor=cast.ben.actor, incident_id=noted.row.id, now=clock())
        for who in (cast.rex, cast.olaf, cast.hana, cast.sol):
            with pytest.raises(Forbidden):
                incidents.of_member(session, actor=who.actor, now=clock())
        for bad in ({"text": f"He is {NUMBER}."}, {"text": " "}, {"reference": NUMBER}, {"reference": "x" * 101}):
            said = {"reference": "I-17", "text": "x", **bad}
            with pytest.raises(Invalid) as error:
                incidents.note(session, actor=cast.rui.actor, now=clock(), **said)
            assert error.value.field == next(iter(bad))
    file = Path(str(store.engine.url.database))
    assert not [path for path in file.parent.iterdir() if b"Odd exports" in path.read_bytes()]
    clock.move(policy.INCIDENT_LIFE - SECOND)
    with store.write() as session:
        assert not incidents.sweep(session, now=clock())
        assert incidents.sweep(session, now=clock.move(SECOND))
        assert not incidents.sweep(session, now=clock())
        assert session.query(Incident).count() == 0
    assert unattested(store) == set()


def test_a_member_keeps_so_many_notes(store: Store, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "INCIDENTS_KEPT", 1)
    with store.write() as session:
        incidents.note(session, actor=cast.rui.actor, reference="I-17", text="One.", now=now)
        with pytest.raises(Conflict, match="1 notes already"):
            incidents.note(session, actor=cast.rui.actor, reference="I-18", text="Two.", now=now)


def test_a_month_in_numbers_and_what_is_owed(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> None:
    desk = desk_of(store, cast, holder, clock).listed()
    Filing(store, cast, holder, clock(), any_tag(7)).countersigned(clock()).refused(clock())
    waiting = desk.sign("void")
    with store.read() as session:
        march = summaries.of_month(session, actor=cast.rui.actor, month="2026-03", now=clock())
        april = summaries.of_month(session, actor=cast.ana.actor, month="2026-04", now=clock())
        birch = summaries.of_month(session, actor=cast.hana.actor, month="2026-04", now=clock())
        for month in ("2026-05", "2026-13", "2026-4", "", "1999-01"):
            with pytest.raises(Invalid):
                summaries.of_month(session, actor=cast.rui.actor, month=month, now=clock())
        for who in (cast.rex, cast.olaf, cast.cleo):
            with pytest.raises(Forbidden):
                summaries.of_month(session, actor=who.actor, month="2026-03", now=clock())
    assert (march.filed, march.screened, march.refused, march.listed, march.amended) == (1, 1, 0, 0, 0)
    assert (april.filed, april.screened, april.refused, april.listed, april.amended) == (1, 0, 1, 1, 1)
    assert (april.decided, april.overturned, april.restraint, april.checked) == (0, 0, None, 0)
    assert april.owed == (Owed("confirm-amendment", waiting.id, clock() + policy.CONFIRMED_WITHIN),)
    assert (birch.filed, birch.checked, birch.hits, birch.recalls) == (0, 1, 1, 1)
    assert [(each.what, each.by) for each in birch.owed] == [("acknowledge", clock() + policy.RECALL_ACK)]
