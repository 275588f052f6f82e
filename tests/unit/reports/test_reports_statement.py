"""A report's payload is read claim by claim; what is wrong is named and never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from registry import base64url
from registry.errors import Invalid
from registry.policy import Basis, Kind, Proof, Staff
from registry.reports import statement
from tests.cast import Cast
from tests.conftest import ISSUER, START
from tests.filing import NUMBER, OTHER_NUMBER, REMOVED, SHA256, any_tag, claims

TODAY = START.date()
CANARY = "zq-canary"


def day(offset: int) -> str:
    return str(TODAY + timedelta(days=offset))


def read(payload: Mapping[str, Any]) -> statement.Accusation:
    return statement.read(payload, member_id="acme", issuer=ISSUER)


def test_a_report_in_order_is_read_whole(cast: Cast, now: datetime) -> None:
    said = read(claims(cast.rui, any_tag(), now))
    assert (said.offence, said.basis, said.kind, said.records) == ("sale", Basis.POLICE, Kind.TRANSACTION, 710)
    assert said.tag == any_tag()
    assert said.found_on == date(2026, 2, 25)
    assert said.breach.reference == "SPB-2026-0117"
    assert said.exhibits == (SHA256,)
    assert (said.staff, said.impersonation, said.offence_version) == (Staff.EMPLOYEE, False, 1)
    assert [fact.exhibits for fact in said.facts] == [(SHA256,)]
    assert said.proof[Proof.POLICE].reference == "PSB-2026-88"
    assert statement.level(said).level == 2


def test_a_report_without_breach_notice_says_why(cast: Cast, now: datetime) -> None:
    said = read(claims(cast.rui, any_tag(), now, breach_notice={"none": "no customer was affected outside"}))
    assert (said.breach.on, said.breach.none) == (None, "no customer was affected outside")


GRAVITY = {"records": 710, "kind": "transaction", "gain_cny": 900}
PERIOD = {"from": "2026-01-20", "to": "2026-02-20"}
FOUND = {"on": "2026-02-25", "how": "log"}
BREACH = {"date": "2026-02-26", "reference": "R"}
FACT = {"text": "He sold them.", "exhibits": [SHA256]}
WITNESS = {"name": "Zhao", "contact": "gate 3", "role": "night guard"}
REFERENCE = {"reference": "R", "date": "2026-02-26"}
SIGNED = {"exhibit": SHA256, "date": "2026-02-26"}
BY_POLICE = {"police": REFERENCE, "dismissal": REFERENCE}
INVESTIGATED = {"dismissal": REFERENCE, "investigation": SIGNED, "service": SIGNED}

REQUIRED = [
    "iss", "aud", "jti", "iat", "v", "sub", "offence", "offence_version", "staff", "impersonation", "basis", "gravity",
    "period", "found", "measure", "breach_notice", "narrative", "facts", "proof", "exhibits", "term_days", "reasons",
]  # fmt: skip
BAD: list[tuple[str, dict[str, Any]]] = [
    *((name, {name: REMOVED}) for name in REQUIRED),
    ("statement", {CANARY: 1}),
    ("iss", {"iss": "birch"}),
    ("aud", {"aud": f"https://{CANARY}"}),
    ("jti", {"jti": f"{CANARY} with a space"}),
    ("jti", {"jti": ""}),
    ("iat", {"iat": "2026"}),
    ("iat", {"iat": True}),
    ("sub", {"sub": CANARY}),
    ("sub", {"sub": base64url.encode(bytes(32))}),
    ("sub", {"sub": base64url.encode(b"\xff" * 32)}),
    ("sub", {"sub": base64url.encode(any_tag()) + "="}),
    ("offence", {"offence": CANARY}),
    ("offence", {"offence": 4}),
    ("basis", {"basis": "E"}),
    ("basis", {"basis": "D"}),
    ("gravity", {"gravity": [CANARY]}),
    ("gravity.records", {"gravity": {"kind": "other", "gain_cny": 0}}),
    ("gravity.records", {"gravity": {**GRAVITY, "records": -1}}),
    ("gravity.records", {"gravity": {**GRAVITY, "records": 24}}),
    ("gravity.records", {"gravity": {**GRAVITY, "records": True}}),
    ("gravity.records", {"gravity": {**GRAVITY, "records": "710"}}),
    ("gravity.kind", {"gravity": {**GRAVITY, "kind": CANARY}}),
    ("gravity.gain_cny", {"gravity": {**GRAVITY, "gain_cny": None}}),
    ("gravity", {"gravity": {**GRAVITY, CANARY: 1}}),
    ("period", {"period": CANARY}),
    ("period.from", {"period": {"to": "2026-02-20"}}),
    ("period.from", {"period": {**PERIOD, "from": "2026-02-30"}}),
    ("period.from", {"period": {**PERIOD, "from": "20260120"}}),
    ("period.from", {"period": {**PERIOD, "from": "1989-12-31"}}),
    ("period.to", {"period": {**PERIOD, "to": CANARY}}),
    ("period.to", {"period": {"from": "2026-02-20", "to": "2026-01-20"}}),
    ("period.to", {"period": {**PERIOD, "to": "2026-02-26"}}),
    ("found", {"found": {**FOUND, CANARY: 1}}),
    ("found.on", {"found": {**FOUND, "on": "yesterday"}}),
    ("found.how", {"found": {**FOUND, "how": ""}}),
    ("found.how", {"found": {**FOUND, "how": "x" * 501}}),
    ("measure", {"measure": " \n"}),
    ("measure", {"measure": "a\x00b"}),
    ("breach_notice.reference", {"breach_notice": {"date": "2026-02-26"}}),
    ("breach_notice.date", {"breach_notice": {**BREACH, "date": None}}),
    ("breach_notice.reference", {"breach_notice": {**BREACH, "reference": "x" * 101}}),
    ("breach_notice", {"breach_notice": {**BREACH, "none": "both at once"}}),
    ("breach_notice.none", {"breach_notice": {"none": ""}}),
    ("narrative", {"narrative": "x" * 5_001}),
    ("narrative", {"narrative": ["a", CANARY]}),
    ("exhibits", {"exhibits": []}),
    ("exhibits", {"exhibits": [SHA256, SHA256]}),
    ("exhibits", {"exhibits": [SHA256.upper()]}),
    ("exhibits", {"exhibits": [CANARY]}),
    ("exhibits", {"exhibits": [5]}),
    ("exhibits", {"exhibits": [f"{n:064x}" for n in range(21)]}),
    ("term_days", {"term_days": 0}),
    ("term_days", {"term_days": 365.0}),
    ("term_days", {"term_days": True}),
    ("term_days", {"term_days": 731}),
    ("term_days", {"term_days": None}),
    ("reasons", {"reasons": "x" * 2_001}),
    ("reasons", {"reasons": ""}),
    ("v", {"v": 2}),
    ("offence_version", {"offence_version": 2}),
    ("offence_version", {"offence_version": True}),
    ("staff", {"staff": CANARY}),
    ("impersonation", {"impersonation": "false"}),
    ("incident", {"incident": "x" * 101}),
    ("facts", {"facts": []}),
    ("facts", {"facts": [CANARY]}),
    ("facts", {"facts": [FACT] * 21}),
    ("facts[1].text", {"facts": [FACT, {**FACT, "text": "x" * 501}]}),
    ("facts[0].exhibits", {"facts": [{"text": "He sold them."}]}),
    ("facts[0].exhibits", {"facts": [{**FACT, "exhibits": []}]}),
    ("facts[0].exhibits", {"facts": [{**FACT, "exhibits": ["0" * 64]}]}),
    ("facts[0].exhibits", {"facts": [{**FACT, "exhibits": [SHA256, SHA256]}]}),
    ("facts[0].exhibits", {"facts": [{**FACT, "exhibits": [[SHA256]]}]}),
    ("facts[0]", {"facts": [{**FACT, CANARY: 1}]}),
    ("witnesses", {"witnesses": []}),
    ("witnesses", {"witnesses": [WITNESS] * 11}),
    ("witnesses[0].contact", {"witnesses": [{"name": "Zhao", "role": "guard"}]}),
    ("witnesses[0].name", {"witnesses": [{**WITNESS, "name": ""}]}),
    ("proof.police", {"proof": {"dismissal": REFERENCE}}),
    ("proof.dismissal", {"proof": {"police": REFERENCE}}),
    ("proof.judgment", {"basis": "A", "proof": BY_POLICE}),
    ("proof.investigation", {"basis": "C", "proof": BY_POLICE}),
    ("proof.service", {"basis": "C", "proof": {"dismissal": REFERENCE, "investigation": SIGNED}}),
    ("proof.investigation.exhibit", {"basis": "C", "proof": {**INVESTIGATED, "investigation": REFERENCE}}),
    (
        "proof.service.exhibit",
        {"basis": "C", "proof": {**INVESTIGATED, "service": {**SIGNED, "exhibit": "0" * 64}}},
    ),
    ("proof.service.date", {"basis": "C", "proof": {**INVESTIGATED, "service": {**SIGNED, "date": "2026-02-25"}}}),
    ("proof", {"proof": {**BY_POLICE, CANARY: REFERENCE}}),
    ("proof.police", {"proof": {**BY_POLICE, "police": CANARY}}),
    ("proof.police.reference", {"proof": {**BY_POLICE, "police": {**REFERENCE, "reference": ""}}}),
    ("proof.police", {"proof": {**BY_POLICE, "police": {**REFERENCE, CANARY: 1}}}),
    ("late_reason", {"late_reason": ""}),
    ("late_reason", {"late_reason": None}),
]


@pytest.mark.parametrize(("field", "changes"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_each_wrong_claim_is_named_and_not_repeated(
    cast: Cast, now: datetime, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        read(claims(cast.rui, any_tag(), now, **changes))
    assert refused.value.field == field
    assert CANARY not in refused.value.message
    assert refused.value.message.count("\n") == 0


def test_the_gravest_case_may_be_permanent(cast: Cast, now: datetime) -> None:
    said = read(claims(cast.rui, any_tag(), now, gravity={**GRAVITY, "records": 25_000}, term_days=None))
    assert (said.term_days, statement.level(said).level) == (None, 4)


def test_a_suspicion_is_never_listed(cast: Cast, now: datetime) -> None:
    with pytest.raises(Invalid, match="A, B, C: a suspicion is never listed") as refused:
        read(claims(cast.rui, any_tag(), now, basis="D"))
    assert refused.value.code == "basis-not-listable"


@pytest.mark.parametrize("claim", ["narrative", "reasons", "measure", "late_reason", "jti"])
def test_a_number_in_a_text_is_refused(cast: Cast, now: datetime, claim: str) -> None:
    text = NUMBER if claim == "jti" else f"it was {NUMBER}."
    with pytest.raises(Invalid) as refused:
        read(claims(cast.rui, any_tag(), now, **{claim: text}))
    assert (refused.value.code, refused.value.field) == ("number-in-text", claim)
    assert NUMBER not in refused.value.message


def test_a_number_in_a_part_of_the_statement_is_refused(cast: Cast, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        read(claims(cast.rui, any_tag(), now, found={"on": "2026-02-25", "how": f"by {NUMBER}"}))
    assert refused.value.field == "found.how"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("facts[0].text", {"facts": [{**FACT, "text": f"by {NUMBER}"}]}),
        ("witnesses[0].contact", {"witnesses": [{**WITNESS, "contact": NUMBER}]}),
        ("proof.police.reference", {"proof": {**BY_POLICE, "police": {**REFERENCE, "reference": NUMBER}}}),
    ],
)
def test_a_number_in_the_evidence_is_refused(cast: Cast, now: datetime, field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        read(claims(cast.rui, any_tag(), now, **changes))
    assert (refused.value.field, refused.value.code) == (field, "number-in-text")


@pytest.mark.parametrize(
    ("basis", "proof"),
    [
        ("A", {"judgment": REFERENCE}),
        ("A", {"judgment": REFERENCE, "police": REFERENCE, "dismissal": REFERENCE}),
        ("B", BY_POLICE),
        ("C", INVESTIGATED),
    ],
)
def test_each_standard_of_proof_names_what_it_demands(
    cast: Cast, now: datetime, basis: str, proof: dict[str, Any]
) -> None:
    assert {part.value for part in read(claims(cast.rui, any_tag(), now, basis=basis, proof=proof)).proof} == set(proof)


def test_a_digest_is_never_taken_for_a_number(cast: Cast, now: datetime) -> None:
    digest = "a" * 23 + OTHER_NUMBER + "b" * 23  # as chance may have it
    read(claims(cast.rui, any_tag(), now, exhibits=[digest], facts=[{**FACT, "exhibits": [digest]}]))


def timely(cast: Cast, now: datetime, **changes: Any) -> None:
    payload = claims(cast.rui, any_tag(), now, **changes)
    statement.verify_timely(read(payload), payload, now=now)


def test_a_report_in_time_needs_no_reason(cast: Cast, now: datetime) -> None:
    timely(cast, now)
    timely(cast, now, breach_notice={"none": "Nobody outside was affected."})
    timely(cast, now, found={"on": day(-10), "how": "log"}, period={"from": day(-20), "to": day(-15)})


def test_a_late_report_must_say_why(cast: Cast, now: datetime) -> None:
    late = {"found": {"on": day(-11), "how": "log"}, "period": {"from": day(-20), "to": day(-15)}}
    with pytest.raises(Invalid) as refused:
        timely(cast, now, **late)
    assert (refused.value.field, refused.value.code) == ("late_reason", "filed-late")
    timely(cast, now, **late, late_reason="The police asked us to wait.")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("found.on", {"found": {"on": day(1), "how": "log"}}),
        ("breach_notice.date", {"breach_notice": {"date": day(1), "reference": "R"}}),
        ("proof.police.date", {"proof": {**BY_POLICE, "police": {**REFERENCE, "date": day(1)}}}),
        ("iat", {"iat": int(START.timestamp()) + 61}),
        ("iat", {"iat": int((START - timedelta(days=10)).timestamp()) - 1}),
    ],
)
def test_the_future_and_the_drawer_are_refused(cast: Cast, now: datetime, field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        timely(cast, now, **changes)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("iss", {"iss": "birch"}),
        ("aud", {"aud": "https://elsewhere.example"}),
        ("sub", {"sub": base64url.encode(bytes(32))}),
        ("report", {"report": "AAAA"}),
        ("iat", {"iat": int(START.timestamp()) + 61}),
        ("statement", {"offence": "sale"}),
    ],
)
def test_a_countersignature_is_read_as_strictly(cast: Cast, now: datetime, field: str, changes: dict[str, Any]) -> None:
    payload = {name: claims(cast.ana, any_tag(), now)[name] for name in ("iss", "aud", "jti", "iat", "sub")}
    payload["report"] = base64url.encode(bytes(32))
    statement.read_countersignature(payload, member_id="acme", issuer=ISSUER, now=now)
    with pytest.raises(Invalid) as refused:
        statement.read_countersignature({**payload, **changes}, member_id="acme", issuer=ISSUER, now=now)
    assert refused.value.field == field
