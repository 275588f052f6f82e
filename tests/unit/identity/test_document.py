"""Numbers as people type them: one spelling comes out, or one refusal that says what is wrong and nothing else."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.identity.countries import ALPHA_3
from registry.identity.document import Document, check_digit, parse

WOMAN = "11010519491231002X"  # the example of GB 11643-1999
MAN = "440524188001010014"  # the other one
HONG_KONG = "810000199408230021"
FOREIGNER = "911124198108030024"

SPACES = " \t\u00a0\u2002\u2009\u200b\u200d\u202f\u2060\u3000\ufeff\r\n"
HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2212\u00ad\uff0d"
FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in string.digits + string.ascii_letters}


def refusal(text: str, type: str = "CN-RIC", today: date | None = None) -> Invalid:
    with pytest.raises(Invalid) as caught:
        parse(text, type, today=today)
    return caught.value


def parsed_or_refused(text: str, type: str) -> Document | Invalid:
    try:
        return parse(text, type)
    except Invalid as error:
        return error


@st.composite
def residents(draw: st.DrawFn) -> str:
    """Any valid number of eighteen characters."""
    provinces = ["11", "15", "21", "37", "44", "46", "50", "54", "65", "71"]
    birth = draw(st.dates(date(1800, 1, 1), date(2026, 11, 23)))
    region = f"{draw(st.sampled_from(provinces))}{draw(st.integers(0, 9999)):04}"
    first = f"{region}{birth:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return first + check_digit(first)


@st.composite
def as_typed(draw: st.DrawFn, number: str) -> str:
    """The number with the spaces, hyphens, small letters and full-width characters that people put into it."""
    typed = []
    for character in number:
        shape = draw(st.sampled_from([character, character.lower(), character.translate(FULL_WIDTH)]))
        typed.append(shape + draw(st.text(SPACES + HYPHENS, max_size=2)))
    return draw(st.text(SPACES, max_size=2)) + "".join(typed)


@given(data=st.data(), number=residents())
def test_a_valid_number_survives_the_ways_people_type_it(data: st.DataObject, number: str) -> None:
    assert parse(data.draw(as_typed(number))) == Document("CN-RIC", number)


@given(number=residents())
def test_parsing_a_parsed_number_changes_nothing(number: str) -> None:
    assert parse(parse(number).number) == parse(number)


@given(number=residents(), at=st.integers(0, 17), other=st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_refused(number: str, at: int, other: str) -> None:
    if other != number[at]:
        assert refusal(number[:at] + other + number[at + 1 :]).code.startswith("number-")


@given(number=residents(), at=st.integers(0, 16))
def test_two_neighbours_that_changed_places_are_always_refused(number: str, at: int) -> None:
    if number[at] != number[at + 1]:
        assert refusal(number[:at] + number[at + 1] + number[at] + number[at + 2 :]).field == "number"


@given(text=st.text(max_size=220), type=st.sampled_from(["CN-RIC", "CN-HMT", "CN-FPR", "PASSPORT:KAZ"]))
def test_any_text_is_a_document_or_a_refusal_of_the_number(text: str, type: str) -> None:
    outcome = parsed_or_refused(text, type)
    if isinstance(outcome, Invalid):
        assert outcome.field == "number"
        assert outcome.code.startswith("number-")
    else:
        assert outcome.oprf_input.isascii()


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (WOMAN, WOMAN),
        (MAN, MAN),
        ("11010519491231002x", WOMAN),
        ("１１０１０５１９４９１２３１００２Ｘ", WOMAN),
        ("１１０１０５１９４９１２３１００２ｘ", WOMAN),
        (" 110105 19491231 002X\n", WOMAN),
        ("110105\u300019491231\u3000002X", WOMAN),
        ("110105-19491231-002x", WOMAN),
        ("110105\u00a019491231\u200b002X", WOMAN),
        ("\ufeff11010519491231002X", WOMAN),
        ("110105491231002", WOMAN),  # fifteen digits
        ("１１０１０５ 491231 002", WOMAN),
    ],
)
def test_a_resident_number_has_one_spelling(typed: str, number: str) -> None:
    assert parse(typed) == Document("CN-RIC", number)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "number-empty"),
        (" \u3000\t-", "number-empty"),
        ("1.1010519491231E+17", "number-spreadsheet"),
        ("1.1010519491231e17", "number-spreadsheet"),
        ("１．１０１０５Ｅ＋１７", "number-spreadsheet"),
        ("110105194912310000", "number-spreadsheet"),  # cut to fifteen digits
        ("110105194912310020.00", "number-spreadsheet"),
        ("11010519491231002", "number-length"),
        ("1101051949123100211", "number-length"),
        ("11010549123100", "number-length"),
        (" " * 200 + WOMAN, "number-length"),
        ("11010519491231002Y", "number-characters"),
        ("X1010519491231002X", "number-characters"),
        ("11010519491231O02X", "number-characters"),
        ("11010519491231002Х", "number-characters"),  # a Cyrillic Х
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "number-characters"),  # Arabic-Indic digits
        ("11010519491231\x00002X", "number-characters"),
        ("\ud80011010519491231002X", "number-characters"),
        ("010105194912310022", "number-region"),
        ("160105194912310022", "number-region"),
        ("99010519491231002X", "number-region"),
        (HONG_KONG, "number-region"),
        (FOREIGNER, "number-region"),
        ("11010519491331002X", "number-date"),
        ("110105194902290027", "number-date"),
        ("11010519000229002X", "number-date"),  # 1900 was no leap year
        ("110105179912310021", "number-date"),
        ("110105210001010020", "number-date"),
        ("110105000012310021", "number-date"),
        ("110105491331002", "number-date"),
        ("110105194912310021", "number-check-digit"),
        ("110105194912310020", "number-check-digit"),
    ],
)
def test_each_fault_of_a_resident_number_has_its_own_code(typed: str, code: str) -> None:
    assert refusal(typed).code == code


def test_a_birth_after_today_is_refused_and_one_of_today_is_not() -> None:
    first = "11010520261123001"
    number = first + check_digit(first)
    assert parse(number, today=date(2026, 11, 23)).number == number
    assert refusal(number, today=date(2026, 11, 22)).code == "number-date"


@pytest.mark.parametrize(
    ("type", "typed", "number"),
    [
        ("CN-HMT", "810000 19940823 0021", HONG_KONG),
        ("CN-HMT", "830000199201300022", "830000199201300022"),
        ("CN-FPR", FOREIGNER, FOREIGNER),
        ("CN-FPR", "deu 3100 830421 01", "DEU310083042101"),
        ("PASSPORT:KAZ", "n 1234-5678", "N12345678"),
        ("PASSPORT:CHN", "Ｅ１２３４５６７８", "E12345678"),
        ("PASSPORT:USA", "1E567", "1E567"),
    ],
)
def test_the_other_types_have_one_spelling_too(type: str, typed: str, number: str) -> None:
    assert parse(typed, type) == Document(type, number)


@pytest.mark.parametrize(
    ("type", "typed", "code"),
    [
        ("CN-HMT", WOMAN, "number-region"),
        ("CN-HMT", "840000199408230021", "number-region"),
        ("CN-HMT", "810000199408230022", "number-check-digit"),
        ("CN-HMT", "810000199402300021", "number-date"),
        ("CN-HMT", "810000940823002", "number-length"),  # this card never had fifteen digits
        ("CN-FPR", WOMAN, "number-region"),
        ("CN-FPR", "911124198108030025", "number-check-digit"),
        ("CN-FPR", "911124198113030024", "number-date"),
        ("CN-FPR", "DE3310083042101", "number-characters"),
        ("PASSPORT:KAZ", "1234", "number-length"),
        ("PASSPORT:KAZ", "N" * 21, "number-length"),
        ("PASSPORT:KAZ", "N1234/5678", "number-characters"),
        ("PASSPORT:KAZ", "N1234ß78", "number-characters"),
        ("PASSPORT:KAZ", "1.2345E+08", "number-spreadsheet"),
        ("PASSPORT:KAZ", "", "number-empty"),
    ],
)
def test_each_fault_of_the_other_types_has_its_own_code(type: str, typed: str, code: str) -> None:
    assert refusal(typed, type).code == code


@pytest.mark.parametrize("type", ["", "CN", "PASSPORT", "PASSPORT:", "PASSPORT:KZA", "PASSPORT:KA", "CN-RIC:"])
def test_an_unknown_type_is_refused_by_its_own_field(type: str) -> None:
    error = refusal(WOMAN, type)
    assert (error.field, error.code) == ("type", "document-type")


def test_a_type_may_be_typed_in_small_letters() -> None:
    assert parse("N12345678", "passport:kaz").oprf_input == b"PASSPORT:KAZ:N12345678"


def test_the_same_digits_of_two_types_are_two_inputs() -> None:
    assert parse(WOMAN).oprf_input == b"CN-RIC:11010519491231002X"
    assert parse(HONG_KONG, "CN-HMT").oprf_input == b"CN-HMT:810000199408230021"


@pytest.mark.parametrize("bad", ["", "1101051949123100", "110105194912310021", "1101051949123100X", "１" * 17])
def test_a_check_digit_is_computed_from_seventeen_digits_only(bad: str) -> None:
    with pytest.raises(Invalid):
        check_digit(bad)


@given(first=st.text("0123456789", min_size=17, max_size=17))
def test_the_check_digit_makes_the_weighted_sum_one_modulo_eleven(first: str) -> None:
    values = [10 if c == "X" else int(c) for c in first + check_digit(first)]
    assert sum(value * 2 ** (17 - at) for at, value in enumerate(values)) % 11 == 1  # ISO 7064, MOD 11-2


def test_the_number_is_in_no_repr_and_no_refusal() -> None:
    assert repr(parse(WOMAN)) == "Document(type='CN-RIC')"
    assert "1949" not in f"{parse(WOMAN)} {parse(WOMAN)!r}"
    for typed in ("110105194912310021", "11010519491331002X", "1.1010519491231E+17", "98010519491231002X"):
        error = refusal(typed)
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        assert not any(part in str(error) for part in (typed, typed[:6], "1949"))


def test_there_are_249_countries() -> None:
    assert len(ALPHA_3) == 249
    assert {"CHN", "KAZ", "RUS", "DEU", "TWN"} <= ALPHA_3
