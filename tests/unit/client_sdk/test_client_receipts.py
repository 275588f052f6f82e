from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from registry.client import checking, receipts
from registry.client.api import Registry
from registry.client.checking import Terms
from registry.client.pins import Untrusted
from registry.db import Store
from registry.errors import Invalid, NotFound
from registry.log.sequencer import sequence
from registry.policy import RECEIPT_PROMISE
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.line import Answering, Connect, Line
from tests.listing import people

TERMS = Terms.declared(purpose="hiring", reference="HR-2026-03/17")


@pytest.fixture
def checked(hana: Registry) -> checking.Checked:
    return checking.check(hana, people(2), terms=TERMS, key="k")


def run_log(store: Store, clock: MovingClock) -> None:
    sequence(store, origin=settings().log_origin, key=SECRETS.log_key, now=clock())


def test_a_receipt_gains_its_proof_and_verifies_offline(
    hana: Registry, checked: checking.Checked, store: Store, clock: MovingClock
) -> None:
    assert receipts.attach_proof(hana, checked.receipt, batch=checked.batch) is None
    run_log(store, clock)
    proven = receipts.attach_proof(hana, checked.receipt, batch=checked.batch)
    assert proven is not None
    verified = receipts.verify(json.loads(json.dumps(proven)), hana.pins, member="birch")
    assert (verified.proven, verified.count) == (True, 2)


@pytest.mark.parametrize("name", ["entry", "proof"])
def test_a_proof_that_does_not_fit_is_not_attached(
    hana: Registry, checked: checking.Checked, store: Store, clock: MovingClock, line: Line, name: str
) -> None:
    run_log(store, clock)

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        body = answer(request).json()
        return httpx2.Response(200, json=body | {name: body[name][:-8] + "AAAAAAA\n"})

    line.through = through
    with pytest.raises(Untrusted):
        receipts.attach_proof(hana, checked.receipt, batch=checked.batch)


def first_answer(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["answers"][0] |= changes

    return change


def drop(document: dict[str, Any]) -> None:
    document["answers"].pop()


def flip(name: str, at: int) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        text = document[name]
        document[name] = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]

    return change


def set_to(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document[name] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        first_answer(outcome="entry"),
        first_answer(reference="0" * 32),
        first_answer(id="0" * 32),
        first_answer(tag="A" * 43),
        first_answer(more=1),
        drop,
        flip("receipt", 10),
        flip("receipt", 200),
        flip("receipt", -10),
        flip("entry", 20),
        flip("proof", 30),
        flip("proof", -10),
        set_to("proof", None),
        set_to("entry", None),
        set_to("receipt", 5),
        set_to("answers", {}),
        set_to("more", 1),
    ],
)
def test_a_receipt_file_that_was_tampered_with_does_not_verify(
    hana: Registry,
    checked: checking.Checked,
    store: Store,
    clock: MovingClock,
    change: Callable[[dict[str, Any]], None],
) -> None:
    run_log(store, clock)
    proven = receipts.attach_proof(hana, checked.receipt, batch=checked.batch)
    document = json.loads(json.dumps(proven))
    change(document)
    with pytest.raises(Untrusted):
        receipts.verify(document, hana.pins)


def test_a_receipt_for_another_member_does_not_verify(hana: Registry, checked: checking.Checked) -> None:
    with pytest.raises(Untrusted) as refused:
        receipts.verify(checked.receipt, hana.pins, member="cedar")
    assert refused.value.field == "aud"


def test_a_receipt_of_another_registry_does_not_verify(hana: Registry, checked: checking.Checked) -> None:
    object.__setattr__(hana.pins, "issuer", "https://other.example")
    with pytest.raises(Untrusted) as refused:
        receipts.verify(checked.receipt, hana.pins)
    assert refused.value.code == "receipt-issuer"


def test_receipts_are_kept_for_their_owner_only_and_written_whole(tmp_path: Path, checked: checking.Checked) -> None:
    folder = tmp_path / "new" / "receipts"
    path = receipts.save(folder, checked.batch, checked.receipt)
    assert receipts.save(folder, checked.batch, checked.receipt) == path
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in folder.iterdir()] == [f"{checked.batch}.json"]
    assert receipts.load(path) == checked.receipt


@pytest.mark.parametrize("batch", ["../../etc/passwd", "", "0" * 31, "G" * 32, "0" * 32 + "\n"])
def test_a_batch_cannot_choose_where_its_receipt_is_written(tmp_path: Path, batch: str) -> None:
    with pytest.raises(Untrusted):
        receipts.save(tmp_path, batch, {})


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_receipt_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(content)
    with pytest.raises(Invalid):
        receipts.load(path)


def test_a_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(b'{"answers":"' + b"x" * 5_000_000 + b'"}')
    with pytest.raises(Invalid):
        receipts.load(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        receipts.load(tmp_path / "none.json")


# All receipts of a folder.


def test_every_receipt_of_a_folder_gets_its_proof(
    hana: Registry, store: Store, clock: MovingClock, tmp_path: Path
) -> None:
    for key in ("a", "b"):
        checked = checking.check(hana, people(1), terms=TERMS, key=key)
        receipts.save(tmp_path, checked.batch, checked.receipt)
    (tmp_path / "notes.json").write_text("not ours")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        run_log(store, clock)

    assert receipts.complete(hana, tmp_path, patience=5, sleep=nap) == 0
    assert len(naps) == 1
    kept = [receipts.load(path) for path in tmp_path.glob("*.json") if path.name != "notes.json"]
    assert [receipts.verify(each, hana.pins).proven for each in kept] == [True, True]


def test_a_proof_is_overdue_after_the_promised_minute_and_not_before(
    hana: Registry, checked: checking.Checked, clock: MovingClock, tmp_path: Path
) -> None:
    receipts.save(tmp_path, checked.batch, checked.receipt)
    clock.move(RECEIPT_PROMISE)
    assert receipts.complete(hana, tmp_path, patience=1, sleep=lambda _: None) == 0
    clock.move(timedelta(seconds=1))
    assert receipts.complete(hana, tmp_path, patience=1, sleep=lambda _: None) == 1


def test_receipts_of_another_account_are_left_alone(
    hana: Registry, connect: Connect, cast: Cast, checked: checking.Checked, tmp_path: Path
) -> None:
    receipts.save(tmp_path, "0" * 32, checked.receipt)
    before = (tmp_path / f"{'0' * 32}.json").read_bytes()
    assert receipts.complete(hana, tmp_path, patience=1, sleep=lambda _: None) == 0
    assert (tmp_path / f"{'0' * 32}.json").read_bytes() == before
