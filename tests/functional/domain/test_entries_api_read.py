"""What an entry says to whom, once it is not visible any more; and that every reading is logged."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry import base64url, vault
from registry.cases.models import Case
from registry.db import Session, Store
from registry.entries import actions
from registry.entries.models import Entry
from registry.keys.holder import Holder
from registry.log import proof
from registry.log.checkpoint import verifier_key
from registry.log.leaf import commit, parse
from registry.log.models import Act
from registry.log.quorum import Policy
from registry.log.sequencer import sequence
from registry.recalls.models import Recall
from registry.recalls.rules import Reason
from tests.app_fixture import (
    SECRETS,
    app,  # noqa: F401 - a fixture
    settings,
)
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.functional.domain.test_reports_api import Api, api
from tests.listing import check, list_person, people

__all__ = ["api"]

TERM = timedelta(days=30)
HIDDEN = {"offence": None, "level": None, "basis": None, "until": None}


@pytest.fixture
def entry(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> Entry:
    """Listed for thirty days, and shown to hana's member by an answer."""
    (person,) = people(1)
    entry = list_person(store, holder, cast, person, clock(), term=TERM)
    check(store, holder, [person], cast.hana.actor, clock())
    return entry


def end(store: Store, entry: Entry, how: str, now: datetime) -> None:
    with store.write() as session:
        row = session.get_one(Entry, entry.id)
        getattr(actions, how)(session, row, actor_id="panel", now=now, reason="Wrong person.")


def acts(store: Store) -> list[Act]:
    with store.read() as session:
        return list(session.scalars(sa.select(Act).order_by(Act.id)))


def records(session: Session) -> list[tuple[str | None, str]]:
    """Each act that belongs to a case: the case, and the record opened with its key."""
    found = []
    for act in session.scalars(sa.select(Act).where(Act.case_id.is_not(None)).order_by(Act.id)):
        case = session.get_one(Case, act.case_id)
        assert case.wrapped_key is not None
        key = vault.unwrap(session.keyring.vault_key, case.wrapped_key, case=case.id)
        text = vault.open_sealed(key, act.record, table="act", row=act.uid, column="record")
        found.append((act.case_id, text.decode()))
    return found


def test_a_visible_entry_says_all_to_whoever_was_shown_it(api: Api, entry: Entry) -> None:
    said = api("hana", "GET", f"/api/v1/entries/{entry.id}").json
    assert (said["offence"], said["level"], said["basis"]) == ("sale", 2, entry.basis.value)
    assert said["until"] is not None


def test_an_entry_links_the_proof_of_its_listing_to_whoever_may_read_it(
    api: Api, entry: Entry, store: Store, clock: MovingClock
) -> None:
    link = api("hana", "GET", f"/api/v1/entries/{entry.id}").json["proof"]
    assert api("hana", "GET", link).status_code == 404  # the log has not sequenced it
    sequence(store, key=SECRETS.log_key, origin=settings().log_origin, now=clock())
    said = api("hana", "GET", link).json
    leaf, record, salt = (base64url.decode(said[name], field=name) for name in ("entry", "record", "salt"))
    ours = verifier_key(settings().log_origin, SECRETS.log_key.public_key())
    proof.verify(said["proof"], entry=leaf, policy=Policy(ours))
    assert parse(leaf).commitment == commit(salt, "act", record)
    assert (json.loads(record)["verb"], json.loads(record)["facts"]) == ("entry.list", {"entry": entry.id})
    assert api("rex", "GET", link).json == said
    assert api("ben", "GET", link).status_code == 200  # of the same member
    for name in ("sol", "cem"):
        assert api(name, "GET", link).status_code in {403, 404}


@pytest.mark.parametrize(
    ("how", "state"), [("void", "voided"), ("suspend", "suspended"), ("rehabilitate", "rehabilitated")]
)
def test_an_entry_that_has_ended_says_its_state_alone(
    api: Api, entry: Entry, store: Store, how: str, state: str
) -> None:
    end(store, entry, how, api.clock())
    said = api("hana", "GET", f"/api/v1/entries/{entry.id}").json
    assert said["state"] == state
    assert {name: said[name] for name in HIDDEN} == HIDDEN


def test_an_expired_entry_says_its_state_alone(api: Api, entry: Entry) -> None:
    api.clock.move(TERM)
    said = api("hana", "GET", f"/api/v1/entries/{entry.id}").json
    assert said["state"] == "expired"
    assert {name: said[name] for name in HIDDEN} == HIDDEN


@pytest.mark.parametrize("name", ["rui", "rex"])
def test_the_filing_member_and_the_regulator_still_read_it(api: Api, entry: Entry, store: Store, name: str) -> None:
    end(store, entry, "void", api.clock())
    assert api(name, "GET", f"/api/v1/entries/{entry.id}").json["offence"] == "sale"


@pytest.mark.parametrize("name", ["hana", "rui", "rex"])
def test_every_reading_is_an_act_of_the_case(api: Api, entry: Entry, store: Store, name: str) -> None:
    assert api(name, "GET", f"/api/v1/entries/{entry.id}").status_code == 200
    with store.read() as session:
        case, record = records(session)[-1]
    assert case == entry.case_id
    assert '"verb":"entry.read"' in record
    assert f'"actor":"{api.cast[name].actor.id}"' in record


def test_what_is_not_found_is_no_act(api: Api, entry: Entry, store: Store) -> None:
    assert api("hana", "GET", f"/api/v1/entries/{'0' * 32}").status_code == 404
    with store.read() as session:
        assert not any('"verb":"entry.read"' in record for _, record in records(session))


def test_an_entry_of_an_erased_case_is_still_read_and_logged(api: Api, entry: Entry, store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.update(Case).values(wrapped_key=None))
    assert api("hana", "GET", f"/api/v1/entries/{entry.id}").status_code == 200
    assert acts(store)[-1].case_id is None


def test_whoever_was_told_by_recall_alone_reads_it(api: Api, entry: Entry, store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text('UPDATE "check" SET entry_id = NULL'))
    assert api("hana", "GET", f"/api/v1/entries/{entry.id}").status_code == 404
    with store.engine.begin() as connection:
        told = {"id": "1" * 32, "entry_id": entry.id, "case_id": entry.case_id, "member_id": "birch"}
        connection.execute(sa.insert(Recall).values(**told, reason=Reason.LISTED, issued_at=api.clock()))
    assert api("hana", "GET", f"/api/v1/entries/{entry.id}").status_code == 200


def test_a_regulators_reading_of_the_list_is_an_act_too(api: Api, entry: Entry, store: Store) -> None:
    said = api("rex", "GET", "/api/v1/entries").json
    assert [row["id"] for row in said["entries"]] == [entry.id]
    act = acts(store)[-1]
    with store.read() as session:
        text = vault.open_sealed(session.keyring.vault_key, act.record, table="act", row=act.uid, column="record")
    record = json.loads(text)
    assert (record["verb"], record["facts"]) == ("regulator.read", {"what": "entries", "after": None, "rows": 1})
