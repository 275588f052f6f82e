"""A person is invited, makes a passkey in Chromium, signs in with it and proves with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from registry.clock import system
from registry.db import Store
from registry.invitations.actions import invite
from registry.keys.holder import Holder
from tests.app_fixture import build
from tests.browser.conftest import WATCH, Quiet, Watched
from tests.browser.walk import LANGUAGES, look, speak
from tests.cast import Cast

pytestmark = pytest.mark.long


@pytest.fixture
def named(store: Store, holder: Holder, bundle: None) -> Iterator[str]:
    """The registry at an address that has a name, on real time: passkeys are for names."""
    served: list[object] = []
    server = make_server("127.0.0.1", 0, lambda *call: served[0](*call), threaded=True, request_handler=Quiet)  # type: ignore[operator]
    address = f"http://localhost:{server.server_port}"
    served.append(build(store, system, holder, issuer=address))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def window(browser: Browser, named: str) -> Iterator[Page]:
    """A window with a device in it that keeps passkeys and knows its owner."""
    watched = Watched(browser.new_context(base_url=named, locale="en-GB"))
    watched.context.add_init_script(WATCH)
    page = watched.open()
    devices = watched.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    watched.context.close()
    assert watched.troubles == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_bea_is_invited_and_needs_no_password(
    window: Page, named: str, store: Store, cast: Cast, language: str
) -> None:
    with store.write() as session:
        code = invite(session, actor=cast.olaf.actor, account_id="birch-admin", now=system())
    window.goto("/")
    speak(window, language)
    wrong = []
    window.goto(f"/join#birch-admin:{code}")
    expect(window.locator("#code")).to_have_value(code)
    assert code not in window.url
    wrong += look(window)
    window.locator("#join [type=submit]").click()
    window.wait_for_url(f"{named}/join/secret")
    wrong += look(window)
    window.locator("form[data-passkey] [type=submit]").click()
    window.wait_for_url(f"{named}/account")
    wrong += look(window)
    for path in ("/account/passkeys", "/account/codes", "/account/devices"):
        window.goto(path)
        wrong += look(window)
    window.locator(".band button").click()  # signs out
    window.goto("/sign-in?next=/member/people")
    wrong += look(window)
    window.locator("form[data-passkey] [type=submit]").click()
    window.wait_for_url(f"{named}/member/people")
    wrong += look(window)
    window.goto("/account/prove?next=/account/passkeys")
    wrong += look(window)
    window.locator("form[data-passkey] [type=submit]").click()
    window.wait_for_url(f"{named}/account/passkeys")
    for path in ("/member/people/new", "/member/units", "/member/keys"):
        window.goto(path)
        wrong += look(window)
        window.locator("main [type=submit]:enabled").first.click()
        expect(window.get_by_role("alert")).to_be_focused()
        wrong += look(window)
    window.goto("/member/people/birch-hr")
    wrong += look(window)
    assert wrong == []


def test_a_device_without_a_passkey_is_told_so(window: Page) -> None:
    window.goto("/sign-in")
    window.locator("form[data-passkey] [type=submit]").click()
    expect(window.locator("#problems")).to_contain_text("Your device has given no passkey.", timeout=60_000)
    assert look(window) == []
