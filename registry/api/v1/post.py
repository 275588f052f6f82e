"""The clerk's post: word to persons that is printed and posted, and what neither mail nor SMS could deliver."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.api.v1.roster import SHEETS, not_kept
from registry.notices import printing
from registry.notices.models import Message
from registry.notices.rules import PROOF_LENGTH, Channel
from registry.reports import posting

bp = APIBlueprint("post", __name__, tag="Roster")


class WordItem(Answer):
    id: str
    case: str
    way: Channel
    written_at: AwareDatetime
    tries: int


class PostAnswer(Answer):
    waiting: list[WordItem] = Field(description="to be printed and posted, the oldest first")
    undelivered: list[WordItem] = Field(description="mails and SMS of the last 90 days that nobody took")


class PostedRequest(Body):
    proof: str = Field(max_length=PROOF_LENGTH, description="number of the posting")


@bp.get("/api/v1/post")
@needs(Action.LETTER_READ)
@bp.output(PostAnswer)
def post() -> dict[str, Any]:
    """Short letters that say only that there is something new to read, and what did not arrive."""
    run = running()
    with run.store.read() as session:
        lost = posting.undelivered(session, actor=actor(), now=run.clock())
        return {
            "waiting": [_item(*each) for each in posting.waiting(session, actor=actor())],
            "undelivered": [_item(*each) for each in lost],
        }


@bp.get("/api/v1/post/<message_id>/pdf")
@needs(Action.LETTER_READ)
@bp.doc(responses=SHEETS)
def sheets(message_id: str) -> Response:
    """One of them, to be printed and not kept."""
    run = running()
    with run.store.write() as session:
        page = posting.print_word(session, actor=actor(), message_id=message_id, issuer=run.issuer, now=run.clock())
        return not_kept(Response(printing.pdf_of(page, made_at=run.clock()), content_type="application/pdf"))


@bp.post("/api/v1/post/<message_id>/posted")
@needs(Action.SERVICE_RECORD)
@bp.input(PostedRequest, arg_name="body")
@bp.output(WordItem)
def posted(message_id: str, body: PostedRequest) -> dict[str, Any]:
    """It was taken to the post."""
    run = running()
    with run.store.write() as session:
        message, number = posting.posted(
            session, actor=actor(), message_id=message_id, proof=body.proof, now=run.clock()
        )
        return _item(message, number)


def _item(message: Message, number: str) -> dict[str, Any]:
    return {
        "id": message.id,
        "case": number,
        "way": message.channel,
        "written_at": message.written_at,
        "tries": message.tries,
    }
