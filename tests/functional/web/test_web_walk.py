"""Every link that a desk's pages show leads somewhere, and every form answers, even when it is sent empty."""

from __future__ import annotations

import html
import re
from collections import deque

import pytest
from flask.testing import FlaskClient

from registry.appeals import draw, queries
from registry.db import Store
from registry.keys.holder import Holder
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import Filing, any_tag
from tests.functional.web.test_web_reporter import kept

LINK = re.compile(r'<a [^>]*?href="(/[^"#]*)')
FORM = re.compile(r"<form ([^>]*)>(.*?)</form>", re.S)
BY_SCRIPT = ('id="sign"', 'id="signing-key"', 'id="check"', 'id="staff"')
AWAY = ("/language/", "/sign-", "/log/", "/policy", "/case", "/static")
ID = re.compile(r"[0-9a-f]{32}|[A-Za-z0-9_-]{43}|(?<=/)[0-9]+")


def walk(client: FlaskClient) -> dict[str, str]:
    """Every page that can be reached from the first one, one of each kind, with its text."""
    pages, waiting, kinds = {}, deque(["/home"]), {"/home"}
    while waiting:
        path = waiting.popleft()
        answer = client.get(path)
        assert answer.status_code in (200, 302), (path, answer.status_code)
        pages[path] = answer.text if answer.content_type.startswith("text/html") else ""
        for link in map(html.unescape, LINK.findall(pages[path])):
            if not link.startswith(AWAY) and (kind := ID.sub("*", link)) not in kinds:
                kinds.add(kind)
                waiting.append(link)
    return pages


def send_every_form(client: FlaskClient, pages: dict[str, str]) -> int:
    """With the page's token and nothing else."""
    sent = set()
    for path, text in pages.items():
        for attributes, inner in FORM.findall(text):
            token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', inner)
            named = re.search(r'action="([^"]+)"', attributes)
            action = html.unescape(named[1]) if named else path
            if token and not action.startswith("/sign-") and not any(each in attributes for each in BY_SCRIPT):
                answer = client.post(action, data={"csrf_token": token[1]})
                assert answer.status_code in (200, 302, 404, 409, 422), (path, action, answer.status_code)
                sent.add(ID.sub("*", action))
    return len(sent)


@pytest.mark.long
def test_every_link_leads_somewhere_and_every_form_answers(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock, accused: Accused
) -> None:
    accused.lodged().proofed().admitted().sequenced()
    with store.write() as session:
        appeal = queries.get(session, accused.appeal().id)
        draw.draw(session, appeal, bytes(32), holder, clock())
        seat = queries.seats_of(session, appeal.id)[0].account_id
    kept(store, cast, clock)
    Filing(store, cast, holder, clock(), any_tag(3)).countersigned(clock())
    Filing(store, cast, holder, clock(), any_tag(4))
    panelist = next(person for person in cast.values() if person.actor.id == seat)
    expected = {
        "rui": (20, 12),
        "ana": (5, 1),
        "adam": (4, 3),
        "sol": (4, 1),
        "vera": (4, 1),
        "cleo": (2, 0),
        panelist.name: (5, 2),
    }
    for name, (pages, forms) in expected.items():
        client = signed_in(cast[name])
        walked = walk(client)
        assert len(walked) >= pages, (name, sorted(walked))
        assert send_every_form(client, walked) >= forms, name
