from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from registry import policy
from registry.errors import Invalid
from registry.panels.rules import BEFORE_LISTING, Ballot, Choice, Outcome, decide, is_final, read_ballot

KEEP, CORRECT, SHORTEN, SUSPEND, VOID = Choice
EACH = {
    KEEP: Ballot(KEEP),
    CORRECT: Ballot(CORRECT, level=1),
    SHORTEN: Ballot(SHORTEN, term_days=90),
    SUSPEND: Ballot(SUSPEND),
    VOID: Ballot(VOID),
}


@pytest.mark.parametrize("choices", list(product(Choice, repeat=3)))
def test_two_equal_votes_decide_and_three_different_ones_meet_in_the_middle(choices: tuple[Choice, ...]) -> None:
    order = list(Choice)
    outcome = decide([EACH[choice] for choice in choices], permanent=False)
    repeated = [choice for choice in choices if choices.count(choice) > 1]
    assert outcome.choice is (repeated[0] if repeated else sorted(choices, key=order.index)[1])
    assert outcome.unanimous is (len(set(choices)) == 1)
    assert (outcome.term_days is not None) is (outcome.choice is SHORTEN)
    assert (outcome.level is not None) is (outcome.choice is CORRECT)


@pytest.mark.parametrize("choices", list(product(Choice, repeat=3)))
def test_a_permanent_listing_stays_one_only_if_nobody_would_touch_it(choices: tuple[Choice, ...]) -> None:
    outcome = decide([EACH[choice] for choice in choices], permanent=True)
    if outcome.choice in (KEEP, CORRECT):
        assert set(choices) <= {KEEP, CORRECT}
    if choices.count(KEEP) == 2 and SUSPEND in choices:
        assert outcome == Outcome(SHORTEN, False, term_days=(policy.MAX_TERM or policy.REVIEW_EVERY).days)


def test_in_doubt_the_milder_term_and_level_hold() -> None:
    shorter = decide([Ballot(SHORTEN, 200), Ballot(SHORTEN, 90), Ballot(KEEP)], permanent=False)
    lower = decide([Ballot(CORRECT, level=3), Ballot(CORRECT, level=2), Ballot(VOID)], permanent=False)
    assert (shorter.term_days, lower.level) == (90, 2)


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_a_decision_takes_three(count: int) -> None:
    with pytest.raises(Invalid):
        decide([Ballot(KEEP)] * count, permanent=False)


@pytest.mark.parametrize(
    ("ballot", "field"),
    [
        ({"choice": "burn"}, "choice"),
        ({"choice": "shorten"}, "term_days"),
        ({"choice": "keep", "term_days": 9}, "term_days"),
        ({"choice": "shorten", "term_days": 0}, "term_days"),
        ({"choice": "shorten", "term_days": 36_501}, "term_days"),
        ({"choice": "correct"}, "level"),
        ({"choice": "void", "level": 1}, "level"),
    ],
)
def test_a_ballot_that_does_not_hang_together_names_the_field(ballot: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_ballot(**{"term_days": None, "level": None, "listed": True, **ballot})
    assert refused.value.field == field


@pytest.mark.parametrize("choice", Choice)
def test_before_the_listing_there_is_only_keep_or_void(choice: Choice) -> None:
    extra = {"term_days": EACH[choice].term_days, "level": EACH[choice].level}
    assert read_ballot(choice, listed=True, **extra) == EACH[choice]
    if choice in BEFORE_LISTING:
        assert read_ballot(choice, listed=False, **extra) == EACH[choice]
    else:
        with pytest.raises(Invalid):
            read_ballot(choice, listed=False, **extra)


def test_only_a_void_or_the_second_instance_is_final() -> None:
    assert [choice for choice in Choice if is_final(choice, instance=1, instances=2)] == [VOID]
    assert [choice for choice in Choice if is_final(choice, instance=2, instances=2)] == list(Choice)
