"""By whom each verb is carried out: what a refusal names beside what is allowed now.

A verb stands with the actions of the access table that carry it out, and the roles are read from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from registry.access import RULES, Action

_PANEL = (Action.APPEAL_VOTE,)
_CANDIDATE = ("candidate",)  # has no account
_ITSELF = ("by itself",)
# By the table of what changes, then by the verb.
HANDS: Final[Mapping[str, Mapping[str, tuple[Action | str, ...]]]] = {
    "report": {
        "file": (Action.REPORT_FILE,),
        "countersign": (Action.REPORT_COUNTERSIGN,),
        "replace": (Action.REPORT_FILE,),
        "withdraw": (Action.REPORT_FILE,),
        "screen": (Action.REPORT_SCREEN,),
        "refuse": (Action.REPORT_SCREEN,),
        "serve": (Action.SERVICE_RECORD,),
        "presume": _ITSELF,
        "list": _ITSELF,
        "void": (*_PANEL, Action.AMENDMENT_CONFIRM),
    },
    "inspection": {
        "begin": (Action.INSPECTION_HOLD,),
        "end": (Action.INSPECTION_HOLD,),
        "sign": (Action.INSPECTION_SIGN,),
    },
    "notice": {
        "draft": _ITSELF,
        "print": (Action.LETTER_READ,),
        "serve": (Action.SERVICE_RECORD,),
        "return": (Action.SERVICE_RECORD,),
        "replace": (Action.SERVICE_RECORD,),
        "cancel": _ITSELF,
    },
    "entry": {
        "list": _ITSELF,
        "suspend": _PANEL,
        "reinstate": _PANEL,
        "correct": (*_PANEL, Action.AMENDMENT_CONFIRM),
        "shorten": _PANEL,
        "void": (*_PANEL, Action.AMENDMENT_CONFIRM),
        "revise": (Action.AMENDMENT_CONFIRM,),
        "rehabilitate": (Action.REVIEW_DECIDE,),
    },
    "appeal": {
        "lodge": (Action.APPEAL_LODGE,),
        "continue": (Action.APPEAL_LODGE,),
        "contest": (Action.APPEAL_LODGE,),
        "withdraw": (Action.APPEAL_LODGE,),
        "proof": (Action.CASE_ATTEST,),
        "admit": (Action.APPEAL_ADMIT,),
        "refuse": (Action.APPEAL_ADMIT,),
        "answer": (Action.APPEAL_ANSWER,),
        "hear": (Action.APPEAL_HEAR,),
        "decide": _PANEL,
        "close": _ITSELF,
        "default": _ITSELF,
        "lapse": _ITSELF,
        "moot": _ITSELF,
    },
    "recusal": {
        "ask": (Action.RECUSAL_ASK,),
        "sustain": (Action.RECUSAL_DECIDE,),
        "dismiss": (Action.RECUSAL_DECIDE,),
    },
    "amendment": {
        "sign": (Action.REPORT_AMEND,),
        "confirm": (Action.AMENDMENT_CONFIRM,),
        "lapse": _ITSELF,
        "settle": _ITSELF,
    },
    "consent_link": {
        "ask": (Action.CONSENT_ASK,),
        "grant": _CANDIDATE,
        "decline": _CANDIDATE,
        "use": (Action.CHECK,),
    },
    "erasure": {
        "propose": (Action.ERASURE_PROPOSE,),
        "renew": (Action.ERASURE_PROPOSE,),
        "cosign": (Action.ERASURE_COSIGN,),
        "execute": _ITSELF,
    },
    "finding": {
        "raise": (Action.FINDING_RAISE,),
        "answer": (Action.FINDING_ANSWER,),
        "close": (Action.FINDING_RAISE,),
    },
    "order": {
        "issue": (Action.ORDER_ISSUE,),
        "confirm": (Action.ORDER_ISSUE,),
        "lift": (Action.ORDER_ISSUE,),
        "end": _ITSELF,
        "lapse": _ITSELF,
    },
    "restraint": {
        "throttle": _ITSELF,
        "suspend": _ITSELF,
        "lift": (Action.RESTRAINT_LIFT,),
    },
    "review": {
        "open": (Action.REVIEW_APPLY,),
        "keep": (Action.REVIEW_DECIDE,),
        "end": (Action.REVIEW_DECIDE,),
    },
}


def with_hands(what: str, verb: str) -> str:
    """`countersign (approver)`; `list (by itself)`."""
    hands = HANDS[what][verb]
    roles = {role.value for role, action in RULES if action in hands}
    return f"{verb} ({'/'.join(sorted(roles) or hands)})"
