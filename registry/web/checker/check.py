"""`/check`: is this one person listed?

    page                                            registry                       key holder
    purpose, consent, number
    C = r·H(number)            ── C ──→    budget, then                 ── C ──→   D = k·C
    proof verified, N = D/r    ←─ D, proof, ticket ──
    N, purpose, consent        ── tags ──→ answered, logged, receipt
    shown, receipt to keep     ←─ outcome, receipt ──

The field of the number has no name: not even a browser whose script has failed could send it.
"""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from flask_babel import lazy_gettext as _

from registry import base64url
from registry.access import Action, needs
from registry.checks import actions, granting, queries
from registry.checks.models import ConsentGroup
from registry.checks.rules import REFERENCE_LENGTH, padded, read_elements, read_question
from registry.keys.rotations import announced
from registry.policy import Purpose
from registry.web.checker.blueprint import bp
from registry.web.context import actor, running, sent

PURPOSES = {
    Purpose.HIRING: (_("Hiring"), _("The person has applied and you have not signed the contract yet.")),
    Purpose.PRESENT_STAFF: (_("Present staff"), _("The person works for you already.")),
}


@bp.get("/check")
@needs(Action.CHECK)
def check() -> str:
    return render_template("checker/check.html", granted=_granted(), **asked_with())


def _granted() -> ConsentGroup | None:
    """The group of consents by link that the check is to use, where the address names one."""
    group = request.args.get("granted")
    if not group:
        return None
    with running().store.read() as session:
        return granting.require_group(session, actor(), group)


def asked_with() -> dict[str, Any]:
    """What a page that asks has to know before: the key that answers must prove, and the purposes."""
    run = running()
    with run.store.read() as session:
        keys = announced(session, run.holder.public())
    return {
        "key_id": keys.key_id,
        "public_key": base64url.encode(keys.public),
        "purposes": PURPOSES,
        "reference_length": REFERENCE_LENGTH,
    }


@bp.post("/check/evaluations")
@needs(Action.EVALUATE)
def evaluate() -> dict[str, Any]:
    """As `POST /api/v1/identity/evaluations`, for this page."""
    run, who, body = running(), actor(), sent(key_id=str, elements=list)
    elements, keys = read_elements(body["elements"]), run.holder.public()
    with run.store.read() as session:
        actions.require_evaluation(
            session, actor=who, key_id=body["key_id"], units=len(elements), keys=keys, now=run.clock()
        )
    evaluation = run.holder.evaluate(member=who.member_id, account=who.id, elements=elements, key_id=body["key_id"])
    with run.store.write() as session:
        actions.admit(session, actor=who, evaluation=evaluation, keys=keys, now=run.clock())
    return {
        "key_id": evaluation.key_id,
        "elements": [base64url.encode(element) for element in evaluation.elements],
        "proof": base64url.encode(evaluation.proof),
        "ticket": evaluation.ticket,
    }


@bp.post("/check/checks")
@needs(Action.CHECK)
def ask() -> Response:
    """As `POST /api/v1/checks`, for this page."""
    run, body = running(), sent(purpose=str, consent=dict, ticket=str, tags=list)
    question = read_question(purpose=body["purpose"], consent=body["consent"], tags=body["tags"])
    who, now = actor(), run.clock()
    noted = granting.mismatch_noted(run.store, actor=who, question=question, now=now)
    with noted, run.store.write() as session:
        asked = actions.ask(
            session,
            actor=who,
            question=question,
            ticket=body["ticket"],
            holder=run.holder,
            now=now,
            key=request.headers.get("Idempotency-Key"),
        )
        receipt = queries.receipt(session, asked.batch, issuer=run.issuer, key=run.secrets.receipt_key)
    answer = padded({"batch": asked.batch.id, "checks": asked.answers, "receipt": receipt})
    return Response(answer, content_type="application/json")


@bp.get("/check/receipts/<batch_id>")
@needs(Action.CHECK_READ)
def receipt(batch_id: str) -> dict[str, Any]:
    """The receipt again, with its proof once the log has it; the page puts the answers to it and saves the file."""
    run = running()
    with run.store.read() as session:
        batch = queries.require_batch(session, actor(), batch_id)
        signed = queries.receipt(session, batch, issuer=run.issuer, key=run.secrets.receipt_key)
        entry, proof = queries.proof(session, batch)
    return {"receipt": signed, "entry": entry, "proof": proof}
