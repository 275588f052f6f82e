"""Letters, codes and pauses, as rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cases.actions import new_number
from registry.errors import Invalid
from registry.notices import rules
from registry.notices.rules import NEXT, State, Verb

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ALLOWED = {
    State.DRAFTED: {Verb.PRINT, Verb.CANCEL},
    State.PRINTED: {Verb.SERVE, Verb.RETURN},
    State.SERVED: {Verb.REPLACE},
    State.RETURNED: set(),
    State.REPLACED: set(),
    State.CANCELLED: set(),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", Verb)
def test_a_letter_moves_only_by_its_table(state: State, verb: Verb) -> None:
    assert ((state, verb) in NEXT) == (verb in ALLOWED[state])


def test_a_code_lives_only_while_its_letter_may_be_in_the_persons_hand() -> None:
    assert {State.PRINTED, State.SERVED} == rules.CODE_LIVES


def test_codes_are_of_sixty_random_bits() -> None:
    codes = {rules.new_code() for _ in range(200)}
    assert len(codes) == 200
    assert {len(code) for code in codes} == {12}
    assert set("".join(codes)) == set(rules.ALPHABET)


@given(st.text(alphabet=rules.ALPHABET, min_size=12, max_size=12))
def test_a_code_is_read_as_it_stands_in_the_letter(code: str) -> None:
    assert rules.read_code(rules.written(code)) == code
    assert rules.read_code(f"  {rules.written(code).lower()} ") == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("7f3k 9qx2 m0td", "7F3K9QX2M0TD"),
        ("7F3K-9QX2-MOTD", "7F3K9QX2M0TD"),
        ("IL00-0000-0000", "110000000000"),
        ("7F3K-9QX2-M0T", None),
        ("7F3K-9QX2-M0TDD", None),
        ("UUUU-UUUU-UUUU", None),
        ("", None),
        ("0" * 10_000, None),
    ],
)
def test_misread_letters_are_forgiven_and_nothing_else(typed: str, code: str | None) -> None:
    assert rules.read_code(typed) == code


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    rules.read_code(text)
    rules.read_case_number(text)


@pytest.mark.parametrize("typed", ["ZL-7F3K-9QX2", "zl7f3k9qx2", " zl 7f3k 9qx2 ", "7F3K-9QX2"])
def test_a_case_number_is_read_however_it_is_typed(typed: str) -> None:
    assert rules.read_case_number(typed) == "ZL-7F3K-9QX2"


def test_every_case_number_reads_as_itself() -> None:
    for number in (new_number() for _ in range(100)):
        assert rules.read_case_number(number) == number


def test_a_code_is_kept_for_one_case_only() -> None:
    kept = rules.code_hash(b"p" * 32, case_id="a" * 32, code="7F3K9QX2M0TD")
    assert len(kept) == 32
    assert kept != rules.code_hash(b"p" * 32, case_id="b" * 32, code="7F3K9QX2M0TD")
    assert kept != rules.code_hash(b"q" * 32, case_id="a" * 32, code="7F3K9QX2M0TD")


def test_service_lies_between_printing_and_now() -> None:
    hour = timedelta(hours=1)
    rules.verify_service(NOW, printed_at=NOW, now=NOW)
    for on in (NOW - hour, NOW + hour):
        with pytest.raises(Invalid) as refused:
            rules.verify_service(on, printed_at=NOW, now=NOW)
        assert refused.value.field == "on"


def test_pauses_grow_and_end() -> None:
    dues = [rules.next_try(tries, now=NOW) - NOW for tries in range(1, 8)]
    assert dues == sorted(dues)
    assert (dues[0], dues[-1]) == (timedelta(minutes=1), timedelta(days=1))
    assert not rules.is_last(6)
    assert rules.is_last(7)


@pytest.mark.parametrize(
    "url", ["https://acme.example/hook", "https://acme.example:8443", "http://127.0.0.1:9000/in", "http://localhost/x"]
)
def test_a_webhook_is_encrypted_or_stays_here(url: str) -> None:
    rules.verify_webhook(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.example/hook",
        "https://user:secret@acme.example/",
        "https://acme.example/a b",
        "ftp://acme.example",
        "https://",
        "http://localhost.evil.example/",
        "https://acme.example/" + "x" * 500,
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.verify_webhook(url)
    assert refused.value.field == "url"
    assert "secret" not in refused.value.message
