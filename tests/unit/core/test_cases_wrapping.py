"""The key that wraps the cases' keys is renewed while everything goes on, whoever is killed, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from registry import health, policy
from registry.cases import wrapping
from registry.cases.actions import key_of, open_case, seal, unseal
from registry.cases.models import Case, Statement, WrappingKey
from registry.cli import main
from registry.config import SecretsSection
from registry.db import Base, Keyring, Store, new_id
from registry.errors import Conflict, Forbidden, Unavailable
from registry.keys.holder import Holder
from registry.log import actions as log
from registry.running import Running
from registry.wrapping import WrappingKeys
from tests.app_fixture import SECRETS, settings
from tests.attested import unattested
from tests.cast import Cast, gather
from tests.conftest import KEYRING, START, MovingClock
from tests.postgres import pg_server, pg_url

__all__ = ["pg_server", "pg_url"]

REWRAP = ["keys", "rewrap", "--as", "olaf"]


class Killed(BaseException):
    """Nothing in the program catches it."""


class Killer:
    """Ends the program at its n-th act, before that is committed."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise Killed
        return log.record(*arguments, **keywords)


class Desk:
    """The operator's machine: the folder of wrapping keys, some cases, and the command."""

    def __init__(self, url: str, folder: Path, clock: MovingClock, holder: Holder) -> None:
        self.folder, self.clock = folder, clock
        self.store = Store(url, Keyring(KEYRING.vault_key, KEYRING.pepper, WrappingKeys(folder)))
        section = SecretsSection.model_construct(vault_key=folder.parent / "vault.key", wrapping_keys=folder)
        self.run = Running(settings().model_copy(update={"secrets": section}), SECRETS, self.store, clock, holder)

    def open_case(self, store: Store | None = None) -> str:
        """A case with somebody's words in it; by another process's `store`, if one is given."""
        with (store or self.store).write() as session:
            case, key = open_case(
                session, member_id="acme", subject_handle=new_id().encode(), sealed_tag=b"", now=self.clock()
            )
            said = Statement(id=new_id(), case_id=case.id, made_at=self.clock())
            said.sealed_text = seal(key, said, "sealed_text", case.id)
            session.add(said)
            log.record(session, "case.open", actor="system:test", now=self.clock(), case=key)
            return case.id

    def read(self, case_id: str, store: Store | None = None) -> str:
        with (store or self.store).read() as session:
            said = session.scalars(sa.select(Statement).where(Statement.case_id == case_id)).one()
            return unseal(key_of(session, session.get_one(Case, case_id)), said, "sealed_text")

    def other_process(self) -> Store:
        """One that runs since before, and has seen no key yet."""
        return Store(
            self.store.engine.url.render_as_string(hide_password=False),
            Keyring(KEYRING.vault_key, KEYRING.pepper, WrappingKeys(self.folder)),
        )

    def under(self) -> set[str | None]:
        with self.store.read() as session:
            return set(session.scalars(sa.select(Case.wrapped_under).where(Case.wrapped_key.is_not(None))))

    def files(self) -> set[str]:
        return {path.stem for path in self.folder.glob("*")}

    def renewals(self) -> list[WrappingKey]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(WrappingKey).order_by(WrappingKey.number)))


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, founded: tuple[Path, Cast], clock: MovingClock, holder: Holder
) -> Iterator[Desk]:
    if request.param == "sqlite":
        shutil.copy(founded[0], tmp_path / "registry.db")
        desk = Desk(f"sqlite:///{tmp_path}/registry.db", tmp_path / "wrapping", clock, holder)
    else:
        desk = Desk(request.getfixturevalue("pg_url"), tmp_path / "wrapping", clock, holder)
        Base.metadata.create_all(desk.store.engine)
        with desk.store.write() as session:
            gather(session, START)
    yield desk
    desk.store.engine.dispose()


on_sqlite = pytest.mark.parametrize("desk", ["sqlite"], indirect=True)


@pytest.fixture
def zilu(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run a command in front of this desk; "killed" when it was."""
    monkeypatch.setattr("registry.cli.keys.start", lambda _: desk.run)
    monkeypatch.setattr("registry.cli.context.Context.settings", desk.run.settings)
    monkeypatch.setattr("registry.cli.keys._AT_ONCE", 2)

    def run(*words: str) -> str:
        try:
            return CliRunner().invoke(main, ["--config", str(tmp_path / "none.toml"), *words]).output
        except Killed:
            return "killed"

    return run


def test_every_case_comes_under_the_new_key_and_opens_for_those_who_run_since_before(desk: Desk, zilu: Any) -> None:
    cases, before = [desk.open_case() for _ in range(5)], desk.other_process()
    assert desk.under() == {None}
    assert "under" in zilu(*REWRAP)
    (first,) = desk.renewals()
    assert desk.under() == {first.id}
    assert desk.files() == {first.id}
    late = desk.open_case(before)
    assert [desk.read(case, before) for case in [*cases, late]] == [*cases, late]
    assert desk.under() == {first.id}

    desk.clock.move(policy.REWRAP_EVERY)
    assert f"after {desk.clock() + policy.BACKUPS_KEPT:%Y-%m-%d}" in zilu(*REWRAP)
    second = desk.renewals()[1]
    assert desk.under() == {second.id}
    assert desk.files() == {first.id, second.id}  # for the backups
    desk.clock.move(policy.BACKUPS_KEPT)
    zilu(*REWRAP)
    third = desk.renewals()[2]
    assert desk.files() == {second.id, third.id}
    assert [row.destroyed_at is not None for row in desk.renewals()] == [True, False, False]
    zilu(*REWRAP, "--destroy-now")
    assert desk.files() == {desk.renewals()[-1].id}
    assert [desk.read(case) for case in cases] == cases
    assert unattested(desk.store) == set()
    before.engine.dispose()


def test_killed_at_any_act_and_run_again(desk: Desk, zilu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin, two rounds over three cases, finish, and from the second renewal on the end of the key before."""
    cases = [desk.open_case() for _ in range(3)]
    for nth in range(1, 6):
        killer = Killer(nth)
        with monkeypatch.context() as patched:
            patched.setattr("registry.cases.wrapping.record", killer)
            assert zilu(*REWRAP, "--destroy-now") == "killed"
        assert [desk.read(case) for case in cases] == cases
        assert "under" in zilu(*REWRAP, "--destroy-now")
        assert desk.under() == desk.files() == {desk.renewals()[-1].id}
        assert all(row.destroyed_at for row in desk.renewals()[:-1])
    assert [desk.read(case) for case in cases] == cases
    assert unattested(desk.store) == set()


@on_sqlite
def test_a_process_without_the_new_key_opens_no_case_under_the_old_one(desk: Desk, zilu: Any, tmp_path: Path) -> None:
    zilu(*REWRAP)
    elsewhere = Store(
        desk.store.engine.url.render_as_string(hide_password=False),
        Keyring(KEYRING.vault_key, KEYRING.pepper, WrappingKeys(tmp_path / "another machine")),
    )
    with pytest.raises(Unavailable, match="copy it"):
        desk.open_case(elsewhere)
    elsewhere.engine.dispose()


@on_sqlite
def test_an_erased_case_stays_without_a_key(desk: Desk, zilu: Any) -> None:
    gone, kept = desk.open_case(), desk.open_case()
    with desk.store.write() as session:
        session.get_one(Case, gone).wrapped_key = None
        log.record(session, "case.erase", actor="system:test", now=desk.clock())
    zilu(*REWRAP)
    with desk.store.read() as session:
        assert session.get_one(Case, gone).wrapped_key is None
    assert desk.read(kept) == kept


@on_sqlite
def test_only_the_operator_renews(desk: Desk, cast: Cast) -> None:
    with desk.store.write() as session, pytest.raises(Forbidden):
        wrapping.begin(session, actor=cast.rex.actor, keys=WrappingKeys(desk.folder), now=desk.clock())
    with desk.store.write() as session, pytest.raises(Forbidden):
        wrapping.rewrap_some(session, actor=cast.rex.actor, limit=1, now=desk.clock())
    with desk.store.write() as session, pytest.raises(Forbidden):
        wrapping.finish(session, actor=cast.rex.actor, now=desk.clock())
    with desk.store.write() as session, pytest.raises(Forbidden):
        wrapping.destroy_due(session, actor=cast.rex.actor, keys=WrappingKeys(desk.folder), now=desk.clock())


@on_sqlite
def test_the_doctor_says_when_it_is_overdue(desk: Desk, zilu: Any) -> None:
    def says() -> str:
        try:
            health.CHECKS["case keys were wrapped anew within a month"](desk.run)
        except Conflict as refused:
            return refused.message
        return ""

    desk.open_case()
    assert says() == ""
    desk.clock.move(policy.REWRAP_EVERY)
    assert "run zilu keys rewrap" in says()
    zilu(*REWRAP)
    assert says() == ""
    desk.clock.move(policy.REWRAP_EVERY - policy.DAY)
    zilu(*REWRAP)
    desk.clock.move(policy.REWRAP_EVERY - policy.DAY)
    zilu(*REWRAP)
    assert says() == ""
    desk.clock.move(policy.BACKUPS_KEPT - policy.REWRAP_EVERY + policy.DAY)
    assert "destroyed" in says()
