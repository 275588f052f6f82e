"""A member's programs in front of the whole application, without a network between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import httpx2
import pytest
from apiflask import APIFlask

from registry.app import create_app
from registry.client.api import Profile, Registry
from registry.db import Store
from registry.keys.holder import Holder
from registry.log import own_keys
from registry.log.sequencer import sequence
from registry.running import Running, public_keys
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast, Person
from tests.conftest import ISSUER, MovingClock

Answering = Callable[[httpx2.Request], httpx2.Response]


@dataclass
class Line(httpx2.BaseTransport):
    """The way to the registry. `through` may lose, repeat or change what passes; `paths` is what did."""

    end: httpx2.BaseTransport
    through: Callable[[httpx2.Request, Answering], httpx2.Response] | None = None
    paths: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.paths.append(request.url.path)
        if self.through is None:
            return self._answer(request)
        return self.through(request, self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        response = self.end.handle_request(request)
        response.read()
        return response

    def count(self, path: str) -> int:
        return self.paths.count(path)


@cache
def application() -> APIFlask:
    """Built once, for that takes longer than most tests; each test puts its own registry behind it."""
    return create_app(Running(settings(), SECRETS, None, None, None))  # type: ignore[arg-type]


@pytest.fixture
def line(store: Store, clock: MovingClock, holder: Holder) -> Line:
    run = Running(settings(), SECRETS, store, clock, holder)
    application().extensions["zilu"] = run
    show_keys(run)
    return Line(httpx2.WSGITransport(app=application()))


def show_keys(run: Running) -> None:
    """As the worker does when it starts: clients insist that the registry's keys stand in its log."""
    with run.store.write() as session:
        own_keys.publish(session, public_keys(run, session), run.clock())
    sequence(run.store, key=run.secrets.log_key, origin=run.settings.log_origin, now=run.clock())


Connect = Callable[..., Registry]


@pytest.fixture
def waits() -> list[float]:
    """How long the client has waited before it tried again."""
    return []


@pytest.fixture
def connect(line: Line, clock: MovingClock, waits: list[float]) -> Iterator[Connect]:
    """`connect(cast.hana)`: her program, which has pinned the registry's keys."""
    clients: list[httpx2.Client] = []

    def connect(person: Person, *, scope: str = "check", pin: bool = True) -> Registry:
        assert person.client_key is not None
        clients.append(httpx2.Client(transport=line))
        profile = Profile(ISSUER, person.actor.id, person.client_key, person.key)
        registry = Registry(profile, scope=scope, http=clients[-1], clock=clock, sleep=waits.append)
        if pin:
            registry.pin()
        return registry

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def hana(connect: Connect, cast: Cast) -> Registry:
    return connect(cast.hana)
