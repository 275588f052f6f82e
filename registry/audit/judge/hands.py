"""Who acted: nobody on their own member's case, nobody without the role, and two where it takes two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from registry.audit.judge.exported import Act
from registry.audit.judge.world import Change, World

# What the filing member's people, and those of its owner's other companies, may do in a case. All else is for others.
_READING: Final = frozenset(
    {
        "amendment.read",
        "appeal.read",
        "check.details",
        "entry.read",
        "entry.show",
        "exhibit.open",
        "report.read",
        "representation.read",
    }
)
# What nobody but the filing member may do.
_PROSECUTING: Final = frozenset(
    {
        "amendment.confirm",
        "amendment.sign",
        "appeal.answer",
        "report.countersign",
        "report.file",
        "report.replace",
        "report.withdraw",
    }
)
_ROLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "amendment.confirm": frozenset({"approver"}),
        "amendment.sign": frozenset({"reporter"}),
        "appeal.admit": frozenset({"clerk"}),
        "appeal.answer": frozenset({"reporter", "approver"}),
        "appeal.refuse": frozenset({"clerk"}),
        "case.attest": frozenset({"verifier"}),
        "case.sight": frozenset({"verifier"}),
        "entry.show": frozenset({"checker"}),
        "erasure.cosign": frozenset({"regulator"}),
        "erasure.open": frozenset({"regulator"}),
        "letter.serve": frozenset({"clerk"}),
        "order.confirm": frozenset({"regulator", "operator"}),
        "order.issue": frozenset({"regulator", "operator"}),
        "order.withdraw": frozenset({"regulator", "operator"}),
        "panel.hear": frozenset({"panelist"}),
        "panel.vote": frozenset({"panelist"}),
        "recusal.decide": frozenset({"clerk", "regulator"}),
        "report.countersign": frozenset({"approver"}),
        "report.file": frozenset({"reporter"}),
        "report.screen": frozenset({"screener"}),
        "review.decide": frozenset({"screener", "regulator"}),
        "window.extend": frozenset({"clerk"}),
    }
)

# The states of an order that take both sides, and where the signatures stand that the order itself has not.
_BY_BOTH: Final[Mapping[str, str]] = MappingProxyType({"in-force": "order_confirmation", "lifted": "order_withdrawal"})


def acted(world: World, act: Act, _changes: list[Change]) -> Iterator[str]:
    """An account exists, is open, has the role, and stands in the right relation to the case."""
    account = world.get("account", act.actor)
    if ":" in act.actor or not account:  # the registry itself, a subject or their representative; before any account
        return
    if account.get("closed_at") is not None:
        yield f"{act.actor} did {act.verb} with an account that is closed"
    wanted = _ROLE.get(act.verb)
    if wanted is not None and not wanted & set(account.get("roles", ())):
        yield f"{act.actor} did {act.verb} without being a {' or '.join(sorted(wanted))}"
    accuser = world.get("case", act.case).get("member_id")
    if accuser is None:
        return
    if act.verb in _PROSECUTING:
        if world.member_of(act.actor) != accuser:
            yield f"{act.actor} did {act.verb} in a case that another member filed"
    elif act.verb not in _READING and world.is_near(act.actor, accuser):
        yield f"{act.actor} did {act.verb} in a case of their own member, or of one under the same owner"


def ordered(world: World, _act: Act, changes: list[Change]) -> Iterator[str]:
    """An order is in force, and is lifted, only with the signatures of a regulator and of the operator."""
    for table, pk, before, order in changes:
        if table != "order" or order["state"] not in _BY_BOTH or before.get("state") == order["state"]:
            continue
        signed = [row["account_id"] for _, row in world.where(_BY_BOTH[order["state"]], order_id=pk)]
        signers = [order["account_id"], *signed] if order["state"] == "in-force" else signed
        if sorted(world.kind_of(account) for account in signers) != ["operator", "regulator"]:
            yield f"order {pk[:8]} is {order['state']} without the signatures of a regulator and of the operator"


def amended(world: World, _act: Act, changes: list[Change]) -> Iterator[str]:
    """An amendment is in force only with the signatures of two people of the filing member."""
    for table, pk, before, row in changes:
        if table != "amendment" or row["state"] != "in-force" or before.get("state") == "in-force":
            continue
        signers = {
            row["account_id"],
            *(second["account_id"] for _, second in world.where("amendment_confirmation", amendment_id=pk)),
        }
        if len(signers) != 2:
            yield f"amendment {pk[:8]} is in force without the signatures of two people"


def cosigned(world: World, act: Act, _changes: list[Change]) -> Iterator[str]:
    """A case is forgotten only once a regulator who had opened what stops opening has cosigned."""
    if act.verb != "erasure.execute":
        return
    row = world.get("erasure", str(act.facts.get("erasure")))
    signer = row.get("account_id")
    if row.get("state") != "cosigned" or signer is None or world.kind_of(signer) != "regulator":
        yield "a case was forgotten, and no regulator had cosigned that"
    elif row.get("opened_by") != signer:
        yield "a case was forgotten, and the regulator who cosigned had not opened what it forgets"
