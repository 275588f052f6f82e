"""Who acts when a command runs on the registry's machine: the operator, or a member's administrator by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from registry.access import Actor
from registry.accounts.actions import actor_of
from registry.accounts.models import Account
from registry.accounts.rules import Role
from registry.cli.context import Context
from registry.db import Session, new_id
from registry.errors import NotFound
from registry.running import Running, start
from registry.signing import jws, keys


@contextmanager
def acting(context: Context, account: str | None = None) -> Iterator[tuple[Session, Actor, datetime]]:
    """A writing session in the name of an account, or of the first operator; commits at the end."""
    run = start(context.settings)
    with run.store.write() as session:
        yield session, actor_of(session, account or _operator(session)), run.clock()


def signed(run: Running, actor: Actor, path: Path, typ: str, said: Mapping[str, Any]) -> str:
    """A statement of this moment in the actor's name, signed with the key (PEM) in `path`."""
    standard = {"iss": actor.member_id, "aud": run.issuer, "jti": new_id(), "iat": int(run.clock().timestamp())}
    return jws.sign({**standard, **said}, typ=typ, key=keys.load(path))


def _operator(session: Session) -> str:
    for account in session.scalars(sa.select(Account).where(Account.closed_at.is_(None)).order_by(Account.opened_at)):
        if Role.OPERATOR in account.roles:
            return account.id
    raise NotFound("this registry has no operator; found it with zilu init")
