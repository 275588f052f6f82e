"""The identity key is rotated without anybody's number: checks stay right before, at and after every step."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry import base64url
from registry.checks.forgetting import forget_checks
from registry.checks.models import Canary, Check
from registry.checks.sweep import sweep
from registry.client import checking, receipts
from registry.client.api import Registry
from registry.client.checking import Terms, check
from registry.client.pins import Untrusted
from registry.db import new_id
from registry.entries.actions import suspend
from registry.entries.models import Entry, Label, Place
from registry.errors import Conflict, Forbidden
from registry.findings import canaries
from registry.identity.document import Document
from registry.keys.models import Moved, Proof, Renamed, Rotation
from registry.keys.rotations import going_on, handle_of
from registry.log.actions import record
from registry.recalls.queries import concerned
from registry.recalls.rules import Reason
from registry.rotation import actions, moving
from registry.watches import actions as watches
from tests.attested import unattested
from tests.cast import Cast
from tests.functional.rotation.conftest import ABSENT, LATER, LISTED, House
from tests.line import Connect
from tests.listing import list_person, people

TERMS = Terms.declared(purpose="hiring", reference="HR-1")
GRACE = timedelta(days=2)


def answers(registry: Registry, *documents: Document, key: str) -> list[bool]:
    return [answer.is_hit for answer in check(registry, documents, terms=TERMS, key=key).answers]


def rows(house: House, model: type[object]) -> list[object]:
    with house.store.read() as session:
        return list(session.scalars(sa.select(model)))


def swept(house: House) -> None:
    """Every check is over, long after."""
    with house.store.write() as session:
        sweep(session, now=house.clock() + timedelta(days=3650))


def test_checks_are_right_before_during_and_after(house: House, hana: Registry) -> None:
    def right(step: str) -> None:
        assert answers(hana, LISTED, ABSENT, key=step) == [True, False], step

    right("before")
    house.begun()
    right("begun")
    while house.moved():
        pass
    right("moved")
    while house.moved():
        pass
    house.verified()
    rotation = house.switched()
    right("switched")
    house.clock.move(GRACE)
    house.verified()
    while house.settle_some(rotation, limit=1):
        right(f"settling-{len(rows(house, Renamed))}-{len(rows(house, Moved))}")
    right("settled")
    assert rows(house, Renamed) == rows(house, Moved) == []
    assert unattested(house.store) == set()


def test_whoever_has_a_ticket_of_the_old_key_may_use_it_up(house: House, hana: Registry) -> None:
    found, ticket = checking.tags_of(hana, [LISTED, ABSENT])
    house.rotated()
    asked = checking.ask(hana, found, ticket=ticket, terms=TERMS, key="old")
    assert [answer.is_hit for answer in asked.answers] == [True, False]
    house.publish()
    settled = receipts.settle(hana, asked.receipt, batch=asked.batch)  # there is no snapshot of the old key after it
    assert len(receipts.verify(settled, hana.pins).unsettled) == 2
    assert len({bytes(each.handle) for each in rows(house, Check)}) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("moment", ["begun", "switched", "settled"])
def test_checks_of_one_person_under_either_key_have_one_handle(house: House, hana: Registry, moment: str) -> None:
    answers(hana, LATER, key="early")
    if moment == "begun":
        house.begun()
        house.moved()
    else:
        rotation = house.rotated()
    if moment == "settled":
        house.clock.move(GRACE)
        house.verified()
        while house.settle_some(rotation):
            pass
    answers(hana, LATER, key="late")
    handles = {check.handle for check in rows(house, Check)}  # type: ignore[attr-defined]
    assert len(handles) == 1


def test_a_tag_under_either_key_has_the_handle_that_the_rows_have(house: House, hana: Registry) -> None:
    """By it a report, an attestation and a recall find the person, whichever key their tag is under."""
    (before,), _ = checking.tags_of(hana, [LATER])
    answers(hana, LATER, key="early")
    house.rotated()
    (after,), _ = checking.tags_of(hana, [LATER])
    with house.store.write() as session:
        assert after != before
        (kept,) = session.scalars(sa.select(Check.handle))
        assert handle_of(session, before) == handle_of(session, after) == kept


def test_a_watch_goes_on_under_the_new_key(house: House, hana: Registry, cast: Cast) -> None:
    def checked(key: str) -> str:
        terms = Terms.declared(purpose="present-staff", reference="HR-1")
        return check(hana, [LATER], terms=terms, key=key).answers[0].check

    who = cast.hana.actor
    early = checked("early")
    with house.store.write() as session:
        (watch,) = watches.begin(session, actor=who, checks=[early], days=30, now=house.clock())
    rotation = house.rotated()
    house.clock.move(GRACE)
    house.verified()
    while house.settle_some(rotation):
        pass
    (tag,), _ = checking.tags_of(hana, [LATER])
    late, moment = checked("late"), house.clock()
    with house.store.write() as session:
        entry = Entry(id=new_id(), handle=handle_of(session, tag))  # of a listing under the new key
        assert [each.id for each in concerned(session, entry, Reason.LISTED, moment)] == [early]
        watches.renew(session, actor=who, watch_id=watch.id, check_id=late, days=30, now=house.clock())
        assert [each.id for each in concerned(session, entry, Reason.LISTED, moment)] == [late]


def test_a_canary_is_heard_under_either_key_and_forgotten_when_it_is_removed(
    house: House, hana: Registry, cast: Cast
) -> None:
    (tag,), _ = checking.tags_of(hana, [LATER])
    sealing = house.holder.public().sealing_public
    with house.store.write() as session:
        canary = canaries.add(session, actor=cast.olaf.actor, tag=tag, sealing_public=sealing, now=house.clock())

    def heard(key: str) -> int:
        answers(hana, LATER, key=key)
        with house.store.write() as session:
            return len(canaries.raise_alarms(session, house.clock()))

    assert heard("before") == 1
    rotation = house.rotated()
    assert heard("switched") == 1
    settle(house, rotation)
    assert heard("settled") == 1
    with house.store.read() as session:
        assert session.get_one(Canary, canary.id).sealed_tag != canary.sealed_tag
    assert rows(house, Renamed) == rows(house, Moved) == []
    assert unattested(house.store) == set()


def test_what_a_rotation_holds_of_a_canary_goes_with_it(house: House, hana: Registry, cast: Cast) -> None:
    (tag,), _ = checking.tags_of(hana, [LATER])
    sealing, olaf = house.holder.public().sealing_public, cast.olaf.actor
    before = len(rows(house, Renamed))
    with house.store.write() as session:
        canary = canaries.add(session, actor=olaf, tag=tag, sealing_public=sealing, now=house.clock())
    answers(hana, LATER, key="early")
    house.begun()
    while house.moved():
        pass
    assert f"canary:{canary.id}" in {row.source for row in rows(house, Moved)}  # type: ignore[attr-defined]
    kept = len(rows(house, Renamed))
    with house.store.write() as session:  # the check is forgotten, the canary is not
        forget_checks(session, session.scalars(sa.select(Check)).all())
        record(session, "check.sweep", actor="system:test", now=house.clock())
    assert len(rows(house, Renamed)) == kept > before
    with house.store.write() as session:
        canaries.remove(session, actor=olaf, canary_id=canary.id, now=house.clock())
    assert f"canary:{canary.id}" not in {row.source for row in rows(house, Moved)}  # type: ignore[attr-defined]
    assert len(rows(house, Renamed)) == kept - 1


def test_the_switch_waits_for_what_is_not_moved_and_for_the_regulator(house: House, hana: Registry) -> None:
    house.begun()
    with pytest.raises(Conflict) as refused:
        house.switched()
    assert refused.value.code == "rotation-unmoved"
    house.moved()
    with pytest.raises(Conflict) as refused:
        house.switched()
    assert refused.value.code == "rotation-unverified"
    assert house.verified() == 1
    answers(hana, ABSENT, key="late")
    with pytest.raises(Conflict) as refused:
        house.switched()
    assert refused.value.code == "rotation-unmoved"
    house.moved()
    house.switched()


def test_the_old_handles_stay_for_the_grace_and_until_every_proof_is_verified(house: House, hana: Registry) -> None:
    answers(hana, ABSENT, key="one")
    house.begun()
    house.moved()
    house.verified()
    house.moved()
    rotation = house.switched()
    house.clock.move(GRACE - timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        house.settle_some(rotation)
    assert refused.value.code == "rotation-grace"
    house.clock.move(timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        house.settle_some(rotation)
    assert refused.value.code == "rotation-unverified"
    assert house.verified() == 1
    assert house.settle_some(rotation) > 0


def test_only_the_operator_rotates_and_only_a_regulator_verifies(house: House) -> None:
    rotation = house.begun()
    following = house.holder.begin_rotation()
    with house.store.write() as session, pytest.raises(Forbidden):
        actions.begin(
            session, actor=house.cast.rex.actor, keys=house.holder.public(), following=following, now=house.clock()
        )
    for step in (actions.switch, lambda s, **with_: actions.settle_some(s, limit=1, **with_)):
        with house.store.write() as session, pytest.raises(Forbidden):
            step(session, actor=house.cast.rex.actor, rotation=rotation, now=house.clock())
    house.cast["rex"], rex = house.cast.olaf, house.cast.rex
    try:
        with pytest.raises(Forbidden):
            house.verified()
    finally:
        house.cast["rex"] = rex


# Snapshots


@pytest.mark.parametrize("settled", [False, True])
def test_receipts_show_presence_and_absence_under_the_key_that_was_asked_under(
    house: House, hana: Registry, settled: bool
) -> None:
    house.listed(LATER)
    house.publish()
    early = check(hana, [LISTED, ABSENT], terms=TERMS, key="early")
    many = check(hana, people(11), terms=TERMS, key="many")
    rotation = house.rotated()
    if settled:
        settle(house, rotation)
    now = check(hana, [LISTED, ABSENT], terms=TERMS, key="now")
    assert [answer.is_hit for answer in now.answers] == [True, False]
    assert [snapshot_facts(each)["rotation"] for each in (early, now)] == [0, 1]
    assert snapshot_facts(early)["epoch"] < snapshot_facts(now)["epoch"]
    house.publish()
    for asked, missing in ((early, 0), (many, 11 if settled else 0), (now, 0)):  # trees are kept for a day
        proven = receipts.attach_proof(hana, asked.receipt, batch=asked.batch)
        assert proven is not None
        settled_receipt = receipts.settle(hana, proven, batch=asked.batch)
        assert len(receipts.verify(settled_receipt, hana.pins).unsettled) == missing


def snapshot_facts(asked: checking.Checked) -> dict[str, Any]:
    (shown,) = asked.receipt["absence"]
    facts: dict[str, Any] = json.loads(base64url.decode(shown["snapshot"]["record"], field="record"))["facts"]
    return facts


def test_a_snapshot_of_another_keys_tags_says_nothing_of_these(house: House, hana: Registry) -> None:
    early = check(hana, [ABSENT], terms=TERMS, key="early")
    house.rotated()
    (shown,) = check(hana, [ABSENT], terms=TERMS, key="late").receipt["absence"]
    (said,) = early.receipt["answers"]
    with pytest.raises(Untrusted) as refused:
        receipts.verify({**early.receipt, "absence": [{**shown, "tags": [said["tag"]]}]}, hana.pins)
    assert refused.value.code == "absence-key"


def test_an_entry_without_a_label_of_the_new_key_is_missed(house: House) -> None:
    reference = rows(house, Entry)[0].id  # type: ignore[attr-defined]
    house.begun()
    house.moved()
    house.verified()
    with house.store.engine.begin() as raw:
        raw.execute(sa.delete(Label).where(Label.rotation == 1))
    assert house.missed() == []
    house.switched()
    assert house.missed() == [f"entry:{reference}"]


def test_the_audit_of_snapshots_misses_nobody_at_any_step(house: House, hana: Registry) -> None:
    first = house.listed(ABSENT)
    answers(hana, LATER, key="early")
    rotation = house.rotated()
    assert house.missed() == []
    for person in (LATER, people(12)[11]):  # one is known by an old handle, one by none
        (tag,), _ = checking.tags_of(hana, [person])
        list_person(house.store, house.holder, house.cast, person, house.clock(), tag=tag)
    house.publish()
    assert house.missed() == []
    house.clock.move(GRACE)
    house.verified()
    while house.settle_some(rotation, limit=1):
        assert house.missed() == []
        house.publish()
        assert house.missed() == []
    with house.store.write() as session:
        suspend(session, session.get_one(Entry, first), actor_id="inspector", now=house.clock(), reason="a test")
    house.publish()
    assert house.missed() == []
    assert len([place for place in rows(house, Place) if place.before is None]) == 3  # type: ignore[attr-defined]


def settle(house: House, rotation: Rotation) -> None:
    house.clock.move(GRACE)
    house.verified()
    while house.settle_some(rotation):
        pass


# A swapped entry


Swap = Callable[[House], None]


def swap_seals(house: House) -> None:
    with house.store.engine.begin() as raw:
        first, second = raw.execute(sa.select(Moved.source, Moved.sealed_next).order_by(Moved.ordinal)).all()
        for source, sealed in ((first[0], second[1]), (second[0], first[1])):
            raw.execute(sa.update(Moved).where(Moved.source == source).values(sealed_next=sealed))


def swap_next_handles(house: House) -> None:
    with house.store.engine.begin() as raw:
        first, second = raw.execute(sa.select(Renamed.id, Renamed.handle_next)).all()
        raw.execute(sa.update(Renamed).where(Renamed.id == first[0]).values(handle_next=b"\0" * 32))
        raw.execute(sa.update(Renamed).where(Renamed.id == second[0]).values(handle_next=first[1]))
        raw.execute(sa.update(Renamed).where(Renamed.id == first[0]).values(handle_next=second[1]))


def damage_proof(house: House) -> None:
    with house.store.engine.begin() as raw:
        proof = raw.execute(sa.select(Proof.proof)).scalar_one()
        raw.execute(sa.update(Proof).values(proof=bytes([proof[0] ^ 1]) + proof[1:]))


def another_ratio(house: House) -> None:
    with house.store.engine.begin() as raw:
        raw.execute(sa.update(Rotation).values(ratio_public=house.holder.public().draw_public))


@pytest.mark.parametrize("swap", [swap_seals, swap_next_handles, damage_proof, another_ratio])
def test_a_swapped_entry_is_refused_by_the_regulators_process(house: House, swap: Swap) -> None:
    house.listed(LATER)
    house.begun()
    assert house.moved() == 2
    swap(house)
    with pytest.raises(Conflict):
        house.verified()
    with pytest.raises(Conflict):
        house.switched()


def test_a_case_whose_seal_is_anothers_is_refused_when_it_is_moved(house: House) -> None:
    other = house.listed(LATER)
    rotation = house.begun()
    with house.store.engine.begin() as raw:
        table = Entry.__table__
        (sealed,) = raw.execute(sa.select(table.c.sealed_tag).where(table.c.id == other)).one()
        raw.execute(sa.text('UPDATE "case" SET sealed_tag = :sealed'), {"sealed": sealed})
    with pytest.raises(Conflict, match="another tag sealed"):
        moving.move_some(house.store, house.holder, rotation, limit=1000, now=house.clock())
    assert rows(house, Moved) == []


def test_what_is_erased_while_the_holder_moves_it_is_not_written(house: House, hana: Registry) -> None:
    answers(hana, ABSENT, key="one")
    house.moved()
    with house.store.read() as session:
        check = session.scalars(sa.select(Check)).one()
    answer = house.holder.move_sealed([check.sealed_tag or b""])
    source = moving.Source(f"check:{check.id}", check.sealed_tag or b"", check.handle or b"")
    swept(house)
    before = len(rows(house, Renamed))
    with house.store.write() as session:
        assert moving.write(session, house.begun(), [source], answer, house.clock()) == 0
    assert len(rows(house, Renamed)) == before


def test_the_sweep_takes_what_the_rotation_holds_of_a_check(house: House, hana: Registry) -> None:
    answers(hana, ABSENT, LISTED, key="one")
    house.rotated()
    assert (len(rows(house, Moved)), len(rows(house, Renamed))) == (3, 2)
    swept(house)
    with house.store.read() as session:
        assert session.scalars(sa.select(Moved.source)).one().startswith("case:")
        listed = session.scalars(sa.select(Entry.handle)).one()
        assert session.scalars(sa.select(Renamed.handle)).one() == listed
    assert unattested(house.store) == set()


@pytest.mark.parametrize("moment", ["moved", "switched"])
def test_the_others_under_a_proof_come_to_the_new_key_when_one_of_them_is_erased(
    house: House, hana: Registry, moment: str
) -> None:
    answers(hana, ABSENT, key="one")
    answers(hana, LATER, key="two")
    house.moved()
    house.verified()
    house.moved()
    if moment == "switched":
        house.switched()
    with house.store.write() as session:
        first = session.scalars(sa.select(Check).limit(1)).one()
        forget_checks(session, [first])
        record(session, "check.sweep", actor="system:sweep", now=house.clock())
    house.verified()
    assert len(rows(house, Moved)) == 2
    rotation = house.switched()
    house.clock.move(GRACE)
    while house.settle_some(rotation):
        pass
    with house.store.read() as session:
        left = session.scalars(sa.select(Check).where(Check.sealed_tag.is_not(None))).one()
        (opened,) = house.holder.open_sealed([left.sealed_tag or b""])
        source = moving.source_of(session, f"check:{left.id}")
        assert source is not None
        moving.verify_handle(session, source, opened)
    assert unattested(house.store) == set()


# Clients


def test_a_client_follows_by_the_log_alone(house: House, connect: Connect, cast: Cast) -> None:
    pinned = connect(cast.hana).pins
    house.rotated()
    registry = connect(cast.hana, pin=False)
    registry.pin(pinned)
    assert registry.pins.public_key == house.holder.begin_rotation().public
    assert answers(registry, LISTED, key="k") == [True]


def test_a_key_that_the_log_does_not_show_is_refused(house: House, connect: Connect, cast: Cast) -> None:
    registry = connect(cast.hana)
    pinned = registry.pins
    house.rotated()
    (step,) = registry.pin()["identity"]["succession"]
    assert pinned.follow([step], pinned.policy) == registry.pins
    for wrong in ([], None, [{**step, "entry": step["entry"][:-8] + "AAAAAAAA"}], [{**step, "proof": ""}], [{}], [7]):
        with pytest.raises(Untrusted):
            pinned.follow(wrong, pinned.policy).verify_same(registry.pins)


def test_until_the_log_shows_the_new_key_clients_are_asked_to_wait(house: House, hana: Registry) -> None:
    house.begun()
    house.moved()
    house.verified()
    with house.store.write() as session:
        rotation = going_on(session)
        assert rotation is not None
        actions.switch(session, actor=house.cast.olaf.actor, rotation=rotation, now=house.clock())
    hana._sleep = lambda _: house.publish()
    assert answers(hana, LISTED, key="k") == [True]
