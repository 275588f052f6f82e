"""Erasures: a leaf that says a case was forgotten counts only with a regulator's signature over what it lists.

The signature itself is verified with all others (`statements`); here it is held against the leaf: case, ground and
positions are those that were signed, and the key was a regulator's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.audit.acts import Ledger
from registry.audit.differences import Difference, Kind
from registry.audit.keys import Keys
from registry.audit.stored import Stored
from registry.erasures import rules
from registry.erasures.rules import State
from registry.errors import Invalid
from registry.members.models import Kind as MemberKind
from registry.policy import Ending
from registry.signing import jws


class Erasures:
    """Is shown every row that is as attested; then names each erasure's act that nobody has signed for."""

    def __init__(self, ledger: Ledger, opener: Keys) -> None:
        self._ledger, self._opener = ledger, opener
        self._rows: dict[str, Stored] = {}
        self._regulators: set[str] = set()

    def see(self, row: Stored) -> None:
        if row.table == "erasure":
            self._rows[row.pk] = row
        elif row.table == "member" and row.values["kind"] is MemberKind.REGULATOR:
            self._regulators.add(row.pk)

    def differences(self) -> Iterator[Difference]:
        for name, facts in self._ledger.erasures:
            if why := self._problem(facts):
                yield Difference(Kind.ALTERED, name, why)

    def _problem(self, facts: Mapping[str, Any]) -> str | None:
        row = self._rows.get(str(facts.get("erasure")))
        if row is None or row.values["state"] is not State.EXECUTED:
            return "it forgets a case, and there is no erasure that was executed"
        token = self._opener.open(row, "sealed_statement", case_id=None, place=row.pk)
        try:
            said = jws.parse((token or b"").decode(), typ=rules.TYP).payload
            wanted = rules.claims(
                erasure=row.pk, case=facts["case"], ground=Ending(facts["ground"]), positions=facts["positions"]
            )
        except (Invalid, UnicodeDecodeError, KeyError, ValueError):
            return "no statement of a regulator can be read for what it forgets"
        if said.get("iss") not in self._regulators or any(said.get(name) != value for name, value in wanted.items()):
            return "what it forgets is not what a regulator has signed"
        return None
