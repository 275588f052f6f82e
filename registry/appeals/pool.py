"""Who can be drawn, and whether every case could be seated at both instances.

Nothing is listed that could not be contested twice: `require_seatable` is asked by the listing itself, and
`unseatable` tells whoever keeps the roster for which members panelists are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import sqlalchemy as sa

from registry.accounts.models import Account
from registry.accounts.rules import Role
from registry.appeals import rules
from registry.appeals.models import Appeal, Interest, Seat
from registry.cases.models import Step
from registry.db import Session
from registry.errors import Conflict
from registry.identity.draw import Panelist
from registry.members.models import Kind, Member, Standing

_TAKES_PART: Final = frozenset({Role.CLERK, Role.SCREENER, Role.VERIFIER})  # whoever has one may have to stand aside


def eligible(session: Session, appeal: Appeal, *, clerk: str | None = None) -> list[Panelist]:
    """Every open account of the roster that has nothing to do with this case, sorted.

    Out are: people of the filing member and of its owner's other companies, of members that are not in good standing,
    whoever declared an interest in the filing member or the case, and whoever took part in the case before.
    """
    out = took_part(session, appeal.case_id) | {clerk}
    free = _free(session, appeal.member_id, appeal.case_id)
    return [Panelist(account.id, account.member_id) for account in free if account.id not in out]


def is_seatable(session: Session, *, member_id: str, case_id: str | None = None) -> bool:
    """Whether a case of this member could be seated at both instances, as the roster is now.

    Does not count on people who also screen, admit or attest: they may have taken part.
    """
    free = _free(session, member_id, case_id)
    return rules.seats_both(account.member_id for account in free if not _TAKES_PART & set(account.roles))


def require_seatable(session: Session, *, member_id: str, case_id: str) -> None:
    """Conflict (`not-seatable`) while this case could not be heard by two panels."""
    if not is_seatable(session, member_id=member_id, case_id=case_id):
        raise Conflict(
            "this case could not be seated at both instances; call panelists of further members to the roster",
            code="not-seatable",
        )


def unseatable(session: Session, members: Iterable[str] | None = None) -> list[str]:
    """Of these members (of all carriers that may file, without), those whose cases could not be seated now."""
    asked = _carriers(session) if members is None else members
    return [member for member in asked if not is_seatable(session, member_id=member)]


def _carriers(session: Session) -> Iterator[str]:
    carriers = sa.select(Member.id).where(Member.kind == Kind.CARRIER, Member.standing == Standing.ADMITTED)
    yield from session.scalars(carriers.order_by(Member.id)).all()


def _free(session: Session, member_id: str, case_id: str | None) -> list[Account]:
    """The roster's open accounts without an interest in the member or the case, by id."""
    group = session.get_one(Member, member_id).group
    of_this = sa.or_(Interest.member_id == member_id, Interest.case_id == (case_id or ""))
    interested = sa.exists().where(Interest.account_id == Account.id, of_this)
    accounts = session.scalars(
        sa.select(Account)
        .join(Member, Member.id == Account.member_id)
        .where(Account.closed_at.is_(None), Member.standing == Standing.ADMITTED, ~interested)
        .where(Member.id != member_id, Member.group != group)
        .order_by(Account.id)
    )
    return [account for account in accounts if Role.PANELIST in account.roles]


def took_part(session: Session, case_id: str) -> set[str | None]:
    """Whoever moved anything in the case (the screener of its report among them), or was seated in it."""
    steps = session.scalars(sa.select(Step.actor).where(Step.case_id == case_id).distinct())
    seats = session.scalars(sa.select(Seat.account_id).where(Seat.case_id == case_id).distinct())
    return {*steps, *seats}
