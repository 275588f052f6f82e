"""Setting up an app that shows codes, and signing in with it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pyotp
import pytest
import segno
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry import policy
from registry.db import Store
from registry.running import Running
from tests.app_fixture import SignIn
from tests.cast import PASSWORD, Cast
from tests.conftest import MovingClock
from tests.factor import set_up
from tests.pages import problems_of, submit, text_of, token_of

OLAF = {"account": "olaf", "password": PASSWORD}
PAGE, LATER = "/account/codes", timedelta(minutes=1)


@pytest.fixture
def olaf(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.olaf)


def press(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"csrf_token": token_of(client, PAGE)}).status_code in (200, 302)


def test_an_app_is_set_up_with_the_picture_and_its_codes_are_asked_for(
    olaf: FlaskClient, visitor: FlaskClient, clock: MovingClock
) -> None:
    press(olaf, PAGE + "/begin")
    page = olaf.get(PAGE)
    found = re.search(r'<span class="reference">([A-Z2-7 ]+)</span>', page.text)
    assert found
    app = pyotp.TOTP(found[1].replace(" ", ""))
    drawn = BytesIO()
    address = app.provisioning_uri(name="olaf", issuer_name="The tests' consortium")
    segno.make(address).save(drawn, kind="svg", scale=5, light="#fff")
    picture = olaf.get(PAGE + "/picture.svg")
    assert (picture.data, picture.mimetype) == (drawn.getvalue(), "image/svg+xml")
    assert "style" not in picture.text
    assert problems_of(submit(olaf, PAGE, {"code": "000000"})) == [
        "The code does not fit; enter the six digits that the app shows now."
    ]
    done = submit(olaf, PAGE, {"code": app.at(clock())})
    codes = re.findall(r'<li class="reference">([0-9A-Z-]{11})</li>', done.text)
    assert len(codes) == policy.RECOVERY_CODES
    assert app.secret not in olaf.get(PAGE).text.replace(" ", "")
    assert olaf.get(PAGE + "/picture.svg").status_code == 404

    way = submit(visitor, "/sign-in?next=/policy", OLAF).location
    assert way == "/sign-in/code?next=/policy"
    assert visitor.get("/home").status_code == 302
    assert submit(visitor, way, {"code": app.at(clock.move(LATER))}).location == "/policy"
    assert "Olaf" in text_of(visitor.get("/home"))


def test_the_code_page_is_for_whoever_has_just_given_the_password(
    visitor: FlaskClient, store: Store, clock: MovingClock
) -> None:
    app, _ = set_up(store, "olaf", clock())
    assert visitor.get("/sign-in/code?next=/home").location == "/sign-in?next=/home"
    submit(visitor, "/sign-in", {"account": "olaf", "password": "wrong"})
    assert visitor.get("/sign-in/code").status_code == 302
    submit(visitor, "/sign-in", OLAF)
    wrong = submit(visitor, "/sign-in/code", {"code": "000000"})
    assert problems_of(wrong)[0].startswith("The code does not fit, or it was used before.")
    assert problems_of(submit(visitor, "/sign-in/code", {})) == ["Enter the code."]
    token = token_of(visitor, "/sign-in/code")
    late = app.at(clock.move(policy.SECOND_STEP_WITHIN))
    assert visitor.post("/sign-in/code", data={"csrf_token": token, "code": late}).location == "/sign-in"
    assert visitor.get("/home").status_code == 302


def test_a_code_or_the_password_proves_once_more(olaf: FlaskClient, store: Store, clock: MovingClock) -> None:
    app, _ = set_up(store, "olaf", clock())
    clock.move(policy.PROOF_LIFE)
    way = olaf.get(PAGE).location or ""
    assert way == f"/account/prove?next={PAGE}"
    assert problems_of(submit(olaf, way, {})) == ["Enter your password, or a code of your app."]
    wrong = submit(olaf, way, {"code": "000000"})
    assert problems_of(wrong)[0].startswith("The code does not fit")
    assert olaf.get(PAGE).status_code == 302
    assert submit(olaf, way, {"code": app.at(clock())}).location == PAGE
    assert olaf.get(PAGE).status_code == 200
    clock.move(policy.PROOF_LIFE)
    assert submit(olaf, way, {"password": PASSWORD}).location == PAGE


def test_recovery_codes_are_made_anew_and_the_app_is_taken_away(
    olaf: FlaskClient, store: Store, clock: MovingClock
) -> None:
    set_up(store, "olaf", clock())
    assert f"{policy.RECOVERY_CODES} recovery codes are left" in text_of(olaf.get(PAGE))
    press(olaf, PAGE + "/renew")
    press(olaf, PAGE + "/remove")
    assert "Set up an app" in text_of(olaf.get(PAGE))


def require_factors(app: APIFlask) -> None:
    run: Running = app.extensions["zilu"]
    section = run.settings.registry.model_copy(update={"second_factor": "by-role"})
    app.extensions["zilu"] = replace(run, settings=run.settings.model_copy(update={"registry": section}))


def test_a_role_that_needs_a_second_factor_sets_it_up_before_anything_else(
    app: APIFlask, signed_in: SignIn, cast: Cast, store: Store, clock: MovingClock
) -> None:
    require_factors(app)
    rex, hana = signed_in(cast.rex), signed_in(cast.hana)
    assert hana.get("/home").status_code == 200
    assert rex.get("/home").location == "/account"
    assert rex.get("/regulator/entries").location == "/account"
    assert "needed" in text_of(rex.get("/account"))
    assert rex.get("/home", headers={"Content-Type": "application/json"}).get_json()["code"] == "not-enrolled"
    set_up(store, cast.rex.actor.id, clock())
    assert rex.get("/home").status_code == 200
