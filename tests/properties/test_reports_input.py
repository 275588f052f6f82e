"""Whatever is sent, a report's readers either understand it or refuse it on purpose, without repeating it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from registry import base64url, policy
from registry.errors import Invalid
from registry.policy import Kind
from registry.reports import contents, rules, statement
from registry.reports.contact import read_contact
from registry.reports.prose import verify_no_number
from tests.conftest import ISSUER
from tests.filing import CONTACT, NUMBER, SHA256, any_tag

GOOD: dict[str, Any] = {
    "iss": "acme",
    "aud": ISSUER,
    "jti": "j-1",
    "iat": 1_772_000_000,
    "sub": base64url.encode(any_tag()),
    "v": 1,
    "offence": "sale",
    "offence_version": 1,
    "staff": "gig",
    "impersonation": False,
    "basis": "B",
    "gravity": {"records": 710, "kind": "transaction", "gain_cny": 900},
    "period": {"from": "2026-01-20", "to": "2026-02-20"},
    "found": {"on": "2026-02-25", "how": "log"},
    "measure": "Dismissed.",
    "breach_notice": {"date": "2026-02-26", "reference": "R"},
    "narrative": "He sold them.",
    "facts": [{"text": "He sold them.", "exhibits": [SHA256]}],
    "witnesses": [{"name": "Zhao", "contact": "gate 3", "role": "night guard"}],
    "proof": {
        "police": {"reference": "P", "date": "2026-02-26"},
        "dismissal": {"reference": "D", "date": "2026-02-26"},
    },
    "exhibits": [SHA256],
    "term_days": 365,
    "reasons": "For gain.",
}
scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=40), st.just(NUMBER))
anything = st.recursive(
    scalar,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=12), inner, max_size=3)),
    max_leaves=6,
)
inside = st.sampled_from([(name, part) for name, value in GOOD.items() if isinstance(value, dict) for part in value])


def read(payload: dict[str, Any]) -> None:
    try:
        statement.read(payload, member_id="acme", issuer=ISSUER)
    except Invalid as refused:
        said = refused.message
    else:
        said = ""
    assert NUMBER not in said


def test_the_payload_that_is_spoilt_below_is_good() -> None:
    statement.read(GOOD, member_id="acme", issuer=ISSUER)


@given(name=st.one_of(st.sampled_from(sorted(GOOD)), st.text(max_size=12)), value=anything)
def test_any_claim_may_hold_anything(name: str, value: object) -> None:
    read({**GOOD, name: value})


@given(place=inside, value=anything)
def test_any_part_of_a_claim_may_hold_anything(place: tuple[str, str], value: object) -> None:
    name, part = place
    read({**GOOD, name: {**GOOD[name], part: value}})


@given(name=st.sampled_from([*CONTACT, "phone", NUMBER]), value=anything)
def test_any_part_of_the_contact_may_hold_anything(name: str, value: object) -> None:
    try:
        read_contact({**CONTACT, name: value})
    except Invalid as refused:
        said = refused.message
    else:
        said = ""
    assert NUMBER not in said


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_of_one_kind_or_of_none(data: bytes) -> None:
    try:
        kind = contents.kind_of(data)
    except Invalid:
        return
    assert isinstance(kind, contents.Kind)


@given(before=st.text(max_size=30), after=st.text(max_size=30))
def test_a_number_between_words_never_passes(before: str, after: str) -> None:
    try:
        verify_no_number(f"{before} {NUMBER} {after}", field="narrative")
    except Invalid as refused:
        assert refused.code == "number-in-text"  # noqa: PT017
        return
    raise AssertionError("a number went through")


@given(records=st.integers(0, 10**7), kind=st.sampled_from(Kind), gain=st.integers(0, 10**7))
def test_more_data_or_more_gain_is_never_milder(records: int, kind: Kind, gain: int) -> None:
    def level(more_records: int, more_gain: int) -> int:
        found = rules.gravity(records=records + more_records, kind=kind, gain_cny=gain + more_gain)
        return found.level if found else 0

    assert level(1, 0) >= level(0, 0)
    assert level(0, 1) >= level(0, 0)
    strict = rules.gravity(records=records, kind=Kind.LOCATION, gain_cny=gain)
    assert (strict.level if strict else 0) >= level(0, 0)


@given(level=st.sampled_from(policy.LADDER), days=st.one_of(st.none(), st.integers(1, 40_000)))
@settings(max_examples=200)
def test_no_accepted_term_outlasts_the_policy(level: policy.Gravity, days: int | None) -> None:
    try:
        rules.verify_term(days, level)
    except Invalid:
        return
    listed = datetime(2026, 3, 2, tzinfo=UTC)
    until = rules.until(listed, days)
    assert until is not None
    assert until - listed <= (policy.MAX_TERM or timedelta.max)
    assert level.max_term is None or until - listed <= level.max_term
