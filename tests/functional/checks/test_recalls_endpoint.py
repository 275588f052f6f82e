from __future__ import annotations

import dataclasses

import pytest

from registry.client import checking, recalls
from registry.client.api import Registry
from registry.client.checking import Terms
from registry.db import Store
from registry.entries.models import Entry
from registry.errors import Invalid, NotFound
from registry.keys.holder import Holder
from registry.recalls.actions import issue
from registry.recalls.rules import TYP, Reason
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import list_person, people

TERMS = Terms.declared(purpose="hiring", reference="HR-2026-03/17")


@pytest.fixture
def recalled(hana: Registry, store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> str:
    """A hit that was voided afterwards; the id of hana's check."""
    (person,) = people(1)
    entry = list_person(store, holder, cast, person, clock())
    (answer,) = checking.check(hana, [person], terms=TERMS, key="k").answers
    with store.write() as session:
        issue(session, session.get_one(Entry, entry.id), Reason.VOIDED, clock())
    return answer.check


def test_a_member_reads_and_acknowledges_what_has_changed(hana: Registry, recalled: str) -> None:
    (recall,) = recalls.unacknowledged(hana)
    assert (recall["reason"], recall["checks"], recall["acknowledged_at"]) == ("voided", [recalled], None)
    assert hana.get(f"/api/v1/recalls/{recall['id']}") == recall
    done = recalls.acknowledge(hana, recall)
    assert done["acknowledged_at"] is not None
    assert recalls.acknowledge(hana, recall) == done
    assert recalls.unacknowledged(hana) == []
    assert [each["id"] for each in hana.get("/api/v1/recalls")["recalls"]] == [recall["id"]]


def test_a_program_without_a_signing_key_cannot_acknowledge(hana: Registry, recalled: str) -> None:
    (recall,) = recalls.unacknowledged(hana)
    hana.profile = dataclasses.replace(hana.profile, signing_key=None)
    with pytest.raises(Invalid, match="signing_key"):
        recalls.acknowledge(hana, recall)


@pytest.mark.parametrize("token", ["", "a.b.c", "no"])
def test_what_is_not_signed_acknowledges_nothing(hana: Registry, recalled: str, token: str) -> None:
    (recall,) = recalls.unacknowledged(hana)
    with pytest.raises(Invalid):
        hana.post(f"/api/v1/recalls/{recall['id']}/acknowledgement", {"acknowledgement": token})
    assert recalls.unacknowledged(hana) == [recall]


def test_a_recall_that_is_none_is_not_to_be_found(hana: Registry) -> None:
    with pytest.raises(NotFound):
        hana.get(f"/api/v1/recalls/{'0' * 32}")


def test_client_and_registry_mean_the_same_kind_of_statement() -> None:
    assert recalls.ACKNOWLEDGEMENT == TYP
