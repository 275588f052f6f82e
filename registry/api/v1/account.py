"""`GET /api/v1/account`: who a program is signed in as; a statement's `iss` is the member."""

from __future__ import annotations

from apiflask import APIBlueprint

from registry.access import Action, needs
from registry.api.context import actor
from registry.api.schemas import Answer

bp = APIBlueprint("account", __name__, tag="Sign-in")


class AccountAnswer(Answer):
    account: str
    unit: str
    member: str
    standing: str


@bp.get("/api/v1/account")
@needs(Action.HOME)
@bp.output(AccountAnswer)
def account() -> dict[str, str]:
    """The account that the access token belongs to, with its unit and member."""
    who = actor()
    return {"account": who.id, "unit": who.unit_id, "member": who.member_id, "standing": who.standing.value}
