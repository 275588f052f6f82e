"""Open case matches: each secret once, for ten minutes, and never too many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry.errors import NotFound, TooMany
from registry.keyholder.matches import LIFETIME, Matches

from .conftest import NOON

SECRET = b"s" * 32


def test_a_secret_is_taken_once() -> None:
    matches = Matches()
    match_id = matches.keep(SECRET, NOON)
    assert matches.take(match_id, NOON) == SECRET
    with pytest.raises(NotFound):
        matches.take(match_id, NOON)


def test_an_unknown_id_finds_nothing() -> None:
    with pytest.raises(NotFound) as caught:
        Matches().take("none", NOON)
    assert caught.value.field == "match_id"


def test_a_secret_is_gone_after_ten_minutes_and_not_before() -> None:
    matches = Matches()
    first, second = matches.keep(SECRET, NOON), matches.keep(SECRET, NOON)
    assert matches.take(first, NOON + LIFETIME - timedelta(seconds=1)) == SECRET
    with pytest.raises(NotFound):
        matches.take(second, NOON + LIFETIME)


def test_only_so_many_matches_are_open_until_one_is_taken_or_expires() -> None:
    matches = Matches(most_open=2)
    first = matches.keep(SECRET, NOON)
    matches.keep(SECRET, NOON)
    with pytest.raises(TooMany):
        matches.keep(SECRET, NOON)
    matches.take(first, NOON)
    matches.keep(SECRET, NOON)
    with pytest.raises(TooMany):
        matches.keep(SECRET, NOON + LIFETIME - timedelta(seconds=1))
    matches.keep(SECRET, NOON + LIFETIME)
