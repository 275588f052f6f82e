"""The split backup: two of three give the key back, one says nothing, a damaged one is named."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner

from registry.cli import main
from registry.cli.init import write_settings
from registry.config import load
from registry.errors import Invalid
from registry.keyholder.keyfile import Keys, open_key_file
from registry.keyholder.shares import combine, read_share, split


@pytest.fixture(autouse=True)
def _same_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own process keeps its core file and stays readable."""
    monkeypatch.setattr("registry.cli.keyholder.leave_no_dump", lambda: None)


def test_any_two_shares_give_the_key_back(keys: Keys) -> None:
    for two in permutations(split(keys.secret), 2):
        assert combine(two) == keys.secret


def test_one_share_fits_every_secret() -> None:
    """For a share and any secret there is a second share with which the share gives that secret."""
    share, _, _ = split(b"\1" * 128)
    other = split(b"\2" * 128)
    slope = (share.value - (other[0].value * 2 - other[1].value)) % (2**1279 - 1)
    second = replace(share, number=2, value=(share.value + slope) % (2**1279 - 1))
    assert combine([share, second]) == b"\2" * 128


def test_the_same_secret_is_never_split_twice_alike(keys: Keys) -> None:
    assert split(keys.secret)[0].value != split(keys.secret)[0].value


def test_shares_that_do_not_belong_together_give_nothing(keys: Keys) -> None:
    ours, others = split(keys.secret), split(keys.secret)
    for wrong in ([ours[0]], [ours[0], ours[0]], ours, [ours[0], others[1]]):
        with pytest.raises(Invalid, match="Two different shares of one split"):
            combine(wrong)
    with pytest.raises(Invalid, match="altered"):
        combine([ours[0], replace(others[1], set=ours[0].set)])


@pytest.mark.parametrize(
    "change",
    [
        {"share": "A" * 214},
        {"number": 2},
        {"number": 4},
        {"number": None},
        {"set": "AAAAAAAAAAA"},
        {"check": ""},
        {"zilu_key_share": 2},
    ],
)
def test_a_damaged_share_is_named(tmp_path: Path, keys: Keys, change: dict[str, object]) -> None:
    path = tmp_path / "one.share"
    path.write_bytes(split(keys.secret)[0].encode())
    assert read_share(path).number == 1
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(Invalid, match="damaged"):
        read_share(path)


def test_the_key_is_split_and_restored_by_command(tmp_path: Path) -> None:
    config = write_settings(tmp_path / "registry", issuer="http://127.0.0.1:8420", name="x")
    section = load(config).keyholder
    assert section.passphrase_file is not None
    passphrase = section.passphrase_file.read_text().strip()
    before = open_key_file(section.key_file, passphrase)
    run = CliRunner().invoke(main, ["--config", str(config), "keyholder", "split", str(tmp_path)])
    files = [Path(line) for line in run.output.splitlines()]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3

    again = ["--config", str(config), "keyholder", "restore", str(files[2]), str(files[0])]
    assert "exists already" in CliRunner().invoke(main, again).output
    section.key_file.unlink()
    assert CliRunner().invoke(main, again).output == f"{before.public.key_id} is restored\n"
    assert open_key_file(section.key_file, passphrase).secret == before.secret


def test_without_a_file_the_passphrase_is_asked_for(tmp_path: Path) -> None:
    config = write_settings(tmp_path / "registry", issuer="http://127.0.0.1:8420", name="x")
    passphrase = (tmp_path / "registry/keyholder/passphrase").read_text()
    lines = config.read_text().splitlines()
    config.write_text("\n".join(line for line in lines if "passphrase" not in line))
    command = ["--config", str(config), "keyholder", "split", str(tmp_path)]
    assert CliRunner().invoke(main, command, input="wrong\n").exit_code == 2
    assert CliRunner().invoke(main, command, input=passphrase).exit_code == 0
