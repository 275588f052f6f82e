"""An appeal before its panel: answered by signature, heard, voted on under seal, opened together."""

from __future__ import annotations

import html
import re

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from registry.accounts.models import Account
from registry.appeals import draw, queries
from registry.appeals.actions import ANSWER
from registry.appeals.models import Interest
from registry.appeals.rules import State
from registry.db import Store
from registry.log.actions import record
from registry.panels.models import Vote
from registry.policy import PROOF_LIFE
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import PASSWORD, Cast, Person
from tests.conftest import MovingClock
from tests.filing import EXHIBIT, sign
from tests.functional.web.test_web_reporter import statement_on
from tests.pages import problems_of, send, submit, text_of, token_of

PAYLOAD = "<b onclick=alert(1)> \u202egnp"


def drawn(accused: Accused) -> tuple[list[Person], list[Person]]:
    """Who sits on the panel of the accused person's appeal, and the panelists who do not."""
    accused.lodged().proofed().admitted().sequenced()
    with accused.store.write() as session:
        appeal = queries.get(session, accused.appeal().id)
        draw.draw(session, appeal, bytes(32), accused.holder, accused.clock())
        seats = [seat.account_id for seat in queries.seats_of(session, appeal.id)]
    people = {person.actor.id: person for person in accused.cast.values()}
    others = [accused.cast[name] for name in ("cem", "dag", "lin", "uma", "pia", "tao")]
    return [people[seat] for seat in seats], [person for person in others if person.actor.id not in seats]


def answer(rui: FlaskClient, cast: Cast, appeal: str) -> None:
    path = f"/reports/appeals/{appeal}"
    assert "Your answer by" in text_of(rui.get("/reports"))
    token = sign(cast.rui, {**statement_on(rui.get(path).text), "text": f"It was them. {PAYLOAD}"}, ANSWER)
    for _press in range(2):
        assert send(rui, path, f"{path}/answer", {"token": token}).json == {"next": path}
    assert f"It was them. {PAYLOAD}" in text_of(rui.get(path))


def test_three_decide_and_nobody_sees_a_vote_before_all_are_in(
    signed_in: SignIn, cast: Cast, store: Store, accused: Accused, clock: MovingClock
) -> None:
    panel, others = drawn(accused)
    first, second, third = (signed_in(person) for person in panel)
    path = f"/panel/{accused.appeal().id}"
    assert accused.case_number in text_of(first.get("/panel"))
    assert accused.case_number not in text_of(signed_in(others[0]).get("/panel"))
    for page in (path, f"{path}/hearing", f"{path}/vote", f"{path}/exhibits/1"):
        assert signed_in(others[0]).get(page).status_code == 404
    page = first.get(path)
    assert "I was away." in text_of(page)
    assert f"Read by {panel[0].actor.id} on 2 March 2026" in text_of(page)
    assert "courier-7,300" in text_of(first.get(f"{path}/exhibits/1"))
    assert first.get(f"{path}/exhibits/1/file").data == EXHIBIT
    assert "cannot hear this appeal" in problems_of(submit(first, f"{path}/hearing", {"notes": "Heard."}))[0].lower()
    answer(signed_in(cast.rui), cast, accused.appeal().id)
    assert problems_of(submit(first, f"{path}/hearing", {"notes": ""})) == ["Enter what was heard."]
    assert submit(first, f"{path}/hearing", {"notes": f"Both were heard. {PAYLOAD}"}).location == path
    assert accused.appeal().state is State.HEARD
    assert f"Both were heard. {PAYLOAD}" in text_of(second.get(path))
    assert problems_of(submit(first, f"{path}/vote", {})) == ["Select what you decide.", "Enter your reasons."]
    vote = {"choice": "void", "reasons": f"Not shown. {PAYLOAD}"}
    refused = submit(first, f"{path}/vote", {**vote, "choice": "suspend"})
    assert "Choice must be one of keep, void" in problems_of(refused)[0]
    assert submit(first, f"{path}/vote", vote).location == path
    first.get("/language/zh-Hans")
    again = submit(first, f"{path}/vote", vote)  # a second press, refused in the reader's language
    assert (again.status_code, problems_of(again)) == (
        422,
        ["您已表决；表决不可更改，待其他人表决后一并公开。"],
    )
    first.get("/language/en")
    assert submit(second, f"{path}/vote", vote).location == path
    for client in (first, second, third):
        assert "Not shown." not in text_of(client.get(path))
    token = {"csrf_token": token_of(third, f"{path}/vote")}
    with store.write() as session:
        session.get_one(Account, panel[2].actor.id).password = PasswordHasher().hash(PASSWORD)
        record(session, "account.password", actor="olaf", now=clock())
    clock.move(PROOF_LIFE)
    prompt = third.post(f"{path}/vote", data={**token, **vote, "choice": "keep"}, follow_redirects=True)
    (carried,) = re.findall(r'name="carried"[^>]* value="([^"]+)"', prompt.text)
    right = submit(third, f"/account/prove?next={path}/vote", {"password": PASSWORD, "carried": carried})
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', right.text)
    typed = {name: html.unescape(value) for name, value in fields}
    assert third.post(f"{path}/vote", data=typed).location == path  # nothing typed was lost at the prompt
    opened = text_of(first.get(path))
    assert "nothing of it may be held against the person" in opened
    assert opened.count(f"Not shown. {PAYLOAD}") == 3
    assert accused.appeal().state is State.CLOSED
    with store.read() as session:
        assert session.query(Vote).count() == 3


@pytest.mark.long
def test_a_panelist_steps_down_or_declares_an_interest(
    signed_in: SignIn, cast: Cast, store: Store, accused: Accused, clock: MovingClock
) -> None:
    panel, _others = drawn(accused)
    client, path = signed_in(panel[0]), f"/panel/{accused.appeal().id}"
    page = "/panel/interests"
    both = ["Select a company or enter a case number, and not both."]
    assert problems_of(submit(client, page, {})) == both
    assert problems_of(submit(client, page, {"member": "acme", "case": "ZL-0000-0000"})) == both
    assert problems_of(submit(client, page, {"case": "ZL-0000-0000"})) == ["There is no case or company like this."]
    assert submit(client, page, {"member": "birch"}).location == f"{page}/declared"
    with store.read() as session:
        (interest,) = session.query(Interest)
        assert (interest.account_id, interest.member_id) == (panel[0].actor.id, "birch")
    token = client.get(page).text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    assert client.post(f"{path}/stepping-down", data={"csrf_token": token}).location == "/panel"
    assert client.get(path).status_code == 404
    with store.read() as session:
        seats = {seat.account_id for seat in queries.seats_of(session, accused.appeal().id)}
    assert len(seats) == 3
    assert panel[0].actor.id not in seats
