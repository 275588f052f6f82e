from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry import vault
from registry.access import RULES, Action
from registry.accounts.rules import Scope
from registry.cases.models import Case
from registry.checks.actions import Asked, details
from registry.checks.models import Check
from registry.checks.queries import was_shown
from registry.checks.sweep import sweep
from registry.db import Store
from registry.entries.models import Entry
from registry.errors import Forbidden, Invalid, NotFound
from registry.identity.document import Document
from registry.keys.actions import revoke
from registry.keys.holder import Holder
from registry.notices.models import Message
from registry.policy import CHECK_OPEN, RECALL_ACK
from registry.recalls import queries
from registry.recalls.actions import acknowledge, escalate_due, issue
from registry.recalls.models import Recall
from registry.recalls.rules import TYP, Reason
from registry.signing import jws, keys
from tests.cast import Cast, Person
from tests.conftest import ISSUER, MovingClock
from tests.listing import check, list_person, people


class Scene:
    """Somebody who was listed at the start, and what happens to their entry."""

    def __init__(self, store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
        self.store, self.holder, self.cast, self.clock = store, holder, cast, clock
        self.person: Document = people(1)[0]

    def list(self) -> Entry:
        return list_person(self.store, self.holder, self.cast, self.person, self.clock())

    def check(self, who: str = "hana", **how: Any) -> Asked:
        return check(self.store, self.holder, [self.person], self.cast[who].actor, self.clock(), **how)

    def issue(self, entry: Entry, reason: Reason) -> list[Recall]:
        with self.store.write() as session:
            return issue(session, session.get_one(Entry, entry.id), reason, self.clock())

    def acknowledge(self, recall: Recall, statement: str | None, who: str = "hana", *, program: bool = True) -> Recall:
        scopes = frozenset({Scope.CHECK}) if program else None
        actor = dataclasses.replace(self.cast[who].actor, scopes=scopes)
        with self.store.write() as session:
            return acknowledge(
                session, actor=actor, recall_id=recall.id, statement=statement, issuer=ISSUER, now=self.clock()
            )

    def messages(self, kind: str) -> list[Message]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(Message).where(Message.kind == kind)))


@pytest.fixture
def scene(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> Scene:
    return Scene(store, holder, cast, clock)


def signed(scene: Scene, recall: Recall, /, *, by: Person | None = None, **changed: object) -> str:
    claims = {
        "iss": "birch",
        "aud": ISSUER,
        "jti": "ack-1",
        "iat": int(scene.clock().timestamp()),
        "recall": recall.id,
        "entry": recall.entry_id,
        "reason": recall.reason.value,
    }
    key = (by or scene.cast.hana).key
    assert key is not None
    return jws.sign(claims | changed, typ=TYP, key=key)


def another_checker(scene: Scene) -> None:
    """Cedar has a checker too, for this test."""
    cem = scene.cast.cem.actor
    roles = frozenset({*scene.cast.hana.actor.roles})
    scene.cast = type(scene.cast)(
        {**scene.cast, "cem": dataclasses.replace(scene.cast.cem, actor=dataclasses.replace(cem, roles=roles))}
    )


# Who is told.


def test_each_member_that_was_shown_the_entry_is_told_once(scene: Scene) -> None:
    another_checker(scene)
    entry = scene.list()
    for who in ("hana", "hana", "cem"):
        scene.check(who)
    recalls = scene.issue(entry, Reason.VOIDED)
    assert [(recall.member_id, recall.reason) for recall in recalls] == [
        ("birch", Reason.VOIDED),
        ("cedar", Reason.VOIDED),
    ]
    assert {(m.member_id, m.payload["type"]) for m in scene.messages("recall.issued")} == {
        ("birch", "recall.issued"),
        ("cedar", "recall.issued"),
    }


def test_a_message_says_no_more_than_that_there_is_a_recall(scene: Scene) -> None:
    entry = scene.list()
    scene.check()
    (recall,) = scene.issue(entry, Reason.VOIDED)
    (message,) = scene.messages("recall.issued")
    assert message.payload == {"type": "recall.issued", "id": recall.id}


def test_nobody_is_told_who_was_shown_nothing(scene: Scene) -> None:
    scene.check()
    entry = scene.list()
    assert scene.issue(entry, Reason.VOIDED) == []
    assert scene.messages("recall.issued") == []


def test_whoever_was_shown_it_is_told_even_after_the_check_was_forgotten(scene: Scene) -> None:
    entry = scene.list()
    scene.check()
    scene.clock.move(CHECK_OPEN)
    with scene.store.write() as session:
        sweep(session, now=scene.clock())
    assert len(scene.issue(entry, Reason.VOIDED)) == 1


def test_a_listing_is_told_to_whoever_has_an_open_check_of_the_person(scene: Scene) -> None:
    (before,) = scene.check().answers
    assert before["outcome"] == "no-entry"
    entry = scene.list()
    (recall,) = scene.issue(entry, Reason.LISTED)
    assert recall.member_id == "birch"
    with scene.store.write() as session:
        found = details(session, actor=scene.cast.hana.actor, check_id=str(before["id"]), now=scene.clock())
        assert (found.entry, found.offence) == (entry.id, "sale")


@pytest.mark.parametrize(("purpose", "waits"), [("present-staff", timedelta(0)), ("hiring", CHECK_OPEN)])
def test_a_listing_is_not_told_to_whoever_has_no_check_open(scene: Scene, purpose: str, waits: timedelta) -> None:
    scene.check(purpose=purpose)
    scene.clock.move(waits)
    assert scene.issue(scene.list(), Reason.LISTED) == []


def test_a_listing_is_not_told_about_other_people(scene: Scene) -> None:
    scene.check()
    other = list_person(scene.store, scene.holder, scene.cast, people(2)[1], scene.clock())
    assert scene.issue(other, Reason.LISTED) == []


def test_whoever_learnt_of_the_entry_by_recall_is_told_when_it_is_voided(scene: Scene) -> None:
    scene.check()
    entry = scene.list()
    assert len(scene.issue(entry, Reason.LISTED)) == 1
    scene.clock.move(CHECK_OPEN)
    assert len(scene.issue(entry, Reason.VOIDED)) == 1


def test_what_was_answered_is_not_altered_by_a_recall(scene: Scene) -> None:
    scene.check()
    scene.issue(scene.list(), Reason.LISTED)
    with scene.store.read() as session:
        row = session.scalars(sa.select(Check)).one()
        assert (row.entry_id, row.outcome.value) == (None, "no-entry")


def test_a_recall_goes_out_even_if_the_case_was_erased(scene: Scene) -> None:
    entry = scene.list()
    scene.check()
    with scene.store.engine.begin() as connection:
        connection.execute(sa.update(Case).values(wrapped_key=None))
    assert len(scene.issue(entry, Reason.VOIDED)) == 1


def test_who_was_shown_an_entry_is_known(scene: Scene) -> None:
    entry = scene.list()
    scene.check()
    with scene.store.read() as session:
        assert was_shown(session, member_id="birch", entry_id=entry.id)
        assert not was_shown(session, member_id="cedar", entry_id=entry.id)


# What a member reads.


def test_a_member_reads_its_recalls_with_its_own_checks(scene: Scene) -> None:
    another_checker(scene)
    entry = scene.list()
    (own,) = scene.check().answers
    scene.check("cem")
    recall, _ = scene.issue(entry, Reason.CORRECTED)
    with scene.store.read() as session:
        (told,) = queries.of_member(session, scene.cast.hana.actor)
        assert (told.recall.id, told.checks) == (recall.id, (own["id"],))
        assert told.due_at == scene.clock() + RECALL_ACK
        assert queries.read(session, scene.cast.hana.actor, recall.id).recall is told.recall


def test_another_members_recall_is_not_to_be_found(scene: Scene) -> None:
    another_checker(scene)
    entry = scene.list()
    scene.check()
    (recall,) = scene.issue(entry, Reason.VOIDED)
    with scene.store.read() as session:
        assert queries.of_member(session, scene.cast.cem.actor) == []
        with pytest.raises(NotFound):
            queries.read(session, scene.cast.cem.actor, recall.id)
        with pytest.raises(NotFound):
            queries.read(session, scene.cast.hana.actor, "0" * 32)
    with pytest.raises(NotFound):
        scene.acknowledge(recall, signed(scene, recall), "cem")


@pytest.mark.parametrize("name", ["rui", "rex", "olaf"])
def test_only_checkers_read_recalls(scene: Scene, name: str) -> None:
    with scene.store.read() as session, pytest.raises(Forbidden):
        queries.of_member(session, scene.cast[name].actor)


# Acknowledgement.


@pytest.fixture
def recall(scene: Scene) -> Recall:
    entry = scene.list()
    scene.check()
    return scene.issue(entry, Reason.VOIDED)[0]


def test_a_signed_acknowledgement_is_kept_sealed_with_its_key(scene: Scene, recall: Recall) -> None:
    statement = signed(scene, recall)
    done = scene.acknowledge(recall, statement)
    assert (done.acknowledged_at, done.acknowledged_by, done.kid) == (scene.clock(), "birch-hr", scene.cast.hana.kid)
    assert done.sealed_statement is not None
    opened = vault.open_sealed(
        b"v" * 32, done.sealed_statement, table="recall", row=recall.id, column="sealed_statement"
    )
    assert opened.decode() == statement
    with scene.store.read() as session:
        assert queries.of_member(session, scene.cast.hana.actor, only_open=True) == []


def test_acknowledging_twice_changes_nothing(scene: Scene, recall: Recall) -> None:
    first = scene.acknowledge(recall, signed(scene, recall)).acknowledged_at
    scene.clock.move(timedelta(hours=1))
    assert scene.acknowledge(recall, signed(scene, recall, jti="ack-2")).acknowledged_at == first


def test_whoever_may_only_read_recalls_acknowledges_none(
    scene: Scene, recall: Recall, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = {key: value for key, value in RULES.items() if key[1] is not Action.RECALL_ACKNOWLEDGE}
    monkeypatch.setattr("registry.access.RULES", readers)
    with pytest.raises(Forbidden):
        scene.acknowledge(recall, signed(scene, recall))


def test_a_program_must_sign_and_a_person_in_a_browser_need_not(scene: Scene, recall: Recall) -> None:
    with pytest.raises(Invalid, match="recall-ack"):
        scene.acknowledge(recall, None)
    done = scene.acknowledge(recall, None, program=False)
    assert (done.kid, done.sealed_statement) == (None, None)
    assert done.acknowledged_at is not None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"iss": "cedar"}, "iss"),
        ({"aud": "https://other.example"}, "aud"),
        ({"recall": "0" * 32}, "recall"),
        ({"entry": "0" * 32}, "entry"),
        ({"reason": "corrected"}, "reason"),
        ({"reason": "forgotten"}, "reason"),
        ({"iat": 1}, "iat"),
        ({"iat": 2**39}, "iat"),
        ({"extra": 1}, "statement"),
    ],
)
def test_an_acknowledgement_of_something_else_is_refused(
    scene: Scene, recall: Recall, changed: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        scene.acknowledge(recall, signed(scene, recall, **changed))
    assert refused.value.field == field


def test_only_a_valid_key_of_the_member_acknowledges(scene: Scene, recall: Recall) -> None:
    stranger = dataclasses.replace(scene.cast.hana, key=keys.generate())
    for signer in (scene.cast.rui, stranger):
        with pytest.raises(Invalid) as refused:
            scene.acknowledge(recall, signed(scene, recall, by=signer))
        assert refused.value.code == "key-unknown"
    with scene.store.write() as session:
        revoke(session, actor=scene.cast.bea.actor, kid=scene.cast.hana.kid, now=scene.clock())
    with pytest.raises(Invalid) as refused:
        scene.acknowledge(recall, signed(scene, recall))
    assert refused.value.code == "key-revoked"


def test_a_statement_of_another_kind_is_no_acknowledgement(scene: Scene, recall: Recall) -> None:
    key = scene.cast.hana.key
    assert key is not None
    with pytest.raises(Invalid):
        scene.acknowledge(recall, jws.sign({"iss": "birch"}, typ="report+jwt", key=key))


# What nobody answers.


def test_the_regulator_is_told_once_of_a_recall_that_nobody_acknowledges(scene: Scene, recall: Recall) -> None:
    scene.clock.move(RECALL_ACK - timedelta(seconds=1))
    with scene.store.write() as session:
        assert escalate_due(session, scene.clock()) == []
    scene.clock.move(timedelta(seconds=1))
    with scene.store.write() as session:
        assert [late.id for late in escalate_due(session, scene.clock())] == [recall.id]
    with scene.store.write() as session:
        assert escalate_due(session, scene.clock()) == []
    (message,) = scene.messages("recall.overdue")
    assert (message.member_id, message.payload["member"]) == ("regulator", "birch")


def test_a_recall_that_was_acknowledged_is_not_overdue(scene: Scene, recall: Recall) -> None:
    scene.acknowledge(recall, signed(scene, recall))
    scene.clock.move(2 * RECALL_ACK)
    with scene.store.write() as session:
        assert escalate_due(session, scene.clock()) == []
