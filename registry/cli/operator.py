"""Who acts when a command runs on the registry's machine: the operator, or a member's administrator by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from registry.access import Actor
from registry.accounts.actions import actor_of
from registry.accounts.models import Account
from registry.accounts.rules import Role
from registry.cli.context import Context
from registry.db import Session
from registry.errors import NotFound
from registry.running import start


@contextmanager
def acting(context: Context, account: str | None = None) -> Iterator[tuple[Session, Actor, datetime]]:
    """A writing session in the name of an account, or of the first operator; commits at the end."""
    run = start(context.settings)
    with run.store.write() as session:
        yield session, actor_of(session, account or _operator(session)), run.clock()


def _operator(session: Session) -> str:
    for account in session.scalars(sa.select(Account).where(Account.closed_at.is_(None)).order_by(Account.opened_at)):
        if Role.OPERATOR in account.roles:
            return account.id
    raise NotFound("this registry has no operator; found it with zilu init")
