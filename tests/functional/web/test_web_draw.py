from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from registry.appeals import queries
from registry.appeals.models import Draw
from registry.base64url import encode
from registry.db import Store
from tests.accused import Accused
from tests.pages import send, text_of

NONCE = bytes(range(32))


def offer(subject: FlaskClient, nonce: bytes = NONCE) -> tuple[int, str]:
    answer = send(subject, "/case/file", "/case/draw", {"nonce": encode(nonce)})
    return answer.status_code, answer.json.get("next") or answer.json["code"]


def drawn(store: Store, accused: Accused) -> Draw:
    with store.read() as session:
        row = queries.draw_of(session, accused.appeal().id)
        assert row is not None
        return row


def test_the_number_is_asked_for_once_the_pool_is_public_and_taken_once(
    subject: FlaskClient, accused: Accused, store: Store
) -> None:
    accused.lodged().proofed().admitted()
    assert "come back in a minute" in text_of(subject.get("/case/file"))
    assert offer(subject) == (409, "not-public-yet")
    accused.sequenced()
    page = subject.get("/case/file")
    assert 'form id="draw"' in page.text
    assert drawn(store, accused).root.hex() in page.text
    assert offer(subject) == (200, "/case/file#appeals")
    assert drawn(store, accused).nonce == NONCE
    assert offer(subject) == (200, "/case/file#appeals")  # the same again changes nothing
    assert offer(subject, bytes(32)) == (409, "nonce-taken")
    assert "The panel is drawn within a minute" in text_of(subject.get("/case/file"))


def test_before_the_admission_there_is_nothing_to_draw(subject: FlaskClient, accused: Accused) -> None:
    assert offer(subject) == (409, "not-allowed-now")
    accused.lodged()
    assert offer(subject) == (409, "not-allowed-now")


@pytest.mark.parametrize("nonce", ["", "AA", encode(bytes(31)), encode(bytes(33)), "=" * 43])
def test_what_is_not_32_bytes_is_refused(subject: FlaskClient, accused: Accused, nonce: str) -> None:
    accused.lodged().proofed().admitted().sequenced()
    answer = send(subject, "/case/file", "/case/draw", {"nonce": nonce})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "nonce"


def test_the_draw_needs_the_token_of_its_own_page(subject: FlaskClient, accused: Accused, store: Store) -> None:
    accused.lodged().proofed().admitted().sequenced()
    assert subject.post("/case/draw", json={"nonce": encode(NONCE)}).status_code == 400
    assert drawn(store, accused).nonce is None


def test_the_organisations_of_the_panel_are_named_and_its_people_are_not(
    subject: FlaskClient, accused: Accused
) -> None:
    accused.lodged().proofed().admitted().sequenced().decided("keep")
    text = text_of(subject.get("/case/file"))
    assert "Three people of these organisations were drawn" in text
    assert "-panel" not in text.replace("-panel says so", "")
