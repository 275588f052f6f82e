"""A report may be edited until it is screened: by a new signed version, which must be countersigned again."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa

from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, ZiluError
from registry.keys.holder import Holder
from registry.reports import actions, queries, versions
from registry.reports.exhibits import put_exhibit
from registry.reports.models import Countersignature, Report, ReportVersion
from registry.reports.rules import State
from tests.cast import Cast, Person
from tests.conftest import ISSUER
from tests.filing import CONTACT, EXHIBIT, SHA256, Filing, any_tag, claims, countersignature, sign


@pytest.fixture
def filing(store: Store, cast: Cast, holder: Holder, now: datetime) -> Filing:
    return Filing(store, cast, holder, now)


def replace(filing: Filing, now: datetime, who: Person | None = None, token: str = "", **changes: Any) -> Report:
    who = who or filing.cast.rui
    token = token or sign(who, claims(who, filing.tag, now, **changes))
    with filing.store.write() as session:
        return versions.replace(
            session, actor=who.actor, report_id=filing.id, token=token, contact=CONTACT, issuer=ISSUER, now=now
        )


def refused(filing: Filing, now: datetime, **changes: Any) -> ZiluError:
    with pytest.raises(ZiluError) as error:
        replace(filing, now, **changes)
    return error.value


def test_a_new_version_says_what_the_report_says_from_then_on(filing: Filing, store: Store, now: datetime) -> None:
    report = replace(
        filing, now, term_days=200, basis="A", proof={"judgment": {"reference": "J", "date": "2026-02-01"}}
    )
    assert (report.term_days, report.basis, report.state) == (200, "A", State.FILED)
    with store.read() as session:
        kept = list(session.scalars(sa.select(ReportVersion).order_by(ReportVersion.number)))
        _, key = queries.case_of(session, report)
        assert queries.payload_of(report, key)["term_days"] == 200
    assert [version.number for version in kept] == [1, 2]
    assert kept[1].statement_digest == report.statement_digest != kept[0].statement_digest


def test_an_edit_voids_the_countersignature(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    old = countersignature(cast.ana, filing.report(), filing.tag, now)
    with store.write() as session:
        actions.countersign(session, actor=cast.ana.actor, report_id=filing.id, token=old, issuer=ISSUER, now=now)
    report = replace(filing, now, term_days=200)
    assert (report.state, report.countersigned_by) == (State.FILED, None)
    with pytest.raises(Conflict) as differs, store.write() as session:
        actions.countersign(session, actor=cast.ana.actor, report_id=filing.id, token=old, issuer=ISSUER, now=now)
    assert differs.value.code == "report-differs"
    with store.write() as session:
        again = countersignature(cast.ana, report, filing.tag, now)
        actions.countersign(session, actor=cast.ana.actor, report_id=filing.id, token=again, issuer=ISSUER, now=now)
        assert len(list(session.scalars(sa.select(Countersignature)))) == 2


def test_the_same_version_again_changes_nothing(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    filing.countersigned(now)
    assert replace(filing, now, token=filing.token).state is State.COUNTERSIGNED
    with store.write() as session:
        assert not filing.file(session, now).is_new


def test_what_was_replaced_opens_no_second_case(filing: Filing, store: Store, now: datetime) -> None:
    replace(filing, now, term_days=200)
    with store.write() as session:
        found = filing.file(session, now)
        assert (found.is_new, found.report.id) == (False, filing.id)


def test_whoever_signed_any_version_does_not_countersign(filing: Filing, cast: Cast, now: datetime) -> None:
    with filing.store.read() as session:
        assert versions.hands(session, filing.report()) == {"acme-security"}
    report = replace(filing, now, term_days=200)
    with pytest.raises(Forbidden), filing.store.write() as session:
        token = countersignature(cast.rui, report, filing.tag, now)
        actions.countersign(session, actor=cast.rui.actor, report_id=filing.id, token=token, issuer=ISSUER, now=now)


def test_a_version_is_about_the_same_person(filing: Filing, cast: Cast, now: datetime) -> None:
    token = sign(cast.rui, claims(cast.rui, any_tag(2), now))
    assert refused(filing, now, token=token).code == "number-differs"


def test_no_version_after_the_screening(filing: Filing, now: datetime) -> None:
    filing.countersigned(now).screened(now)
    assert refused(filing, now, term_days=200).code == "not-allowed-now"


def test_only_the_own_member_edits(filing: Filing, cast: Cast, now: datetime) -> None:
    with pytest.raises(Forbidden):
        replace(filing, now, cast.ben)


def test_a_statement_of_another_report_is_no_version_of_this_one(
    filing: Filing, store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    other = Filing(store, cast, holder, now)
    assert refused(filing, now, token=other.token).code == "jti-used"


def test_what_was_filed_in_time_is_not_late_by_an_edit(filing: Filing, now: datetime) -> None:
    later = now + timedelta(days=8)
    found = {"on": str((now - timedelta(days=5)).date()), "how": "log"}
    dates = {"found": found, "period": filing.payload["period"], "proof": filing.payload["proof"]}
    assert not replace(filing, later, **dates, breach_notice={"none": "Nobody outside."}).late


def test_an_exhibit_of_the_new_version_must_have_been_sent(filing: Filing, cast: Cast, now: datetime) -> None:
    new = EXHIBIT + b"2026-02-03T10:00:00Z,courier-7,5\n"
    digest = sha256(new).hexdigest()
    with pytest.raises(Invalid, match="has not been uploaded"):
        replace(filing, now, exhibits=[SHA256, digest])
    with filing.store.write() as session:
        put_exhibit(session, actor=cast.rui.actor, sha256=digest, data=new, now=now)
    assert replace(filing, now, exhibits=[SHA256, digest]).state is State.FILED


def test_an_annex_keeps_its_redacted_copy(filing: Filing, now: datetime) -> None:
    assert refused(filing, now, annexes={"a" * 64: SHA256}).field == "annexes"
