"""The sealed key file: made once, opened by its passphrase, and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry.errors import Conflict, Invalid
from registry.identity import group
from registry.keyholder.keyfile import Keys, create_key_file, open_key_file

from .holder_process import PASSPHRASE


def refusal(path: Path, passphrase: str = PASSPHRASE) -> Invalid:
    with pytest.raises(Invalid) as caught:
        open_key_file(path, passphrase)
    assert caught.value.field == "key_file"
    return caught.value


@pytest.fixture
def copy(key_file: Path, tmp_path: Path) -> Path:
    """A copy of the key file that a test may damage."""
    path = tmp_path / "copy.key"
    path.touch(0o600)
    path.write_bytes(key_file.read_bytes())
    return path


def test_a_new_key_file_opens_to_the_keys_whose_public_side_was_told(tmp_path: Path) -> None:
    public = create_key_file(tmp_path / "holder.key", PASSPHRASE)
    keys = open_key_file(tmp_path / "holder.key", PASSPHRASE)
    assert keys.public == public
    assert group.multiply_base(keys.identity.private) == public.public
    assert group.multiply_base(keys.draw.private) == public.draw_public
    assert public.public != public.draw_public


def test_the_file_is_the_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    create_key_file(tmp_path / "holder.key", PASSPHRASE)
    assert [path.name for path in tmp_path.iterdir()] == ["holder.key"]
    assert (tmp_path / "holder.key").stat().st_mode & 0o777 == 0o600


def test_no_private_key_stands_in_the_file_or_in_a_repr(key_file: Path, keys: Keys) -> None:
    text = key_file.read_text()
    for private in (keys.identity.private, keys.draw.private, keys.ticket.private_bytes_raw()):
        assert private.hex() not in text
        assert repr(private)[2:-1] not in repr(keys)


def test_an_existing_file_is_never_replaced(copy: Path) -> None:
    before = copy.read_bytes()
    with pytest.raises(Conflict):
        create_key_file(copy, PASSPHRASE)
    assert copy.read_bytes() == before


def test_a_folder_that_is_not_there_is_one_clear_refusal(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        create_key_file(tmp_path / "none" / "holder.key", PASSPHRASE)
    assert caught.value.field == "key_file"


@pytest.mark.parametrize("passphrase", ["", "short", "elevenchars"])
def test_a_short_passphrase_makes_no_file(tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(Invalid) as caught:
        create_key_file(tmp_path / "holder.key", passphrase)
    assert caught.value.field == "passphrase"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_and_a_folder_in_its_place_are_refused(tmp_path: Path) -> None:
    assert "cannot be read" in str(refusal(tmp_path / "none"))
    assert "cannot be read" in str(refusal(tmp_path))


def test_a_wrong_passphrase_is_refused_and_not_repeated(key_file: Path) -> None:
    error = refusal(key_file, "a thirteenth guess")
    assert "passphrase is wrong" in str(error)
    assert "thirteenth" not in str(error)


def test_a_file_that_others_may_read_is_refused(copy: Path) -> None:
    copy.chmod(0o640)
    assert "chmod 600" in str(refusal(copy))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"zilu_key_file": 1}', "[" * 4000, "\ud800"])
def test_a_file_that_is_none_of_ours_is_refused(copy: Path, text: str) -> None:
    copy.write_bytes(text.encode(errors="surrogatepass"))
    refusal(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"zilu_key_file": 2},
        {"salt": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"nonce": "AAAAAAAAAAAAAAAA"},
        {"nonce": ""},
        {"sealed": "AAAA"},
        {"sealed": None},
        {"salt": 7},
    ],
)
def test_any_changed_part_of_the_file_is_refused(copy: Path, change: dict[str, object]) -> None:
    copy.write_text(json.dumps(json.loads(copy.read_text()) | change))
    refusal(copy)


def test_a_flipped_bit_in_the_sealed_keys_is_refused(copy: Path) -> None:
    parts = json.loads(copy.read_text())
    first = parts["sealed"][0]
    parts["sealed"] = ("B" if first == "A" else "A") + parts["sealed"][1:]
    copy.write_text(json.dumps(parts))
    refusal(copy)
