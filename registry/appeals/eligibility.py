"""Which appeals are heard: not what was decided before, and refused only for what stands here. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

from registry.appeals.rules import Ground
from registry.errors import Invalid
from registry.policy import Basis

# What no panel has looked at yet, whatever it has decided before.
FRESH: Final = frozenset({Ground.NEW_FACTS, Ground.COURT_OUTCOME})


class Inadmissible(enum.StrEnum):
    """Why a clerk may refuse an appeal, and nothing else. Whether it is right is the panel's to say."""

    REPEATED = "repeated"  # a panel has decided the same, and nothing new is said
    ANOTHER_MATTER = "another-matter"  # it contests nothing that the report says
    COLLATERAL = "collateral"  # it contests the judgment that the report rests on, which its own court reviews


def verify_not_repeated(grounds: Iterable[Ground], *, decided: Iterable[str]) -> None:
    """Raise Invalid (code `repeated`) when panels have decided all these grounds in this case before."""
    if set(grounds) <= set(decided) - FRESH:
        raise Invalid(
            "grounds must hold one that no panel has decided in this case; new-facts and court-outcome always may be",
            field="grounds",
            code="repeated",
        )


def verify_inadmissible(why: Inadmissible, *, decided: bool, basis: Basis) -> None:
    """Raise Invalid for a reason that cannot be one here: nothing was decided before, or no judgment is relied on."""
    if why is Inadmissible.REPEATED and not decided:
        raise Invalid("ground must be another: no panel has decided an appeal of this case", field="ground")
    if why is Inadmissible.COLLATERAL and basis is not Basis.JUDGMENT:
        raise Invalid("ground must be another: this report rests on no judgment", field="ground")
