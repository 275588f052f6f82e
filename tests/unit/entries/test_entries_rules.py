"""What can happen to an entry, and when it is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from registry.entries import rules
from registry.entries.rules import NEXT, State, Verb
from registry.errors import Invalid

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SEEN = {Verb.CORRECT, Verb.REVISE, Verb.SUSPEND, Verb.SHORTEN, Verb.VOID, Verb.REHABILITATE}
ALLOWED = {
    State.LISTED: SEEN,
    State.CORRECTED: SEEN,
    State.REVISED: SEEN,
    State.SUSPENDED: {Verb.CORRECT, Verb.REVISE, Verb.REINSTATE, Verb.SHORTEN, Verb.VOID, Verb.REHABILITATE},
    State.VOIDED: set(),
    State.REHABILITATED: set(),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", Verb)
def test_an_entry_moves_only_by_its_table(state: State, verb: Verb) -> None:
    assert ((state, verb) in NEXT) == (verb in ALLOWED[state])


def test_shortening_changes_no_state() -> None:
    assert all(then is state for (state, verb), then in NEXT.items() if verb is Verb.SHORTEN)


@pytest.mark.parametrize("state", State)
def test_only_three_states_are_ever_seen(state: State) -> None:
    seen = rules.is_visible(state, listed_at=NOW, until=None, now=NOW)
    assert seen == (state in {State.LISTED, State.CORRECTED, State.REVISED})


def test_an_entry_is_seen_from_its_listing_to_just_before_its_end() -> None:
    def seen(now: datetime) -> bool:
        return rules.is_visible(State.LISTED, listed_at=NOW, until=NOW + 9 * SECOND, now=now)

    moments = [NOW - SECOND, NOW, NOW + 8 * SECOND, NOW + 9 * SECOND]
    assert [seen(now) for now in moments] == [False, True, True, False]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.LISTED, "expired"),
        (State.SUSPENDED, "expired"),
        (State.VOIDED, "voided"),
        (State.REHABILITATED, "rehabilitated"),
    ],
)
def test_expired_is_computed_for_what_was_alive(state: State, status: str) -> None:
    assert rules.status(state, until=NOW, now=NOW) == status
    assert rules.status(state, until=NOW + SECOND, now=NOW) == state.value
    assert rules.status(state, until=None, now=NOW) == state.value


@pytest.mark.parametrize("until", [NOW, NOW - SECOND, NOW + 5 * SECOND, NOW + 6 * SECOND])
def test_a_term_is_only_ever_shortened(until: datetime) -> None:
    with pytest.raises(Invalid, match="until"):
        rules.verify_shorter(until, present=NOW + 5 * SECOND, listed_at=NOW)
    rules.verify_shorter(NOW + 4 * SECOND, present=NOW + 5 * SECOND, listed_at=NOW)
    rules.verify_shorter(NOW + 999 * SECOND, present=None, listed_at=NOW)


@pytest.mark.parametrize("level", [0, 3, 4])
def test_a_correction_makes_no_case_graver(level: int) -> None:
    with pytest.raises(Invalid, match="level"):
        rules.verify_milder(level, present=2)
    rules.verify_milder(2, present=2)
    rules.verify_milder(1, present=2)
