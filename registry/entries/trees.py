"""The absence trees of the last day, in memory: made from rows, changed with every snapshot, shared by all threads.

Of each snapshot that is not older than a day the tree is there; most are one with the tree before, and one that is not
shares all that did not change. A process that starts makes the oldest of them whole, which takes some seconds for a
million entries, and the others from what changed. Nothing is kept here that is not in rows, so a transaction that was
rolled back leaves nothing behind.

A leaf's salt, and all of a dummy, are made from the pepper, so that neither is kept anywhere. There are at least as
many dummies as entries, and never fewer than before: what a proof shows of its neighbours says nothing about people.
"""

from __future__ import annotations

import hmac
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from registry import vault
from registry.db import Keyring, Session, Store
from registry.entries.models import Label, Place, Snapshot
from registry.log import absence
from registry.log.absence_tree import Tree
from registry.policy import DAY

Leaf = tuple[int, bytes]  # path and commitment

KEPT = DAY
FRESH = timedelta(minutes=1)  # what changes in it is made up for in no time
_MANY = 5000  # changes from which on a tree is made anew: sorting is faster than putting each in its place


class Moment(NamedTuple):
    """A snapshot, as far as its tree depends on it."""

    number: int
    epoch: int
    dummies: int
    rotation: int  # whose labels it has


class Trees:
    """The trees of one registry."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: list[int] = []  # snapshots whose tree is another than the one before
        self._trees: list[Tree] = []
        self._first = 0
        self._last: Moment | None = None
        self._refreshed: datetime | None = None

    def make(self, store: Store, now: datetime) -> None:
        """Make the first tree, which takes its time, before anything is locked, or what a long silence has changed."""
        if self._refreshed is None or not abs(now - self._refreshed) < FRESH:
            with store.read() as session:
                self.last(session, now)

    def at(self, session: Session, number: int, now: datetime) -> Tree | None:
        """The tree of this snapshot, as the session's rows have it; None when it is too old, or there is none."""
        with self._lock:
            self._refresh(session, now)
            self._refreshed = now
            if self._last is None or not self._first <= number <= self._last.number:
                return None
            return self._trees[bisect_right(self._numbers, number) - 1]

    def last(self, session: Session, now: datetime) -> Tree:
        """The tree of the last snapshot; the empty one before the first. The first call makes it whole."""
        snapshot = latest(session)
        found = self.at(session, snapshot.number, now) if snapshot else None
        return found or Tree()

    def _refresh(self, session: Session, now: datetime) -> None:
        oldest = _oldest(session, now)
        if oldest is None:
            return
        if self._last is None:
            self._keep(oldest, whole(session, oldest))
        for moment, stirs in _since(session, self._last or oldest):
            self._follow(session, moment, stirs)
        self._first = oldest.number
        past = max(bisect_right(self._numbers, oldest.number) - 1, 0)
        del self._numbers[:past], self._trees[:past]

    def _follow(self, session: Session, moment: Moment, stirs: bool) -> None:
        last = self._last
        if last is None or last.epoch != moment.epoch:
            self._keep(moment, whole(session, moment))
        elif stirs or last.dummies != moment.dummies:
            self._keep(moment, after(session, self._trees[-1], moment, known=last.dummies))
        self._last = moment

    def _keep(self, moment: Moment, tree: Tree) -> None:
        self._last = moment
        self._numbers.append(moment.number)
        self._trees.append(tree)


def latest(session: Session) -> Snapshot | None:
    """The last snapshot that was taken."""
    return session.scalars(sa.select(Snapshot).order_by(Snapshot.number.desc()).limit(1)).first()


def whole(session: Session, moment: Moment) -> Tree:
    """The tree of a snapshot, made from every row. Conflict when its epoch puts two leaves on one path."""
    there = sa.and_(Place.since <= moment.number, sa.or_(Place.before.is_(None), Place.before > moment.number))
    filler = dummies(session.keyring, moment.epoch, range(moment.dummies))
    return Tree.of([*_leaves(session, moment, there), *filler])


def after(session: Session, tree: Tree, moment: Moment, *, known: int) -> Tree:
    """The tree of a snapshot from that of the one before it, which had the same epoch and `known` dummies.

    Conflict when a new leaf's path is taken.
    """
    ended = list(_leaves(session, moment, Place.before == moment.number))
    begun = list(_leaves(session, moment, Place.since == moment.number))
    if len(ended) + len(begun) > _MANY:
        return whole(session, moment)
    for path, _ in ended:
        tree = tree.drop(path)
    for path, commitment in [*begun, *dummies(session.keyring, moment.epoch, range(known, moment.dummies))]:
        tree = tree.put(path, commitment)
    return tree


def salt(keyring: Keyring, *, epoch: int, label: bytes, reference: str) -> bytes:
    """What an entry's commitment is made with: 16 bytes, told to whoever is told of the entry."""
    message = b"zilu/absence-salt/v1\0" + epoch.to_bytes(8, "big") + label + reference.encode()
    return hmac.digest(keyring.pepper, message, "sha256")[: absence.SALT_SIZE]


def dummies(keyring: Keyring, epoch: int, numbers: Iterable[int]) -> Iterator[Leaf]:
    """Leaves that nobody's label leads to; without the pepper they look like any other."""
    for number in numbers:
        message = b"zilu/dummy/v1\0" + epoch.to_bytes(8, "big") + number.to_bytes(8, "big")
        digest = hmac.digest(keyring.pepper, message, "sha512")
        yield int.from_bytes(digest[: absence.PATH_SIZE], "big"), digest[absence.PATH_SIZE :][: absence.HASH_SIZE]


def _leaves(session: Session, moment: Moment, condition: sa.ColumnElement[bool]) -> Iterator[Leaf]:
    """The leaves of the places that the condition names; who is forgotten has none."""
    began, epoch = orm.aliased(Label), moment.epoch
    named = sa.and_(Label.handle == began.handle, Label.rotation == moment.rotation)
    query = sa.select(Label.id, Label.sealed, Place.entry_id).select_from(Place)
    query = query.join(began, began.id == Place.label_id).join(Label, named)
    for label_id, sealed, reference in session.execute(query.where(condition)):
        label = vault.open_sealed(
            session.keyring.vault_key, sealed or b"", table="label", row=label_id, column="sealed"
        )
        with_salt = salt(session.keyring, epoch=epoch, label=label, reference=reference)
        yield absence.path(epoch, label), absence.commit(with_salt, label, reference)


def _oldest(session: Session, now: datetime) -> Moment | None:
    """The last snapshot that is older than what is kept, else the first of all."""
    past = _moments().where(Snapshot.at <= now - KEPT).order_by(Snapshot.at.desc(), Snapshot.number.desc()).limit(1)
    found = session.execute(past).first() or session.execute(_moments().order_by(Snapshot.number).limit(1)).first()
    return Moment._make(found) if found else None


def _since(session: Session, last: Moment) -> list[tuple[Moment, bool]]:
    """Every later snapshot, and whether a place begins or ends with it."""
    later = session.execute(_moments().where(Snapshot.number > last.number).order_by(Snapshot.number)).all()
    if not later:
        return []
    stirs = {
        number
        for column in (Place.since, Place.before)
        for number in session.scalars(sa.select(column).where(column > last.number).distinct())
    }
    return [(Moment._make(row), row[0] in stirs) for row in later]


def moment_of(taken: Snapshot) -> Moment:
    return Moment(taken.number, taken.epoch, taken.dummies, taken.rotation)


def _moments() -> sa.Select[int, int, int, int]:
    return sa.select(Snapshot.number, Snapshot.epoch, Snapshot.dummies, Snapshot.rotation)
