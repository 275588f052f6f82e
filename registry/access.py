"""Who may do what, to whose. One table, deny by default.

`RULES[role, action]` says in which relation the actor must stand to the member that the thing belongs to. What is not
in the table is forbidden. The relation OTHER is the consortium's first rule in one word: nobody decides on their own
member's case, nor on that of a company under the same owner.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from registry.accounts.rules import Role, Scope
from registry.errors import Forbidden
from registry.members.models import Standing


class Relation(enum.StrEnum):
    ANY = "any"
    OWN = "own"  # the actor's own member
    OTHER = "other"  # neither the actor's member nor one of its group


class Action(enum.StrEnum):
    PUBLIC = "public"  # no sign-in: discovery, policy, the log, the way in
    HOME = "home"  # anyone who has signed in
    EVALUATE = "evaluate"
    CHECK = "check"
    CHECK_READ = "check-read"
    CHECK_CLOSE = "check-close"  # say what became of a hire
    CONSENT_ASK = "consent-ask"  # of candidates, by links
    DRAFT_KEEP = "draft-keep"
    INCIDENT_KEEP = "incident-keep"  # the member's own register
    SUMMARY_READ = "summary-read"
    REPORT_FILE = "report-file"
    REPORT_COUNTERSIGN = "report-countersign"
    REPORT_AMEND = "report-amend"  # after its screening
    AMENDMENT_CONFIRM = "amendment-confirm"
    REPORT_READ = "report-read"
    EXHIBIT_OPEN = "exhibit-open"
    INSPECTION_HOLD = "inspection-hold"  # of a sealed annex
    INSPECTION_SIGN = "inspection-sign"
    INSPECTION_READ = "inspection-read"
    DOCKET_READ = "docket-read"
    REPORT_SCREEN = "report-screen"
    LETTER_READ = "letter-read"
    SERVICE_RECORD = "service-record"
    ENTRY_READ = "entry-read"
    ENTRY_LIST = "entry-list"
    WATCH = "watch"
    CHANGES_READ = "changes-read"
    RECALL_READ = "recall-read"
    RECALL_ACKNOWLEDGE = "recall-acknowledge"
    CASE_READ = "case-read"
    CASE_ATTEST = "case-attest"
    MANDATE_RECORD = "mandate-record"
    MANDATE_REVOKE = "mandate-revoke"
    CASE_ANSWER = "case-answer"  # ask for more time, make representations
    WINDOW_EXTEND = "window-extend"
    STATEMENT_MAKE = "statement-make"
    CONTACT_GIVE = "contact-give"  # where to be told that there is something new
    CHECKS_READ = "checks-read"  # who has asked about oneself, and "I never applied there"
    APPEAL_LODGE = "appeal-lodge"
    APPEAL_DRAW = "appeal-draw"
    RECUSAL_ASK = "recusal-ask"  # challenge somebody on one's panel
    RECUSAL_DECIDE = "recusal-decide"
    APPEAL_ADMIT = "appeal-admit"
    APPEAL_ANSWER = "appeal-answer"
    APPEAL_HEAR = "appeal-hear"
    APPEAL_VOTE = "appeal-vote"
    APPEAL_READ = "appeal-read"
    APPEAL_INTERVENE = "appeal-intervene"
    SILENCE_ATTEST = "silence-attest"  # sign that a subject has sent no nonce
    PANEL_SERVE = "panel-serve"  # declare an interest, step down
    REVIEW_APPLY = "review-apply"  # ask for the end of one's listing
    REVIEW_READ = "review-read"
    REVIEW_DECIDE = "review-decide"
    FINDING_READ = "finding-read"
    FINDING_RAISE = "finding-raise"
    FINDING_ANSWER = "finding-answer"
    RESTRAINT_READ = "restraint-read"
    RESTRAINT_LIFT = "restraint-lift"
    ORDER_READ = "order-read"
    ORDER_ISSUE = "order-issue"  # issue, or confirm what the other side has issued
    ERASURE_READ = "erasure-read"
    ERASURE_PROPOSE = "erasure-propose"
    ERASURE_COSIGN = "erasure-cosign"  # open what would stop opening, and sign for it
    KEY_ENROL = "key-enrol"
    KEY_REVOKE = "key-revoke"
    ROTATION_VERIFY = "rotation-verify"
    ROTATE = "rotate"
    REWRAP = "rewrap"  # wrap all cases' keys anew
    CANARY_KEEP = "canary-keep"
    MEMBER_READ = "member-read"  # its people, units and budget
    MEMBER_ADMIT = "member-admit"
    SERVICE_READ = "service-read"  # members, health, the state of the keys
    ACCOUNT_OPEN = "account-open"


_R, _A = Role, Action
RULES: Mapping[tuple[Role, Action], Relation] = MappingProxyType(
    {
        **{(role, _A.HOME): Relation.ANY for role in Role if role != Role.SUBJECT},
        (_R.CHECKER, _A.EVALUATE): Relation.ANY,
        (_R.CHECKER, _A.CHECK): Relation.ANY,
        (_R.CHECKER, _A.CHECK_READ): Relation.OWN,
        (_R.CHECKER, _A.CHECK_CLOSE): Relation.OWN,
        (_R.CHECKER, _A.CONSENT_ASK): Relation.OWN,
        (_R.CHECKER, _A.FINDING_READ): Relation.OWN,
        (_R.CHECKER, _A.FINDING_ANSWER): Relation.OWN,  # about its checks
        (_R.CHECKER, _A.WATCH): Relation.OWN,
        (_R.CHECKER, _A.CHANGES_READ): Relation.ANY,  # narrowed to what the member filed or was told of
        (_R.CHECKER, _A.RECALL_READ): Relation.OWN,
        (_R.CHECKER, _A.RECALL_ACKNOWLEDGE): Relation.OWN,
        (_R.CHECKER, _A.ENTRY_READ): Relation.ANY,  # narrowed to what the member was shown
        (_R.REPORTER, _A.EVALUATE): Relation.ANY,
        (_R.REPORTER, _A.DRAFT_KEEP): Relation.OWN,
        **{(role, _A.INCIDENT_KEEP): Relation.OWN for role in (_R.REPORTER, _R.APPROVER)},
        **{(role, _A.SUMMARY_READ): Relation.OWN for role in (_R.CHECKER, _R.REPORTER, _R.APPROVER, _R.MEMBER_ADMIN)},
        (_R.REPORTER, _A.REPORT_FILE): Relation.OWN,
        (_R.REPORTER, _A.REPORT_AMEND): Relation.OWN,
        (_R.REPORTER, _A.REPORT_READ): Relation.OWN,
        (_R.REPORTER, _A.EXHIBIT_OPEN): Relation.OWN,
        (_R.REPORTER, _A.INSPECTION_READ): Relation.OWN,
        (_R.REPORTER, _A.APPEAL_ANSWER): Relation.OWN,
        (_R.REPORTER, _A.APPEAL_READ): Relation.OWN,
        (_R.REPORTER, _A.FINDING_READ): Relation.OWN,
        (_R.REPORTER, _A.FINDING_ANSWER): Relation.OWN,
        (_R.REPORTER, _A.ENTRY_READ): Relation.ANY,
        (_R.REPORTER, _A.CHANGES_READ): Relation.ANY,
        (_R.APPROVER, _A.EVALUATE): Relation.ANY,
        (_R.APPROVER, _A.REPORT_COUNTERSIGN): Relation.OWN,
        (_R.APPROVER, _A.AMENDMENT_CONFIRM): Relation.OWN,
        (_R.APPROVER, _A.REPORT_READ): Relation.OWN,
        (_R.APPROVER, _A.EXHIBIT_OPEN): Relation.OWN,
        (_R.APPROVER, _A.APPEAL_ANSWER): Relation.OWN,
        (_R.APPROVER, _A.APPEAL_READ): Relation.OWN,
        (_R.APPROVER, _A.FINDING_READ): Relation.OWN,
        (_R.APPROVER, _A.FINDING_ANSWER): Relation.OWN,
        (_R.APPROVER, _A.ENTRY_READ): Relation.ANY,
        (_R.APPROVER, _A.CHANGES_READ): Relation.ANY,
        (_R.MEMBER_ADMIN, _A.KEY_ENROL): Relation.OWN,
        (_R.MEMBER_ADMIN, _A.KEY_REVOKE): Relation.OWN,
        (_R.MEMBER_ADMIN, _A.ACCOUNT_OPEN): Relation.OWN,
        (_R.MEMBER_ADMIN, _A.MEMBER_READ): Relation.OWN,
        (_R.CLERK, _A.LETTER_READ): Relation.OTHER,
        (_R.CLERK, _A.SERVICE_RECORD): Relation.OTHER,
        (_R.CLERK, _A.WINDOW_EXTEND): Relation.OTHER,
        (_R.CLERK, _A.INSPECTION_HOLD): Relation.OTHER,
        (_R.CLERK, _A.INSPECTION_SIGN): Relation.OTHER,
        (_R.CLERK, _A.INSPECTION_READ): Relation.OTHER,
        (_R.CLERK, _A.MANDATE_RECORD): Relation.OTHER,
        (_R.CLERK, _A.APPEAL_ADMIT): Relation.OTHER,
        (_R.CLERK, _A.APPEAL_READ): Relation.OTHER,
        (_R.CLERK, _A.RECUSAL_DECIDE): Relation.OTHER,
        (_R.SCREENER, _A.DOCKET_READ): Relation.ANY,
        (_R.SCREENER, _A.REPORT_READ): Relation.OTHER,
        (_R.SCREENER, _A.EXHIBIT_OPEN): Relation.OTHER,  # narrowed to while they screen
        (_R.SCREENER, _A.REPORT_SCREEN): Relation.OTHER,
        (_R.SCREENER, _A.INSPECTION_SIGN): Relation.OTHER,
        (_R.SCREENER, _A.REVIEW_READ): Relation.ANY,
        (_R.SCREENER, _A.REVIEW_DECIDE): Relation.OTHER,
        (_R.PANELIST, _A.DOCKET_READ): Relation.ANY,
        (_R.PANELIST, _A.EXHIBIT_OPEN): Relation.OTHER,  # narrowed to the panels they sit on
        (_R.PANELIST, _A.APPEAL_HEAR): Relation.OTHER,
        (_R.PANELIST, _A.APPEAL_VOTE): Relation.OTHER,
        (_R.PANELIST, _A.APPEAL_READ): Relation.OTHER,  # narrowed to the panels they sit on
        (_R.PANELIST, _A.PANEL_SERVE): Relation.ANY,
        (_R.VERIFIER, _A.EVALUATE): Relation.ANY,
        (_R.VERIFIER, _A.CASE_ATTEST): Relation.OTHER,
        (_R.VERIFIER, _A.MANDATE_RECORD): Relation.OTHER,
        (_R.VERIFIER, _A.INSPECTION_SIGN): Relation.OTHER,
        (_R.REGULATOR, _A.ENTRY_LIST): Relation.ANY,
        (_R.REGULATOR, _A.ENTRY_READ): Relation.ANY,
        (_R.REGULATOR, _A.CHANGES_READ): Relation.ANY,
        (_R.REGULATOR, _A.REPORT_READ): Relation.ANY,
        (_R.REGULATOR, _A.EXHIBIT_OPEN): Relation.ANY,
        (_R.REGULATOR, _A.INSPECTION_READ): Relation.ANY,
        (_R.REGULATOR, _A.APPEAL_READ): Relation.ANY,
        (_R.REGULATOR, _A.APPEAL_INTERVENE): Relation.ANY,
        (_R.REGULATOR, _A.RECUSAL_DECIDE): Relation.ANY,
        (_R.REGULATOR, _A.SILENCE_ATTEST): Relation.ANY,
        (_R.REGULATOR, _A.REVIEW_READ): Relation.ANY,
        (_R.REGULATOR, _A.REVIEW_DECIDE): Relation.ANY,
        (_R.REGULATOR, _A.FINDING_READ): Relation.ANY,
        (_R.REGULATOR, _A.FINDING_RAISE): Relation.ANY,
        **{
            (role, _A.RESTRAINT_READ): Relation.OWN  # narrowed to the own member's
            for role in (_R.REPORTER, _R.APPROVER, _R.MEMBER_ADMIN)
        },
        (_R.REGULATOR, _A.RESTRAINT_READ): Relation.ANY,
        (_R.REGULATOR, _A.RESTRAINT_LIFT): Relation.ANY,
        (_R.REGULATOR, _A.ORDER_READ): Relation.ANY,
        (_R.REGULATOR, _A.ORDER_ISSUE): Relation.ANY,
        (_R.REGULATOR, _A.ERASURE_READ): Relation.ANY,
        (_R.REGULATOR, _A.ERASURE_COSIGN): Relation.ANY,
        (_R.OPERATOR, _A.ORDER_READ): Relation.ANY,
        (_R.OPERATOR, _A.ORDER_ISSUE): Relation.ANY,
        (_R.OPERATOR, _A.ERASURE_READ): Relation.ANY,
        (_R.OPERATOR, _A.ERASURE_PROPOSE): Relation.ANY,
        (_R.OPERATOR, _A.KEY_ENROL): Relation.OWN,  # for orders
        (_R.OPERATOR, _A.KEY_REVOKE): Relation.OWN,
        (_R.REGULATOR, _A.ROTATION_VERIFY): Relation.ANY,
        (_R.OPERATOR, _A.SERVICE_READ): Relation.ANY,
        (_R.OPERATOR, _A.MEMBER_ADMIT): Relation.ANY,
        (_R.OPERATOR, _A.ACCOUNT_OPEN): Relation.ANY,
        (_R.OPERATOR, _A.ROTATE): Relation.ANY,
        (_R.OPERATOR, _A.REWRAP): Relation.ANY,
        (_R.OPERATOR, _A.CANARY_KEEP): Relation.ANY,
        (_R.REGULATOR, _A.CANARY_KEEP): Relation.ANY,
        (_R.SUBJECT, _A.CASE_READ): Relation.ANY,  # of the case they matched, and of no other
        (_R.SUBJECT, _A.CASE_ANSWER): Relation.ANY,
        (_R.SUBJECT, _A.STATEMENT_MAKE): Relation.ANY,
        (_R.SUBJECT, _A.CONTACT_GIVE): Relation.ANY,
        (_R.SUBJECT, _A.CHECKS_READ): Relation.ANY,
        (_R.SUBJECT, _A.REVIEW_APPLY): Relation.ANY,
        (_R.SUBJECT, _A.MANDATE_REVOKE): Relation.ANY,
        (_R.SUBJECT, _A.APPEAL_LODGE): Relation.ANY,
        (_R.SUBJECT, _A.APPEAL_DRAW): Relation.ANY,
        (_R.SUBJECT, _A.RECUSAL_ASK): Relation.ANY,
    }
)

# What a token must carry for an action; a browser session needs none.
SCOPES: Mapping[Action, frozenset[Scope]] = MappingProxyType(
    {
        _A.EVALUATE: frozenset({Scope.CHECK, Scope.REPORT, Scope.ROSTER}),
        _A.CHECK: frozenset({Scope.CHECK}),
        _A.CHECK_READ: frozenset({Scope.CHECK}),
        _A.CHECK_CLOSE: frozenset({Scope.CHECK}),
        _A.CONSENT_ASK: frozenset({Scope.CHECK}),
        _A.WATCH: frozenset({Scope.WATCH}),
        _A.CHANGES_READ: frozenset({Scope.CHECK, Scope.REPORT, Scope.WATCH, Scope.AUDIT}),
        _A.RECALL_READ: frozenset({Scope.CHECK, Scope.WATCH}),
        _A.RECALL_ACKNOWLEDGE: frozenset({Scope.CHECK, Scope.WATCH}),
        _A.DRAFT_KEEP: frozenset({Scope.REPORT}),
        _A.INCIDENT_KEEP: frozenset({Scope.REPORT}),
        _A.SUMMARY_READ: frozenset({Scope.CHECK, Scope.REPORT}),
        _A.REPORT_FILE: frozenset({Scope.REPORT}),
        _A.REPORT_COUNTERSIGN: frozenset({Scope.REPORT}),
        _A.REPORT_AMEND: frozenset({Scope.REPORT}),
        _A.AMENDMENT_CONFIRM: frozenset({Scope.REPORT}),
        _A.REPORT_READ: frozenset({Scope.REPORT, Scope.ROSTER, Scope.AUDIT}),
        _A.EXHIBIT_OPEN: frozenset({Scope.REPORT, Scope.ROSTER, Scope.AUDIT}),
        _A.INSPECTION_READ: frozenset({Scope.REPORT, Scope.ROSTER, Scope.AUDIT}),
        _A.APPEAL_ANSWER: frozenset({Scope.REPORT}),
        _A.APPEAL_READ: frozenset({Scope.REPORT, Scope.ROSTER, Scope.AUDIT}),
        _A.REVIEW_READ: frozenset({Scope.ROSTER, Scope.AUDIT}),
        _A.REVIEW_DECIDE: frozenset({Scope.ROSTER, Scope.AUDIT}),
        _A.FINDING_RAISE: frozenset({Scope.AUDIT}),
        _A.RESTRAINT_READ: frozenset({Scope.REPORT, Scope.AUDIT}),
        _A.RESTRAINT_LIFT: frozenset({Scope.AUDIT}),
        _A.APPEAL_INTERVENE: frozenset({Scope.AUDIT}),
        _A.RECUSAL_DECIDE: frozenset({Scope.ROSTER, Scope.AUDIT}),
        _A.SILENCE_ATTEST: frozenset({Scope.AUDIT}),
        _A.FINDING_READ: frozenset({Scope.CHECK, Scope.REPORT, Scope.AUDIT}),
        _A.FINDING_ANSWER: frozenset({Scope.CHECK, Scope.REPORT}),
        _A.ENTRY_READ: frozenset({Scope.CHECK, Scope.REPORT, Scope.WATCH, Scope.AUDIT}),
        _A.ENTRY_LIST: frozenset({Scope.AUDIT}),
        **{
            action: frozenset({Scope.AUDIT})
            for action in (
                _A.ORDER_READ,
                _A.ORDER_ISSUE,
                _A.ERASURE_READ,
                _A.ERASURE_PROPOSE,
                _A.ERASURE_COSIGN,
            )
        },
        **{
            action: frozenset({Scope.ROSTER})
            for action in (
                _A.DOCKET_READ,
                _A.REPORT_SCREEN,
                _A.LETTER_READ,
                _A.SERVICE_RECORD,
                _A.WINDOW_EXTEND,
                _A.INSPECTION_HOLD,
                _A.INSPECTION_SIGN,
                _A.APPEAL_ADMIT,
                _A.APPEAL_HEAR,
                _A.APPEAL_VOTE,
                _A.PANEL_SERVE,
                _A.CASE_ATTEST,
                _A.MANDATE_RECORD,
            )
        },
    }
)

# A suspended member may still read, answer and acknowledge; these it may not do.
NEEDS_ADMISSION = frozenset(
    {
        _A.REVIEW_DECIDE,
        _A.EVALUATE,
        _A.CHECK,
        _A.CONSENT_ASK,
        _A.WATCH,
        _A.REPORT_FILE,
        _A.REPORT_COUNTERSIGN,
        _A.DOCKET_READ,
        _A.REPORT_SCREEN,
        _A.LETTER_READ,
        _A.SERVICE_RECORD,
        _A.WINDOW_EXTEND,
        _A.INSPECTION_HOLD,
        _A.INSPECTION_SIGN,
        _A.CASE_ATTEST,
        _A.MANDATE_RECORD,
        _A.APPEAL_ADMIT,
        _A.RECUSAL_DECIDE,
        _A.APPEAL_HEAR,
        _A.APPEAL_VOTE,
        _A.KEY_ENROL,
        _A.ACCOUNT_OPEN,
    }
)


# In a browser, these need the password once more (policy.PROOF_LIFE): what signs, and what gives or takes keys.
NEEDS_PROOF = frozenset(
    {
        _A.REPORT_FILE,
        _A.REPORT_COUNTERSIGN,
        _A.REPORT_AMEND,
        _A.AMENDMENT_CONFIRM,
        _A.APPEAL_ANSWER,
        _A.APPEAL_VOTE,
        _A.CASE_ATTEST,
        _A.RESTRAINT_LIFT,
        _A.KEY_ENROL,
        _A.KEY_REVOKE,
        _A.MEMBER_ADMIT,
        _A.ACCOUNT_OPEN,
    }
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account with all that access asks about. `scopes` is None in a browser session."""

    id: str
    unit_id: str
    member_id: str
    group: str
    standing: Standing
    roles: frozenset[Role]
    scopes: frozenset[Scope] | None = None


def require(actor: Actor, action: Action, *, member_id: str | None = None, group: str | None = None) -> None:
    """Forbidden unless one of the actor's roles allows `action` on what belongs to `member_id` (of `group`)."""
    if not allowed(actor, action, member_id=member_id, group=group):
        raise Forbidden("your account may not do this")


def allowed(actor: Actor, action: Action, *, member_id: str | None = None, group: str | None = None) -> bool:
    if action in NEEDS_ADMISSION and actor.standing is not Standing.ADMITTED:
        return False
    if actor.scopes is not None and not actor.scopes & SCOPES.get(action, frozenset(Scope)):
        return False
    relations = {RULES[role, action] for role in actor.roles if (role, action) in RULES}
    return any(_holds(relation, actor, member_id, group) for relation in relations)


def _holds(relation: Relation, actor: Actor, member_id: str | None, group: str | None) -> bool:
    if relation is Relation.ANY or member_id is None:
        return True  # without a thing in hand the question is whether the role may ever do it
    if relation is Relation.OWN:
        return actor.member_id == member_id
    return actor.member_id != member_id and (group is None or actor.group != group)


View = TypeVar("View", bound=Callable[..., Any])


def needs(action: Action) -> Callable[[View], View]:
    """Mark a view with the action that it carries out; the edge's guard reads the mark, and refuses a view without."""

    def mark(view: View) -> View:
        view.zilu_action = action  # type: ignore[attr-defined]
        return view

    return mark


def proven(view: View) -> View:
    """Mark a view that needs the password once more although its action does not: an export."""
    view.zilu_proven = True  # type: ignore[attr-defined]
    return view


def needs_proof(view: Callable[..., Any]) -> bool:
    return getattr(view, "zilu_action", None) in NEEDS_PROOF or getattr(view, "zilu_proven", False)
