"""Pages for the regulator, who reads all but plain numbers and unopened votes, and whose reading is on record."""

from __future__ import annotations

from registry.web.regulator import entries, entry, exports, findings, reads, restraints, sample, shown, statistics
from registry.web.regulator.blueprint import bp

__all__ = ["bp", "entries", "entry", "exports", "findings", "reads", "restraints", "sample", "shown", "statistics"]
