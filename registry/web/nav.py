"""What each person can do here, as links: the same list makes the navigation and the first page after sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user

from registry.access import Action, Actor, allowed
from registry.web.context import running


@dataclass(frozen=True, slots=True)
class Link:
    """A page that stands in the navigation of those who may do `action`."""

    endpoint: str
    action: Action
    text: str
    about: str


LINKS = (
    Link(
        "checker.check",
        Action.CHECK,
        _("Check a person"),
        _("Ask whether one person is listed. The identity number stays in your browser."),
    ),
    Link(
        "checker.file",
        Action.CHECK,
        _("Check a file"),
        _("Ask about everybody in a staff file, CSV or Excel. The file stays in your browser."),
    ),
    Link(
        "checker.consents",
        Action.CONSENT_ASK,
        _("Consent by link"),
        _("Ask candidates for their consent by link, and see who has agreed."),
    ),
    Link(
        "checker.owed",
        Action.CHECK_CLOSE,
        _("Decisions"),
        _("The hits that a named person still has to decide upon, after the person was told."),
    ),
    Link(
        "checker.history",
        Action.CHECK_CLOSE,
        _("History"),
        _("What your unit has asked, with the receipts, and who was hired."),
    ),
    Link(
        "checker.watched",
        Action.WATCH,
        _("Staff on watch"),
        _("Present staff of whom you are told when they are listed, until when."),
    ),
    Link(
        "reporter.desk",
        Action.APPEAL_ANSWER,
        _("Reports"),
        _("Drafts, reports and appeals of your member, and what is owed by when."),
    ),
    Link(
        "reporter.noted",
        Action.INCIDENT_KEEP,
        _("Incidents"),
        _("What your company notes for itself before there is anything to report."),
    ),
    *(
        Link(
            "reporter.signing_key",
            action,
            _("Your signing key"),
            _("Make the key that you sign with in this browser, and see whether it is enrolled."),
        )
        for action in (Action.APPEAL_ANSWER, Action.CONSENT_ASK)
    ),
    Link(
        "clerk.desk",
        Action.APPEAL_ADMIT,
        _("Registry office"),
        _("Letters to print and serve, time to answer, appeals to admit, and for whom each waits."),
    ),
    Link(
        "clerk.challenges",
        Action.RECUSAL_DECIDE,
        _("Challenges of panelists"),
        _("Who on a panel must not decide, says the person: read why, and sustain or reject it."),
    ),
    Link(
        "bench.docket",
        Action.REPORT_SCREEN,
        _("Screening"),
        _("Reports that wait for a neutral screener."),
    ),
    Link(
        "bench.panel",
        Action.APPEAL_HEAR,
        _("Panel"),
        _("The appeals that you decide with two others, and your interests to declare."),
    ),
    Link(
        "bench.inspected",
        Action.INSPECTION_SIGN,
        _("Inspections"),
        _("Sealed annexes that somebody looks at under a clerk’s eyes: show one, or sign that it was so."),
    ),
    Link(
        "verifier.at_the_counter",
        Action.CASE_ATTEST,
        _("Counter"),
        _("Confirm that the person of a case stands before you."),
    ),
    Link(
        "member.people",
        Action.MEMBER_READ,
        _("Your people"),
        _("Open accounts, invite, let somebody in again, enrol the keys of programs."),
    ),
    Link(
        "member.units",
        Action.MEMBER_READ,
        _("Units and budget"),
        _("Your outlets and agencies, and how many checks each has used."),
    ),
    Link(
        "member.keys_of_member",
        Action.KEY_ENROL,
        _("Signing keys"),
        _("Enrol the keys of your people, and revoke them."),
    ),
    Link(
        "operator.members",
        Action.SERVICE_READ,
        _("Members"),
        _("Admit members, appoint their administrators, suspend and readmit."),
    ),
    Link(
        "operator.health",
        Action.SERVICE_READ,
        _("Health"),
        _("What is well, what is not, and what to do about it."),
    ),
    Link(
        "operator.keys",
        Action.SERVICE_READ,
        _("Keys of the registry"),
        _("Which keys are in use, and how far their changes are."),
    ),
    Link(
        "regulator.entries",
        Action.ENTRY_LIST,
        _("Entries"),
        _("Every entry with its state, its steps and where they stand in the log."),
    ),
    Link(
        "regulator.findings",
        Action.FINDING_RAISE,
        _("Findings"),
        _("What is demanded of whom, until when."),
    ),
    Link(
        "regulator.restraints",
        Action.RESTRAINT_READ,
        _("Restraints"),
        _("Whether somebody files less because their listings fell, why, and what ends it."),
    ),
    Link(
        "regulator.statistics",
        Action.ENTRY_LIST,
        _("Statistics"),
        _("What there is, how long it takes, what fell, who asks how often."),
    ),
    Link(
        "regulator.sample",
        Action.ENTRY_LIST,
        _("Random sample"),
        _("Entries that nobody has chosen, for inspection."),
    ),
    Link(
        "regulator.reads",
        Action.ENTRY_LIST,
        _("What you have read"),
        _("Your own reading, as it stands in the log."),
    ),
)
HOME = Link("home.home", Action.HOME, _("Home"), "")
CASE = Link("subject.file", Action.CASE_READ, _("Your case"), "")


def links_of(actor: Actor) -> list[Link]:
    """Each page once, whichever of the actor's roles opens it."""
    return list({link.endpoint: link for link in LINKS if allowed(actor, link.action)}.values())


def context() -> dict[str, Any]:
    """For the frame of every page: who is signed in, and where they may go."""
    signed_in = current_user.actor if current_user.is_authenticated else None
    in_case = "case_id" in g
    shown = [HOME, *links_of(signed_in)] if signed_in else [CASE] if in_case else []
    return {
        "site": running().settings.registry.name,
        "signed_in": signed_in,
        "links": _items(shown),
        "in_case": in_case,
    }


def _items(links: Sequence[Link]) -> list[dict[str, Any]]:
    """As the navigation component takes them."""
    here = request.endpoint
    return [{"href": url_for(link.endpoint), "text": link.text, "current": link.endpoint == here} for link in links]
