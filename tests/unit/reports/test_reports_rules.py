"""The rules that a lawyer would read: who is how grave, how long, by when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from registry import policy
from registry.cases.steps import after
from registry.errors import Conflict, Invalid
from registry.policy import Kind
from registry.reports import rules
from registry.reports.rules import NEXT, State, Verb

LEVEL = {gravity.level: gravity for gravity in policy.LADDER}
ALLOWED = {
    State.FILED: {Verb.REPLACE, Verb.COUNTERSIGN, Verb.WITHDRAW, Verb.VOID},
    State.COUNTERSIGNED: {Verb.REPLACE, Verb.SCREEN, Verb.REFUSE, Verb.WITHDRAW, Verb.VOID},
    State.SCREENED: {Verb.SERVE, Verb.PRESUME, Verb.WITHDRAW, Verb.VOID},
    State.NOTICED: {Verb.LIST, Verb.WITHDRAW, Verb.VOID},
    State.LISTED: {Verb.VOID},
    State.REFUSED: set(),
    State.WITHDRAWN: set(),
    State.VOIDED: set(),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", Verb)
def test_a_report_moves_only_by_its_table(state: State, verb: Verb) -> None:
    assert ((state, verb) in NEXT) == (verb in ALLOWED[state])


def test_there_is_one_way_to_a_listing() -> None:
    def ways_into(state: State) -> set[tuple[State | None, Verb]]:
        return {step for step, then in NEXT.items() if then is state}

    assert ways_into(State.LISTED) == {(State.NOTICED, Verb.LIST)}
    assert ways_into(State.NOTICED) == {(State.SCREENED, Verb.SERVE), (State.SCREENED, Verb.PRESUME)}
    assert ways_into(State.SCREENED) == {(State.COUNTERSIGNED, Verb.SCREEN)}
    assert ways_into(State.COUNTERSIGNED) == {(State.FILED, Verb.COUNTERSIGN)}


def test_a_refused_verb_says_what_would_be_allowed() -> None:
    with pytest.raises(Conflict) as refused:
        after(NEXT, State.FILED, Verb.LIST, "report")
    assert refused.value.message == (
        "cannot list this report: it is filed; allowed now: countersign (approver), replace (reporter), "
        "void (approver/panelist), withdraw (reporter)"
    )


@pytest.mark.parametrize(
    ("records", "kind", "gain", "level"),
    [
        (24, Kind.OTHER, 0, None),
        (25, Kind.OTHER, 0, 1),
        (249, Kind.TRANSACTION, 2_499, 1),
        (250, Kind.TRANSACTION, 0, 2),
        (2_500, Kind.OTHER, 0, 3),
        (24_999, Kind.OTHER, 0, 3),
        (25_000, Kind.OTHER, 0, 4),
        (9, Kind.LOCATION, 0, None),
        (10, Kind.LOCATION, 0, 1),
        (100, Kind.COMMUNICATION, 0, 2),
        (1_000, Kind.CREDIT, 0, 3),
        (10_000, Kind.CREDIT, 0, 4),
        (0, Kind.OTHER, 2_500, 3),  # the gain alone
        (25, Kind.OTHER, 10**9, 3),  # but it makes nothing graver than serious
        (25_000, Kind.OTHER, 2_500, 4),  # and nothing milder
    ],
)
def test_gravity_follows_the_ladder(records: int, kind: Kind, gain: int, level: int | None) -> None:
    found = rules.gravity(records=records, kind=kind, gain_cny=gain)
    assert (found.level if found else None) == level


@pytest.mark.parametrize(("level", "days"), [(1, 365), (2, 730), (3, 1_095), (4, 1_825), (4, None), (1, 1)])
def test_a_term_within_the_ladder_may_be_asked_for(level: int, days: int | None) -> None:
    rules.verify_term(days, LEVEL[level])


@pytest.mark.parametrize(
    ("level", "days"), [(1, 366), (2, 731), (3, 1_096), (4, 1_826), (1, None), (2, None), (3, None)]
)
def test_a_term_outside_the_ladder_is_refused(level: int, days: int | None) -> None:
    with pytest.raises(Invalid) as refused:
        rules.verify_term(days, LEVEL[level])
    assert refused.value.field == "term_days"


def test_a_policy_without_a_cap_lets_the_gravest_stand_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "MAX_TERM", None)
    rules.verify_term(99_999, LEVEL[4])
    assert rules.until(datetime(2026, 3, 2, tzinfo=UTC), None) is None


def test_a_permanent_listing_ends_at_the_cap() -> None:
    listed = datetime(2026, 3, 2, tzinfo=UTC)
    assert rules.until(listed, None) == listed + timedelta(days=5 * 365)
    assert rules.until(listed, 30) == listed + timedelta(days=30)


def test_the_filing_clock_ends_with_the_tenth_day_after_the_finding() -> None:
    found = date(2026, 3, 2)
    assert not rules.is_late(found, datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC))
    assert rules.is_late(found, datetime(2026, 3, 13, tzinfo=UTC))


def test_a_date_is_in_the_future_only_when_it_is_nowhere_today() -> None:
    assert rules.latest_date(datetime(2026, 3, 2, 9, 59, tzinfo=UTC)) == date(2026, 3, 2)
    assert rules.latest_date(datetime(2026, 3, 2, 10, 0, tzinfo=UTC)) == date(2026, 3, 3)


def test_the_window_lasts_as_long_as_the_policy_says() -> None:
    served = datetime(2026, 3, 2, tzinfo=UTC)
    assert rules.window_closes(served, recorded_at=served) - served == policy.RESPONSE_WINDOW == timedelta(days=30)


def test_a_service_that_is_recorded_late_leaves_fourteen_days() -> None:
    served = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    late = served + timedelta(days=29)
    assert rules.window_closes(served, recorded_at=late) - late == policy.WINDOW_AT_LEAST == timedelta(days=14)
