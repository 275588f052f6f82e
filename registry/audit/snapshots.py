"""Snapshots: each must have the roots of the places that were there, and the last must show what a checker is shown.

What was there while a person since forgotten had a place cannot be computed again; it is computed from where the last
such place ended. Called once the rows themselves are known to be as their acts attest them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from registry import vault
from registry.audit.differences import Difference, Kind
from registry.audit.stored import View
from registry.db import Keyring
from registry.entries import trees
from registry.entries.models import Entry, Label, Place, Snapshot, Stirred
from registry.entries.rules import is_visible
from registry.errors import Conflict
from registry.log import absence
from registry.log.absence_tree import Tree

TABLES = frozenset({"entry", "label", "place", "snapshot", "stirred"})
Values = Mapping[str, Any]


def verify(view: View, keyring: Keyring) -> Iterator[Difference]:
    snapshots = sorted((row.values for row in view.read(Snapshot)), key=lambda values: int(values["number"]))
    labels = {row.pk: row.values for row in view.read(Label)}
    places = [row.values for row in view.read(Place)]
    if snapshots:
        leaves = _Leaves(keyring, labels, places)
        yield from _roots(snapshots, leaves)
        yield from _shown(view, snapshots[-1], leaves)


class _Leaves:
    """The leaves that begin and end with each snapshot, in any epoch."""

    def __init__(self, keyring: Keyring, labels: Mapping[str, Values], places: list[Values]) -> None:
        self.keyring, self._labels, self._places = keyring, labels, places
        self._named = {(label["handle"], label["rotation"]): name for name, label in labels.items() if label["handle"]}
        self.begun: dict[int, list[Values]] = defaultdict(list)
        self.ended: dict[int, list[Values]] = defaultdict(list)
        for place in places:
            self.begun[place["since"]].append(place)
            self.ended[place["before"] or 0].append(place)
        gone = (place["before"] or 0 for place in places if labels[place["label_id"]]["sealed"] is None)
        self.first = max(gone, default=0)

    @property
    def there(self) -> set[bytes | None]:
        """The handles that have a place now."""
        return {self._labels[place["label_id"]]["handle"] for place in self._places if place["before"] is None}

    def named(self, handle: bytes | None, rotation: int) -> str | None:
        """The label of this handle's tag under the key of that rotation."""
        return self._named.get((handle, rotation))

    def leaves(self, places: Iterable[Values], moment: Values) -> Iterator[tuple[int, bytes]]:
        for place in places:
            name = self.named(self._labels[place["label_id"]]["handle"], moment["rotation"])
            if name is not None:
                yield self._leaf(name, place["entry_id"], moment["epoch"])

    def _leaf(self, name: str, reference: str, epoch: int) -> tuple[int, bytes]:
        sealed = self._labels[name]["sealed"]
        label = vault.open_sealed(self.keyring.vault_key, sealed, table="label", row=name, column="sealed")
        salt = trees.salt(self.keyring, epoch=epoch, label=label, reference=reference)
        return absence.path(epoch, label), absence.commit(salt, label, reference)

    def whole(self, moment: Values) -> Tree:
        number, epoch = moment["number"], moment["epoch"]
        there = [p for p in self._places if p["since"] <= number and (p["before"] is None or p["before"] > number)]
        filler = trees.dummies(self.keyring, epoch, range(moment["dummies"]))
        return Tree.of([*self.leaves(there, moment), *filler])

    def after(self, tree: Tree, last: Values, moment: Values) -> Tree:
        number, epoch = moment["number"], moment["epoch"]
        if epoch != last["epoch"]:
            return self.whole(moment)
        for path, _ in self.leaves(self.ended[number], moment):
            tree = tree.drop(path)
        more = trees.dummies(self.keyring, epoch, range(last["dummies"], moment["dummies"]))
        for path, commitment in [*self.leaves(self.begun[number], moment), *more]:
            tree = tree.put(path, commitment)
        return tree


def _roots(snapshots: list[Values], leaves: _Leaves) -> Iterator[Difference]:
    tree: Tree | None = None
    last = snapshots[0]
    for moment in snapshots:
        if moment["number"] < leaves.first:
            continue
        try:
            tree = leaves.whole(moment) if tree is None else leaves.after(tree, last, moment)
            roots = hashlib.sha256(absence.encode_roots(tree.roots())).digest()
        except Conflict:
            tree, roots = None, b""
        if roots != moment["roots"]:
            why = "its roots are not those of the places that began before it and had not ended"
            yield Difference(Kind.ALTERED, f"snapshot:{moment['number']}", why)
        last = moment


def _shown(view: View, last: Values, leaves: _Leaves) -> Iterator[Difference]:
    """Whoever is visible has a place, under the key of the last snapshot, unless something has happened since."""
    stirred = {row.values["entry_id"] for row in view.read(Stirred)}
    there = leaves.there
    for row in view.read(Entry):
        entry = row.values
        dates = {name: entry[name] for name in ("listed_at", "until", "hidden_until")}
        if row.pk in stirred or not is_visible(entry["state"], **dates, now=last["at"]):
            continue
        if entry["handle"] not in there or leaves.named(entry["handle"], last["rotation"]) is None:
            yield Difference(
                Kind.MISSING, row.name, f"snapshot {last['number']} does not show it, and checkers are told"
            )
