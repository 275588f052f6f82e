from __future__ import annotations

from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.appeals import draw as drawing
from registry.appeals import interventions, queries
from registry.db import Store
from tests.accused import Accused
from tests.functional.test_bad_input import bearer
from tests.pages import problems_of, submit, text_of


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


def test_without_an_appeal_there_is_nobody_to_challenge(subject: FlaskClient) -> None:
    assert subject.get("/case/recusal").status_code == 404


def test_the_person_reads_what_a_regulator_has_put_to_the_panel(subject: FlaskClient, accused: Accused) -> None:
    accused.lodged().proofed()
    with accused.store.write() as session:
        appeal, rex = queries.get(session, accused.appeal().id), accused.cast.rex.actor
        interventions.intervene(session, actor=rex, appeal=appeal, text="Ask for the rota.", now=accused.clock())
    assert "What a regulator has put to the panel Ask for the rota." in text_of(subject.get("/case/file"))
    assert "Ask for the rota." in subject.get("/case/copy.json").text
