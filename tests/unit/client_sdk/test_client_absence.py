"""An answer is complete when a snapshot beside it says the same; the client finds that out by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from registry import base64url, policy
from registry.checks.models import Challenge
from registry.client import checking, receipts
from registry.client.api import Registry
from registry.client.checking import Checked, Terms
from registry.client.pins import Untrusted
from registry.db import Store
from registry.entries import actions, places
from registry.entries.models import Entry
from registry.entries.trees import Trees
from registry.errors import Invalid, NotFound, TooMany
from registry.keys.holder import Holder
from registry.log import absence
from registry.log.sequencer import sequence
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.line import Answering, Connect, Line
from tests.listing import list_person, people

TERMS = Terms.declared(purpose="hiring", reference="HR-2026-03/17")
SECOND = timedelta(seconds=1)


@pytest.fixture
def snapshot(store: Store, clock: MovingClock) -> Callable[[], object]:
    """Sequence what is pending, closed by a snapshot, as the worker does."""
    trees = Trees()
    where = {"key": SECRETS.log_key, "origin": settings().log_origin}
    return lambda: sequence(store, **where, now=clock(), closing=places.closing(trees))  # type: ignore[arg-type]


@pytest.fixture
def entry(store: Store, holder: Holder, cast: Cast, clock: MovingClock, snapshot: Callable[[], object]) -> Entry:
    """The first of `people` is listed, and a snapshot has been taken."""
    found = list_person(store, holder, cast, people(1)[0], clock())
    snapshot()
    return found


def ask(registry: Registry, count: int = 2) -> Checked:
    return checking.check(registry, people(count), terms=TERMS, key=f"k{count}")


def unsettled(registry: Registry, document: Any) -> int:
    return len(receipts.verify(json.loads(json.dumps(document)), registry.pins).unsettled)


def hide(store: Store, entry: Entry, clock: MovingClock) -> None:
    with store.write() as session:
        found = session.get_one(Entry, entry.id)
        actions.suspend(session, found, actor_id="inspector", now=clock(), reason="a test")


def test_an_answer_brings_along_what_the_snapshot_before_it_says(hana: Registry, entry: Entry) -> None:
    checked = ask(hana)
    assert [answer.reference for answer in checked.answers] == [entry.id, None]
    assert unsettled(hana, checked.receipt) == 0


def test_without_a_snapshot_the_answer_waits_for_the_next(hana: Registry, snapshot: Callable[[], object]) -> None:
    checked = ask(hana)
    assert unsettled(hana, checked.receipt) == 2
    snapshot()
    proven = receipts.attach_proof(hana, checked.receipt, batch=checked.batch)
    assert unsettled(hana, proven) == 0


@pytest.mark.parametrize("listed", [True, False])
def test_what_changed_just_before_the_answer_is_settled_by_the_snapshot_after(
    hana: Registry,
    entry: Entry,
    store: Store,
    holder: Holder,
    cast: Cast,
    clock: MovingClock,
    snapshot: Callable[[], object],
    listed: bool,
) -> None:
    if listed:
        list_person(store, holder, cast, people(2)[1], clock())
    else:
        hide(store, entry, clock)
    checked = ask(hana)
    assert unsettled(hana, checked.receipt) == 1
    snapshot()
    proven = receipts.attach_proof(hana, checked.receipt, batch=checked.batch)
    assert unsettled(hana, proven) == 0


def test_what_changes_just_after_the_answer_does_not_make_it_wrong(
    hana: Registry, entry: Entry, store: Store, clock: MovingClock, snapshot: Callable[[], object]
) -> None:
    checked = ask(hana, 11)  # more than bring along their proofs
    assert checked.receipt["absence"] == []
    hide(store, entry, clock)
    snapshot()
    settled = receipts.settle(hana, checked.receipt, batch=checked.batch)
    assert unsettled(hana, settled) == 0


def test_a_large_batch_is_settled_when_asked(hana: Registry, entry: Entry, snapshot: Callable[[], object]) -> None:
    checked = ask(hana, 12)
    snapshot()
    proven = receipts.attach_proof(hana, checked.receipt, batch=checked.batch)
    assert proven is not None
    assert unsettled(hana, proven) == 12
    assert unsettled(hana, receipts.settle(hana, proven, batch=checked.batch)) == 0


def test_an_entry_that_was_left_out_of_the_answer_is_found_out(
    hana: Registry, entry: Entry, store: Store, snapshot: Callable[[], object]
) -> None:
    """The registry answers `no-entry` to one member, and to all others that there is one."""
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE entry SET state = 'suspended'"))  # behind the log's back
    checked = ask(hana)
    assert checked.answers[0].reference is None
    assert unsettled(hana, checked.receipt) == 1
    snapshot()
    with pytest.raises(Untrusted) as refused:
        receipts.attach_proof(hana, checked.receipt, batch=checked.batch)
    assert refused.value.code == "absence-differs"


def test_an_entry_of_which_the_snapshot_knows_nothing_is_found_out(
    hana: Registry, entry: Entry, store: Store, snapshot: Callable[[], object], clock: MovingClock
) -> None:
    """The registry answers `entry` to one member about somebody whom it lists for nobody else."""
    hide(store, entry, clock)
    snapshot()
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE entry SET state = 'listed'"))
    checked = ask(hana)
    snapshot()
    with pytest.raises(Untrusted):
        receipts.attach_proof(hana, checked.receipt, batch=checked.batch)


def change_proof(shown: dict[str, Any]) -> None:
    proof = bytearray(base64url.decode(shown["proofs"][0], field="proofs"))
    proof[-1] ^= 1
    shown["proofs"][0] = base64url.encode(bytes(proof))


@pytest.mark.parametrize(
    "change",
    [
        lambda shown: shown.pop("tags"),
        lambda shown: shown["proofs"].pop(),
        lambda shown: shown["proofs"].__setitem__(0, "AAAA"),
        lambda shown: shown["proofs"].__setitem__(0, 5),
        lambda shown: shown["tags"].__setitem__(0, "A" * 43),
        lambda shown: shown["snapshot"].__setitem__("salt", "A" * 43),
        lambda shown: shown["snapshot"].__setitem__("record", base64url.encode(b"{}")),
        lambda shown: shown["snapshot"].__setitem__("proof", shown["snapshot"]["proof"].replace("index ", "index 1")),
        lambda shown: shown.__setitem__("more", 1),
    ],
)
def test_a_snapshot_that_was_tampered_with_is_refused(
    hana: Registry, entry: Entry, change: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads(json.dumps(ask(hana).receipt))
    change(document["absence"][0])
    with pytest.raises(Untrusted):
        receipts.verify(document, hana.pins)


def test_a_proof_that_was_bent_settles_nothing(hana: Registry, entry: Entry) -> None:
    document = json.loads(json.dumps(ask(hana).receipt))
    change_proof(document["absence"][0])
    assert unsettled(hana, document) == 1


def test_an_ordinary_act_is_no_snapshot(hana: Registry, entry: Entry, snapshot: Callable[[], object]) -> None:
    checked = ask(hana)
    snapshot()
    document: Any = receipts.attach_proof(hana, checked.receipt, batch=checked.batch)
    document["absence"][0]["snapshot"] |= {"entry": document["entry"], "proof": document["proof"]}
    with pytest.raises(Untrusted) as refused:
        receipts.verify(document, hana.pins)
    assert refused.value.code == "absence-entry"


@pytest.mark.parametrize("late", [True, False])
def test_a_snapshot_from_elsewhere_in_the_log_is_refused(
    hana: Registry, entry: Entry, clock: MovingClock, snapshot: Callable[[], object], late: bool
) -> None:
    """Else one from before a listing, or from long after it, would do."""
    old = ask(hana).receipt["absence"][0]
    clock.move(61 * SECOND)
    snapshot()
    checked = ask(hana, 1)
    if late:
        clock.move(61 * SECOND)
        snapshot()
        with pytest.raises(Untrusted) as refused:
            hide_nothing(hana, checked)
    else:
        other = {**old, "tags": old["tags"][:1], "proofs": old["proofs"][:1]}
        with pytest.raises(Untrusted) as refused:
            receipts.verify({**checked.receipt, "absence": [other]}, hana.pins)
    assert refused.value.code == "absence-far"


def hide_nothing(registry: Registry, checked: Checked) -> None:
    shown = registry.post(f"/api/v1/receipts/{checked.batch}/absence", {"tags": [checked.receipt["answers"][0]["tag"]]})
    receipts.verify({**checked.receipt, "absence": [shown]}, registry.pins)


# What the registry answers.


def test_only_tags_of_the_batch_may_be_asked_about(hana: Registry, entry: Entry) -> None:
    checked, other = ask(hana, 1), ask(hana, 2)
    foreign = other.receipt["answers"][1]["tag"]
    with pytest.raises(Invalid) as refused:
        hana.post(f"/api/v1/receipts/{checked.batch}/absence", {"tags": [foreign], "snapshot": "before"})
    assert refused.value.field == "tags"


def test_another_members_batch_is_not_to_be_found(
    hana: Registry, connect: Connect, cast: Cast, entry: Entry, store: Store
) -> None:
    checked = ask(hana, 1)
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE account SET roles = '[\"checker\"]' WHERE id = 'acme-security'"))
        connection.execute(sa.text("UPDATE api_client SET scopes = '[\"check\"]' WHERE id = 'acme-security'"))
    body = {"tags": [checked.receipt["answers"][0]["tag"]], "snapshot": "before"}
    with pytest.raises(NotFound):
        connect(cast.rui).post(f"/api/v1/receipts/{checked.batch}/absence", body)


def test_what_is_asked_is_counted_and_has_an_end(hana: Registry, entry: Entry, store: Store) -> None:
    checked = ask(hana, 1)
    body = {"tags": [checked.receipt["answers"][0]["tag"]], "snapshot": "before"}
    for _ in range(policy.CHALLENGES_PER_TAG):
        hana.post(f"/api/v1/receipts/{checked.batch}/absence", body)
    with pytest.raises(TooMany):
        hana.post(f"/api/v1/receipts/{checked.batch}/absence", body)
    with store.read() as session:
        assert session.get_one(Challenge, checked.batch).used == policy.CHALLENGES_PER_TAG


def test_a_snapshot_is_to_be_had_for_a_day(
    hana: Registry, entry: Entry, clock: MovingClock, snapshot: Callable[[], object], line: Line
) -> None:
    checked = ask(hana, 1)
    body = {"tags": [checked.receipt["answers"][0]["tag"]], "snapshot": "before"}
    snapshot()
    clock.move(timedelta(days=1, minutes=1))
    ask(hana, 2)
    snapshot()
    clock.move(timedelta(days=1))
    ask(hana, 3)
    with pytest.raises(NotFound) as refused:
        hana.post(f"/api/v1/receipts/{checked.batch}/absence", body)
    assert refused.value.code == "no-snapshot"


def test_answers_are_as_long_whatever_the_snapshot_says(hana: Registry, entry: Entry, line: Line) -> None:
    lengths = []

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        response = answer(request)
        lengths.append((request.url.path, len(response.content)))
        return response

    line.through = through
    one = checking.check(hana, people(1), terms=TERMS, key="listed")
    other = checking.check(hana, people(2)[1:], terms=TERMS, key="other")
    for checked in (one, other):
        body = {"tags": [checked.receipt["answers"][0]["tag"]], "snapshot": "before"}
        hana.post(f"/api/v1/receipts/{checked.batch}/absence", body)
    checks = [length for path, length in lengths if path == "/api/v1/checks"]
    challenges = [length for path, length in lengths if path.endswith("/absence")]
    assert [one.answers[0].is_hit, other.answers[0].is_hit] == [True, False]
    assert len(set(checks)) == len(set(challenges)) == 1


def test_the_longest_proof_that_is_padded_to_is_longer_than_any_of_ours(hana: Registry, entry: Entry) -> None:
    proofs = ask(hana, 10).receipt["absence"][0]["proofs"]
    assert max(len(base64url.decode(each, field="proofs")) for each in proofs) <= absence.LONGEST
