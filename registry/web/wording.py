"""How times, offences and gravity read on a page."""

from __future__ import annotations

from calendar import month_name
from datetime import UTC, date, datetime, timedelta

from flask import Flask

from registry import policy
from registry.identity.countries import ALPHA_3


def day(at: date | datetime) -> str:
    """`2 March 2026`, in UTC."""
    if isinstance(at, datetime):
        at = at.astimezone(UTC).date()
    return f"{at.day} {month_name[at.month]} {at.year}"


def moment(at: datetime) -> str:
    """`2 March 2026, 09:00 UTC`."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def term(length: timedelta | None) -> str:
    """`3 years` or `90 days`; None is permanent."""
    if length is None:
        return "permanent"
    years, rest = divmod(length.days, 365)
    return _count(years, "year") if years and not rest else _count(length.days, "day")


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def offence(code: str) -> str:
    known = policy.OFFENCES.get(code)
    return known.en if known else code


def gravity(level: int) -> str:
    """`3 (serious)`."""
    names = {step.level: step.name for step in policy.LADDER}
    return f"{level} ({names[level]})" if level in names else str(level)


BASES = {
    policy.Basis.JUDGMENT: "A court judgment or an administrative penalty",
    policy.Basis.POLICE: "A police case, and dismissal",
    policy.Basis.INVESTIGATION: "Dismissal, a forensic trail, and a signed internal investigation that was served",
    policy.Basis.SUSPICION: "A suspicion, which is never listed",
}
KINDS = {
    policy.Kind.LOCATION: "location data",
    policy.Kind.COMMUNICATION: "contents of communication",
    policy.Kind.CREDIT: "credit and property data",
    policy.Kind.TRANSACTION: "transaction data",
    policy.Kind.OTHER: "other personal data",
}


PROOFS = {
    policy.Proof.JUDGMENT: "Judgment or penalty",
    policy.Proof.POLICE: "Police case",
    policy.Proof.DISMISSAL: "Dismissal",
    policy.Proof.INVESTIGATION: "Signed internal investigation",
    policy.Proof.SERVICE: "Certificate of its service",
}
STAFF = {
    policy.Staff.EMPLOYEE: "an employee",
    policy.Staff.AGENCY: "agency staff",
    policy.Staff.FRANCHISE: "staff of a franchisee",
    policy.Staff.GIG: "a self-employed rider or driver",
}


def proof(part: str) -> str:
    return PROOFS[policy.Proof(part)]


def staff(kind: str) -> str:
    return STAFF[policy.Staff(kind)]


def basis(code: str) -> str:
    return BASES[policy.Basis(code)]


def kind(code: str) -> str:
    return KINDS[policy.Kind(code)]


ACTS = {
    "report.file": "Report filed",
    "report.countersign": "Report countersigned",
    "report.screen": "Report screened",
    "report.read": "Report read",
    "report.withdraw": "Report withdrawn",
    "report.void": "Report declared void",
    "letter.read": "Letter opened to be printed",
    "letter.serve": "Letter served",
    "letter.replace": "Letter replaced",
    "exhibit.open": "Exhibit opened",
    "annex.inspect": "Inspection of a sealed annex begun",
    "annex.open": "Sealed annex opened at an inspection",
    "annex.end": "Inspection ended",
    "annex.sign": "Inspection signed for by a second person",
    "match.begin": "Case match begun",
    "match.finish": "Case matched",
    "match.fail": "Case match failed",
    "match.leave": "Case closed on the device",
    "case.read": "File read",
    "case.copy": "Copy of the file made",
    "case.checks": "List of checks read",
    "case.attest": "Identity confirmed by a verifier",
    "case.sight": "Person seen by an officer at a counter",
    "mandate.record": "Representative recorded",
    "mandate.enter": "File opened by a representative",
    "mandate.revoke": "Representative revoked",
    "statement.make": "Statement made",
    "entry.list": "Entry listed",
    "entry.dispute": "Mark of dispute set or taken away",
    "entry.suspend": "Entry suspended",
    "entry.reinstate": "Entry reinstated",
    "entry.correct": "Entry corrected",
    "entry.revise": "Entry revised",
    "entry.shorten": "Entry shortened",
    "entry.void": "Entry declared void",
    "entry.rehabilitate": "Entry ended before its time",
    "entry.read": "Entry read",
    "check.details": "Entry read after a check",
    "review.apply": "End of the listing asked for",
    "review.open": "Listing looked at again, at half of its term",
    "review.read": "Review read",
    "review.decide": "Review decided",
    "order.issue": "Order issued",
    "order.confirm": "Order confirmed",
    "order.read": "Order read",
    "order.lapse": "Order lapsed without confirmation",
    "order.end": "Order at its end",
    "appeal.lodge": "Appeal lodged",
    "appeal.read": "Appeal read",
    "appeal.admit": "Appeal admitted",
    "appeal.refuse": "Appeal not admitted",
    "appeal.answer": "Appeal answered by the company",
    "appeal.nonce": "Random number for the draw given",
    "appeal.draw": "Panel drawn",
    "appeal.replace": "Panelist replaced",
    "appeal.contest": "Decision contested",
    "appeal.withdraw": "Appeal withdrawn",
    "panel.hear": "Case heard",
    "panel.vote": "Vote cast, sealed",
    "panel.decide": "Votes opened, case decided",
    "recall.issue": "Recalls issued",
    "regulator.read": "Read by the regulator",
}


def act(verb: str) -> str:
    """What an act was, in words; a verb that is not known here stands for itself."""
    return ACTS.get(verb, verb)


def hand(actor: str) -> str:
    """Whose act it was: an account, the accused person, or the registry on its own."""
    kind, _, rest = actor.partition(":")
    if kind == "subject":
        return "the accused person"
    if kind == "representative":
        return "their representative"
    return f"the registry ({rest})" if kind == "system" else actor


def state(name: str) -> str:
    """A state or a verb as words: `second-instance` reads `second instance`."""
    return name.replace("-", " ").replace("_", " ")


def register(app: Flask) -> None:
    filters = (day, moment, term, offence, gravity, basis, kind, proof, staff, act, hand, state)
    app.jinja_env.filters.update({f.__name__: f for f in filters})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(policy=policy, countries=ALPHA_3)
