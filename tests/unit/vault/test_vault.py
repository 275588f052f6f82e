"""What is sealed for one place opens there, whole, and nowhere else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from registry import vault
from registry.errors import Invalid, ZiluError

KEY = bytes(range(32))
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
PLACES = st.fixed_dictionaries({"table": NAMES, "row": NAMES, "column": NAMES})
PLACE = {"table": "report", "row": "7", "column": "narrative"}


@given(st.binary(max_size=200), PLACES)
def test_what_was_sealed_opens_in_its_place(plaintext: bytes, place: dict[str, str]) -> None:
    sealed = vault.seal(KEY, plaintext, **place)
    assert len(sealed) == len(plaintext) + vault.OVERHEAD
    assert vault.open_sealed(KEY, sealed, **place) == plaintext


@given(PLACES, PLACES)
def test_what_was_moved_does_not_open(place: dict[str, str], other: dict[str, str]) -> None:
    if place == other:
        return
    with pytest.raises(vault.CannotOpen):
        vault.open_sealed(KEY, vault.seal(KEY, b"secret", **place), **other)


@pytest.mark.parametrize("name", ["table", "row", "column"])
def test_each_part_of_the_place_is_bound(name: str) -> None:
    sealed = vault.seal(KEY, b"secret", **PLACE)
    with pytest.raises(vault.CannotOpen):
        vault.open_sealed(KEY, sealed, **(PLACE | {name: PLACE[name] + "x"}))


def test_names_do_not_run_into_each_other() -> None:
    sealed = vault.seal(KEY, b"secret", table="ab", row="c", column="d")
    for place in ({"table": "a", "row": "bc", "column": "d"}, {"table": "ab", "row": "cd", "column": "d"}):
        with pytest.raises(vault.CannotOpen):
            vault.open_sealed(KEY, sealed, **place)


@given(st.binary(min_size=32, max_size=32))
def test_another_key_does_not_open(other: bytes) -> None:
    if other == KEY:
        return
    with pytest.raises(vault.CannotOpen):
        vault.open_sealed(other, vault.seal(KEY, b"secret", **PLACE), **PLACE)


def test_no_altered_bit_opens() -> None:
    sealed = vault.seal(KEY, b"secret", **PLACE)
    for bit in range(8 * len(sealed)):
        bad = bytearray(sealed)
        bad[bit // 8] ^= 1 << bit % 8
        with pytest.raises(vault.CannotOpen):
            vault.open_sealed(KEY, bytes(bad), **PLACE)


@given(st.binary(max_size=80))
def test_no_other_bytes_open(data: bytes) -> None:
    with pytest.raises(vault.CannotOpen):
        vault.open_sealed(KEY, data, **PLACE)


def test_what_was_cut_or_lengthened_does_not_open() -> None:
    sealed = vault.seal(KEY, b"secret", **PLACE)
    for bad in (*(sealed[:size] for size in range(len(sealed))), sealed + b"\0"):
        with pytest.raises(vault.CannotOpen):
            vault.open_sealed(KEY, bad, **PLACE)


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert len({vault.seal(KEY, b"secret", **PLACE) for _ in range(100)}) == 100


def test_the_bytes_are_those_that_the_docstring_gives() -> None:
    sealed = vault.seal(KEY, b"secret", **PLACE)
    names = [b"zilu/vault/v1", b"report", b"7", b"narrative"]
    aad = b"".join(len(name).to_bytes(4, "big") + name for name in names)
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], aad) == b"secret"


def test_a_case_key_is_wrapped_for_its_case_only() -> None:
    kek, key = vault.new_key(), vault.new_key()
    wrapped = vault.wrap(kek, key, case="c1")
    assert vault.unwrap(kek, wrapped, case="c1") == key
    for other_kek, case in ((kek, "c2"), (key, "c1")):
        with pytest.raises(vault.CannotOpen):
            vault.unwrap(other_kek, wrapped, case=case)


def test_a_wrapped_key_is_no_value_and_a_value_no_wrapped_key() -> None:
    kek, key = vault.new_key(), vault.new_key()
    with pytest.raises(vault.CannotOpen):
        vault.open_sealed(kek, vault.wrap(kek, key, case="c1"), table="c1", row="c1", column="c1")
    with pytest.raises(vault.CannotOpen):
        vault.unwrap(kek, vault.seal(kek, key, table="c1", row="c1", column="c1"), case="c1")


def test_new_keys_are_new() -> None:
    assert len({vault.new_key() for _ in range(100)}) == 100
    assert len(vault.new_key()) == 32


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(Invalid, match="32 bytes"):
        vault.seal(bytes(size), b"secret", **PLACE)
    with pytest.raises(Invalid, match="32 bytes"):
        vault.open_sealed(bytes(size), bytes(60), **PLACE)
    with pytest.raises(Invalid, match="32 bytes"):
        vault.wrap(KEY, bytes(size), case="c1")


@pytest.mark.parametrize("name", ["table", "row", "column"])
def test_a_place_without_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        vault.seal(KEY, b"secret", **(PLACE | {name: ""}))
    assert refused.value.field == name


def test_the_error_is_one_of_ours_and_says_nothing_of_the_content() -> None:
    with pytest.raises(ZiluError, match="cannot be opened") as refused:
        vault.open_sealed(KEY, b"11010519491231002X" * 3, **PLACE)
    assert "110105" not in str(refused.value)
    assert refused.value.__cause__ is None
