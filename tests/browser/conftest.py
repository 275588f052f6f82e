"""A real browser against the real application behind a real socket, with everything that it sends written down."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import argon2
import pytest
from apiflask import APIFlask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from registry.accounts.models import Account
from registry.db import Store
from registry.keys.holder import Holder
from registry.log.actions import record
from tests.accused import Accused, accuse
from tests.app_fixture import app  # noqa: F401 - a fixture
from tests.cast import PASSWORD, Cast, Person
from tests.conftest import MovingClock

ROOT = Path(__file__).parents[2]
WATCH = "addEventListener('securitypolicyviolation', e => console.error(`CSP ${e.violatedDirective} ${e.blockedURI}`))"
# Where pictures of the pages go, for whoever wants to look at them.
SHOTS = os.environ.get("ZILU_SHOTS")

Environ = dict[str, Any]


@dataclass
class Site:
    """The server: its address, and every request as it came in, headers and body."""

    url: str = ""
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    def everything(self) -> bytes:
        return b"\n".join(head.encode() + b"\n" + body for head, body in self.requests)

    def recording(self, served: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(environ: Environ, start_response: Any) -> Any:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = BytesIO(body)
            head = [f"{name}: {value}" for name, value in environ.items() if isinstance(value, str)]
            self.requests.append(("\n".join(head), body))
            return served(environ, start_response)

        return wrapped


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="session")
def bundle() -> None:
    subprocess.run(["bash", str(ROOT / "scripts" / "build_frontend.sh")], check=True, capture_output=True)


@pytest.fixture
def site(app: APIFlask, bundle: None) -> Iterator[Site]:  # noqa: F811
    site = Site()
    server = make_server("127.0.0.1", 0, site.recording(app), threaded=True, request_handler=Quiet)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Watched:
    """A browser's window, and what went wrong in it."""

    context: BrowserContext
    troubles: list[str] = field(default_factory=list)

    def open(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda said: self.troubles.append(said.text) if said.text.startswith("CSP") else None)
        return page


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """Fails the test when a script fails or the content security policy had to step in."""
    watched = Watched(browser.new_context(base_url=site.url, viewport={"width": 1200, "height": 900}, locale="en-GB"))
    watched.context.add_init_script(WATCH)
    yield watched.open()
    watched.context.close()
    assert watched.troubles == []


@pytest.fixture(scope="session")
def hashed() -> str:
    return argon2.PasswordHasher().hash(PASSWORD)


@pytest.fixture
def sign_in(page: Page, store: Store, clock: MovingClock, hashed: str) -> Callable[[Person], None]:
    """Through the door, with account name and password."""

    def sign_in(person: Person) -> None:
        with store.write() as session:
            session.get_one(Account, person.actor.id).password = hashed
            record(session, "account.password", actor="olaf", now=clock())
        page.goto("/sign-in")
        page.get_by_label("Account name").fill(person.actor.id)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.locator("main [type=submit]").click()
        page.wait_for_url("**/home")

    return sign_in


@pytest.fixture
def accused(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Accused:
    return accuse(store, cast, holder, clock)


def shoot(page: Page, name: str) -> None:
    """Pictures of the page as it is: wide and as on a telephone, light and dark. Only when asked for by ZILU_SHOTS."""
    if not SHOTS:
        return
    for width, scheme in ((1200, "light"), (390, "light"), (1200, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 1200, "height": 900})
    page.emulate_media(color_scheme="light")


def fits(page: Page) -> bool:
    """Whether a telephone shows the page without scrolling sideways."""
    page.wait_for_load_state("load")
    page.set_viewport_size({"width": 360, "height": 740})
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1200, "height": 900})
    return wide <= 360
