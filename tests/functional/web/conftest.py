"""Browsers of everyone who has pages, and a person who has received a letter."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.db import Store
from registry.keys.holder import Holder
from tests.accused import Accused, accuse
from tests.app_fixture import app, signed_in, visitor  # noqa: F401 - fixtures
from tests.cast import Cast
from tests.conftest import MovingClock


@pytest.fixture
def accused(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Accused:
    return accuse(store, cast, holder, clock)


@pytest.fixture
def subject(accused: Accused, app: APIFlask) -> FlaskClient:  # noqa: F811
    """The accused person's browser, after the match."""
    client = app.test_client()
    client.set_cookie("zilu-case", accused.session_token())
    return client
