"""What the key holder answers, asked without a socket: what is counted, what is refused, what a ticket says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry import base64url
from registry.errors import Invalid, NotFound, TooMany
from registry.identity import group, tags
from registry.identity.document import parse
from registry.keyholder.answers import Ceilings, KeyHolder
from registry.keyholder.counters import Counters
from registry.keyholder.keyfile import Keys
from registry.keyholder.succession import Succession
from registry.keys.tickets import Ticket, verify_ticket
from registry.signing import jws

from .conftest import NOON
from .holder_process import PASSPHRASE

LI = parse("11010519491231002X")
GENERATOR = group.multiply_base(b"\1" + bytes(31))
BAD_ELEMENTS = {
    "identity": bytes(32),
    "not canonical": b"\xff" * 31 + b"\x7f",
    "negative": b"\1" + bytes(31),
    "second spelling": GENERATOR[:31] + bytes([GENERATOR[31] | 0x80]),
}
WRONG_SIZES = {"empty": b"", "31 bytes": GENERATOR[:31], "33 bytes": GENERATOR + b"\0"}


class Bench:
    """A key holder with ceilings of 10 and 15 elements and 3 matches, and a clock that the test moves."""

    def __init__(self, keys: Keys, key_file: Path, counters: Counters) -> None:
        self.keys, self.now = keys, NOON
        self._holder = KeyHolder(
            keys, Succession(key_file, PASSPHRASE), counters, Ceilings(10, 15, 3), lambda: self.now
        )

    def ask(self, what: str, **parameters: object) -> dict[str, Any]:
        return self._holder.answer({"ask": what, **parameters})

    def evaluate(self, count: int = 1, member: str = "sto") -> dict[str, Any]:
        return self.ask("evaluate", member=member, account="lin", elements=[blinded()] * count)

    def left(self, member: str = "sto") -> int:
        """How many elements the member could still have, by trying."""
        for count in range(1, 12):
            try:
                self.evaluate(1, member)
            except TooMany:
                return count - 1
        return 11


@pytest.fixture
def bench(keys: Keys, key_file: Path, tmp_path: Path) -> Iterator[Bench]:
    counters = Counters(tmp_path / "counters.db")
    yield Bench(keys, key_file, counters)
    counters.close()


def blinded() -> str:
    return base64url.encode(tags.blind(LI).element)


def sealed_tag(bench: Bench) -> str:
    tag = group.multiply(bench.keys.identity.private, tags.blind(LI).element)
    return base64url.encode(tags.seal_tag(bench.keys.public.sealing_public, tag))


def refusal(bench: Bench, request: object) -> Invalid:
    with pytest.raises(Invalid) as caught:
        bench._holder.answer(request)
    return caught.value


@pytest.mark.parametrize("bad", (BAD_ELEMENTS | WRONG_SIZES).values(), ids=BAD_ELEMENTS | WRONG_SIZES)
def test_what_is_no_element_is_refused_and_costs_nothing(bench: Bench, bad: bytes) -> None:
    elements = [blinded(), base64url.encode(bad)]
    error = refusal(bench, {"ask": "evaluate", "member": "sto", "account": "lin", "elements": elements})
    assert error.field in {"element", "elements"}
    assert bench.left() == 10


@pytest.mark.parametrize("bad", BAD_ELEMENTS.values(), ids=BAD_ELEMENTS)
def test_what_is_no_element_matches_nothing_and_ends_the_match(bench: Bench, bad: bytes) -> None:
    for name in ("x", "z"):
        begun = bench.ask("match_begin", sealed_tag=sealed_tag(bench))
        answer = {"x": begun["m"], "z": begun["m"], name: base64url.encode(bad), "match_id": begun["match_id"]}
        assert refusal(bench, {"ask": "match_finish", **answer}).field == "element"
        with pytest.raises(NotFound):
            bench.ask("match_finish", **answer)


@pytest.mark.parametrize(
    "request_",
    [
        None,
        7,
        [],
        "public",
        {},
        {"ask": None},
        {"ask": ["public"]},
        {"ask": "exit"},
        {"ask": "public", "more": 1},
        {"ask": "evaluate", "member": "sto", "account": "lin"},
        {"ask": "evaluate", "member": "sto", "account": "lin", "elements": "AAAA"},
        {"ask": "evaluate", "member": "sto", "account": "lin", "elements": []},
        {"ask": "evaluate", "member": "sto", "account": "lin", "elements": [None]},
        {"ask": "evaluate", "member": "sto", "account": "lin", "elements": [7]},
        {"ask": "evaluate", "member": "sto", "account": "lin", "elements": ["A" * 43 + "="]},
        {"ask": "evaluate", "member": "", "account": "lin", "elements": [blinded()]},
        {"ask": "evaluate", "member": "sto", "account": 7, "elements": [blinded()]},
        {"ask": "evaluate", "member": "sto", "account": "lin", "elements": [blinded()], "at": "2020-01-01"},
        {"ask": "evaluate", "member": "sto", "account": "lin", "elements": [blinded()] * 1001},
        {"ask": "match_begin", "sealed_tag": ""},
        {"ask": "match_begin", "sealed_tag": base64url.encode(bytes(80))},
        {"ask": "match_finish", "match_id": "none", "x": "AA", "z": "AA"},
        {"ask": "draw", "case": "2026-17", "message": "AA"},
        {"ask": "draw", "case": "", "message": base64url.encode(bytes(32))},
    ],
)
def test_a_question_that_is_not_in_the_format_is_refused_and_costs_nothing(bench: Bench, request_: object) -> None:
    refusal(bench, request_)
    assert bench.left() == 10


def test_a_batch_over_the_members_ceiling_is_refused_whole(bench: Bench) -> None:
    bench.evaluate(8)
    with pytest.raises(TooMany) as caught:
        bench.evaluate(3)
    assert caught.value.retry_after == 12 * 3600
    assert bench.left() == 2


def test_the_overall_ceiling_holds_for_all_members_together(bench: Bench) -> None:
    bench.evaluate(10, "sto")
    with pytest.raises(TooMany):
        bench.evaluate(6, "yto")
    assert bench.left("yto") == 5
    assert bench.left("zto") == 0


def test_a_new_day_by_the_holders_clock_opens_the_ceiling(bench: Bench) -> None:
    bench.evaluate(10)
    assert bench.left() == 0
    bench.now = NOON + timedelta(hours=12)
    assert bench.left() == 10


def test_the_ticket_says_who_may_check_how_many_and_until_when(bench: Bench) -> None:
    bench.now = datetime.fromisoformat("2026-11-23T12:00:00.75+00:00")
    answer = bench.evaluate(3)
    ticket = verify_ticket(answer["ticket"], bench.keys.public, bench.now)
    key_id = bench.keys.public.key_id
    assert ticket == Ticket(ticket.jti, "sto", "lin", 3, key_id, NOON, NOON + timedelta(minutes=15))
    assert answer["key_id"] == key_id
    assert bench.evaluate()["ticket"] != answer["ticket"]


def test_a_ticket_ends_after_fifteen_minutes_and_not_before(bench: Bench) -> None:
    token = bench.evaluate()["ticket"]
    verify_ticket(token, bench.keys.public, NOON + timedelta(minutes=15, seconds=-1))
    with pytest.raises(Invalid) as caught:
        verify_ticket(token, bench.keys.public, NOON + timedelta(minutes=15))
    assert (caught.value.field, caught.value.code) == ("ticket", "ticket-expired")


def test_a_ticket_of_another_kind_key_or_shape_is_refused(bench: Bench) -> None:
    claims = jws.parse(bench.evaluate()["ticket"], typ="ticket+jwt").payload
    ours, other = bench.keys.ticket, Ed25519PrivateKey.generate()
    for token in (
        "",
        "a.b.c",
        bench.evaluate()["ticket"][:-3] + "AAA",
        jws.sign(claims, typ="ticket+jwt", key=other),
        jws.sign(claims, typ="receipt+jwt", key=ours),
        jws.sign(claims | {"key_id": "0" * 16}, typ="ticket+jwt", key=ours),
        jws.sign(claims | {"count": 0}, typ="ticket+jwt", key=ours),
        jws.sign(claims | {"count": 1001}, typ="ticket+jwt", key=ours),
        jws.sign(claims | {"exp": "never"}, typ="ticket+jwt", key=ours),
        jws.sign(claims | {"more": 1}, typ="ticket+jwt", key=ours),
        jws.sign({name: claims[name] for name in claims if name != "jti"}, typ="ticket+jwt", key=ours),
    ):
        with pytest.raises(Invalid) as caught:
            verify_ticket(token, bench.keys.public, NOON)
        assert (caught.value.field, caught.value.code) == ("ticket", "ticket-wrong")


def test_one_tag_is_challenged_so_often_a_day_and_no_more(bench: Bench) -> None:
    sealed = sealed_tag(bench)
    tag = tags.open_tag(bench.keys.sealing.private_bytes_raw(), base64url.decode(sealed, field="sealed_tag"))
    resealed = [base64url.encode(tags.seal_tag(bench.keys.public.sealing_public, tag)) for _ in range(3)]
    for one in resealed:
        bench.ask("match_begin", sealed_tag=one)
    with pytest.raises(TooMany):
        bench.ask("match_begin", sealed_tag=sealed)
    bench.ask("match_begin", sealed_tag=sealed_tag(bench))  # another person is not affected
    assert bench.left() == 10  # nor are the members


def test_a_match_is_over_after_ten_minutes(bench: Bench) -> None:
    begun = bench.ask("match_begin", sealed_tag=sealed_tag(bench))
    bench.now = NOON + timedelta(minutes=10)
    with pytest.raises(NotFound):
        bench.ask("match_finish", match_id=begun["match_id"], x=begun["m"], z=begun["m"])
