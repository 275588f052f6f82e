"""Whether two officers at a counter have seen the person of a case."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sqlalchemy as sa

from registry.appeals.models import Sighting
from registry.cases.models import Case
from registry.db import Session
from registry.policy import COUNTER_WITHIN


def of_case(session: Session, case: Case) -> list[Sighting]:
    return list(session.scalars(sa.select(Sighting).where(Sighting.case_id == case.id).order_by(Sighting.seen_at)))


def are_enough(seen: Sequence[Sighting]) -> bool:
    """Whether two different officers of one verifier have seen the person within a day."""
    return any(
        one.member_id == other.member_id
        and one.account_id != other.account_id
        and abs(one.seen_at - other.seen_at) < COUNTER_WITHIN
        for one, other in combinations(seen, 2)
    )
