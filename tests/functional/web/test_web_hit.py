from __future__ import annotations

from datetime import timedelta

import pytest

from registry.db import Store
from registry.keys.holder import Holder
from registry.log.models import Act
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check, list_person, people
from tests.pages import text_of

LISTED, OTHER = people(2)
SAID = "It was not me. <b>Ask the depot.</b>"


@pytest.fixture
def check_id(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> str:
    list_person(store, holder, cast, LISTED, clock(), statement=SAID)
    answer = check(store, holder, [LISTED], cast.hana.actor, clock()).answers[0]["id"]
    assert answer
    return answer


def test_a_hit_says_what_it_is_and_what_is_owed(signed_in: SignIn, cast: Cast, check_id: str) -> None:
    page = signed_in(cast.hana).get(f"/check/{check_id}")
    text = text_of(page)
    assert "Sold customer data" in text
    assert "2 (medium)" in text
    assert "B: A police case, and dismissal" in text
    assert SAID in text
    assert "<b>Ask" not in page.text
    assert "Let a named person decide, never a program." in text
    assert "That you have read this is on record" in text


def test_each_look_is_an_act(signed_in: SignIn, cast: Cast, check_id: str, store: Store) -> None:
    hana = signed_in(cast.hana)
    counts = []
    for _ in range(2):
        hana.get(f"/check/{check_id}")
        with store.read() as session:
            counts.append(session.query(Act).filter(Act.case_id.is_not(None)).count())
    assert counts[1] == counts[0] + 1


def test_an_entry_that_has_ended_says_only_so(signed_in: SignIn, cast: Cast, check_id: str, clock: MovingClock) -> None:
    clock.move(timedelta(days=366))
    text = text_of(signed_in(cast.hana).get(f"/check/{check_id}"))
    assert "expired" in text
    assert "Sold customer data" not in text
    assert SAID not in text
    assert "Do not rely on the entry" in text


def test_a_check_without_a_hit_has_nothing_to_read(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    nothing = check(store, holder, [OTHER], cast.hana.actor, clock()).answers[0]["id"]
    assert signed_in(cast.hana).get(f"/check/{nothing}").status_code == 404


@pytest.mark.parametrize("who", ["rui", "rex", "olaf"])
def test_nobody_else_reads_it(signed_in: SignIn, cast: Cast, check_id: str, who: str) -> None:
    assert signed_in(cast[who]).get(f"/check/{check_id}").status_code == 403
