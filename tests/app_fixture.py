"""The whole application on the tests' store, clock and key holder, and browsers that are signed in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from apiflask import APIFlask
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from registry import policy
from registry.accounts.models import UserSession
from registry.accounts.sessions import hashed_token
from registry.app import create_app
from registry.clock import Clock, system
from registry.config import (
    DatabaseSection,
    KeyholderSection,
    RegistrySection,
    Secrets,
    SecretsSection,
    ServerSection,
    Settings,
)
from registry.db import Store
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.running import Running
from tests.cast import Person
from tests.conftest import ISSUER, KEYRING, MovingClock

NOWHERE = Path("/nowhere")
SignIn = Callable[[Person], FlaskClient]

# The same in every test: an Ed25519 key costs little, but receipts must not change under a running application.
SECRETS = Secrets(
    vault_key=KEYRING.vault_key,
    pepper=KEYRING.pepper,
    session_key=b"s" * 32,
    log_key=Ed25519PrivateKey.generate(),
    receipt_key=Ed25519PrivateKey.generate(),
)


def settings(issuer: str = ISSUER) -> Settings:
    return Settings(
        registry=RegistrySection(issuer=issuer, name="The tests' consortium", second_factor="offered"),
        database=DatabaseSection(url="sqlite:///nowhere"),
        secrets=SecretsSection(
            vault_key=NOWHERE, pepper=NOWHERE, session_key=NOWHERE, log_key=NOWHERE, receipt_key=NOWHERE
        ),
        keyholder=KeyholderSection(
            socket=NOWHERE,
            key_file=NOWHERE,
            passphrase_file=NOWHERE,
            counters=NOWHERE,
            member_ceiling=10**6,
            overall_ceiling=10**6,
        ),
        server=ServerSection(),
    )


def build(store: Store, clock: Clock, holder: Holder, *, issuer: str = ISSUER) -> APIFlask:
    """As `create_app` builds it, without the files."""
    return create_app(Running(settings(issuer), SECRETS, store, clock, holder))


@cache
def _application() -> APIFlask:
    return build(Store("sqlite://", KEYRING), system, Holder(NOWHERE))


@contextmanager
def running(store: Store, clock: Clock, holder: Holder) -> Iterator[APIFlask]:
    """The one application of this process on another store; routes and templates are compiled once for all tests."""
    app = _application()
    views = dict(app.view_functions)
    app.extensions["zilu"] = Running(settings(), SECRETS, store, clock, holder)
    try:
        yield app
    finally:
        app.view_functions = views


@pytest.fixture
def app(store: Store, clock: MovingClock, holder: Holder) -> Iterator[APIFlask]:
    with running(store, clock, holder) as app:
        yield app


@pytest.fixture
def visitor(app: APIFlask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def signed_in(app: APIFlask, store: Store, clock: MovingClock) -> SignIn:
    """`signed_in(cast.hana)`: a browser with her session in it."""

    def sign_in(person: Person) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = open_session(store, person, clock())
        return client

    return sign_in


def open_session(store: Store, person: Person, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    with store.write() as session:
        session.add(
            UserSession(
                id=hashed_token(token),
                account_id=person.actor.id,
                opened_at=now,
                expires_at=now + policy.SESSION_LIFE,
            )
        )
        record(session, "account.sign-in", actor=person.actor.id, now=now)
    return token
