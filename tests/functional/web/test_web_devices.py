from __future__ import annotations

from flask.testing import FlaskClient

from registry.accounts.models import UserSession
from registry.db import Store
from registry.policy import SESSION_IDLE, SESSION_SEEN_EVERY
from tests.app_fixture import SignIn
from tests.cast import PASSWORD, Cast
from tests.conftest import MovingClock
from tests.pages import submit, text_of


def test_one_sees_where_one_is_signed_in_and_ends_the_others(
    visitor: FlaskClient, signed_in: SignIn, cast: Cast
) -> None:
    elsewhere = signed_in(cast.olaf)
    submit(visitor, "/sign-in", {"account": "olaf", "password": PASSWORD})
    page = text_of(visitor.get("/account/devices"))
    assert "Werkzeug" in page
    assert "this one" in page
    assert elsewhere.get("/home").status_code == 200
    token = visitor.get("/account/devices").text.split('name="csrf_token" value="')[1].split('"')[0]
    visitor.post("/account/devices/end-others", data={"csrf_token": token})
    assert elsewhere.get("/home").status_code == 302
    assert visitor.get("/home").status_code == 200


def test_the_device_of_somebody_else_is_not_there(signed_in: SignIn, cast: Cast, store: Store) -> None:
    rui, olaf = signed_in(cast.rui), signed_in(cast.olaf)
    with store.read() as session:
        row = session.query(UserSession).filter_by(account_id=cast.rui.actor.id).one()
    token = olaf.get("/account/devices").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert olaf.post(f"/account/devices/{row.id}/end", data={"csrf_token": token}).status_code == 404
    assert rui.get("/home").status_code == 200


def test_pages_keep_a_session_alive_and_their_absence_ends_it(
    signed_in: SignIn, cast: Cast, clock: MovingClock
) -> None:
    olaf = signed_in(cast.olaf)
    for _ in range(3):
        clock.move(SESSION_IDLE - SESSION_SEEN_EVERY)
        assert olaf.get("/home").status_code == 200
    clock.move(SESSION_IDLE)
    assert olaf.get("/home").location == "/sign-in?next=/home"
