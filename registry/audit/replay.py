"""The whole audit of a database, in one consistent view of it.

1. the tables are at the revision that this code is written for, and nothing writes but this code (`objects`)
2. every act opens and is what its leaf commits to (`acts`)
3. every checkpoint holds and names the one before it (`checkpoints`)
4. leaves, tiles and signed roots tell one story (`history`), in which the heads seen before are
5. every row is what the last act that names it attests (`rows`)
6. every state is where its steps lead (`lives`), every statement is signed by a key that held then (`statements`),
   every erasure forgets what a regulator signed for (`erasures`)
7. every snapshot has the roots of its places, and the last shows what checkers are shown (`snapshots`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from registry import revisions
from registry.audit import acts, checkpoints, history, objects, rows, snapshots, stored
from registry.audit.acts import Ledger
from registry.audit.differences import Difference, Kind, Progress, Silent, merged
from registry.audit.erasures import Erasures
from registry.audit.keys import Keys
from registry.audit.lives import Lives
from registry.audit.statements import Statements
from registry.audit.stored import Stored, View
from registry.cases.models import Case
from registry.db import Keyring, Session, Store
from registry.keys.models import SigningKey
from registry.log.checkpoint import Checkpoint as Signed
from registry.log.checkpoint import VerifierKey
from registry.log.models import Act, Checkpoint, Tile
from registry.policy import SEQUENCING_LIMIT

_NAMED_GAP = 100  # ids in one gap that are named one by one


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was looked at, and what is wrong with it.

    `late` acts have waited for the sequencer for over 60 s. `note` is the last checkpoint, to keep for next time.
    """

    differences: tuple[Difference, ...]
    acts: int
    size: int  # leaves in the log
    rows: int  # attested rows that should be there
    checkpoints: int
    pending: int
    late: int
    note: str | None


def audit(
    store: Store,
    *,
    log: VerifierKey,
    now: datetime,
    seen: Sequence[Signed] = (),
    progress: Progress | None = None,
) -> Outcome:
    """Name every difference. `log` is the key that checkpoints are signed with, under the log's origin.

    `seen` are checkpoints of earlier times, opened and read before this is called.
    """
    watched = progress or Silent()
    with store.read() as session:
        _isolate(session)
        with stored.viewing(session) as view:
            watched.total(sum(view.count(kind) for kind in stored.tables().values()))
            return _audit(view, session.keyring, log, now, seen, watched)


def _isolate(session: Session) -> None:
    """One view for all statements: SQLite's transactions have it anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _audit(
    view: View, keyring: Keyring, log: VerifierKey, now: datetime, seen: Sequence[Signed], progress: Progress
) -> Outcome:
    found = [*_revision(view), *objects.compare(view.connection)]  # 1
    opener = Keys(keyring, view.read(Case))
    order = (Act.position.is_(None), Act.position, Act.id)
    ledger = acts.replay(view.read(Act, *order), keys=opener, progress=progress)  # 2
    heads = list(view.read(Checkpoint))
    chain = checkpoints.verify(heads, log=log, keyring=keyring, size=len(ledger.leaves))  # 3
    found += chain.differences
    verdict = _history(view, ledger, _with_seen(chain.heads, seen), progress)  # 4
    damaged = {difference.name for difference in chain.differences}
    story = (*_taken_back(chain.heads, seen), *verdict.differences)
    found += [each for each in story if each.name not in damaged]
    extra = {each.name for each in found if each.kind is Kind.EXTRA}
    found += [each for each in ledger.differences if each.name not in extra]
    if view.dialect == "sqlite":
        found += _numbers(ledger, {each.name for each in found})
    found += _rows(view, ledger, opener, progress)  # 5, 6
    if not snapshots.TABLES & {each.name.partition(":")[0] for each in found}:
        found += snapshots.verify(view, keyring)  # 7
    return Outcome(
        differences=merged(found),
        acts=ledger.count,
        size=verdict.size,
        rows=sum(attested.digest is not None for attested in ledger.rows.values()),
        checkpoints=len(heads),
        pending=len(ledger.pending),
        late=sum(at < now - SEQUENCING_LIMIT for at in ledger.pending),
        note=_last_note(heads),
    )


def _revision(view: View) -> Iterator[Difference]:
    head, found = revisions.head(), revisions.known(view.connection)
    for revision in found:
        if revision != head:
            why = f"the tables of this program are at revision {head}"
            yield Difference(Kind.ALTERED, f"{revisions.TABLE}:{revision}", why)
    if not found:
        yield Difference(Kind.MISSING, f"{revisions.TABLE}:{head}", "the database does not say its revision")


def _with_seen(heads: Sequence[history.Head], seen: Sequence[Signed]) -> list[history.Head]:
    """Ascending; of two of one size, the one that the database has comes last and decides."""
    reached = [each for each in seen if each.size <= _size(heads)]
    older = [history.Head(f"checkpoint:{each.size}", each.size, each.root) for each in reached]
    return sorted([*older, *heads], key=lambda head: head.size)


def _taken_back(heads: Sequence[history.Head], seen: Sequence[Signed]) -> Iterator[Difference]:
    size = _size(heads)
    for each in seen:
        if each.size > size:
            why = f"it was published, and the last that holds has {size} leaves: the database stands behind it"
            yield Difference(Kind.MISSING, f"checkpoint:{each.size}", why)


def _size(heads: Sequence[history.Head]) -> int:
    return heads[-1].size if heads else 0


def _last_note(rows: Sequence[Stored]) -> str | None:
    whole = [row.values for row in rows if not row.unreadable]
    return max(whole, key=lambda values: int(values["size"]))["note"] if whole else None


def _history(view: View, ledger: Ledger, heads: Sequence[history.Head], progress: Progress) -> history.Verdict:
    tiles = {}
    for tile in view.read(Tile):
        progress.advance(1)
        level, index = (tile.values.get(name, -1) for name in ("level", "index"))
        tiles[level, index] = tile.values.get("hashes", b"")
    return history.compare(history.Found(ledger.leaves, tiles, heads, _nameless(view, ledger)))


def _nameless(view: View, ledger: Ledger) -> history.Nameless:
    """What to call the act of a leaf that has none. SQLite numbers rows without gaps, PostgreSQL may skip ids."""
    if view.dialect == "sqlite":
        return lambda position: f"act:{position + 1}"
    ids = {position: id for _, id, position in ledger.numbers}

    def name(position: int) -> str:
        before, after = ids.get(position - 1, 0), ids.get(position + 1)
        return f"act:{before + 1}" if after == before + 2 else f"act:(position {position})"

    return name


def _numbers(ledger: Ledger, named: set[str]) -> Iterator[Difference]:
    """On SQLite acts are numbered from 1 without gaps, and sequenced in that order."""
    last = 0
    for name, number, position in ledger.numbers:
        if position >= 0:
            if number != position + 1 and name not in named:
                why = f"its id is {number}, and {position + 1} belongs to position {position}"
                yield Difference(Kind.ALTERED, name, why)
            last = position + 1
            continue
        missing = range(last + 1, number)[:_NAMED_GAP]
        yield from (Difference(Kind.MISSING, f"act:{gone}", f"{name} came after it") for gone in missing)
        last = number


def _rows(view: View, ledger: Ledger, opener: Keys, progress: Progress) -> Iterator[Difference]:
    lives = Lives()
    signatures: list[Difference] = []
    statements = Statements(view.read(SigningKey), ledger=ledger, opener=opener)
    erasures = Erasures(ledger, opener)

    def see(row: Stored, fits: bool) -> None:
        lives.see(row, fits)
        if fits:
            signatures.extend(statements.verify(row))
            erasures.see(row)

    yield from rows.compare(view, ledger, progress=progress, see=see)
    yield from lives.differences()
    yield from signatures
    yield from erasures.differences()
