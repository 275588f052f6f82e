"""Two people at the same moment: exactly one wins, the other is told why. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry.appeals import listing
from registry.cases.models import Case, Step
from registry.db import Session, Store
from registry.entries.models import Entry
from registry.errors import Conflict
from registry.keys.holder import Holder
from registry.notices import matches
from registry.notices.models import CaseMatch, Notice
from registry.policy import CODE_ATTEMPTS, RESPONSE_WINDOW
from registry.reports import actions, screening
from registry.reports.exhibits import put_exhibit
from registry.reports.models import Report, Screening
from registry.reports.rules import Ground, State, Verdict
from tests.at_once import Both, at_once, both, errors, pg_server, pg_url
from tests.conftest import ISSUER
from tests.filing import CONTACT, EXHIBIT, SHA256, Filing, claims, countersignature, sign, tag_of

__all__ = ["both", "pg_server", "pg_url"]

DAY = timedelta(days=1)


@pytest.fixture
def filing(both: Both, holder: Holder, now: datetime) -> Filing:
    store, cast = both
    return Filing(store, cast, holder, now)


def total(store: Store, kind: Any) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def test_one_of_two_verdicts_holds(filing: Filing, now: datetime) -> None:
    filing.countersigned(now)

    def screen(verdict: Verdict, ground: Ground | None) -> Callable[[Session], object]:
        return lambda session: screening.screen(
            session,
            actor=filing.cast.sol.actor,
            report_id=filing.id,
            verdict=verdict,
            ground=ground,
            reasons="r",
            issuer=ISSUER,
            now=now,
        )

    given = at_once(filing.store, screen(Verdict.ACCEPT, None), screen(Verdict.REFUSE, Ground.RETALIATION))
    assert len(errors(given)) == 1
    assert filing.report().state in (State.SCREENED, State.REFUSED)
    assert total(filing.store, Screening) == 1
    assert total(filing.store, Notice) == (filing.report().state is State.SCREENED)


def test_one_of_two_countersignatures_counts(filing: Filing, now: datetime) -> None:
    def confirm(session: Session) -> object:
        token = countersignature(filing.cast.ana, filing.filed.report, filing.tag, now)
        return actions.countersign(
            session, actor=filing.cast.ana.actor, report_id=filing.id, token=token, issuer=ISSUER, now=now
        )

    given = at_once(filing.store, confirm, confirm)
    assert len(errors(given)) == 1
    assert isinstance(errors(given)[0], Conflict)
    with filing.store.read() as session:
        verbs = session.scalars(sa.select(Step.verb).where(Step.subject == f"report:{filing.id}")).all()
    assert sorted(verbs) == ["countersign", "file"]


def test_a_withdrawal_and_a_listing_do_not_both_happen(filing: Filing, now: datetime) -> None:
    filing.noticed(now)
    late = now + RESPONSE_WINDOW
    at_once(
        filing.store,
        lambda session: listing.list_due(session, now=late),
        lambda session: actions.withdraw(
            session, actor=filing.cast.rui.actor, report_id=filing.id, reason="r", now=late
        ),
    )
    assert (filing.report().state, total(filing.store, Entry)) in {(State.LISTED, 1), (State.WITHDRAWN, 0)}


def test_three_workers_list_one_entry(filing: Filing, now: datetime) -> None:
    filing.noticed(now)
    work = [lambda session: listing.list_due(session, now=now + RESPONSE_WINDOW)] * 3
    at_once(filing.store, *work)
    assert total(filing.store, Entry) == 1


def test_the_same_statement_twice_at_once_is_one_report(both: Both, holder: Holder, now: datetime) -> None:
    store, cast = both
    with store.write() as session:
        put_exhibit(session, actor=cast.rui.actor, sha256=SHA256, data=EXHIBIT, now=now)
    token, sealing = sign(cast.rui, claims(cast.rui, tag_of(holder), now)), holder.public().sealing_public

    def file(session: Session) -> object:
        return actions.file(
            session,
            actor=cast.rui.actor,
            token=token,
            contact=CONTACT,
            issuer=ISSUER,
            sealing_public=sealing,
            now=now,
        )

    given = [one.report.id for one in at_once(store, file, file) if isinstance(one, actions.Filed)]
    assert given
    assert len(set(given)) == 1
    assert (total(store, Report), total(store, Case)) == (1, 1)


def test_no_more_attempts_than_five_however_many_come_at_once(both: Both, holder: Holder, now: datetime) -> None:
    store, cast = both
    filing = Filing(store, cast, holder, now, tag_of(holder)).countersigned(now).screened(now)
    code = filing.printed(now).split('<td class="code">')[1].split("<")[0]

    def begin(session: Session) -> object:
        return matches.begin_match(session, case_number=filing.number, code=code, holder=holder, now=now)

    at_once(store, *[begin] * 8)
    assert total(store, CaseMatch) == CODE_ATTEMPTS
    with store.read() as session:
        assert session.scalars(sa.select(Notice)).one().attempts_left == 0
