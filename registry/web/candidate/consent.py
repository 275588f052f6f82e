"""`/consent#<secret>`: a candidate reads what a member asks, and agrees or declines.

The secret stands in the fragment, which no browser sends by itself: the page's script sends it in the body. The number
is blinded in the page; what is signed there leads to the person only for whoever has the number on the document.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from flask import render_template

from registry import base64url
from registry.access import Action, needs
from registry.checks import granting
from registry.checks.rules import LinkState, read_elements
from registry.errors import Invalid
from registry.keys.rotations import announced
from registry.members.models import Member
from registry.web.candidate.blueprint import bp
from registry.web.context import running, sent
from registry.web.wording import moment, state


@bp.get("/consent")
@needs(Action.PUBLIC)
def consent() -> str:
    return render_template("candidate/consent.html")


@bp.post("/consent/open")
@needs(Action.PUBLIC)
def open_link() -> dict[str, Any]:
    """What is asked, by whom, and the key that the evaluation must prove."""
    body, run = sent(secret=str), running()
    with run.store.read() as session:
        link = granting.opened(session, secret=body["secret"], now=run.clock())
        group, keys = link.group, announced(session, run.holder.public())
        return {
            "claims": {
                "aud": run.issuer,
                "exp": int(group.expires_at.astimezone(UTC).timestamp()),
                "group": group.id,
                "iat": int(run.clock().timestamp()),
                "member": group.member_id,
                "purpose": group.purpose.value,
                "text": group.text,
            },
            "member": session.get_one(Member, group.member_id).name,
            "purpose": state(group.purpose.value),
            "text": granting.text_of(session, group),
            "until": moment(group.expires_at),
            "is_open": link.row.state is LinkState.OPEN,
            "key_id": keys.key_id,
            "public_key": base64url.encode(keys.public),
        }


@bp.post("/consent/evaluations")
@needs(Action.PUBLIC)
def evaluate() -> dict[str, Any]:
    """One element of this link, twice at most; counted before it is evaluated."""
    body, run = sent(secret=str, key_id=str, elements=list), running()
    elements = read_elements(body["elements"])
    if len(elements) != 1:
        raise Invalid("elements must be one", field="elements")
    how: dict[str, Any] = {"key_id": body["key_id"], "holder": run.holder}
    with run.store.write() as session:
        group = granting.count_evaluation(session, secret=body["secret"], now=run.clock(), **how)
    evaluation = granting.evaluate(group, element=elements[0], **how)
    return {
        "key_id": evaluation.key_id,
        "elements": [base64url.encode(each) for each in evaluation.elements],
        "proof": base64url.encode(evaluation.proof),
    }


@bp.post("/consent/grant")
@needs(Action.PUBLIC)
def grant() -> dict[str, str]:
    body, run = sent(secret=str, consent=str), running()
    with run.store.write() as session:
        granting.grant(session, secret=body["secret"], token=body["consent"], issuer=run.issuer, now=run.clock())
    return {"state": LinkState.GRANTED.value}


@bp.post("/consent/decline")
@needs(Action.PUBLIC)
def decline() -> dict[str, str]:
    body, run = sent(secret=str), running()
    with run.store.write() as session:
        granting.decline(session, secret=body["secret"], now=run.clock())
    return {"state": LinkState.DECLINED.value}
