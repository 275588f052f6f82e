"""How a state changes: by table, by compare-and-set, leaving a step.

A transition table is `dict[(state or None, verb), state]` in the `rules.py` of whatever has the state. `advance`
looks the verb up, updates the row only if it is still in the state that the caller saw, and writes the step. The
caller then notifies and logs; a transaction that forgets to log does not commit (`registry.log.actions`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from registry.cases.hands import with_hands
from registry.cases.models import Step
from registry.db import Base, Session
from registry.errors import Conflict
from registry.log.swap import swap

State = TypeVar("State", bound=enum.StrEnum)
Verb = TypeVar("Verb", bound=enum.StrEnum)


class Stateful(Protocol):
    id: Any
    state: Any
    case_id: Any


def after(table: Mapping[tuple[State | None, Verb], State], state: State | None, verb: Verb, what: str) -> State:
    """The state that `verb` leads to; Conflict says what would be allowed now, and by whom."""
    try:
        return table[state, verb]
    except KeyError:
        raise _not_now(
            verb.value, what, state, tuple(sorted(with_hands(what, v.value) for s, v in table if s == state))
        ) from None


def _not_now(verb: str, what: str, state: enum.StrEnum | None, allowed: tuple[str, ...]) -> Conflict:
    code = "not-allowed-now"
    if state is None:
        return Conflict(
            "cannot {verb} this {what}: it does not exist; allowed now: {allowed}",
            code=code,
            verb=verb,
            what=what,
            allowed=allowed,
        )
    if not allowed:
        return Conflict(
            "cannot {verb} this {what}: it is {state}; nothing more can happen to it",
            code=code,
            verb=verb,
            what=what,
            state=state.value,
        )
    return Conflict(
        "cannot {verb} this {what}: it is {state}; allowed now: {allowed}",
        code=code,
        verb=verb,
        what=what,
        state=state.value,
        allowed=allowed,
    )


def begin(
    session: Session,
    row: Base,
    table: Mapping[tuple[Any, Any], Any],
    verb: enum.StrEnum,
    *,
    actor: str,
    now: datetime,
) -> Step:
    """Insert a new row in the first state that `verb` gives it."""
    thing: Any = row
    thing.state = after(table, None, verb, row.__tablename__)
    session.add(row)
    session.flush()
    return _step(session, row, verb, before=None, actor=actor, now=now)


def advance(
    session: Session,
    row: Base,
    table: Mapping[tuple[Any, Any], Any],
    verb: enum.StrEnum,
    *,
    actor: str,
    now: datetime,
    **changes: Any,
) -> Step:
    """Move `row` by `verb`, setting `changes` with it; Conflict when it may not move or has moved already."""
    thing: Any = row
    before = thing.state
    new = after(table, before, verb, row.__tablename__)
    kind: Any = type(row)
    if not swap(session, row, kind.state == before, values={"state": new, **changes}):
        raise Conflict("this {what} has changed meanwhile; read it again", code="outdated", what=row.__tablename__)
    return _step(session, row, verb, before=before.value, actor=actor, now=now)


def _step(session: Session, row: Base, verb: enum.StrEnum, *, before: str | None, actor: str, now: datetime) -> Step:
    thing: Any = row
    subject = f"{row.__tablename__}:{thing.id}"
    count = session.scalar(sa.select(sa.func.count()).select_from(Step).where(Step.subject == subject)) or 0
    step = Step(
        case_id=thing.case_id,
        subject=subject,
        number=count + 1,
        verb=verb.value,
        before=before,
        after=thing.state.value,
        actor=actor,
        at=now,
    )
    session.add(step)
    session.flush()
    return step


def replay(table: Mapping[tuple[Any, str], Any], steps: Iterable[Step]) -> Any:
    """The state that the steps lead to, in their order; KeyError when a step was not allowed."""
    state = None
    for step in steps:
        state = table[state, step.verb]
    return state
