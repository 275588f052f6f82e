"""What is well and what is not, as the operator's page and `zilu doctor` say it. Each check raises what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from registry import policy, revisions
from registry.appeals import pool
from registry.cases import wrapping
from registry.config import read_secrets
from registry.errors import Conflict, Invalid, Unavailable
from registry.findings import canaries
from registry.log.models import Act
from registry.log.quorum import weaknesses
from registry.log.sequencer import verify_head
from registry.running import Running


def _revision(run: Running) -> None:
    with run.store.engine.connect() as connection:
        found = revisions.current(connection)
    if found != revisions.head():
        raise Conflict("the database's tables are of another version than this program; run zilu migrate")


def _sequenced(run: Running) -> None:
    with run.store.read() as session:
        oldest = session.scalar(sa.select(sa.func.min(Act.at)).where(Act.position.is_(None)))
    if oldest is not None and run.clock() - oldest > policy.SEQUENCING_LIMIT:
        raise Unavailable("acts have waited for more than a minute to be logged; start zilu worker", retry_after=60)


def _seats(run: Running) -> None:
    """Listing stays closed for the members whose cases could not be seated at both instances."""
    with run.store.read() as session:
        closed = pool.unseatable(session)
    if closed:
        raise Unavailable(
            "nothing that {members} filed is listed: two panels of {seats} could not be drawn; "
            "call panelists of {needed} members that are free of each",
            retry_after=60,
            members=tuple(closed),
            seats=policy.SEATS,
            needed=2 * policy.SEATS,
        )


def _canaries(run: Running) -> None:
    with run.store.read() as session:
        found = [alarm.id for alarm in canaries.open_alarms(session)]
    if found:
        raise Conflict(
            "{count} batches asked about a person who does not exist; a regulator reads who it was in finding "
            "{finding}, and closes it",
            count=len(found),
            finding=found[0],
        )


def _clock(run: Running) -> None:
    with run.store.read() as session:
        latest = session.scalar(sa.select(sa.func.max(Act.at)))
    if latest is not None and latest - run.clock() > timedelta(minutes=1):
        raise Unavailable("the clock stands before the last act; correct it before anything is logged", retry_after=60)


def _wrapping(run: Running) -> None:
    with run.store.read() as session:
        found = wrapping.overdue(session, run.clock())
    if found is not None:
        raise Conflict("{found}; run zilu keys rewrap", found=found)


def _quorum(run: Running) -> None:
    """What the log's policy asks for less than the consortium's rules do."""
    if found := list(weaknesses(run.policy)):
        raise Invalid(
            "{lacking}; see docs/log.md, and name a policy in log.policy", field="log.policy", lacking="; ".join(found)
        )


# By name, in the order in which they are said.
CHECKS: Final[Mapping[str, Callable[[Running], object]]] = MappingProxyType(
    {
        "secrets are there and readable by their owner only": lambda run: read_secrets(run.settings.secrets),
        "the database is at the revision of this code": _revision,
        "the log fits its last checkpoint": lambda run: verify_head(run.store),
        "the log's heads need the quorum that the rules ask for": _quorum,
        "acts are logged within a minute": _sequenced,
        "the clock does not stand before the last act": _clock,
        "nobody has asked about a canary": _canaries,
        "case keys were wrapped anew within a month": _wrapping,
        "the key holder answers": lambda run: run.holder.public(),
        "every case could be seated at both instances": _seats,
    }
)
