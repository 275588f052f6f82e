"""Which identity key is in use, and what the database holds in place of a tag.

From the switch on, tags come in under the new key. A person who is known by an old handle keeps it until that handle is
replaced everywhere at once (`registry.rotation`): so any two rows about one person always have the same handle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from registry import base64url
from registry.db import Session
from registry.errors import Invalid, Unavailable
from registry.identity import tags
from registry.keys.holder import HolderKeys, key_id
from registry.keys.models import Renamed, Rotation
from registry.log.models import Act
from registry.log.queries import prove
from registry.signing.claims import LEEWAY

_AT_ONCE = 500  # handles in one statement

# "Rota" in ASCII: names the advisory lock between those who write handles and whoever switches or replaces them.
_ROTATING = 0x526F7461


def present(session: Session, keys: HolderKeys) -> HolderKeys:
    """The holder's public keys with the identity key that clients are to use now."""
    return _under(latest_switch(session), keys)


def _under(switched: Rotation | None, keys: HolderKeys) -> HolderKeys:
    if switched is None:
        return keys
    return replace(keys, key_id=key_id(switched.new_public), public=switched.new_public)


def announced(session: Session, keys: HolderKeys) -> HolderKeys:
    """As `present`; Unavailable for the moment until the log shows a new key, before which no client believes in it."""
    switched = latest_switch(session)
    if switched is None or switched.settled_at is not None:
        return _under(switched, keys)
    act = session.scalar(sa.select(Act).where(Act.uid == switched.act))
    if act is not None and prove(session, act) is None:
        raise Unavailable("the identity key has just been rotated; try again in a moment", retry_after=1)
    return _under(switched, keys)


def former_key(session: Session) -> str | None:
    """The id of the key before the present one, while tags under it may still come in; None otherwise."""
    switched = latest_switch(session)
    return key_id(switched.old_public) if switched is not None and switched.settled_at is None else None


def latest_switch(session: Session) -> Rotation | None:
    """The last rotation that has switched."""
    switched = sa.select(Rotation).where(Rotation.switched_at.is_not(None))
    return session.scalars(switched.order_by(Rotation.number.desc()).limit(1)).first()


def in_use(session: Session) -> int:
    """The number of the rotation that made the present key; 0 for the first one."""
    switched = latest_switch(session)
    return switched.number if switched is not None else 0


def is_present(session: Session, tag: bytes, handle: bytes) -> bool:
    """Whether the tag of the person whose rows have this handle is under the present key, and not under an older."""
    switched, own = latest_switch(session), tags.handle(session.keyring.pepper, tag)
    if switched is not None and switched.settled_at is None:
        following = session.scalar(sa.select(Renamed.handle_next).where(Renamed.handle == handle))
        return own == (following or handle)
    return own == handle


def succession(session: Session) -> list[dict[str, str]]:
    """The clear leaf of every switch with its proof, oldest first: by these a client follows from the key it pinned.

    One that the log has not sequenced yet is left out, and whatever came after it.
    """
    acts = sa.select(Act).join(Rotation, Rotation.act == Act.uid).order_by(Rotation.number)
    found = []
    for act in session.scalars(acts):
        if (proven := prove(session, act)) is None:
            break
        found.append({"entry": base64url.encode(proven[0]), "proof": proven[1]})
    return found


def going_on(session: Session) -> Rotation | None:
    """The rotation that is not settled yet."""
    return session.scalar(sa.select(Rotation).where(Rotation.settled_at.is_(None)))


def handle_of(session: Session, tag: bytes) -> bytes:
    """The handle of one tag, as `handles_of`."""
    return handles_of(session, [tag])[0]


def handles_of(session: Session, found: Sequence[bytes]) -> list[bytes]:
    """What the database holds in place of these tags. Nobody switches the key before this transaction ends."""
    _lock(session, "pg_advisory_xact_lock_shared")
    handles = [tags.handle(session.keyring.pepper, tag) for tag in found]
    kept = _kept(session, handles)
    return [kept.get(handle, handle) for handle in handles]


def verify_signed_since(session: Session, issued: int) -> None:
    """Invalid (`tag-outdated`) for a tag in what was signed (`iat`, in seconds) before the last switch.

    Such a tag is under the key before: whoever asks about the person from now on would not find them by it. A signer's
    clock may run ahead of ours. Nobody switches the key before this transaction ends.
    """
    _lock(session, "pg_advisory_xact_lock_shared")
    switched = latest_switch(session)
    if switched is None or switched.switched_at is None:
        return
    since = switched.switched_at + LEEWAY
    if issued < since.timestamp():
        raise Invalid(
            "sub is under the identity key of before; enter the number again, and sign after "
            "{since:%Y-%m-%d %H:%M:%S} UTC",
            field="sub",
            code="tag-outdated",
            since=since,
        )


def _kept(session: Session, handles: Sequence[bytes]) -> dict[bytes, bytes]:
    kept: dict[bytes, bytes] = {}
    for start in range(0, len(handles), _AT_ONCE):
        some = handles[start : start + _AT_ONCE]
        query = sa.select(Renamed.handle_next, Renamed.handle).where(Renamed.handle_next.in_(some))
        kept.update((after, before) for after, before in session.execute(query))
    return kept


def stop_handles(session: Session) -> None:
    """Wait for those who write handles, and hold new ones until the commit. PostgreSQL only: SQLite has one writer."""
    _lock(session, "pg_advisory_xact_lock")


def _lock(session: Session, function: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(getattr(sa.func, function)(_ROTATING)))
