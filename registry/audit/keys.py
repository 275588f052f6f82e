"""Keys that open acts: the vault key, and every case's own."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from registry import vault
from registry.audit.stored import Stored
from registry.db import Keyring
from registry.errors import Unavailable
from registry.vault import CannotOpen


class Lost(enum.StrEnum):
    """Why there is no key for a case."""

    NO_ROW = "there is no such row"
    DESTROYED = "its key was destroyed"
    DAMAGED = "its key does not open"


class Keys:
    """Opens what is sealed in acts and rows; `lost` says of each case id why it has no key."""

    def __init__(self, keyring: Keyring, cases: Iterable[Stored]) -> None:
        self._vault_key, self._wrapping_key = keyring.vault_key, keyring.wrapping_key
        self._keys: dict[str, bytes] = {}
        self._lost: dict[str, Lost] = {}
        for case in cases:
            self._take(case)

    def _take(self, case: Stored) -> None:
        wrapped = case.values.get("wrapped_key")
        if wrapped is None:
            self._lost[case.pk] = Lost.DAMAGED if case.unreadable else Lost.DESTROYED
            return
        try:
            kek = self._wrapping_key(case.values.get("wrapped_under"))
            self._keys[case.pk] = vault.unwrap(kek, wrapped, case=case.pk)
        except (CannotOpen, Unavailable, ValueError):
            self._lost[case.pk] = Lost.DAMAGED

    def lost(self, case_id: str | None) -> Lost | None:
        """Why the case has no key; None when it has one, or when there is no case."""
        if case_id is None or case_id in self._keys:
            return None
        return self._lost.get(case_id, Lost.NO_ROW)

    def open(self, row: Stored, column: str, *, case_id: str | None, place: str) -> bytes | None:
        """The plaintext of a sealed column of the row that is called `place`; None when it does not open."""
        key = self._vault_key if case_id is None else self._keys.get(case_id)
        sealed = row.values.get(column)
        if key is None or not isinstance(sealed, bytes):
            return None
        return _open(key, sealed, table=row.table, place=place, column=column)

    def opens_elsewhere(self, row: Stored, columns: Iterable[str], *, place: str) -> bool:
        """Whether another key opens any of the columns: then the row was moved, and no key was lost."""
        found: Mapping[str, object] = row.values
        return any(
            _open(key, sealed, table=row.table, place=place, column=column) is not None
            for column in columns
            if isinstance(sealed := found.get(column), bytes)
            for key in (self._vault_key, *self._keys.values())
        )


def _open(key: bytes, sealed: bytes, *, table: str, place: str, column: str) -> bytes | None:
    if not place:
        return None
    try:
        return vault.open_sealed(key, sealed, table=table, row=place, column=column)
    except CannotOpen:
        return None
