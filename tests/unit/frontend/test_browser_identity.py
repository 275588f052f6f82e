"""The browser's module and the Python one are the same protocol: documents, blinding, proofs, case match."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import pytest

from registry import base64url
from registry.client import sample
from registry.errors import Invalid
from registry.identity import document, group, tags, voprf
from registry.identity.document import Document
from registry.identity.voprf import KeyPair

Node = Callable[..., Any]
TODAY = date(2026, 11, 23)
ONE = "11010519491231002X"
PAIR = KeyPair.of(group.scalar_random())
PUBLIC = base64url.encode(PAIR.public)


MANY = pytest.mark.parametrize("how", ["", "Many"])  # one after the other, and as for a whole file


def people(count: int) -> list[Document]:
    random = Random(count)
    return [document.parse(sample.number(random)) for _ in range(count)]


def as_sent(documents: list[Document]) -> list[dict[str, str]]:
    return [{"type": each.type, "number": each.number} for each in documents]


def evaluation_of(elements: list[str], pair: KeyPair = PAIR) -> dict[str, Any]:
    evaluated = voprf.blind_evaluate_batch(pair, [base64url.decode(e, field="element") for e in elements])
    return {
        "elements": [base64url.encode(element) for element in evaluated.elements],
        "proof": base64url.encode(evaluated.proof),
    }


def tag_of(each: Document, pair: KeyPair = PAIR) -> str:
    return base64url.encode(group.multiply(pair.private, voprf.hash_to_group(each.oprf_input)))


@MANY
@pytest.mark.parametrize("count", [1, 2, 7, 200])
def test_blinded_in_the_browser_and_evaluated_in_python_gives_the_tag(node: Node, how: str, count: int) -> None:
    documents = people(count)
    blinded = node("blind" + how, documents=as_sent(documents))
    evaluation = evaluation_of(blinded["elements"])
    finished = node("finish" + how, handle=blinded["handle"], evaluation=evaluation, publicKey=PUBLIC)
    assert finished["value"] == [tag_of(each) for each in documents]


@MANY
def test_every_blinding_is_another_and_the_tag_is_the_same(node: Node, how: str) -> None:
    documents = people(3) * 2
    elements = node("blind" + how, documents=as_sent(documents))["elements"]
    elements += node("blind" + how, documents=as_sent(documents))["elements"]
    assert len(set(elements)) == len(elements)


def test_documents_of_other_types_are_other_inputs(node: Node) -> None:
    passport = Document("PASSPORT:CHN", "E12345678")
    blinded = node("blind", documents=as_sent([passport]))
    evaluation = evaluation_of(blinded["elements"])
    finished = node("finish", handle=blinded["handle"], evaluation=evaluation, publicKey=PUBLIC)
    assert finished["value"] == [tag_of(passport)]


def flipped(text: str, at: int) -> str:
    data = bytearray(base64url.decode(text, field="text"))
    data[at] ^= 1
    return base64url.encode(bytes(data))


def another_key(evaluation: dict[str, Any], elements: list[str]) -> dict[str, Any]:
    return evaluation_of(elements, KeyPair.of(group.scalar_random()))


def one_of_another_key(evaluation: dict[str, Any], elements: list[str]) -> dict[str, Any]:
    other = another_key(evaluation, elements)["elements"]
    return {**evaluation, "elements": [other[0], *evaluation["elements"][1:]]}


WRONG: dict[str, Callable[[dict[str, Any], list[str]], dict[str, Any]]] = {
    "challenge": lambda evaluation, _: {**evaluation, "proof": flipped(evaluation["proof"], 0)},
    "response": lambda evaluation, _: {**evaluation, "proof": flipped(evaluation["proof"], 32)},
    "another key": another_key,
    "one element of another key": one_of_another_key,
    "swapped": lambda evaluation, _: {**evaluation, "elements": evaluation["elements"][::-1]},
    "not evaluated": lambda evaluation, elements: {**evaluation, "elements": elements},
    "one missing": lambda evaluation, _: {**evaluation, "elements": evaluation["elements"][:-1]},
    "one more": lambda evaluation, _: {**evaluation, "elements": evaluation["elements"] * 2},
    "identity": lambda evaluation, _: {
        **evaluation,
        "elements": [base64url.encode(bytes(32)), *evaluation["elements"][1:]],
    },
    "not canonical": lambda evaluation, _: {
        **evaluation,
        "elements": [base64url.encode(b"\xff" * 32), *evaluation["elements"][1:]],
    },
    "short proof": lambda evaluation, _: {**evaluation, "proof": evaluation["proof"][:-2]},
    "long scalar": lambda evaluation, _: {
        **evaluation,
        "proof": base64url.encode(b"\xff" * 32) + evaluation["proof"][43:],
    },
    "no elements": lambda evaluation, _: {"proof": evaluation["proof"]},
    "no proof": lambda evaluation, _: {"elements": evaluation["elements"]},
}


@MANY
@pytest.mark.parametrize("wrong", WRONG)
def test_an_answer_that_is_not_the_keys_is_refused(node: Node, how: str, wrong: str) -> None:
    blinded = node("blind" + how, documents=as_sent(people(3)))
    good = evaluation_of(blinded["elements"])
    bad = WRONG[wrong](good, blinded["elements"])
    assert "refused" in node("finish" + how, handle=blinded["handle"], evaluation=bad, publicKey=PUBLIC)
    assert "value" in node("finish" + how, handle=blinded["handle"], evaluation=good, publicKey=PUBLIC)


@MANY
def test_the_key_that_was_known_beforehand_decides(node: Node, how: str) -> None:
    other = KeyPair.of(group.scalar_random())
    blinded = node("blind" + how, documents=as_sent(people(1)))
    evaluation = {**evaluation_of(blinded["elements"], other), "public_key": base64url.encode(other.public)}
    for key in (PUBLIC, base64url.encode(bytes(32)), "", None):
        assert "refused" in node("finish" + how, handle=blinded["handle"], evaluation=evaluation, publicKey=key)


@MANY
def test_an_empty_batch_is_refused(node: Node, how: str) -> None:
    blinded = node("blind" + how, documents=[])
    evaluation = {"elements": [], "proof": base64url.encode(bytes(64))}
    assert "refused" in node("finish" + how, handle=blinded["handle"], evaluation=evaluation, publicKey=PUBLIC)


def matches(node: Node, person: Document, case: Document) -> bool:
    secret = group.scalar_random()
    m = group.multiply(secret, base64url.decode(tag_of(case), field="tag"))
    answer = node("answer", document=as_sent([person])[0], m=base64url.encode(m))["value"]
    x, z = (base64url.decode(answer[name], field=name, size=32) for name in ("x", "z"))
    return tags.is_match(PAIR.private, secret, tags.Answer(x, z))


def test_the_case_matches_the_person_and_nobody_else(node: Node) -> None:
    documents = people(8)
    for person in documents:
        assert matches(node, person, person)
        assert not matches(node, person, documents[0] if person != documents[0] else documents[1])


@pytest.mark.parametrize("m", [base64url.encode(bytes(32)), base64url.encode(b"\xff" * 32), "AA", "", None, 7])
def test_a_challenge_that_is_no_element_is_refused(node: Node, m: Any) -> None:
    assert "refused" in node("answer", document=as_sent(people(1))[0], m=m)


WRITTEN = [
    ONE, ONE.lower(), "110105491231002", "１１０１０５１９４９１２３１００２Ｘ", "１１０１０５４９１２３１００２",
    " 110105 19491231 002X ", "110105-19491231-002X", "110105\u221219491231002X",
    "\u3000110105\u00a019491231\t002X\r\n",
    "\ufeff11010519491231002X", "11010519491231\u200b002X", "1101051949123100\x85 2X",
    "11010519491231002\x1cX",
    "", " ", "\u3000", "\ufeff", "X", "x", "无", "11010519491231002",
    "11010519491231002XX", "1" * 201, "1" * 200,
    "😀" * 200, "😀" * 201, "1.1010519491231E+17", "1.10105E+17", "1.10105e17",
    "110105194912310000", "110105194912310000.0",
    "1.1010519491231", "110105194912310020", "110105194913310021", "110105194902290020",
    "110105200002290025",
    "110105190002290025", "110105179912310025", "110105000012310025",
    "110105202611230023", "110105202611240023",
    "110105210001010023", "11O10519491231002X", "11010519491231002Ⅹ",
    "X1010519491231002X", "'11010519491231002X",
    "１１０１０５１９４９１２３１００２ｘ", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "²10105194912310021",
    "ß10105194912310021", "ſ", "\x00",
    "11010519491231002X\x00", "81000019900101001X", "910000199001010015",
    "99010519491231002X", "16010519491231002X",
    "710105194912310023", "720105194912310023", "\U000e0061" + ONE, "1" * 17 + "\u0661",
    "\udcff", "11010519491231\n002X",
]  # fmt: skip


def mutations(count: int) -> list[str]:
    """Numbers with a few characters struck out, put in or replaced."""
    random = Random(9)
    marks = "0123456789Xx０９Ｘ -.E+\t\u3000\u00a0\u2014O'\u200d一"
    texts = []
    for _ in range(count):
        text = sample.number(random)
        text = random.choice((text, text[:6] + text[8:17], f"{int(text[:17]) * 10:.13E}"))
        for _ in range(random.randrange(4)):
            at = random.randrange(len(text))
            text = text[:at] + random.choice(("", random.choice(marks))) + text[at + random.randrange(2) :]
        texts.append(text)
    return texts


def parsed(text: str, today: date, type: str = document.RESIDENT) -> str:
    try:
        return document.parse(text, type, today=today).number
    except Invalid as refused:
        return refused.code


@pytest.mark.parametrize("today", [TODAY, date(2026, 11, 24), date(1990, 1, 1)])
def test_a_number_is_normalised_or_refused_as_in_python(node: Node, today: date) -> None:
    texts = WRITTEN + mutations(2_000)
    answers = node("parse", texts=texts, today=f"{today:%Y%m%d}")
    browser = [a["value"]["number"] if "value" in a else a["refused"] for a in answers]
    assert dict(zip(texts, browser, strict=True)) == {text: parsed(text, today) for text in texts}
    assert all(text not in a.get("text", "") for text, a in zip(texts, answers, strict=True) if len(text) > 5)


OTHER_TYPES = {
    "CN-HMT": [
        "810000199001010013",
        "８２００００１９９００１０１００１Ｘ",
        "840000199001010015",
        "81000019900101001",
        ONE,
    ],
    "CN-FPR": [
        "abc123456789012",
        "ABC 1234 5678 9012",
        "ABC12345678901",
        "911110199001010015",
        "91111019900231001X",
        ONE,
    ],
    "PASSPORT:CHN": [
        "E12345678",
        "e-1234 5678",
        "Ｅ１２３４５６７８",
        "E123",
        "E" * 21,
        "E1234/678",
        "1.2E+17",
        "",
        "无",
        ONE,
    ],
    "PASSPORT:CH": ["E12345678"],
    "PASSPORT:": ["E12345678"],
    "SSN": ["E12345678"],
    "constructor": ["E12345678"],
    "": ["E12345678"],
}


def with_check_digits(texts: list[str]) -> list[str]:
    return texts + [text[:17] + document.check_digit(text[:17]) for text in texts if re.fullmatch(r"[0-9]{17}.*", text)]


@pytest.mark.parametrize("type", OTHER_TYPES)
def test_a_document_of_another_type_is_normalised_or_refused_as_in_python(node: Node, type: str) -> None:
    texts = with_check_digits(OTHER_TYPES[type]) + mutations(300)
    answers = node("parse", texts=texts, today=f"{TODAY:%Y%m%d}", type=type)
    browser = [a["value"]["number"] if "value" in a else a["refused"] for a in answers]
    assert dict(zip(texts, browser, strict=True)) == {text: parsed(text, TODAY, type) for text in texts}
    assert all(a["value"]["type"] == type for a in answers if "value" in a)


def test_the_table_of_spellings_has_every_kind_of_refusal() -> None:
    assert {parsed(text, TODAY) for text in WRITTEN if parsed(text, TODAY).startswith("number-")} == {
        "number-empty",
        "number-length",
        "number-characters",
        "number-spreadsheet",
        "number-region",
        "number-date",
        "number-check-digit",
    }


def test_nobody_is_born_tomorrow_in_the_browsers_own_day(node: Node) -> None:
    first17 = "11010520990101001"
    unborn, born = node("parse", texts=[first17 + document.check_digit(first17), ONE], today=None)
    assert unborn["refused"] == "number-date"
    assert born["value"] == {"type": "CN-RIC", "number": ONE}


def test_base64url_is_the_same_and_has_one_spelling(node: Node) -> None:
    values = [secrets.token_bytes(size) for size in range(40)] + [b"\xfb\xff\xfe", bytes(32)]
    texts = node("encode", values=[list(value) for value in values])
    assert texts == [base64url.encode(value) for value in values]
    assert [bytes(a["value"]) for a in node("decode", texts=texts)] == values
    wrong = ["A", "AB", "AA=", "AA==", "A+A", "A/A", "AA A", "AAAA\n", "é", None, 5, ["AA"]]
    assert all("refused" in a for a in node("decode", texts=wrong))
    assert all("refused" in a for a in node("decode", texts=["AA", texts[31], texts[33]], size=32))
