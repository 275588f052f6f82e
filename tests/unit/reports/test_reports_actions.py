"""File, countersign, screen, withdraw: who may, when, and what each leaves behind."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry import base64url, vault
from registry.access import Actor
from registry.accounts.rules import Role
from registry.cases import acts
from registry.cases.actions import key_of, unseal
from registry.cases.models import Case, Step
from registry.db import Session, Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.identity import tags
from registry.keys.actions import revoke
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.members.actions import set_standing
from registry.members.models import Standing
from registry.notices.models import Message, Notice
from registry.notices.rules import State as LetterState
from registry.reports import actions, queries, screening, versions
from registry.reports.contact import read_contact
from registry.reports.exhibits import put_exhibit
from registry.reports.models import Countersignature, Exhibit, Report, Screening
from registry.reports.rules import FACT_NAMED, Ground, State, Verdict
from tests.cast import Cast, Person
from tests.conftest import ISSUER
from tests.filing import CONTACT, EXHIBIT, OTHER_NUMBER, SHA256, Filing, any_tag, claims, countersignature, sign, tag_of

DAY = timedelta(days=1)


@pytest.fixture
def filing(store: Store, cast: Cast, holder: Holder, now: datetime) -> Filing:
    return Filing(store, cast, holder, now)


def counted(store: Store, *kinds: Any) -> list[int]:
    with store.read() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0 for kind in kinds]


def everything(store: Store) -> list[int]:
    return counted(store, Report, Countersignature, Screening, Exhibit, Case, Step, Notice, Message, Act)


def last_act(session: Session, case: Case) -> dict[str, Any]:
    act = session.scalars(sa.select(Act).order_by(Act.id.desc()).limit(1)).one()
    key = key_of(session, case).key
    body: dict[str, Any] = json.loads(vault.open_sealed(key, act.record, table="act", row=act.uid, column="record"))
    return body


def file(filing: Filing, person: Person, token: str, now: datetime, contact: Any = CONTACT) -> actions.Filed:
    with filing.store.write() as session:
        return actions.file(
            session,
            actor=person.actor,
            token=token,
            contact=contact,
            issuer=ISSUER,
            sealing_public=filing.holder.public().sealing_public,
            now=now,
        )


# Filing


def test_a_filed_report_opens_a_case_of_its_own(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    with store.read() as session:
        report, case = session.get_one(Report, filing.id), session.get_one(Case, filing.case_id)
        assert (report.state, report.level, report.basis, report.term_days) == (State.FILED, 2, "B", 365)
        assert (report.filed_by, report.late) == ("acme-security", False)
        assert versions.present(session, report).kid == cast.rui.kid
        assert case.subject_handle == tags.handle(session.keyring.pepper, filing.tag)
        act = last_act(session, case)
    assert (act["verb"], act["actor"], act["case"]) == ("report.file", "acme-security", filing.case_id)
    assert act["facts"]["report"] == filing.id


def test_neither_tag_nor_words_nor_contact_stand_in_the_file(filing: Filing, tmp_path: Any) -> None:
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("registry.db*"))
    for secret in (filing.tag, filing.payload["sub"].encode(), b"sold them to a collector", "王小明".encode(),
                   filing.token.encode()[:60], SHA256.encode(), b"courier-7"):  # fmt: skip
        assert secret not in stored


def test_the_same_statement_again_is_the_same_report(filing: Filing, cast: Cast, now: datetime) -> None:
    before = everything(filing.store)
    again = file(filing, cast.rui, filing.token, now + 300 * DAY, contact={"anything": "else"})
    assert (again.report.id, again.is_new) == (filing.id, False)
    assert everything(filing.store) == before


def test_another_statement_under_the_same_jti_is_refused(filing: Filing, cast: Cast, now: datetime) -> None:
    other = sign(cast.rui, {**filing.payload, "term_days": 364})
    with pytest.raises(Conflict) as refused:
        file(filing, cast.rui, other, now)
    assert (refused.value.field, refused.value.code) == ("jti", "jti-used")


def test_two_members_may_use_the_same_jti(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    with store.write() as session:
        put_exhibit(session, actor=cast.ben.actor, sha256=SHA256, data=EXHIBIT, now=now)
    token = sign(cast.ben, claims(cast.ben, any_tag(), now, jti=filing.payload["jti"]))
    assert file(filing, cast.ben, token, now).is_new


@pytest.mark.parametrize(
    ("field", "contact"),
    [
        ("contact.name", {**CONTACT, "name": ""}),
        ("contact.name", {"address": "A", "language": "zh"}),
        ("contact.name", {**CONTACT, "name": "x" * 81}),
        ("contact.address", {**CONTACT, "address": "x" * 301}),
        ("contact.address", {**CONTACT, "address": "c/o 11010519491231002X"}),
        ("contact.phone", {**CONTACT, "phone": "call me"}),
        ("contact.phone", {**CONTACT, "phone": "440524188001010014"}),
        ("contact.phone", {**CONTACT, "phone": 13800138000}),
        ("contact.language", {**CONTACT, "language": "fr"}),
        ("contact.language", {"name": "N", "address": "A"}),
        ("contact", {**CONTACT, "fax": "1"}),
    ],
)
def test_each_wrong_part_of_the_contact_is_named(field: str, contact: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        read_contact(contact)
    assert refused.value.field == field
    assert "11010519491231002X" not in refused.value.message


def test_the_contact_is_kept_as_given() -> None:
    contact = read_contact({**CONTACT, "phone": "+86 138 0013 8000"})
    assert (contact.name, contact.phone, contact.language) == ("王小明", "+86 138 0013 8000", "zh")


def refused_filing(filing: Filing, person: Person, token: str, now: datetime) -> Any:
    before = everything(filing.store)
    with pytest.raises((Invalid, Forbidden, Conflict)) as refused:
        file(filing, person, token, now)
    assert everything(filing.store) == before
    return refused.value


def test_a_wrong_statement_changes_nothing(filing: Filing, cast: Cast, now: datetime) -> None:
    token = sign(cast.rui, claims(cast.rui, filing.tag, now, basis="D"))
    assert refused_filing(filing, cast.rui, token, now).code == "basis-not-listable"


def test_a_late_statement_changes_nothing(filing: Filing, cast: Cast, now: datetime) -> None:
    old = claims(cast.rui, filing.tag, now)
    token = sign(cast.rui, {**old, "iat": int((now + 6 * DAY).timestamp())})
    assert refused_filing(filing, cast.rui, token, now + 6 * DAY).code == "filed-late"


def test_a_wrong_contact_changes_nothing(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    token = sign(cast.rui, claims(cast.rui, filing.tag, now))
    before = everything(store)
    with pytest.raises(Invalid, match=r"contact\.language"):
        file(filing, cast.rui, token, now, contact={"name": "N", "address": "A", "language": "fr"})
    assert everything(store) == before


def test_an_exhibit_that_was_never_sent_changes_nothing(filing: Filing, cast: Cast, now: datetime) -> None:
    facts = [{"text": "Sold them.", "exhibits": ["ab" * 32]}]
    token = sign(cast.rui, claims(cast.rui, filing.tag, now, exhibits=["ab" * 32], facts=facts))
    error = refused_filing(filing, cast.rui, token, now)
    assert (error.field, error.code) == ("exhibits[0]", "exhibit-missing")


def test_a_colleagues_key_is_refused(filing: Filing, cast: Cast, now: datetime) -> None:
    token = sign(cast.ana, claims(cast.rui, filing.tag, now))
    assert refused_filing(filing, cast.rui, token, now).code == "key-not-yours"


def test_another_members_key_is_refused(filing: Filing, cast: Cast, now: datetime) -> None:
    token = sign(cast.ben, claims(cast.rui, filing.tag, now))
    assert refused_filing(filing, cast.rui, token, now).code == "key-unknown"


def test_a_revoked_key_is_refused(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    with store.write() as session:
        revoke(session, actor=cast.adam.actor, kid=cast.rui.kid, now=now)
    token = sign(cast.rui, claims(cast.rui, filing.tag, now))
    assert refused_filing(filing, cast.rui, token, now).code == "key-revoked"


def test_a_statement_of_another_kind_is_refused(filing: Filing, cast: Cast, now: datetime) -> None:
    token = sign(cast.rui, claims(cast.rui, filing.tag, now), typ="countersignature+jwt")
    assert refused_filing(filing, cast.rui, token, now).code == "statement-kind"


@pytest.mark.parametrize("name", ["ana", "hana", "sol", "cleo", "rex", "olaf", "cem"])
def test_only_a_reporter_files(filing: Filing, cast: Cast, now: datetime, name: str) -> None:
    with pytest.raises(Forbidden):
        file(filing, cast[name], filing.token, now)


def test_a_suspended_member_files_nothing(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    with store.write() as session:
        set_standing(session, member_id="acme", standing=Standing.SUSPENDED, actor="olaf", now=now)
    suspended = Person("rui", replace(cast.rui.actor, standing=Standing.SUSPENDED), cast.rui.key, None)
    with pytest.raises(Forbidden):
        file(filing, suspended, filing.token, now)


# Countersigning


def countersign(filing: Filing, person: Person, token: str, now: datetime) -> Report:
    with filing.store.write() as session:
        return actions.countersign(
            session, actor=person.actor, report_id=filing.id, token=token, issuer=ISSUER, now=now
        )


def test_a_second_person_countersigns(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    filing.countersigned(now)
    with store.read() as session:
        report = session.get_one(Report, filing.id)
        second = session.scalars(sa.select(Countersignature)).one()
    assert (report.state, report.countersigned_by) == (State.COUNTERSIGNED, "acme-approver")
    assert (second.account_id, second.kid) == ("acme-approver", cast.ana.kid)
    assert {second.account_id, second.kid}.isdisjoint({report.filed_by, cast.rui.kid})


def test_the_same_countersignature_again_changes_nothing(filing: Filing, cast: Cast, now: datetime) -> None:
    token = countersignature(cast.ana, filing.report(), filing.tag, now)
    countersign(filing, cast.ana, token, now)
    before = everything(filing.store)
    assert countersign(filing, cast.ana, token, now).state is State.COUNTERSIGNED
    assert everything(filing.store) == before


def test_a_second_countersignature_is_told_what_is_allowed(filing: Filing, cast: Cast, now: datetime) -> None:
    filing.countersigned(now)
    with pytest.raises(Conflict, match="it is countersigned; allowed now"):
        countersign(filing, cast.ana, countersignature(cast.ana, filing.report(), filing.tag, now), now)


def both_roles(cast: Cast) -> Person:
    """Somebody who may file and may countersign, as small members have."""
    actor: Actor = replace(cast.rui.actor, roles=frozenset({Role.REPORTER, Role.APPROVER}))
    return Person("rui", actor, cast.rui.key, None)


def test_the_same_person_does_not_countersign(filing: Filing, cast: Cast, now: datetime) -> None:
    rui = both_roles(cast)
    before = everything(filing.store)
    with pytest.raises(Forbidden) as refused:
        countersign(filing, rui, countersignature(rui, filing.report(), filing.tag, now), now)
    assert refused.value.code == "two-people"
    assert everything(filing.store) == before


def test_the_first_persons_key_does_not_countersign(filing: Filing, cast: Cast, now: datetime) -> None:
    token = countersignature(cast.rui, filing.report(), filing.tag, now)
    before = everything(filing.store)
    with pytest.raises(Forbidden) as refused:
        countersign(filing, cast.ana, token, now)
    assert refused.value.code == "key-not-yours"
    assert everything(filing.store) == before


def test_a_mistyped_number_is_refused_and_nothing_changes(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filing = Filing(store, cast, holder, now, tag_of(holder))
    before = everything(store)
    mistyped = countersignature(cast.ana, filing.report(), tag_of(holder, OTHER_NUMBER), now)
    with pytest.raises(Conflict) as refused:
        countersign(filing, cast.ana, mistyped, now)
    assert (refused.value.code, refused.value.field) == ("number-differs", "sub")
    assert everything(store) == before
    assert filing.report().state is State.FILED
    right = countersignature(cast.ana, filing.report(), tag_of(holder), now)
    assert countersign(filing, cast.ana, right, now).state is State.COUNTERSIGNED


def test_a_countersignature_over_another_report_is_refused(filing: Filing, cast: Cast, now: datetime) -> None:
    other = base64url.encode(bytes(32))
    token = countersignature(cast.ana, filing.report(), filing.tag, now, report=other)
    with pytest.raises(Conflict) as refused:
        countersign(filing, cast.ana, token, now)
    assert (refused.value.code, refused.value.field) == ("report-differs", "report")


def test_another_members_approver_does_not_countersign(filing: Filing, cast: Cast, now: datetime) -> None:
    with pytest.raises(Forbidden):
        countersign(filing, cast.bao, countersignature(cast.bao, filing.report(), filing.tag, now), now)


def test_an_unknown_report_is_not_found(filing: Filing, cast: Cast, now: datetime) -> None:
    with pytest.raises(NotFound), filing.store.write() as session:
        actions.countersign(session, actor=cast.ana.actor, report_id="0" * 32, token="", issuer=ISSUER, now=now)


# Screening


def screen(
    filing: Filing,
    actor: Actor,
    now: datetime,
    verdict: Verdict = Verdict.ACCEPT,
    ground: Ground | None = None,
    reasons: str = "In scope, complete.",
    fact: int | None = None,
) -> Report:
    with filing.store.write() as session:
        return screening.screen(
            session,
            actor=actor,
            report_id=filing.id,
            verdict=verdict,
            ground=ground,
            fact=fact,
            reasons=reasons,
            issuer=ISSUER,
            now=now,
        )


def test_accepting_drafts_one_letter(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    filing.countersigned(now)
    assert screen(filing, cast.sol.actor, now).state is State.SCREENED
    with store.read() as session:
        letter = session.scalars(sa.select(Notice)).one()
        assert (letter.case_id, letter.state, letter.attempts_left) == (filing.case_id, LetterState.DRAFTED, 5)


@pytest.mark.parametrize(
    ("ground", "fact"),
    [
        (Ground.NO_EVIDENCE, None),
        (Ground.NO_EVIDENCE, 2),
        (Ground.NO_EVIDENCE, 0),
        (Ground.RETALIATION, 1),
        (Ground.WRONG_PERSON, 1),
        (Ground.OUT_OF_SCOPE, 2),
    ],
)
def test_a_ground_is_said_of_a_fact_that_the_report_alleges(
    filing: Filing, cast: Cast, now: datetime, ground: Ground, fact: int | None
) -> None:
    filing.countersigned(now)
    with pytest.raises(Invalid) as refused:
        screen(filing, cast.sol.actor, now, Verdict.REFUSE, ground, "No.", fact)
    assert refused.value.field == "fact"


def test_nothing_passes_about_papers_that_may_be_somebody_elses(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filing = Filing(store, cast, holder, now, impersonation=True).countersigned(now)
    with pytest.raises(Conflict, match="somebody else's") as refused:
        screen(filing, cast.sol.actor, now)
    assert refused.value.code == "impersonation"
    refusal = screen(filing, cast.sol.actor, now, Verdict.REFUSE, Ground.WRONG_PERSON, "Not shown to be theirs.")
    assert refusal.state is State.REFUSED


@pytest.mark.parametrize("ground", Ground)
def test_refusing_takes_one_ground_of_the_list(
    filing: Filing, cast: Cast, store: Store, now: datetime, ground: Ground
) -> None:
    filing.countersigned(now)
    fact = 1 if ground in FACT_NAMED else None
    report = screen(filing, cast.sol.actor, now, Verdict.REFUSE, ground, "Exhibit 2 does not show it.", fact)
    assert report.state is State.REFUSED
    with store.read() as session:
        found = queries.screening_of(session, report)
        assert found is not None
        assert (found.ground, found.fact) == (ground, fact)
        assert screening.screening_reasons(session, report) == "Exhibit 2 does not show it."
        message = session.scalars(sa.select(Message)).one()
    assert (message.member_id, message.payload) == ("acme", {"type": "report.refused", "id": filing.id})
    assert counted(store, Notice) == [0]


@pytest.mark.parametrize(("verdict", "ground"), [(Verdict.REFUSE, None), (Verdict.ACCEPT, Ground.RETALIATION)])
def test_a_ground_goes_with_a_refusal_only(
    filing: Filing, cast: Cast, now: datetime, verdict: Verdict, ground: Ground | None
) -> None:
    filing.countersigned(now)
    with pytest.raises(Invalid, match="ground"):
        screen(filing, cast.sol.actor, now, verdict, ground)


def test_a_screener_gives_reasons(filing: Filing, cast: Cast, now: datetime) -> None:
    filing.countersigned(now)
    with pytest.raises(Invalid, match="reasons"):
        screen(filing, cast.sol.actor, now, reasons=" ")


def test_nothing_is_screened_before_two_people_signed(filing: Filing, cast: Cast, now: datetime) -> None:
    with pytest.raises(Conflict, match="it is filed"):
        screen(filing, cast.sol.actor, now)


def test_nobody_screens_for_their_own_member_or_its_group(filing: Filing, cast: Cast, now: datetime) -> None:
    filing.countersigned(now)
    screener = frozenset({Role.SCREENER})
    for actor in (replace(cast.rui.actor, roles=screener), replace(cast.eva.actor, roles=screener)):
        with pytest.raises(Forbidden):
            screen(filing, actor, now)


def test_no_carrier_screens(filing: Filing, cast: Cast, now: datetime) -> None:
    filing.countersigned(now)
    with pytest.raises(Forbidden, match="a carrier may not screen"):
        screen(filing, replace(cast.cem.actor, roles=frozenset({Role.SCREENER})), now)


def test_the_docket_shows_what_waits_and_may_be_screened(
    filing: Filing, cast: Cast, store: Store, now: datetime
) -> None:
    def seen(actor: Actor) -> list[str]:
        with store.read() as session:
            return [report.id for report in queries.docket(session, actor=actor)]

    assert seen(cast.sol.actor) == []
    filing.countersigned(now)
    assert seen(cast.sol.actor) == [filing.id]
    assert seen(replace(cast.eva.actor, roles=frozenset({Role.SCREENER}))) == []  # of the filing member's group
    assert seen(cast.lin.actor) == []  # a panelist has a docket, and nothing to screen
    with pytest.raises(Forbidden):
        seen(cast.rui.actor)
    filing.screened(now)
    assert seen(cast.sol.actor) == []


# Withdrawing, voiding, reading


def test_one_person_withdraws_a_report_at_any_open_point(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filings = [Filing(store, cast, holder, now, any_tag(n)) for n in range(1, 5)]
    filings[1].countersigned(now)
    filings[2].countersigned(now).screened(now)
    filings[3].noticed(now)
    for filing in filings:
        with store.write() as session:
            report = actions.withdraw(
                session, actor=cast.rui.actor, report_id=filing.id, reason="Wrong person.", now=now
            )
            assert report.state is State.WITHDRAWN


def test_a_withdrawn_report_leaves_no_letter_to_be_sent(
    filing: Filing, cast: Cast, store: Store, now: datetime
) -> None:
    filing.countersigned(now).screened(now)
    with store.write() as session:
        actions.withdraw(session, actor=cast.rui.actor, report_id=filing.id, reason="Wrong person.", now=now)
        assert session.scalars(sa.select(Notice)).one().state is LetterState.CANCELLED


def test_why_it_was_withdrawn_stands_in_the_row_alone(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    with store.write() as session:
        actions.withdraw(session, actor=cast.rui.actor, report_id=filing.id, reason="The wrong Wang.", now=now)
    with store.read() as session:
        key = key_of(session, session.get_one(Case, filing.case_id))
        assert unseal(key, session.get_one(Report, filing.id), "sealed_reason") == "The wrong Wang."
        assert not any(b"Wang" in act.record for act in acts.of_case(session, key))


def test_a_listed_report_is_not_withdrawn(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    filing.listed(now)
    with pytest.raises(Conflict, match="it is listed; allowed now: void"), store.write() as session:
        actions.withdraw(session, actor=cast.rui.actor, report_id=filing.id, reason="Late.", now=now)


def test_a_stranger_withdraws_nothing(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    with pytest.raises(Forbidden), store.write() as session:
        actions.withdraw(session, actor=cast.ben.actor, report_id=filing.id, reason="Ours.", now=now)


def test_a_withdrawal_gives_its_reason(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    with pytest.raises(Invalid, match="reason"), store.write() as session:
        actions.withdraw(session, actor=cast.rui.actor, report_id=filing.id, reason="", now=now)


def test_a_voided_report_is_never_listed(filing: Filing, store: Store, now: datetime) -> None:
    filing.noticed(now)
    with store.write() as session:
        report = session.get_one(Report, filing.id)
        actions.void(session, report=report, actor_id="system:order", reason="A court said so.", now=now)
    with store.read() as session:
        assert queries.due(session, now=now + 90 * DAY, limit=9) == []


def test_a_case_that_nobody_filed_has_no_report(store: Store) -> None:
    with pytest.raises(NotFound), store.read() as session:
        queries.of_case(session, "0" * 32)


def test_those_on_the_case_read_it_without_the_tag(filing: Filing, cast: Cast, store: Store, now: datetime) -> None:
    for name in ("rui", "ana", "sol", "rex"):
        with store.write() as session:
            _, words = actions.open_report(session, actor=cast[name].actor, report_id=filing.id, now=now)
            assert words == {claim: value for claim, value in filing.payload.items() if claim != "sub"}
            act = last_act(session, session.get_one(Case, filing.case_id))
            assert (act["verb"], act["actor"]) == ("report.read", cast[name].actor.id)


@pytest.mark.parametrize("name", ["ben", "hana", "cleo", "olaf", "cem", "eva"])
def test_nobody_else_reads_it(filing: Filing, cast: Cast, store: Store, now: datetime, name: str) -> None:
    with pytest.raises(Forbidden), store.write() as session:
        actions.open_report(session, actor=cast[name].actor, report_id=filing.id, now=now)


WITNESS = {"name": "Zhao Lei", "contact": "depot 3", "role": "night guard"}


def test_the_accused_reads_what_the_witnesses_are_and_not_who(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filing = Filing(store, cast, holder, now, witnesses=[WITNESS])
    with store.write() as session:
        _, words = actions.open_as_subject(session, case_id=filing.case_id, now=now)
        _, screened = actions.open_report(session, actor=cast.sol.actor, report_id=filing.id, now=now)
    assert words["witnesses"] == [{"role": "night guard"}]
    assert screened["witnesses"] == [WITNESS]


def test_the_accused_reads_all_of_it(filing: Filing, store: Store, now: datetime) -> None:
    with store.write() as session:
        _, words = actions.open_as_subject(session, case_id=filing.case_id, now=now)
        act = last_act(session, session.get_one(Case, filing.case_id))
    assert words["narrative"] == filing.payload["narrative"]
    assert "sub" not in words
    assert act["actor"] == f"subject:{filing.case_id}"
