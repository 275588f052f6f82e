from __future__ import annotations

import re

from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.appeals import draw as drawing
from registry.appeals import interventions, queries, recusals
from registry.appeals.listing import list_due
from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Store
from registry.entries.models import Entry
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.functional.test_bad_input import bearer
from tests.pages import problems_of, submit, text_of, token_of


def seated(accused: Accused) -> list[str]:
    """The seats of the panel that was drawn."""
    accused.lodged().proofed().admitted().sequenced()
    with accused.store.write() as session:
        appeal = queries.get(session, accused.appeal().id)
        return [seat.id for seat in drawing.draw(session, appeal, bytes(32), accused.holder, accused.clock())]


def test_somebody_on_the_panel_is_challenged_and_the_clerk_decides(
    subject: FlaskClient, accused: Accused, app: APIFlask, store: Store
) -> None:
    seats = seated(accused)
    assert 'href="/case/recusal"' in subject.get("/case/file").text
    assert "Select who." in problems_of(submit(subject, "/case/recusal", {"seat": "", "text": ""}))
    assert "choose one of those" in text_of(submit(subject, "/case/recusal", {"seat": "0" * 32, "text": "No."}))
    assert submit(subject, "/case/recusal", {"seat": seats[0], "text": "My cousin."}).location == "/case/file#appeals"
    page = subject.get("/case/file")
    assert "Nobody has decided it yet" in text_of(page)
    assert 'href="/case/recusal"' not in page.text
    assert "can be done once" in text_of(submit(subject, "/case/recusal", {"seat": seats[1], "text": "No."}))

    headers = {"Authorization": f"Bearer {bearer(store, accused.cast.cleo, accused.clock)}"}
    clerk = app.test_client()
    (waiting,) = clerk.get("/api/v1/recusals", headers=headers).json["recusals"]
    path = f"/api/v1/recusals/{waiting['id']}"
    assert clerk.get(path, headers=headers).json["text"] == "My cousin."
    body = {"sustain": True, "reasons": "They are related."}
    assert clerk.post(f"{path}/decision", json=body, headers=headers).json["state"] == "sustained"
    assert clerk.post(f"{path}/decision", json=body, headers=headers).status_code == 409
    text = text_of(subject.get("/case/file"))
    assert "They have left it, and somebody else follows." in text
    assert "They are related." in text
    with store.read() as session:
        assert seats[0] not in [seat.id for seat in queries.seats_of(session, accused.appeal().id)]


def challenged(subject: FlaskClient, accused: Accused, text: str) -> str:
    """The seat that was challenged so."""
    seat = seated(accused)[0]
    assert submit(subject, "/case/recusal", {"seat": seat, "text": text}).status_code == 302
    return seat


def test_a_clerk_reads_it_on_a_page_and_sustains_it(
    subject: FlaskClient, accused: Accused, signed_in: SignIn, cast: Cast, store: Store
) -> None:
    seat = challenged(subject, accused, "My <b>cousin</b>.")
    cleo, appeal = signed_in(cast.cleo), f"/clerk/appeals/{accused.appeal().id}"
    assert f"{accused.case_number} Decide the challenge of a panelist" in text_of(cleo.get("/clerk"))
    path = re.findall(r'href="(/recusals/[^"]+)"', cleo.get(appeal).text)[0]
    assert path in cleo.get("/recusals").text
    assert "My <b>cousin</b>." in text_of(cleo.get(path))
    assert problems_of(submit(cleo, path, {})) == ["Select what you decide.", "Enter your reasons."]
    said = {"verdict": "sustained", "reasons": "They are related."}
    assert submit(cleo, path, said).location == path
    text = text_of(cleo.get(path))
    assert "they have left the panel. They are related." in text
    for page in ("/recusals", "/clerk", appeal):
        assert path not in cleo.get(page).text
    token = {"csrf_token": token_of(cleo, "/clerk")}
    assert cleo.post(path, data={**token, **said}).status_code == 422  # it is decided
    with store.read() as session:
        assert seat not in [each.id for each in queries.seats_of(session, accused.appeal().id)]


def test_a_regulator_rejects_it_and_whoever_was_challenged_stays(
    accused: Accused, signed_in: SignIn, cast: Cast, store: Store, clock: MovingClock
) -> None:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        list_due(session, now=clock())
    seat = seated(accused)[0]
    with store.write() as session:
        appeal = queries.get(session, accused.appeal().id)
        recusals.ask(session, appeal=appeal, seat_id=seat, text="I do not like them.", now=clock())
        entry = session.query(Entry).one().id
    rex = signed_in(cast.rex)
    rex.get("/language/zh-Hans")
    path = re.findall(r'href="(/recusals/[^"]+)"', rex.get("/recusals").text)[0]
    assert path in rex.get(f"/regulator/entries/{entry}").text
    assert "I do not like them." in text_of(rex.get(path))
    assert submit(rex, path, {"verdict": "dismissed", "reasons": "That is no reason."}).location == path
    rex.get("/language/en")
    assert "they stay on the panel. That is no reason." in text_of(rex.get(path))
    with store.read() as session:
        assert seat in [each.id for each in queries.seats_of(session, accused.appeal().id)]
        key = key_of(session, session.get_one(Case, accused.appeal().case_id))
        read = [act.actor for act in acts.of_case(session, key) if act.verb == "recusal.read"]
    assert read == [cast.rex.actor.id] * 3
    assert "Challenge of a panelist read" in text_of(rex.get(f"/regulator/entries/{entry}"))
    for name in ("rui", "hana", "sol"):
        client = signed_in(cast[name])
        assert [client.get(page).status_code for page in ("/recusals", path)] == [403, 403]


def test_without_an_appeal_there_is_nobody_to_challenge(subject: FlaskClient) -> None:
    assert subject.get("/case/recusal").status_code == 404


def test_the_person_reads_what_a_regulator_has_put_to_the_panel(subject: FlaskClient, accused: Accused) -> None:
    accused.lodged().proofed()
    with accused.store.write() as session:
        appeal, rex = queries.get(session, accused.appeal().id), accused.cast.rex.actor
        interventions.intervene(session, actor=rex, appeal=appeal, text="Ask for the rota.", now=accused.clock())
    assert "What a regulator has put to the panel Ask for the rota." in text_of(subject.get("/case/file"))
    assert "Ask for the rota." in subject.get("/case/copy.json").text
