"""`POST /api/v1/checks`, what a hit says, and a batch's receipt with its proof."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, idempotency_key, running
from registry.api.schemas import Answer, Body
from registry.checks import actions, completeness, granting, outcome, queries
from registry.checks.rules import REFERENCE_LENGTH, padded, padded_absence, read_question, read_tags
from registry.policy import ABSENCE_AT_ONCE, BATCH

bp = APIBlueprint("checks", __name__, tag="Checks")


class ConsentBody(Body):
    kind: str = Field(
        max_length=16, description="declared: the member holds the consent; granted: the person signed it by link"
    )
    group: str | None = Field(None, max_length=32, description="granted: the group of the link")
    reference: str | None = Field(None, max_length=REFERENCE_LENGTH, description="where the consent is kept")
    text_sha256: str | None = Field(None, max_length=43, description="base64url of the text's SHA-256")


class CheckRequest(Body):
    purpose: str = Field(max_length=16, description="hiring or present-staff")
    consent: ConsentBody | str
    ticket: str = Field(max_length=4096, description="from the evaluation that the tags come from")
    tags: list[str] = Field(min_length=1, max_length=BATCH, description="base64url of 32 bytes each")


class CheckAnswer(Answer):
    id: str
    tag: str
    outcome: Literal["no-entry", "entry"]
    reference: str | None = Field(description="the entry's opaque id; null without one")


class SnapshotAnswer(Answer):
    entry: str = Field(description="base64url of the snapshot's leaf")
    proof: str = Field(description="C2SP tlog-proof of the leaf")
    record: str = Field(description="base64url of what the leaf commits to; its facts have epoch and roots")
    salt: str


class AbsenceAnswer(Answer):
    snapshot: SnapshotAnswer
    tags: list[str]
    proofs: list[str] = Field(description="base64url of a proof of presence or absence for each tag")


class AbsenceRequest(Body):
    tags: list[str] = Field(min_length=1, max_length=BATCH, description="some of those that the batch asked about")
    snapshot: Literal["before", "after"] = Field("after", description="the one before or after the answer")


class BatchAnswer(Answer):
    batch: str
    checks: list[CheckAnswer] = Field(description="in the order of the tags")
    receipt: str = Field(description="JWS of type receipt+jwt over exactly these answers")
    absence: AbsenceAnswer | None = Field(
        description="what the snapshot before the answer says of the tags; null for more than ten, or without one"
    )


class DetailsAnswer(Answer):
    check: str
    batch: str
    receipt: str = Field(description="where the answer's receipt and its proof are")
    entry: str
    proof: str = Field(description="where the proof is that the entry was listed")
    state: str
    disputed: bool
    unheard: bool = Field(description="listed without proof that anything had reached the person")
    not_before: AwareDatetime | None = Field(description="nobody may rely on it before; null when they may")
    late_answer_at: AwareDatetime | None = Field(description="when the person answered late, for reasons")
    offence: str | None
    level: int | None
    basis: str | None
    listed_at: AwareDatetime | None
    until: AwareDatetime | None
    statement: str | None = Field(description="the person's own words")
    duties: list[str] = Field(description="what is owed before the entry may weigh in a decision")


class OutcomeRequest(Body):
    hired: bool = Field(description="whether the person was hired; said once, for good")


class OutcomeAnswer(Answer):
    check: str
    hired: bool
    kept_until: AwareDatetime = Field(description="then the registry forgets whom the check was about")


class ReceiptAnswer(Answer):
    batch: str
    receipt: str
    entry: str | None = Field(description="base64url of the leaf; null until it is sequenced")
    proof: str | None = Field(description="C2SP tlog-proof; null until it is sequenced")


@bp.post("/api/v1/checks")
@needs(Action.CHECK)
@bp.input(CheckRequest, arg_name="body")
@bp.output(BatchAnswer)
def ask(body: CheckRequest) -> Response:
    """Ask whether the people of these tags are listed. The answer is as long whatever it says.

    With an Idempotency-Key a retry within a day gets the same bytes, and its ticket is not looked at.
    """
    run = running()
    question = read_question(purpose=body.purpose, consent=_stated(body.consent), tags=body.tags)
    if len(question.tags) <= ABSENCE_AT_ONCE:
        run.trees.make(run.store, run.clock())
    who, now = actor(), run.clock()
    noted = granting.mismatch_noted(run.store, actor=who, question=question, now=now)
    with noted, run.store.write() as session:
        asked = actions.ask(
            session,
            actor=who,
            question=question,
            ticket=body.ticket,
            holder=run.holder,
            now=now,
            key=idempotency_key(),
        )
        receipt = queries.receipt(session, asked.batch, issuer=run.issuer, key=run.secrets.receipt_key)
        absence = completeness.attached(session, asked.batch, question.tags, run.trees, now=now)
    answer = padded({"batch": asked.batch.id, "checks": asked.answers, "receipt": receipt, "absence": absence})
    return Response(answer, content_type="application/json", headers={"Cache-Control": "no-store"})


@bp.get("/api/v1/checks/<check_id>/details")
@needs(Action.CHECK_READ)
@bp.output(DetailsAnswer)
def details(check_id: str) -> dict[str, Any]:
    """What a hit says. Reading it is an act that stands in the log and that the person can see."""
    run = running()
    with run.store.write() as session:
        found = actions.details(session, actor=actor(), check_id=check_id, now=run.clock())
    links = {"receipt": f"/api/v1/receipts/{found.batch}", "proof": f"/api/v1/entries/{found.entry}/proof"}
    return asdict(found) | links


@bp.put("/api/v1/checks/<check_id>/outcome")
@needs(Action.CHECK_CLOSE)
@bp.input(OutcomeRequest, arg_name="body")
@bp.output(OutcomeAnswer)
def close(check_id: str, body: OutcomeRequest) -> dict[str, Any]:
    """Whether the person was hired. After "no", later listings are not told any more."""
    run = running()
    with run.store.write() as session:
        check = outcome.close(session, actor=actor(), check_id=check_id, hired=body.hired, now=run.clock())
        return {"check": check.id, "hired": check.hired, "kept_until": check.kept_until}


@bp.get("/api/v1/receipts/<batch_id>")
@needs(Action.CHECK_READ)
@bp.output(ReceiptAnswer)
def receipt(batch_id: str) -> dict[str, Any]:
    """A batch's receipt again, and its proof once the log has the leaf: within 60 seconds of the answer."""
    run = running()
    with run.store.read() as session:
        batch = queries.require_batch(session, actor(), batch_id)
        signed = queries.receipt(session, batch, issuer=run.issuer, key=run.secrets.receipt_key)
        entry, proof = queries.proof(session, batch)
    return {"batch": batch_id, "receipt": signed, "entry": entry, "proof": proof}


@bp.post("/api/v1/receipts/<batch_id>/absence")
@needs(Action.CHECK_READ)
@bp.input(AbsenceRequest, arg_name="body")
@bp.output(AbsenceAnswer)
def absence(batch_id: str, body: AbsenceRequest) -> Response:
    """What the snapshot next to a batch's answer says of its tags: proof that the answer left nothing out.

    To be had for a day, and counted. The answer is as long whatever it says.
    """
    run, tags = running(), read_tags(body.tags)
    run.trees.make(run.store, run.clock())
    with run.store.write() as session:
        shown = completeness.challenge(
            session,
            actor=actor(),
            batch_id=batch_id,
            tags=tags,
            after=body.snapshot == "after",
            kept=run.trees,
            now=run.clock(),
        )
    return Response(padded_absence(shown), content_type="application/json", headers={"Cache-Control": "no-store"})


def _stated(consent: ConsentBody | str) -> str | dict[str, Any]:
    return consent if isinstance(consent, str) else consent.model_dump(exclude_none=True)
