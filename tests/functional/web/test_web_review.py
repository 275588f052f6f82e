from __future__ import annotations

from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.appeals.listing import list_due
from registry.db import Store
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.functional.test_bad_input import bearer
from tests.pages import problems_of, submit, text_of

WORDS = {"ground": "acquitted", "text": "The court has acquitted me."}


def test_the_person_asks_and_reads_what_was_decided(
    app: APIFlask, subject: FlaskClient, accused: Accused, store: Store
) -> None:
    assert "You are not listed" in text_of(subject.get("/case/review"))
    accused.proofed().clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        list_due(session, now=accused.clock())
    subject.set_cookie("zilu-case", accused.session_token())
    early = submit(subject, "/case/review", {**WORDS, "ground": "time-served"})
    assert early.status_code == 422
    assert "can be asked for from" in problems_of(early)[0]
    assert submit(subject, "/case/review", WORDS).location == "/case/review"

    headers = {"Authorization": f"Bearer {bearer(store, accused.cast.rex, accused.clock)}"}
    client = app.test_client()
    (listed,) = client.get("/api/v1/reviews", headers=headers).json["reviews"]
    path = f"/api/v1/reviews/{listed['id']}"
    assert client.get(path, headers=headers).json["text"] == WORDS["text"]
    said = {"end": True, "reasons": "The judgment is clear."}
    assert client.post(f"{path}/decision", json=said, headers=headers).json["state"] == "ended"
    assert "The judgment is clear." in text_of(subject.get("/case/review"))
