from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from registry import base64url
from registry.checks import rules
from registry.checks.rules import Bucket, Declared, Duty
from registry.errors import Invalid
from registry.identity import group
from registry.policy import BATCH, CHECK_OPEN, CHECKS_PER_DAY_AT_LEAST, Purpose

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ELEMENT = base64url.encode(group.multiply_base(b"\x05" + bytes(31)))
REFERENCE = {"kind": "declared", "reference": "HR-2026-11/4"}


def test_a_declared_consent_is_read_as_it_was_stated() -> None:
    digest = base64url.encode(b"d" * 32)
    said = rules.read_consent({**REFERENCE, "text_sha256": digest}, Purpose.HIRING)
    assert said == Declared("HR-2026-11/4", digest)
    assert said.facts == {"kind": "declared", "reference": "HR-2026-11/4", "text_sha256": digest}


def test_the_plain_word_declared_is_a_consent_without_a_reference() -> None:
    assert rules.read_consent("declared", Purpose.PRESENT_STAFF).facts == {"kind": "declared"}


def test_a_reference_may_be_in_any_script() -> None:
    assert rules.read_consent({"kind": "declared", "reference": "同意书 2026-11"}, Purpose.HIRING).reference


def test_a_granted_consent_names_its_group() -> None:
    said = {"kind": "granted", "group": "g1"}
    assert rules.read_consent(said, Purpose.HIRING).facts == said


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("", "consent.kind"),
        ("granted", "consent.group"),
        ({"kind": "granted", "group": "g1", "reference": "x"}, "consent"),
        ("sworn", "consent.kind"),
        ({}, "consent.kind"),
        ({"kind": 1}, "consent.kind"),
        ({"kind": ["declared"]}, "consent.kind"),
        ({"kind": "declared"}, "consent.reference"),
        ({"kind": "declared", "reference": ""}, "consent.reference"),
        ({"kind": "declared", "reference": "  "}, "consent.reference"),
        ({"kind": "declared", "reference": "a\nb"}, "consent.reference"),
        ({"kind": "declared", "reference": "x" * 65}, "consent.reference"),
        ({"kind": "declared", "reference": 5}, "consent.reference"),
        ({"kind": "declared", "reference": "of 11010519491231002X"}, "consent.reference"),
        ({"kind": "declared", "reference": "110105-19491231-002X"}, "consent.reference"),
        ({**REFERENCE, "text_sha256": "short"}, "consent.text_sha256"),
        ({**REFERENCE, "more": 1}, "consent"),
    ],
)
def test_a_consent_that_is_none_is_refused_by_field_and_not_repeated(said: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.read_consent(said, Purpose.HIRING)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert "1949" not in refused.value.message


def test_a_purpose_must_be_one_of_the_policys() -> None:
    assert rules.read_purpose("present-staff") is Purpose.PRESENT_STAFF
    with pytest.raises(Invalid, match="purpose must be hiring or present-staff"):
        rules.read_purpose("curiosity")


@pytest.mark.parametrize(
    "elements",
    [
        [],
        [ELEMENT] * (BATCH + 1),
        [ELEMENT[:-1]],
        [ELEMENT + "="],
        [base64url.encode(bytes(32))],
        [base64url.encode(b"\xff" * 32)],
        [5],
        [None],
    ],
)
def test_only_canonical_elements_are_read_and_at_most_a_thousand(elements: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.read_elements(elements)
    assert refused.value.field == "elements"
    with pytest.raises(Invalid) as refused:
        rules.read_question(purpose="hiring", consent=REFERENCE, tags=elements)
    assert refused.value.field == "tags"


def test_a_thousand_elements_are_a_batch() -> None:
    assert len(rules.read_elements([ELEMENT] * BATCH)) == BATCH


def test_two_questions_are_the_same_only_if_purpose_consent_and_tags_are() -> None:
    def asked(**changed: object) -> bytes:
        said = {"purpose": "hiring", "consent": REFERENCE, "tags": [ELEMENT]} | changed
        return rules.read_question(**said).canonical  # type: ignore[arg-type]

    others = (
        asked(purpose="present-staff"),
        asked(consent={"kind": "declared", "reference": "other"}),
        asked(tags=[ELEMENT, ELEMENT]),
    )
    assert asked() == asked()
    assert asked() not in others


def test_a_question_does_not_show_its_tags() -> None:
    shown = repr(rules.read_question(purpose="hiring", consent=REFERENCE, tags=[ELEMENT]))
    assert "tags" not in shown


def test_budgets_follow_the_headcount_and_leave_something_for_the_others() -> None:
    found = rules.ceilings(member="birch", unit="u1", account="birch-hr", headcount=100)
    assert found == {"account:birch-hr": 150, "member:birch": 200, "unit:u1": 150}


def test_a_small_member_has_a_budget_all_the_same() -> None:
    found = rules.ceilings(member="notary", unit="u1", account="notary-counter", headcount=0)
    assert found["member:notary"] == CHECKS_PER_DAY_AT_LEAST


def test_budgets_are_charged_in_one_order_so_that_two_requests_never_wait_for_each_other() -> None:
    scopes = list(rules.ceilings(member="birch", unit="u1", account="birch-hr", headcount=1))
    assert scopes == sorted(scopes)


HOUR = timedelta(hours=1)


def test_two_thirds_of_a_day_may_be_had_at_one_stroke_and_are_there_again_after_eight_hours() -> None:
    bucket = Bucket.of(6_000)
    assert bucket.size == 4_000
    empty = bucket.full_after(None, 4_000, NOW)
    assert empty == bucket.latest(NOW) == NOW + 8 * HOUR
    assert bucket.full_after(empty, 1, NOW) > bucket.latest(NOW)
    assert bucket.full_after(empty, 500, NOW + HOUR) == bucket.latest(NOW + HOUR)
    assert bucket.full_after(empty, 4_000, NOW + 9 * HOUR) == bucket.latest(NOW + 9 * HOUR)  # never more than full


def test_one_batch_is_always_allowed_at_one_stroke() -> None:
    assert Bucket.of(75).size == BATCH


@pytest.mark.parametrize(("headcount", "rows"), [(20_000, 10_000), (100_000, 100_000)])
def test_an_honest_file_fits_the_stroke_and_the_day_of_whoever_has_so_many_people(headcount: int, rows: int) -> None:
    found = rules.ceilings(member="birch", unit="u1", account="birch-hr", headcount=headcount)
    assert all(rows <= min(ceiling, Bucket.of(ceiling).size) for ceiling in found.values())


def test_a_day_is_a_day_in_utc() -> None:
    in_beijing = datetime(2026, 3, 3, 7, 59, tzinfo=timezone(timedelta(hours=8)))
    assert rules.budget_day(in_beijing) == "2026-03-02"
    assert rules.seconds_left(in_beijing) == 61
    assert rules.seconds_left(NOW) == 15 * 3600 + 1


def test_a_hiring_check_stays_open_and_others_do_not() -> None:
    assert rules.closes_at(Purpose.HIRING, NOW) == NOW + CHECK_OPEN
    assert rules.closes_at(Purpose.PRESENT_STAFF, NOW) is None


def test_what_is_owed_after_a_hit_depends_on_whether_the_entry_still_stands() -> None:
    plain, disputed = (rules.duties(shown=True, disputed=disputed) for disputed in (False, True))
    assert Duty.NAMED_PERSON in plain
    assert Duty.DISPUTED not in plain
    assert Duty.DISPUTED in disputed
    assert rules.duties(shown=False, disputed=True) == (Duty.FORGET,)
