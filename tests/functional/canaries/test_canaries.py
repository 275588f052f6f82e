"""Somebody goes through numbers, and asks about one that nobody has."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from registry import base64url, policy, vault
from registry.checks.models import Batch, Canary
from registry.cli import main
from registry.cli.init import write_settings
from registry.client.api import Registry
from registry.client.checking import Checked, Terms, check
from registry.clock import rfc3339
from registry.config import MetricsSection
from registry.db import Session, Store
from registry.errors import Conflict, Forbidden
from registry.findings import actions as findings
from registry.findings import canaries, queries
from registry.findings.models import Finding
from registry.identity.document import Document
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.notices.models import Message
from registry.running import Running
from registry.worker import clocks, metrics
from tests.app_fixture import SECRETS, settings
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import ISSUER, KEYRING, MovingClock
from tests.line import Answering, Line
from tests.listing import people, tags_of

CANARY, SOMEBODY = people(2, seed=99)
TERMS = Terms.declared(purpose="hiring", reference="HR-1")


class House:
    """The registry's machine: its folder for the command line, and its worker."""

    def __init__(self, folder: Path, store: Store, clock: MovingClock, holder: Holder, socket: Path) -> None:
        url = str(store.engine.url)
        self.config = write_settings(folder, issuer=ISSUER, name="Test", database=url, clock_file="now")
        for name, key in (("vault", KEYRING.vault_key), ("pepper", KEYRING.pepper)):
            (folder / f"keys/{name}.key").write_text(base64url.encode(key))
        self.config.write_text(self.config.read_text().replace('"keyholder.sock"', json.dumps(str(socket))))
        (folder / "now").write_text(rfc3339(clock()))
        self.run = Running(settings(), SECRETS, store, clock, holder)

    def zilu(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--config", str(self.config), *words], input=typed)

    def canary(self, *words: str, typed: str | None = None) -> Result:
        return self.zilu("keyholder", "canary", *words, typed=typed)

    def told(self, kind: str) -> list[str]:
        with self.run.store.read() as session:
            messages = sa.select(Message.member_id).where(Message.kind == kind)
            return sorted(str(member) for member in session.scalars(messages))


@pytest.fixture
def house(tmp_path: Path, store: Store, clock: MovingClock, holder: Holder, holder_socket: Path) -> House:
    return House(tmp_path / "house", store, clock, holder, holder_socket)


def asked(registry: Registry, line: Line, *documents: Document) -> tuple[Checked, int]:
    """What a program is answered, and how long the answer is."""
    sizes: list[int] = []

    def listen(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        response = answer(request)
        sizes.extend([len(response.content)] if request.url.path == "/api/v1/checks" else [])
        return response

    line.through = listen
    return check(registry, documents, terms=TERMS, key=documents[0].number[-9:]), sizes[0]


def test_whoever_asks_about_a_canary_is_named_to_operator_and_regulator_and_sees_nothing(
    house: House, hana: Registry, line: Line, store: Store, cast: Cast, clock: MovingClock
) -> None:
    added = house.canary("add", typed=CANARY.number + "\n")
    assert added.exit_code == 0
    assert CANARY.number not in added.output
    assert house.told("canary.added") == ["regulator"]

    (plain, plain_size), (seen, seen_size) = asked(hana, line, SOMEBODY), asked(hana, line, CANARY)
    assert (seen.answers[0].is_hit, seen_size) == (plain.answers[0].is_hit, plain_size)

    assert clocks.alarms(house.run)  # the worker looks ten times a second
    assert not clocks.alarms(house.run)
    with store.read() as session:
        (alarm,) = canaries.open_alarms(session)
        words = findings.words_of(session, alarm, "sealed_demand") or ""
        assert "birch-hr of birch" in words
        assert seen.batch in words
        verbs = _verbs(session)
        assert queries.page(session, actor=cast.hana.actor) == []  # nor does the asker's member
        assert [row.id for row in queries.page(session, actor=cast.rex.actor)] == [alarm.id]
    assert verbs[-1] == "finding.raise"
    assert house.told("finding.raised") == ["operator", "regulator"]
    assert unattested(store) == set()

    bad = [each for each in house.zilu("doctor").output.splitlines() if "canary" in each]
    assert bad[0].startswith("bad ")
    assert alarm.id in house.canary("list").output
    with store.write() as session:
        findings.close(session, actor=cast.rex.actor, finding=session.get_one(Finding, alarm.id), now=clock())
    good = [each for each in house.zilu("doctor").output.splitlines() if "canary" in each]
    assert good[0].startswith("ok ")


def test_prometheus_is_told_of_alarms_at_the_workers_own_address(
    house: House, hana: Registry, store: Store, cast: Cast, clock: MovingClock
) -> None:
    section = MetricsSection.model_construct(host="127.0.0.1", port=0)  # any that is free
    run = replace(house.run, settings=settings().model_copy(update={"metrics": section}))
    with metrics.serving(run) as port:

        def says(name: str) -> float:
            lines = httpx2.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()
            (value,) = (line.split()[1] for line in lines if line.split()[0] == f"zilu_{name}")
            return float(value)

        assert (says("canaries"), says("canary_alarms_total"), says("canary_alarms_open")) == (0, 0, 0)
        house.canary("add", typed=CANARY.number + "\n")
        check(hana, [CANARY, SOMEBODY], terms=TERMS, key="guess")
        assert clocks.alarms(run)
        assert (says("canaries"), says("canary_alarms_total"), says("canary_alarms_open")) == (1, 1, 1)
        assert says("acts_waiting") > 0
        with store.write() as session:
            (alarm,) = canaries.open_alarms(session)
            findings.close(session, actor=cast.rex.actor, finding=alarm, now=clock())
        assert (says("canary_alarms_total"), says("canary_alarms_open")) == (1, 0)


def test_without_an_address_nobody_is_told(house: House) -> None:
    with metrics.serving(house.run) as port:
        assert port is None


def _verbs(session: Session) -> list[str]:
    key = session.keyring.vault_key
    acts = session.scalars(sa.select(Act).where(Act.case_id.is_(None)).order_by(Act.id))
    return [
        json.loads(vault.open_sealed(key, act.record, table="act", row=act.uid, column="record"))["verb"]
        for act in acts
    ]


def test_a_check_from_before_and_one_after_its_removal_raise_no_alarm(
    house: House, hana: Registry, store: Store, clock: MovingClock
) -> None:
    check(hana, [CANARY], terms=TERMS, key="before")
    clock.move(policy.DAY / 24)
    (house.config.parent / "now").write_text(rfc3339(clock()))
    id = house.canary("add", "--as", "inspector", typed=CANARY.number).output.split()[0]
    assert not clocks.alarms(house.run)
    assert house.canary("remove", id).exit_code == 0
    check(hana, [CANARY], terms=TERMS, key="after")
    assert not clocks.alarms(house.run)
    assert house.told("canary.removed") == ["regulator"]
    assert house.canary("remove", id).exit_code == 2
    with store.read() as session:
        assert len(session.scalars(sa.select(Batch)).all()) == 2


def test_two_batches_are_two_alarms_and_one_batch_is_one(house: House, hana: Registry, store: Store) -> None:
    for person in (CANARY, SOMEBODY):
        house.canary("add", typed=person.number)
    check(hana, [CANARY, SOMEBODY], terms=TERMS, key="both")
    check(hana, [SOMEBODY], terms=TERMS, key="one")
    assert clocks.alarms(house.run)
    with store.read() as session:
        assert len(canaries.open_alarms(session)) == 2


def test_only_operator_and_regulator_keep_canaries_and_not_more_than_the_rules_allow(
    store: Store, cast: Cast, holder: Holder, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = tags_of(holder, people(3, seed=5), cast.hana.actor)
    sealing = holder.public().sealing_public

    def add(name: str, tag: bytes) -> Canary:
        with store.write() as session:
            return canaries.add(session, actor=cast[name].actor, tag=tag, sealing_public=sealing, now=clock())

    for name in ("hana", "rui", "sol", "adam"):
        with pytest.raises(Forbidden):
            add(name, found[0])
    first = add("olaf", found[0])
    with pytest.raises(Conflict, match="already"):
        add("rex", found[0])
    monkeypatch.setattr(policy, "CANARIES", 2)
    add("rex", found[1])
    with pytest.raises(Conflict, match="may be 2"):
        add("rex", found[2])
    with store.write() as session, pytest.raises(Forbidden):
        canaries.remove(session, actor=cast.hana.actor, canary_id=first.id, now=clock())
