"""Every link and every form of every role: nothing is dead, nothing breaks, no field without a label, no form without
its token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from registry.appeals.listing import list_due
from registry.db import Store
from registry.findings.actions import demand
from registry.identity import document
from registry.keys.holder import Holder
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.listing import check

pytestmark = pytest.mark.long
UNLABELLED = {"hidden", "submit", "button"}
# Ends the session, or changes the language that the test reads.
LEFT_ALONE = ("/sign-out", "/language/", "/account/devices/", "/case/leave")


@dataclass
class Form:
    action: str
    method: str
    fields: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def waits_for_script(self) -> bool:
        """Its button does nothing until a script has come."""
        return any(each["tag"] == "button" and "disabled" in each for each in self.fields)

    @property
    def has_token(self) -> bool:
        return any(each.get("name") == "csrf_token" for each in self.fields)


@dataclass
class Page(HTMLParser):
    """The links, the forms and the labels of a page."""

    text: str
    links: set[str] = field(default_factory=set)
    forms: list[Form] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    inside: Form | None = None
    has_script: bool = False  # one that sends forms itself, with the token of the page's head

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.links.add(str(found["href"]).partition("#")[0])
        elif tag == "meta" and found.get("name") == "csrf-token":
            self.has_script = True
        elif tag == "label":
            self.labels.add(str(found.get("for")))
        elif tag == "form":
            self.inside = Form(str(found.get("action") or ""), str(found.get("method") or "get"))
            self.forms.append(self.inside)
        elif tag in ("input", "select", "textarea", "button") and self.inside:
            self.inside.fields.append({**found, "tag": tag})

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None

    def faults(self) -> Iterator[str]:
        for form in self.forms:
            if form.method == "post" and not (form.has_token or form.waits_for_script or self.has_script):
                yield f"a form to {form.action or 'itself'} without a token"
            for each in form.fields:
                named = each.get("id") in self.labels or each.get("aria-label")
                if each["tag"] != "button" and each.get("type") not in UNLABELLED and not named:
                    yield f"a field {each.get('name')} without a label"


def is_ours(link: str) -> bool:
    return link.startswith("/") and not link.startswith(("/static", "/log", *LEFT_ALONE))


def shape(path: str) -> str:
    """Pages that differ by what they are about alone are one page: two of a shape are looked at."""
    return re.sub(r"[0-9a-f]{32,}|ZL-[0-9A-Z-]+|\d+|[\w-]{43}", "*", path)


def walk(client: FlaskClient, start: str) -> tuple[list[str], list[tuple[str, Form]]]:
    """What is wrong, and every form with the page that it stands on."""
    waiting, seen, looked, wrong, forms = [start], {start}, {}, [], []
    while waiting:
        path = waiting.pop(0)
        looked[shape(path)] = looked.get(shape(path), 0) + 1
        if looked[shape(path)] > 2:
            continue
        answer = client.get(path)
        if answer.status_code not in (200, 302):
            wrong.append(f"{path}: {answer.status_code}")
        if answer.mimetype != "text/html":
            continue
        page = Page(answer.text)
        wrong += [f"{path}: {fault}" for fault in page.faults()]
        forms += [(path, form) for form in page.forms if form.method == "get" or form.has_token]
        more = {link for link in page.links if is_ours(link)} - seen
        seen |= more
        waiting += sorted(more)
    return wrong, forms


def send_empty(client: FlaskClient, path: str, form: Form) -> str | None:
    """Press the button of a form with nothing filled in; what is wrong with the answer."""
    action = form.action or path
    values = {str(each["name"]): each.get("value") or "" for each in form.fields if each.get("type") == "hidden"}
    answer = client.open(action, method=form.method.upper(), data=values)
    return f"{form.method} {action}: {answer.status_code}" if answer.status_code in (404, 405, 500) else None


@pytest.fixture
def busy(accused: Accused, store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Accused:
    """Somebody is listed, was found, has appealed; something is demanded."""
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        list_due(session, now=clock())
    check(store, holder, [document.parse(NUMBER)], cast.hana.actor, clock())
    accused.lodged().sequenced()
    with store.write() as session:
        demand(session, actor=cast.rex.actor, member_id="acme", text="Explain how this came about.", now=clock())
    return accused


WHO = ["hana", "rui", "ana", "adam", "cleo", "sol", "cem", "vera", "rex", "olaf"]


@pytest.mark.parametrize("who", WHO)
def test_every_link_and_form_of_a_role(busy: Accused, signed_in: SignIn, cast: Cast, who: str) -> None:
    client = signed_in(cast[who])
    wrong, forms = walk(client, "/home")
    pressed: set[str] = set()
    for path, form in forms:
        action = shape(form.action or path) + form.method
        if action not in pressed and not (form.action or path).startswith(LEFT_ALONE):
            pressed.add(action)
            wrong += [fault for fault in [send_empty(client, path, form)] if fault]
    assert wrong == []
    assert pressed


def test_every_link_and_form_of_everybody_and_of_the_accused(
    busy: Accused, visitor: FlaskClient, subject: FlaskClient
) -> None:
    for client, start in ((visitor, "/"), (subject, "/case/file")):
        wrong, forms = walk(client, start)
        wrong += [fault for path, form in forms for fault in [send_empty(client, path, form)] if fault]
        assert wrong == []
