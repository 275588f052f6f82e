"""`zilu order`, `zilu erasure` and `zilu member restraints|lift` as they are typed on the registry's machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registry import base64url, policy
from registry.cli import main
from registry.cli.init import write_settings
from registry.clock import rfc3339
from registry.db import Store
from registry.keys.holder import Holder
from registry.log.sequencer import sequence
from registry.restraints import actions as restraints
from registry.signing import keys
from tests.app_fixture import SECRETS, settings
from tests.authorities import authorities
from tests.cast import Cast
from tests.conftest import ISSUER, KEYRING, MovingClock
from tests.filing import NUMBER, Filing

Zilu = Callable[..., Result]
REX, OLAF = ("--as", "inspector"), ("--as", "olaf")
WORDS = ("--ground", "Article 103", "--authority", "The court", "--reference", "No. 17")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "house"


@pytest.fixture
def zilu(folder: Path, store: Store, clock: MovingClock) -> Zilu:
    config = write_settings(folder, issuer=ISSUER, name="Test", database=str(store.engine.url), clock_file="now")
    for name, key in (("vault", KEYRING.vault_key), ("pepper", KEYRING.pepper)):
        (folder / f"keys/{name}.key").write_text(base64url.encode(key))

    def run(*words: str | Path) -> Result:
        (folder / "now").write_text(rfc3339(clock()))
        return CliRunner().invoke(main, ["--config", str(config), *map(str, words)])

    return run


@pytest.fixture
def hands(zilu: Zilu, folder: Path, store: Store, cast: Cast, clock: MovingClock) -> tuple[tuple[str, str], ...]:
    """The options with which the regulator and the operator sign."""
    for name, authority in zip(("rex", "olaf"), authorities(store, cast, clock()), strict=True):
        keys.store(folder / f"{name}.pem", authority.key)
    return tuple(("--key", str(folder / f"{name}.pem")) for name in ("rex", "olaf"))


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_order_is_issued_confirmed_and_withdrawn_and_what_has_ended_is_forgotten(
    zilu: Zilu, hands: tuple[tuple[str, str], ...], store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    rex, olaf = ((*REX, *hands[0]), (*OLAF, *hands[1]))
    number = Filing(store, cast, holder, clock()).countersigned(clock()).refused(clock()).number
    until = f"{clock() + 9 * policy.DAY:%Y-%m-%d}"
    issued = said(zilu("order", "issue", number, "preserve", *WORDS, "--until", until, *rex))
    order = issued.split()[0]
    assert issued == f"{order}  issued\n"
    assert zilu("order", "confirm", order, *rex).exit_code == 2
    assert zilu("order", "confirm", order, *REX, *hands[1]).exit_code == 2  # another's key
    assert said(zilu("order", "confirm", order, *olaf)) == f"{order}  in-force\n"
    assert f"{order}  preserve  in-force  until {until}" in said(zilu("order", "list", *REX))
    missing = zilu("order", "withdraw", order, *rex)
    assert (missing.exit_code, "--ground is missing" in missing.output) == (2, True)
    said(zilu("order", "withdraw", order, *WORDS, *rex))
    assert said(zilu("order", "withdraw", order, *olaf)) == f"{order}  lifted\n"
    assert said(zilu("order", "list", *REX)) == ""
    clock.move(policy.KEPT_AFTER[policy.Ending.UNLISTED])
    sequence(store, key=SECRETS.log_key, origin=settings().log_origin, now=clock())
    proposed = said(zilu("erasure", "propose", number, *OLAF)).split()
    assert proposed[1:] == ["unlisted", proposed[2], "positions"]
    assert said(zilu("erasure", "list", *REX)).startswith(proposed[0])
    assert zilu("erasure", "cosign", proposed[0], *rex).exit_code == 2  # they have not opened it
    opened = said(zilu("erasure", "open", proposed[0], *REX)).splitlines()
    assert len(opened) == int(proposed[2])
    assert said(zilu("erasure", "cosign", proposed[0], *rex)) == f"{proposed[0]}  cosigned\n"
    assert zilu("erasure", "propose", number, *REX).exit_code == 2


def test_a_restraint_is_listed_and_lifted_for_reasons(zilu: Zilu, store: Store, clock: MovingClock) -> None:
    with store.write() as session:
        row = restraints.impose(session, member_id="acme", decided=10, overturned=3, now=clock())
        assert row is not None
    assert f"{row.id}  acme" in said(zilu("member", "restraints", *REX))
    lift = ("member", "lift", row.id)
    assert zilu(*lift, "--reasons", "They know.", *OLAF).exit_code == 2
    refused = zilu(*lift, "--reasons", f"About {NUMBER}.", *REX)
    assert (refused.exit_code, NUMBER in refused.output) == (2, False)
    assert said(zilu(*lift, "--reasons", "They know.", *REX)) == "acme files as others do\n"
    assert said(zilu("member", "restraints", *REX)) == ""
    assert zilu(*lift, "--reasons", "They know.", *REX).exit_code == 2
