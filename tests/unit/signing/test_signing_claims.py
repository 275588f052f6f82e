"""Claims: each failure names the claim and never shows its value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from registry.errors import Invalid
from registry.signing import claims
from registry.signing.claims import STANDARD, Rule, verify_claims, verify_times, verify_value

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
IAT = int(NOW.timestamp())
GOOD = {"iss": "M-01", "aud": "https://registry.example", "jti": "r1", "iat": IAT}


def refusal(check, *args: object, **kwargs: object) -> Invalid:
    with pytest.raises(Invalid) as refused:
        check(*args, **kwargs)
    return refused.value


def test_the_standard_claims_pass() -> None:
    verify_claims(GOOD, STANDARD)
    verify_claims(GOOD | {"exp": IAT + 5}, {**STANDARD, "exp": claims.SECONDS}, optional=frozenset({"exp"}))
    verify_claims(GOOD, {**STANDARD, "exp": claims.SECONDS}, optional=frozenset({"exp"}))


@pytest.mark.parametrize("name", STANDARD)
def test_a_missing_claim_is_named(name: str) -> None:
    error = refusal(verify_claims, {key: value for key, value in GOOD.items() if key != name}, STANDARD)
    assert (error.field, error.code) == (name, "claim-missing")


def test_an_unknown_claim_is_refused_without_being_repeated() -> None:
    error = refusal(verify_claims, GOOD | {"11010519491231002X": 1}, STANDARD)
    assert (error.field, error.code) == ("statement", "claim-unknown")
    assert "110105" not in str(error)
    assert "aud, iat, iss, jti" in str(error)


@pytest.mark.parametrize("name", ["iss", "aud", "jti"])
@pytest.mark.parametrize("value", ["", " ", "a b", "a\n", "张伟", "x" * 201, 7, None, ["a"], True, "a\x7f"])
def test_a_name_is_visible_ascii_text(name: str, value: object) -> None:
    error = refusal(verify_claims, GOOD | {name: value}, STANDARD)
    assert (error.field, error.code) == (name, "claim-wrong")


@pytest.mark.parametrize("value", ["1", 1.0, True, None, -1, 253_402_300_800])
def test_a_time_is_whole_seconds(value: object) -> None:
    assert refusal(verify_claims, GOOD | {"iat": value}, STANDARD).field == "iat"


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (claims.whole(1, 3), [1, 3], [0, 4, True, "1", 1.0, None]),
        (claims.prose(5), ["a", "a\nb", "汉字"], ["", " \n", "abcdef", "a\tb", "a\0", "\x7fa", 1, None]),
        (claims.encoded(3), ["AAAA"], ["AAA", "AAAAA", "AAA=", "AA+A", "", 1, None]),
        (claims.encoded(), ["", "AAAA", "AA"], ["A", "AB", "A A", None, 4]),
        (claims.exactly("a", "b"), ["a", "b"], ["c", "", None, ["a"], 1]),
        (claims.OBJECT, [{}], [[], None, "{}"]),
        (claims.LIST, [[]], [{}, None, "[]"]),
    ],
)
def test_a_rule_takes_what_it_says_and_nothing_else(rule: Rule, good: list[object], bad: list[object]) -> None:
    for value in good:
        verify_claims({"c": value}, {"c": rule})
    for value in bad:
        error = refusal(verify_claims, {"c": value}, {"c": rule})
        assert str(error) == f"c must be {rule.phrase}"


def test_a_claim_inside_an_object_is_named_by_its_path() -> None:
    error = refusal(verify_claims, {"size": -1}, {"size": claims.whole(0, 9)}, within="checkpoint")
    assert error.field == "checkpoint.size"
    assert refusal(verify_claims, {}, {"size": claims.SECONDS}, within="checkpoint").field == "checkpoint.size"
    assert refusal(verify_claims, {"x": 1}, {}, within="checkpoint").field == "checkpoint"


def test_a_statement_for_somebody_else_is_refused() -> None:
    verify_value(GOOD, "aud", "https://registry.example")
    assert refusal(verify_value, GOOD, "aud", "https://other.example").field == "aud"
    assert refusal(verify_value, {}, "aud", "https://other.example").field == "aud"


@pytest.mark.parametrize(("ahead", "fine"), [(-5, True), (0, True), (60, True), (61, False), (86_400, False)])
def test_a_clock_may_run_sixty_seconds_ahead(ahead: int, fine: bool) -> None:
    stated = GOOD | {"iat": IAT + ahead}
    if fine:
        verify_times(stated, now=NOW)
    else:
        error = refusal(verify_times, stated, now=NOW)
        assert (error.field, error.code) == ("iat", "claim-in-future")


@pytest.mark.parametrize(("age", "fine"), [(0, True), (300, True), (301, False)])
def test_an_old_statement_is_refused_where_there_is_a_limit(age: int, fine: bool) -> None:
    stated = GOOD | {"iat": IAT - age}
    verify_times(stated, now=NOW)
    if fine:
        verify_times(stated, now=NOW, max_age=timedelta(minutes=5))
    else:
        error = refusal(verify_times, stated, now=NOW, max_age=timedelta(minutes=5))
        assert (error.field, error.code) == ("iat", "claim-too-old")


@pytest.mark.parametrize("issued", [None, "1", 1.5, True])
def test_times_without_a_usable_iat_are_refused(issued: object) -> None:
    assert refusal(verify_times, {"iat": issued}, now=NOW).field == "iat"


@pytest.mark.parametrize(
    ("iat", "exp", "fine"),
    [(0, 1, True), (0, 0, False), (0, -1, False), (30, 31, True), (30, 30, False), (30, 20, False)],
)
def test_a_statement_ends_after_now_and_after_it_began(iat: int, exp: int, fine: bool) -> None:
    stated = {"iat": IAT + iat, "exp": IAT + exp}
    if fine:
        verify_times(stated, now=NOW)
    else:
        error = refusal(verify_times, stated, now=NOW)
        assert (error.field, error.code) == ("exp", "claim-expired")


@pytest.mark.parametrize("exp", ["later", 9e9, True])
def test_an_end_that_is_no_time_is_refused(exp: object) -> None:
    assert refusal(verify_times, {"iat": IAT, "exp": exp}, now=NOW).field == "exp"
