"""Two officers at a counter, or an accredited service under its own key, confirm who the person of a case is."""

from __future__ import annotations

from flask.testing import FlaskClient

from registry.accounts.actions import actor_of, open_account
from registry.accounts.rules import Role
from registry.appeals import proofing
from registry.appeals.rules import State
from registry.base64url import encode
from registry.db import Store
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast, Person
from tests.conftest import MovingClock
from tests.filing import OTHER_NUMBER, sign, tag_of
from tests.functional.web.test_web_reporter import statement_on
from tests.pages import send, text_of


def sight(officer: FlaskClient, accused: Accused, tag: bytes) -> str:
    answer = send(officer, "/counter", "/counter/sightings", {"case": accused.case_number, "tag": encode(tag)})
    return str(answer.json.get("next") or answer.json["code"])


def test_two_officers_are_enough_and_one_is_not(
    signed_in: SignIn, cast: Cast, store: Store, accused: Accused, clock: MovingClock
) -> None:
    accused.lodged()
    with store.write() as session:
        open_account(
            session,
            id="notary-second",
            member_id="notary",
            name="Vic",
            roles=[Role.VERIFIER],
            actor=cast.nora.actor,
            now=clock(),
        )
        vic = Person("vic", actor_of(session, "notary-second"), None, None)
    vera = signed_in(cast.vera)
    assert sight(vera, accused, tag_of(accused.holder, OTHER_NUMBER)) == "identity-differs"
    for _press in range(2):
        assert sight(vera, accused, accused.filing.tag) == "/counter/done/0"
    assert "A second officer of your house must see the person" in text_of(vera.get("/counter/done/0"))
    assert accused.appeal().state is State.LODGED
    assert sight(signed_in(vic), accused, accused.filing.tag) == "/counter/done/1"
    assert accused.appeal().state is State.PROOFED
    assert accused.case_number not in vera.get("/counter/done/1").text


def test_an_accredited_service_attests_by_signature(signed_in: SignIn, cast: Cast, accused: Accused) -> None:
    accused.lodged()
    vera, page = signed_in(cast.vera), "/counter/attestation"
    said = {**statement_on(vera.get(page).text), "case": accused.case_number, "sub": encode(accused.filing.tag)}
    token = sign(cast.vera, said, proofing.TYP)
    for _press in range(2):
        assert send(vera, page, "/counter/attestations", {"token": token}).json == {"next": "/counter/done/1"}
    assert accused.appeal().state is State.PROOFED
    unknown = sign(cast.vera, {**said, "case": "ZL-0000-0000", "jti": "2"}, proofing.TYP)
    refused = send(vera, page, "/counter/attestations", {"token": unknown})
    assert refused.status_code == 404
    assert send(vera, page, "/counter/attestations", {"token": "x"}).json["code"] == "signature-malformed"
