"""A receipt file is verified on a page, which says what it proves."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.db import Store
from registry.keys.holder import Holder
from registry.log.sequencer import sequence
from tests.app_fixture import SECRETS, SignIn, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.functional.web.test_web_check import OTHER, check
from tests.pages import problems_of, submit, text_of

PATH = "/check/receipt"


@pytest.fixture
def hana(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.hana)


def dropped(client: FlaskClient, document: Any) -> TestResponse:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return submit(client, PATH, {"file": (io.BytesIO(content), "receipt.json")})


def test_a_receipt_is_a_promise_then_it_is_proven_and_a_changed_one_does_not_hold(
    hana: FlaskClient, store: Store, holder: Holder, clock: MovingClock, signed_in: SignIn, cast: Cast
) -> None:
    assert f'href="{PATH}"' in hana.get("/check/history").text
    answer = check(hana, holder, OTHER)
    saved = {"answers": answer["checks"], "receipt": answer["receipt"], "entry": None, "proof": None}
    promised = text_of(dropped(hana, saved))
    assert "This receipt holds" in promised
    assert "Until then it is a promise" in promised
    sequence(store, key=SECRETS.log_key, origin=settings().log_origin, now=clock())
    proven = {**saved, **hana.get(f"/check/receipts/{answer['batch']}").json}
    assert "They stand in the public log" in text_of(dropped(hana, proven))
    (said,) = answer["checks"]
    listed = {**said, "outcome": "entry", "reference": "0" * 32}
    for wrong in ({**proven, "answers": [listed]}, {**proven, "answers": []}, {"receipt": 1}, [], b"\xff{"):
        refused = dropped(hana, wrong)
        assert refused.status_code == 422
        assert problems_of(refused)[0].startswith("This is no receipt of this registry")
    assert problems_of(submit(hana, PATH, {})) == ["Choose the receipt file."]
    assert signed_in(cast.rui).get(PATH).status_code == 403
