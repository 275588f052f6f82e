"""The appeal's chapters: lodged, identity verified, admitted, drawn, answered, heard, voted, told."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from registry import base64url
from registry.cli.demo.people import PANEL
from registry.cli.demo.players import Phone, program
from registry.cli.demo.plot import Story
from registry.cli.demo.stage import StoryFailed
from registry.client.checking import tags_of
from registry.signing import jws


def phone_of(story: Story, who: str) -> Phone:
    """The browser of an accused person, with their case open."""
    phone = Phone(story.stage)
    if not phone.open(case=story.reports[who][1], code=story.codes[who], document=story.person(who).document):
        raise StoryFailed(f"{who.title()} could not open the case")
    return phone


def _sign(story: Story, account: str, typ: str, **claims: Any) -> str:
    """A statement by the member of `account`, signed with its own key."""
    now = int(story.stage.settings.clock().timestamp())
    member = program(story.stage, account, "").get("/api/v1/account")["member"]
    issuer = story.stage.settings.registry.issuer
    payload = {"iss": member, "aud": issuer, "jti": uuid.uuid4().hex, "iat": now, **claims}
    return jws.sign(payload, typ=typ, key=story.company.keys[account])


def lodge(story: Story) -> None:
    text = (
        "The terminal was signed in under my name, but on those nights I was not at work: the roster shows my leave. "
        "My sign-in was written on a note beside the screen, as everybody's was."
    )
    phone_of(story, "wang").submit("/case/appeal", {"grounds": "not-true", "text": text, "lane": "normal"})
    story.stage.told("Wang appeals on a telephone: it is not true. The entry is marked as disputed.")


def confirm_identity(story: Story, who: str) -> None:
    """The notary sees the document, and signs that the person before it is the one of the case."""
    number = story.reports[who][1]
    notary = program(story.stage, "notary", "roster")
    (tag,), _ = tags_of(notary, [story.person(who).document])
    now = int(story.stage.settings.clock().timestamp())
    signed = _sign(story, "notary", "attestation+jwt", sub=base64url.encode(tag), case=number, exp=now + 3600)
    notary.post(f"/api/v1/cases/{number}/attestations", {"attestation": signed})


def attest(story: Story) -> None:
    confirm_identity(story, "wang")
    story.stage.told("The notary sees Wang's document and signs that it fits the case. The appeal is on its clock.")
    text = (
        "I did not sell anything. My sign-in was used by others; I have asked for the camera records of those nights."
    )
    phone_of(story, "wang").submit("/case/statement", {"text": text})
    story.stage.told("Wang's statement is shown with the entry from now on.")


def admit(story: Story, who: str = "wang") -> None:
    clerk = program(story.stage, "clerk", "roster")
    docket = clerk.get("/api/v1/appeals")["appeals"]
    appeal = story.appeals[who] = next(each["id"] for each in docket if each["case"] == story.reports[who][1])
    clerk.post(f"/api/v1/appeals/{appeal}/admission", {"verdict": "admit", "reasons": "In time and on a ground."})
    story.stage.told("The clerk admits it; the pool of panelists is fixed, without anyone of acme or its group.")


def draw(story: Story, who: str = "wang") -> None:
    phone_of(story, who).post("/case/draw", {"nonce": base64url.encode(secrets.token_bytes(32))})
    clerk = program(story.stage, "clerk", "roster")
    appeal = f"/api/v1/appeals/{story.appeals[who]}"
    story.stage.wait(lambda: bool(_seats(clerk.get(appeal))), "the panel is drawn")
    story.stage.told(f"{who.title()}'s browser adds 32 random bytes; the key holder draws three of seven.")


def draw_and_redraw(story: Story) -> None:
    draw(story)
    story.stage.told("Anyone can redo it:")
    story.stage.zilu("appeal", "redraw", story.reports["wang"][1])


def _seats(appeal: dict[str, Any]) -> list[Any]:
    seats: list[Any] = appeal["seats"]
    return seats


def answer(story: Story, who: str = "wang") -> None:
    signed = _sign(
        *(story, "acme-security", "answer+jwt"),
        appeal=story.appeals[who],
        text="The account is personal and was used every time; nobody else is known to have had its password.",
    )
    acme = program(story.stage, "acme-security", "report")
    acme.post(f"/api/v1/appeals/{story.appeals[who]}/answer", {"answer": signed})
    story.stage.told("Acme answers by signature. Had it been silent for ten days, the entry would be suspended.")


def hear(story: Story) -> None:
    chair = panelists(story, "wang")[0]
    notes = "Heard by video. The roster of leave was shown; acme could not say who stood at the terminal."
    program(story.stage, chair, "roster").post(f"/api/v1/appeals/{story.appeals['wang']}/hearing", {"notes": notes})
    story.stage.told(f"The panel hears Wang and acme; {chair} puts down what was said.")


def panelists(story: Story, who: str) -> list[str]:
    """Those who can read the appeal are those who were seated."""
    docket = {account: program(story.stage, account, "roster").get("/api/v1/appeals")["appeals"] for account in PANEL}
    return [account for account, appeals in docket.items() if any(each["id"] == story.appeals[who] for each in appeals)]


def vote(story: Story) -> None:
    reasons = "On the nights in question the person was on leave; the account was open to everyone in the room."
    for account in panelists(story, "wang"):
        program(story.stage, account, "roster").post(
            f"/api/v1/appeals/{story.appeals['wang']}/votes", {"choice": "void", "reasons": reasons}
        )
        story.stage.told(f"{account} casts a sealed vote.")
    story.stage.told("All three are in and opened together: the listing is void. The entry is gone at this moment.")


def recalled(story: Story) -> None:
    """Everyone who was shown the entry is told, and says so by signature."""
    for member in ("birch", "cedar"):
        recall = story.inbox.expect(member, "recall.issued")["id"]
        checker = program(story.stage, f"{member}-hr", "check")
        told = checker.get(f"/api/v1/recalls/{recall}")
        signed = _sign(
            *(story, f"{member}-hr", "recall-ack+jwt"), recall=recall, entry=told["entry"], reason=told["reason"]
        )
        checker.post(f"/api/v1/recalls/{recall}/acknowledgement", {"acknowledgement": signed})
        story.stage.told(f"{member.title()} is told that the answer has changed, and acknowledges by signature.")
