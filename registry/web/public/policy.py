"""`/policy`: the rules by which everybody here is measured, made from the very data that the registry runs on."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from flask import render_template
from flask_babel import lazy_gettext as _

from registry import policy_check
from registry.access import Action, needs
from registry.web.public.blueprint import bp
from registry.web.wording import span
from registry.web.words import Words

# What each length of time is for. One that is not here is shown under its own name: none is ever left out.
LABELS: Final[Words] = MappingProxyType(
    {
        "FILING_LIMIT": _("From the finding to the report"),
        "FILING_WARNING": _("From the finding to the warning that time is running out"),
        "DRAFT_LIFE": _("A draft of a report is kept"),
        "INCIDENT_LIFE": _("What a company notes for itself, before there is anything to report, is deleted"),
        "INSPECTION_LIFE": _("A sealed annex can be looked at under supervision"),
        "RESPONSE_WINDOW": _("From the letter to the listing; nothing is visible before"),
        "WINDOW_AT_LEAST": _("Time to answer that is left when a service is recorded late"),
        "EXTENSION": _("The time to answer is extended, once, by at most"),
        "UNHEARD_WINDOW": _(
            "Nobody may rely on an entry whose person nothing has reached, from when it is first shown"
        ),
        "MEMBER_INFORMED": _("The company learns of an appeal"),
        "ANSWER_LIMIT": _("The company answers; if it is silent, the entry is hidden"),
        "NONCE_LIMIT": _("The person adds a number to the draw"),
        "RECUSAL_ASKED": _("The person challenges somebody who was drawn, from when they were seated"),
        "RECUSAL_DECIDED": _("That is decided; else whoever was challenged leaves the panel"),
        "DECISION_LIMIT": _("The panel decides"),
        "DECISION_LIMIT_URGENT": _("The panel decides an urgent appeal"),
        "SECOND_INSTANCE_LIMIT": _("The second panel decides"),
        "APPEAL_LIMIT": _("An appeal as a whole"),
        "FINDING_ANSWER": _("A finding is answered; then the regulators are told"),
        "RECALL_ACK": _("A recall is acknowledged; then the regulator is told"),
        "REVIEW_EVERY": _("Every listing is reviewed after this long at the latest"),
        "REVIEW_LIMIT": _("A review is decided; then the regulators are told"),
        "REVIEW_DEFAULT": _("A review that nobody has decided ends the listing"),
        "MAX_TERM": _("The longest listing, whatever its level"),
        "CONFIRMED_WITHIN": _("An order or an amendment is confirmed by a second person, or it lapses"),
        "ORDER_LONGEST": _("The longest order"),
        "COUNTER_WITHIN": _("Two officers at a counter see the person within"),
        "MANDATE_LONGEST": _("The longest mandate of a representative"),
        "CHECKS_RECOVER": _("What may be asked at one stroke is back"),
        "CONSENT_LIFE": _("A link for consent is good, at most"),
        "CHECK_OPEN": _("A hiring check is told of new listings"),
        "CHECK_KEPT": _("Whom a check asked about is kept"),
        "CHECK_KEPT_HIRED": _("Whom a check asked about is kept, if hired"),
        "NEVER_APPLIED_ANSWER": _("The company shows that the person applied"),
        "REWRAP_EVERY": _("The key that protects the keys of all cases is renewed"),
        "BACKUPS_KEPT": _("Backups are kept, and with them the key before; then what was erased opens nowhere"),
        "ROTATION_GRACE": _("The old identity key is kept after its change"),
        "TICKET_LIFE": _("From the blinded question to the check"),
        "RECEIPT_PROMISE": _("From an answer to its proof in the log"),
        "SEQUENCING_LIMIT": _("From an act to its place in the log"),
        "SESSION_LIFE": _("A person stays signed in"),
        "TOKEN_LIFE": _("A program stays signed in"),
        "ASSERTION_LIFE": _("A program’s proof of who it is is valid"),
        "CLOCK_SKEW": _("A client’s clock may be off by"),
        "IDEMPOTENCY_LIFE": _("A request can be repeated without effect"),
        "SIGN_IN_PAUSE": _("After too many failed sign-ins"),
        "SESSION_IDLE": _("A person who opens no page stays signed in"),
        "SESSION_SEEN_EVERY": _("A person’s last page is known to within"),
        "PROOF_LIFE": _("A password or code counts for what asks for it again"),
        "SECOND_STEP_WITHIN": _("From the password to the second step of a sign-in"),
        "JOIN_WITHIN": _("From the code of an invitation to a new way in"),
        "INVITATION_LIFE": _("An invitation is open"),
        "RECOVERY_DELAY": _("Whoever is still in can refuse new ways into their account"),
        "WATCH_AT_MOST": _("The longest watch over present staff"),
        "WATCH_BEGINS_WITHIN": _("From a check to the watch that keeps it open"),
        "OVERTURN_LOOKS_BACK": _("The rate of overturned listings looks back"),
    }
)


@bp.get("/policy")
@needs(Action.PUBLIC)
def policy() -> str:
    return render_template("public/policy.html", limits=limits())


def limits() -> list[tuple[str, str]]:
    """Every length of time in the policy with what it is for, those with a label first."""
    lengths = policy_check.durations()
    names = [*(name for name in LABELS if name in lengths), *sorted(lengths.keys() - LABELS.keys())]
    return [(str(LABELS.get(name, name.replace("_", " ").capitalize())), span(lengths[name])) for name in names]
