"""The keys that wrap the cases' keys: a folder with one file each, `<id>.key`, readable by their owner alone.

The database says which case is wrapped under which; the folder is never in its backups. A file is read when it is first
needed, so that a running process follows a renewal without a restart. Before the first renewal, and for cases that it
has not come to yet, the vault key wraps: it has no id, and is not destroyed, for it seals other things as well.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from registry import base64url, vault
from registry.config import read_secret
from registry.errors import Invalid, Unavailable
from registry.private_files import sync_folder, write_new

FIELD = "secrets.wrapping_keys"
_NAME = re.compile("[0-9a-f]{32}")


class WrappingKeys:
    """Those of one registry, by id. Safe for many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, bytes] = {}

    def get(self, id: str) -> bytes:
        """The key; Unavailable while this machine does not have it, and then nothing is written under another."""
        if id not in self._read:
            try:
                text = read_secret(self._path(id), FIELD).decode("ascii", "replace").strip()
                self._read[id] = base64url.decode(text, field=FIELD, size=vault.KEY_SIZE)
            except Invalid:
                raise Unavailable(
                    "{what}: a key that wraps case keys cannot be read; copy it from the machine that renewed it",
                    retry_after=60,
                    what=FIELD,
                ) from None
        return self._read[id]

    def ids(self) -> set[str]:
        """Every key that has a file."""
        return {path.stem for path in self._folder.glob("*.key") if _NAME.fullmatch(path.stem)}

    def make(self, id: str) -> None:
        """A new key, on disk when this returns. Conflict when there is one of this id."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(self._path(id), base64url.encode(vault.new_key()).encode() + b"\n", field=FIELD)

    def destroy(self, id: str) -> None:
        """Overwrite the file and take it away; nothing happens when it has gone."""
        path = self._path(id)
        self._read.pop(id, None)
        if path.exists():
            with path.open("r+b", buffering=0) as file:
                file.write(secrets.token_bytes(path.stat().st_size))
            path.unlink()
            sync_folder(self._folder)

    def _path(self, id: str) -> Path:
        if not _NAME.fullmatch(id):
            raise Invalid("{what}: a key must be named by 32 hexadecimal digits", field=FIELD, what=FIELD)
        return self._folder / f"{id}.key"
