"""New files that only their owner may read, whole on disk or not there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from registry.errors import Conflict, Invalid


def write_new(path: Path, data: bytes, *, field: str) -> None:
    """Write a new file of mode 0600, on disk when this returns.

    Raises Conflict when the file exists, Invalid when it cannot be written; both name `field`.
    """
    # Written beside and linked into place: a crash leaves no half of a file under the name, and no file is replaced.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        sync_folder(path.parent)
    except FileExistsError:
        raise Conflict("The file exists already; name a new one.", field=field) from None
    except OSError as error:
        raise Invalid(f"The file cannot be written ({error.strerror}).", field=field) from None
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the folder's names on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
