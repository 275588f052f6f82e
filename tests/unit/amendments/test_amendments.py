"""What a member says of its report after the screening: two sign, nobody is worse off, whoever was told is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry import policy
from registry.accounts.rules import Role
from registry.amendments import actions as amendments
from registry.amendments.rules import AMENDMENT, State
from registry.appeals import actions as appeals
from registry.appeals import queries as appeals_queries
from registry.appeals.listing import list_due
from registry.cases.models import Case
from registry.db import Store
from registry.entries.queries import shown
from registry.errors import Conflict, Forbidden, Invalid, ZiluError
from registry.findings.reminders import remind_due
from registry.keys.holder import Holder
from registry.notices.actions import pull, queue
from registry.notices.models import Message
from registry.policy import CONFIRMED_WITHIN
from registry.reports.rules import State as ReportState
from registry.signing import jws
from tests.amending import Desk, desk_of
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import MovingClock

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def desk(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Desk:
    return desk_of(store, cast, holder, clock)


def refused(desk: Desk, kind: str, /, **changes: Any) -> ZiluError:
    with pytest.raises(ZiluError) as error:
        desk.sign(kind, **changes)
    return error.value


def test_a_correction_takes_two_and_whoever_was_told_is_told_again(desk: Desk) -> None:
    row = desk.listed().sign("correction")
    assert desk.entry().level == 2
    assert desk.confirm(row).state is State.IN_FORCE
    entry = desk.entry()
    assert (entry.state, entry.level, entry.until) == ("corrected", 1, entry.listed_at + timedelta(days=200))
    assert desk.recalls() == ["corrected"]
    assert unattested(desk.store) == set()


def test_a_revision_tells_what_has_happened_since(desk: Desk) -> None:
    desk.listed().amend("revision")
    entry = desk.entry()
    assert (entry.state, entry.level, entry.until) == ("revised", 2, entry.listed_at + timedelta(days=300))
    assert desk.recalls() == ["revised"]


def test_a_void_hides_at_once_and_takes_the_entry_back_when_confirmed(desk: Desk) -> None:
    row = desk.listed().sign("void")
    assert not shown(desk.entry(), desk.clock())
    assert desk.recalls() == ["suspended"]
    desk.clock.move(SECOND)
    desk.confirm(row)
    assert (desk.entry().state, desk.filing.report().state) == ("voided", ReportState.VOIDED)
    assert desk.recalls() == ["suspended", "voided"]


def test_what_nobody_confirms_lapses_and_is_shown_again(desk: Desk) -> None:
    row = desk.listed().sign("void")
    assert desk.tick(CONFIRMED_WITHIN - SECOND) == []
    assert not shown(desk.entry(), desk.clock())
    (lapsed,) = desk.tick(SECOND)
    assert (lapsed.id, lapsed.state) == (row.id, State.LAPSED)
    assert shown(desk.entry(), desk.clock())
    assert desk.recalls() == ["suspended", "listed"]
    with pytest.raises(Conflict, match="nothing more can happen"):
        desk.confirm(row)
    assert desk.tick(DAY) == []
    with pytest.raises(Forbidden, match="let another reporter"):  # else one person could hide it for ever
        desk.sign("void")
    assert shown(desk.entry(), desk.clock())
    assert desk.sign("correction").state is State.SIGNED


def test_the_member_is_reminded_a_day_before_it_lapses(desk: Desk, store: Store) -> None:
    row = desk.listed().sign("revision")
    desk.clock.move(CONFIRMED_WITHIN - DAY)
    with store.write() as session:
        causes = [reminder.cause for reminder in remind_due(session, desk.clock())]
    assert f"amendment:{row.id}:24" in causes


def test_nobody_confirms_too_late_whatever_the_clock_has_done(desk: Desk) -> None:
    row = desk.listed().sign("correction")
    desk.clock.move(CONFIRMED_WITHIN)
    with pytest.raises(Conflict, match="time to confirm"):
        desk.confirm(row)


def test_the_person_is_written_to(desk: Desk, cast: Cast, store: Store) -> None:
    desk.listed().amend("correction")
    with store.write() as session:
        (waiting,) = [notice.id for notice, number in queue(session, actor=cast.cleo.actor)]
        letter = pull(session, letter_id=waiting, actor=cast.cleo.actor, now=desk.clock())
    for words in ("has been corrected", "已更正", "24, not 710", "counted twice", desk.filing.number):
        assert words in letter


@pytest.mark.parametrize("kind", ["correction", "void"])
def test_the_letter_is_the_only_word_of_it(desk: Desk, store: Store, kind: str) -> None:
    desk.listed()
    with store.engine.begin() as raw:
        raw.exec_driver_sql("DELETE FROM message")
    desk.amend(kind)
    with store.read() as session:
        assert len(queue(session, actor=desk.cast.cleo.actor)) == 1
        assert session.query(Message).filter(Message.kind.startswith("news.")).count() == 0


def test_a_contest_marks_the_entry_until_its_outcome_is_told(desk: Desk) -> None:
    contest = desk.listed().amend("contest")
    assert desk.entry().disputed
    settled = desk.amend("revision", changes=None, settles=contest.id)
    assert settled.state is State.IN_FORCE
    assert not desk.entry().disputed
    assert desk.case().contested_since is None
    assert refused(desk, "revision", changes=None, settles=contest.id).field == "settles"


def test_two_proceedings_end_one_after_the_other(desk: Desk) -> None:
    one, other = desk.listed().amend("contest"), desk.amend("contest")
    desk.amend("revision", changes=None, settles=one.id)
    assert desk.entry().disputed
    desk.amend("revision", changes=None, settles=other.id)
    assert not desk.entry().disputed


def test_what_is_before_a_court_is_listed_as_disputed(desk: Desk) -> None:
    desk.filing.noticed(desk.clock())
    desk.amend("contest")
    desk.clock.move(policy.RESPONSE_WINDOW)
    with desk.store.write() as session:
        list_due(session, now=desk.clock())
    assert desk.entry().disputed


def test_an_appeal_that_ends_leaves_the_mark_of_a_proceeding_and_the_reverse(desk: Desk, store: Store) -> None:
    contest = desk.listed().amend("contest")
    with store.write() as session:
        case = session.get_one(Case, desk.filing.case_id)
        appeals.lodge(session, case=case, grounds=["not-true"], text="No.", lane="normal", now=desk.clock())
    desk.amend("revision", changes=None, settles=contest.id)
    assert desk.entry().disputed
    desk.amend("contest")
    with store.write() as session:
        appeal = appeals_queries.latest(session, desk.filing.case_id)
        assert appeal is not None
        appeals.finish(session, appeal, actor="system:test", now=desk.clock())
    assert desk.entry().disputed


def test_before_the_listing_it_is_the_report_that_is_amended_and_there_is_time_to_answer(desk: Desk) -> None:
    desk.filing.noticed(desk.clock())
    desk.clock.move(policy.RESPONSE_WINDOW - DAY)
    desk.amend("correction", changes={"level": 1, "offence": "disclosure"})
    report = desk.filing.report()
    assert (report.level, report.offence, report.term_days) == (1, "disclosure", 365)
    assert report.window_closes_at == desk.clock() + policy.WINDOW_AT_LEAST
    desk.clock.move(policy.WINDOW_AT_LEAST)
    with desk.store.write() as session:
        (entry,) = list_due(session, now=desk.clock())
    assert (entry.level, entry.offence) == (1, "disclosure")


AGAINST: list[tuple[str, dict[str, Any]]] = [
    ("correction", {"level": 3}),
    ("correction", {"basis": "A"}),
    ("correction", {"term_days": 366}),
    ("revision", {"level": 3}),
    ("revision", {"term_days": 366}),
]


def test_what_tells_against_the_person_takes_a_new_report(desk: Desk) -> None:
    def all_refused() -> None:
        for kind, changes in AGAINST:
            error = refused(desk, kind, changes=changes)
            assert (error.code, "file a new report" in error.message) == ("needs-new-report", True)

    desk.filing.countersigned(desk.clock()).screened(desk.clock())
    all_refused()
    desk.filing.printed(desk.clock())
    desk.filing.served(desk.clock())
    desk.clock.move(policy.RESPONSE_WINDOW)
    with desk.store.write() as session:
        list_due(session, now=desk.clock())
    all_refused()
    assert (desk.entry().state, desk.entry().level) == ("listed", 2)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("correction", {"kind": "erasure"}, "kind"),
    ("correction", {"kind": None}, "kind"),
    ("correction", {"proceeding": {}}, "statement"),
    ("correction", {"changes": {"narrative": "x"}}, "changes"),
    ("correction", {"changes": {"level": 0}}, "changes.level"),
    ("correction", {"changes": {"basis": "D"}}, "changes.basis"),
    ("correction", {"report": "0" * 32}, "report"),
    ("correction", {"digest": "A" * 43}, "digest"),
    ("correction", {"aud": "elsewhere"}, "aud"),
    ("correction", {"iss": "birch"}, "iss"),
    ("correction", {"iat": 0}, "iat"),
    ("correction", {"what": "11010519491231002X"}, "what"),
    ("correction", {"why": " "}, "why"),
    ("revision", {"changes": None}, "changes"),
    ("revision", {"changes": {"offence": "sale"}}, "changes"),
    ("revision", {"on": "2027-01-01"}, "on"),
    ("revision", {"on": None}, "on"),
    ("contest", {"proceeding": None}, "proceeding"),
    ("contest", {"proceeding": {"body": "king", "reference": "1", "on": "2026-03-01"}}, "proceeding.body"),
    ("contest", {"proceeding": {"body": "court", "reference": "1", "on": "2027-01-01"}}, "proceeding.on"),
]


def test_bad_amendments_are_refused_by_name(desk: Desk) -> None:
    desk.filing.countersigned(desk.clock()).screened(desk.clock())
    for kind, changes, field in BAD:
        error = refused(desk, kind, **changes)
        assert error.field == field
        assert "11010519491231002X" not in error.message


def test_what_is_amended_when_says_what_to_do_instead(desk: Desk) -> None:
    assert "new version" in refused(desk, "correction").message
    desk.filing.countersigned(desk.clock()).screened(desk.clock())
    assert "withdraw the report" in refused(desk, "void").message
    desk.filing.printed(desk.clock())
    desk.filing.served(desk.clock())
    desk.clock.move(policy.RESPONSE_WINDOW)
    with desk.store.write() as session:
        list_due(session, now=desk.clock())
    desk.amend("void")
    assert "has ended" in refused(desk, "correction").message


def test_one_of_a_kind_waits_at_a_time_and_again_is_the_same(desk: Desk, cast: Cast) -> None:
    first = desk.listed().sign("correction")
    assert refused(desk, "correction").code == "amendment-waiting"
    assert desk.sign("revision").state is State.SIGNED
    claims = desk.claims("void", jti="one")
    assert cast.rui.key is not None
    tokens = [jws.sign(each, typ=AMENDMENT, key=cast.rui.key) for each in (claims, {**claims, "why": "x"})]
    assert desk.send(tokens[0]).id == desk.send(tokens[0]).id
    with pytest.raises(Conflict, match="jti"):
        desk.send(tokens[1])
    again = desk.confirmation(first, cast.ana)
    assert desk.confirm(first, token=again).state is desk.confirm(first, token=again).state


def test_what_has_become_milder_meanwhile_is_not_made_graver(desk: Desk) -> None:
    waiting = desk.listed().sign("revision", changes={"term_days": 300})
    desk.amend("correction", changes={"term_days": 100})
    with pytest.raises(Invalid, match="at most 100"):
        desk.confirm(waiting)


def test_two_people_of_the_member_and_nobody_else(desk: Desk, cast: Cast) -> None:
    row = desk.listed().sign("correction")
    for who, why in ((cast.rui, "may not"), (cast.bao, "may not")):
        with pytest.raises(Forbidden, match=why):
            desk.confirm(row, who)
    with pytest.raises(Forbidden, match="may not"):
        desk.sign("revision", who=cast.ben, iss="birch")
    with pytest.raises(Forbidden, match="somebody else's"):
        desk.confirm(row, token=desk.confirmation(row, cast.rui))


def test_whoever_signed_does_not_confirm_even_with_both_roles(desk: Desk, cast: Cast) -> None:
    row = desk.listed().sign("correction")
    both = replace(cast.rui.actor, roles=frozenset({Role.REPORTER, Role.APPROVER}))
    with pytest.raises(Forbidden) as error:
        desk.confirm(row, replace(cast.rui, actor=both))
    assert error.value.code == "two-people"


def test_those_on_the_case_read_it_and_others_do_not(desk: Desk, cast: Cast, store: Store) -> None:
    row = desk.listed().amend("correction")
    for who in (cast.rui, cast.ana, cast.rex):
        with store.write() as session:
            (told,) = amendments.open_all(session, actor=who.actor, report_id=desk.filing.id, now=desk.clock())
        assert (told.row.id, told.words["why"]) == (row.id, "Two files were counted twice.")
    with pytest.raises(Forbidden), store.write() as session:
        amendments.open_all(session, actor=cast.ben.actor, report_id=desk.filing.id, now=desk.clock())


def test_nothing_that_was_said_stands_in_the_clear(desk: Desk) -> None:
    desk.listed().amend("correction")
    file = Path(str(desk.store.engine.url.database))
    assert not [path for path in file.parent.iterdir() if b"counted twice" in path.read_bytes()]
