"""Listing happens once, after the window; every change is one act, and nothing comes back that was voided."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry import vault
from registry.appeals import listing
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Store
from registry.entries import actions, queries
from registry.entries.models import Entry
from registry.entries.rules import State
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.identity import tags
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.notices.models import Message
from registry.policy import RESPONSE_WINDOW, Basis
from registry.reports.models import Report
from registry.reports.rules import State as ReportState
from tests.attested import unattested
from tests.cast import Cast
from tests.filing import Filing, any_tag

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def noticed(store: Store, cast: Cast, holder: Holder, now: datetime) -> Filing:
    return Filing(store, cast, holder, now).noticed(now)


@pytest.fixture
def entry(noticed: Filing, now: datetime) -> Entry:
    (entry,) = list_due(noticed, now + RESPONSE_WINDOW)
    return entry


def list_due(filing: Filing, now: datetime, limit: int = 100) -> list[Entry]:
    with filing.store.write() as session:
        return listing.list_due(session, now=now, limit=limit)


def seen(store: Store, tag: bytes, now: datetime) -> Entry | None:
    with store.read() as session:
        handle = tags.handle(session.keyring.pepper, tag)
        return queries.visible(session, [handle], now).get(handle)


# Listing


def test_nothing_is_listed_or_seen_before_the_window_closes(noticed: Filing, store: Store, now: datetime) -> None:
    closes = now + RESPONSE_WINDOW
    for at in (now, now + 15 * DAY, closes - SECOND):
        assert list_due(noticed, at) == []
        assert seen(store, noticed.tag, at) is None
    assert noticed.report().state is ReportState.NOTICED
    (entry,) = list_due(noticed, closes)
    shown = seen(store, noticed.tag, closes)
    assert shown is not None
    assert shown.id == entry.id


def test_a_report_is_listed_exactly_once(noticed: Filing, store: Store, now: datetime) -> None:
    late = now + RESPONSE_WINDOW + 3 * DAY
    assert len(list_due(noticed, late)) == 1
    assert list_due(noticed, late + DAY) == []
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Entry)) == 1


def test_of_two_workers_only_one_lists(noticed: Filing, store: Store, now: datetime) -> None:
    """The second saw the report as due before the first had listed it."""
    late = now + RESPONSE_WINDOW
    with store.read() as session:
        stale = session.get_one(Report, noticed.id)
        session.expunge(stale)
    list_due(noticed, late)
    with pytest.raises(Conflict) as refused, store.write() as session:
        session.add(stale)
        actions.list_report(session, stale, now=late)
    assert refused.value.code == "outdated"


def test_an_entry_takes_over_what_was_reported(noticed: Filing, entry: Entry, store: Store, now: datetime) -> None:
    listed = now + RESPONSE_WINDOW
    assert (entry.offence, entry.level, entry.basis, entry.disputed) == ("sale", 2, Basis.POLICE, False)
    assert (entry.listed_at, entry.until) == (listed, listed + 365 * DAY)
    assert noticed.report().state is ReportState.LISTED
    with store.read() as session:
        case = session.get_one(Case, noticed.case_id)
        assert (entry.handle, entry.sealed_tag) == (case.subject_handle, case.sealed_tag)
        kinds = list(session.scalars(sa.select(Message.kind)))
    assert kinds.count("report.listed") == 1


def test_listing_goes_in_batches_the_longest_waiting_first(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filings = [Filing(store, cast, holder, now, any_tag(n)).noticed(now + n * SECOND) for n in (1, 2, 3)]
    late = now + RESPONSE_WINDOW + DAY
    batches = [[e.report_id for e in list_due(filings[0], late, limit=2)] for _ in range(3)]
    assert batches == [[filings[0].id, filings[1].id], [filings[2].id], []]


@pytest.mark.parametrize("before", ["filed", "countersigned", "screened", "printed"])
def test_no_step_can_be_left_out(store: Store, cast: Cast, holder: Holder, now: datetime, before: str) -> None:
    filing = Filing(store, cast, holder, now)
    for step in ("countersigned", "screened", "printed"):
        if before == "filed":
            break
        getattr(filing, step)(now)
        if step == before:
            break
    assert list_due(filing, now + 999 * DAY) == []
    assert seen(store, filing.tag, now + 999 * DAY) is None


def test_an_erased_case_is_not_listed(noticed: Filing, store: Store, now: datetime) -> None:
    with store.write() as session:
        session.get_one(Case, noticed.case_id).wrapped_key = None
        session.flush()
        assert listing.list_due(session, now=now + 999 * DAY) == []
        session.rollback()


# The verbs

Verb = Callable[..., Entry]


def did(store: Store, entry: Entry, verb: Verb, now: datetime, **more: object) -> Entry:
    with store.write() as session:
        row = session.get_one(Entry, entry.id)
        return verb(session, row, actor_id="panel", now=now, reason="The panel decided so.", **more)


def last_verbs(store: Store, entry: Entry, count: int) -> list[str]:
    with store.read() as session:
        key = key_of(session, session.get_one(Case, entry.case_id)).key
        acts = session.scalars(sa.select(Act).order_by(Act.id.desc()).limit(count)).all()
        opened = [vault.open_sealed(key, a.record, table="act", row=a.uid, column="record") for a in acts]
    return [json.loads(text)["verb"] for text in reversed(opened)]


@pytest.mark.parametrize(
    ("verb", "state", "is_seen", "acts"),
    [
        (actions.suspend, State.SUSPENDED, False, ["entry.suspend"]),
        (actions.revise, State.REVISED, True, ["entry.revise"]),
        (actions.correct, State.CORRECTED, True, ["entry.correct"]),
        (actions.void, State.VOIDED, False, ["entry.void", "report.void"]),
        (actions.rehabilitate, State.REHABILITATED, False, ["entry.rehabilitate"]),
    ],
)
def test_each_verb_moves_the_entry_and_is_an_act(
    entry: Entry, store: Store, verb: Verb, state: State, is_seen: bool, acts: list[str]
) -> None:
    at = entry.listed_at + DAY
    assert did(store, entry, verb, at).state is state
    assert (seen(store, any_tag(), at) is not None) == is_seen
    assert last_verbs(store, entry, len(acts)) == acts


def test_a_suspended_entry_can_come_back(entry: Entry, store: Store) -> None:
    at = entry.listed_at + DAY
    did(store, entry, actions.suspend, at)
    assert seen(store, any_tag(), at) is None
    did(store, entry, actions.reinstate, at)
    assert seen(store, any_tag(), at) is not None


def test_a_voided_entry_never_comes_back(entry: Entry, store: Store) -> None:
    at = entry.listed_at + DAY
    did(store, entry, actions.void, at)
    for verb in (actions.reinstate, actions.revise, actions.correct, actions.suspend, actions.void):
        with pytest.raises(Conflict, match="it is voided; nothing more can happen to it"):
            did(store, entry, verb, at)


def test_voiding_an_entry_voids_its_report(noticed: Filing, entry: Entry, store: Store) -> None:
    did(store, entry, actions.void, entry.listed_at + DAY)
    assert noticed.report().state is ReportState.VOIDED


def test_shortening_ends_the_entry_earlier(entry: Entry, store: Store) -> None:
    at = entry.listed_at + 10 * DAY
    did(store, entry, actions.shorten, at, until=at + DAY)
    assert seen(store, any_tag(), at) is not None
    assert seen(store, any_tag(), at + DAY) is None
    with pytest.raises(Invalid, match="until"):
        did(store, entry, actions.shorten, at, until=at + 2 * DAY)


def test_a_correction_replaces_what_was_wrong_and_caps_the_term(entry: Entry, store: Store) -> None:
    at = entry.listed_at + DAY
    corrected = did(store, entry, actions.correct, at, offence="disclosure", level=1, basis=Basis.INVESTIGATION)
    assert (corrected.offence, corrected.level, corrected.basis) == ("disclosure", 1, Basis.INVESTIGATION)
    assert corrected.until == entry.listed_at + 365 * DAY
    assert (corrected.listed_at, corrected.disputed) == (entry.listed_at, False)


def test_a_correction_to_a_milder_level_shortens_a_longer_term(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    entry = Filing(store, cast, holder, now, term_days=730).listed(now)
    corrected = did(store, entry, actions.correct, entry.listed_at + DAY, level=1)
    assert corrected.until == entry.listed_at + 365 * DAY


@pytest.mark.parametrize(
    ("field", "change"),
    [("offence", {"offence": "gossip"}), ("level", {"level": 3}), ("basis", {"basis": Basis.SUSPICION})],
)
def test_a_correction_stays_within_the_policy(
    entry: Entry, store: Store, field: str, change: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refused:
        did(store, entry, actions.correct, entry.listed_at + DAY, **change)
    assert refused.value.field == field


def test_a_dispute_shows_and_ends(entry: Entry, store: Store) -> None:
    for disputed in (True, False):
        with store.write() as session:
            row = session.get_one(Entry, entry.id)
            actions.mark_disputed(session, row, disputed=disputed, actor_id="subject:x", now=entry.listed_at)
        with pytest.raises(Conflict), store.write() as session:
            row = session.get_one(Entry, entry.id)
            actions.mark_disputed(session, row, disputed=disputed, actor_id="subject:x", now=entry.listed_at)
        with store.read() as session:
            assert session.get_one(Entry, entry.id).disputed is disputed
        assert unattested(store) == set()


# What is seen, and by whom


def test_an_entry_expires_by_its_date(entry: Entry, store: Store) -> None:
    assert entry.until is not None
    assert seen(store, any_tag(), entry.until - SECOND) is not None
    assert seen(store, any_tag(), entry.until) is None


def test_visible_finds_each_handle_and_no_other(entry: Entry, store: Store, now: datetime) -> None:
    strangers = [bytes([n % 256, n // 256]) + bytes(30) for n in range(1_200)]
    with store.read() as session:
        found = queries.visible(session, [*strangers, entry.handle, entry.handle], entry.listed_at)
        assert {handle: e.id for handle, e in found.items()} == {entry.handle: entry.id}
        assert queries.visible(session, [], entry.listed_at) == {}


def test_of_two_entries_of_one_person_the_graver_is_seen(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    graver = {"records": 3_000, "kind": "transaction", "gain_cny": 0}
    first = Filing(store, cast, holder, now, gravity=graver).noticed(now)
    Filing(store, cast, holder, now).noticed(now + SECOND)
    list_due(first, now + 40 * DAY)
    shown = seen(store, any_tag(), now + 40 * DAY)
    assert shown is not None
    assert (shown.report_id, shown.level) == (first.id, 3)


def test_a_case_knows_its_entry(noticed: Filing, store: Store, now: datetime) -> None:
    with store.read() as session:
        assert queries.of_case(session, noticed.case_id) is None
    (entry,) = list_due(noticed, now + RESPONSE_WINDOW)
    with store.read() as session:
        found = queries.of_case(session, noticed.case_id)
        assert found is not None
        assert found.id == entry.id


@pytest.mark.parametrize(
    ("name", "was_shown", "may"),
    [
        ("rui", False, True),  # filed by its member
        ("rex", False, True),
        ("hana", True, True),
        ("hana", False, False),
        ("ben", False, False),
    ],
)
def test_an_entry_is_read_by_filer_regulator_and_who_was_shown_it(
    entry: Entry, store: Store, cast: Cast, name: str, was_shown: bool, may: bool
) -> None:
    with store.read() as session:
        if may:
            actor = cast[name].actor
            assert queries.readable(session, actor=actor, entry_id=entry.id, was_shown=was_shown).id == entry.id
            return
        said = []
        for entry_id in (entry.id, "0" * 32):
            with pytest.raises(NotFound) as refused:
                queries.readable(session, actor=cast[name].actor, entry_id=entry_id, was_shown=was_shown)
            said.append(refused.value.message)
    assert said[0] == said[1]


@pytest.mark.parametrize("name", ["olaf", "cleo", "sol", "cem", "vera"])
def test_other_roles_read_no_entry_at_all(entry: Entry, store: Store, cast: Cast, name: str) -> None:
    with pytest.raises(Forbidden), store.read() as session:
        queries.readable(session, actor=cast[name].actor, entry_id=entry.id, was_shown=True)


def test_only_the_regulator_pages_through_the_register(entry: Entry, store: Store, cast: Cast) -> None:
    with store.read() as session:
        assert [e.id for e in queries.page(session, actor=cast.rex.actor)] == [entry.id]
        assert queries.page(session, actor=cast.rex.actor, after=entry.id) == []
        for name in ("rui", "hana", "olaf", "sol"):
            with pytest.raises(Forbidden):
                queries.page(session, actor=cast[name].actor)
