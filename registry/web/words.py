"""The words for what the domain names in code: states, roles, acts, standards of proof. Adding one is a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _

from registry import policy
from registry.appeals.eligibility import Inadmissible
from registry.appeals.rules import Ground as AppealGround
from registry.checks.rules import Duty
from registry.members.models import Kind, Standing
from registry.panels.rules import Choice
from registry.reports.rules import Ground, InspectionState
from registry.restraints.rules import State as Restrained

Words = Mapping[str, Any]  # by the name in code; the values are texts that wait for the reader's language

GRAVITIES: Final[Words] = {
    "gravest": _("gravest"),
    "serious": _("serious"),
    "medium": _("medium"),
    "minor": _("minor"),
}
BASES: Final[Words] = {
    policy.Basis.JUDGMENT: _("A court judgment or an administrative penalty"),
    policy.Basis.POLICE: _("A police case, and dismissal"),
    policy.Basis.INVESTIGATION: _("Dismissal, a forensic trail, and a signed internal investigation that was served"),
    policy.Basis.SUSPICION: _("A suspicion, which is never listed"),
}
KINDS: Final[Words] = {
    policy.Kind.LOCATION: _("location data"),
    policy.Kind.COMMUNICATION: _("contents of communication"),
    policy.Kind.CREDIT: _("credit and property data"),
    policy.Kind.TRANSACTION: _("transaction data"),
    policy.Kind.OTHER: _("other personal data"),
}
PROOFS: Final[Words] = {
    policy.Proof.JUDGMENT: _("Judgment or penalty"),
    policy.Proof.POLICE: _("Police case"),
    policy.Proof.DISMISSAL: _("Dismissal"),
    policy.Proof.INVESTIGATION: _("Signed internal investigation"),
    policy.Proof.SERVICE: _("Certificate of its service"),
}
STAFF: Final[Words] = {
    policy.Staff.EMPLOYEE: _("an employee"),
    policy.Staff.AGENCY: _("agency staff"),
    policy.Staff.FRANCHISE: _("staff of a franchisee"),
    policy.Staff.GIG: _("a self-employed rider or driver"),
}
# Why a screener refuses a report.
GROUNDS: Final[Words] = {
    Ground.OUT_OF_SCOPE: _("It is about something else than customers’ data."),
    Ground.LABOUR_DISPUTE: _("It is about a dispute at work: union work, wages, an injury."),
    Ground.RETALIATION: _("There are signs that a complaint is being paid back."),
    Ground.NO_EVIDENCE: _("No evidence shows one of the alleged facts."),
    Ground.WRONG_PERSON: _("It may be about the wrong person."),
}
# What the accused say against one.
APPEAL_GROUNDS: Final[Words] = {
    AppealGround.WRONG_PERSON: _("They are not the person it is about."),
    AppealGround.NOT_TRUE: _("It is not true."),
    AppealGround.NOT_IN_SCOPE: _("It is about something else than customers’ data, or about a dispute at work."),
    AppealGround.DISPROPORTIONATE: _("It weighs less than the report says, or the term is too long."),
    AppealGround.PROCEDURE: _("The rules were not kept."),
    AppealGround.NEW_FACTS: _("There are new facts."),
    AppealGround.COURT_OUTCOME: _("A court, the police or an arbitration has decided."),
}
# Why a clerk refuses an appeal.
INADMISSIBLE: Final[Words] = {
    Inadmissible.REPEATED: _("A panel has decided the same, and nothing new is said."),
    Inadmissible.ANOTHER_MATTER: _("It contests nothing that the report says."),
    Inadmissible.COLLATERAL: _("It contests the judgment that the report rests on, which its own court reviews."),
}
CHOICES: Final[Words] = {
    Choice.KEEP: _("The listing stays as it is."),
    Choice.CORRECT: _("The listing is corrected to a milder level."),
    Choice.SHORTEN: _("The listing is shortened."),
    Choice.SUSPEND: _("The listing is hidden."),
    Choice.VOID: _("The report is void: nothing of it may be held against the person."),
}
DUTIES: Final[Words] = {
    Duty.CONFIRM_IDENTITY: _("Confirm the person’s identity with the filing member."),
    Duty.NAMED_PERSON: _("Let a named person decide, never a program."),
    Duty.TELL_FIRST: _("Tell the candidate before you decide, and hear them."),
    Duty.RECORD: _("Record the decision and its reasons."),
    Duty.NOT_YET: _("Do not rely on the entry before the date it names: nothing is known to have reached the person."),
    Duty.SILENCE: _("Read nothing into silence: whoever has not answered has admitted nothing."),
    Duty.LATE: _("Weigh that the person has answered late, and for which reasons; ask the filing member."),
    Duty.DISPUTED: _("Weigh that the person disputes the entry, and read their statement."),
    Duty.FORGET: _("Do not rely on the entry: it is not shown any more. Take back what you decided because of it."),
}
STATES: Final[Words] = {
    "correction": _("Correction"),
    "revision": _("Revision"),
    "contest": _("Before a court or another body"),
    "void": _("Taken back"),
    "signed": _("waits for a second signature"),
    "in-force": _("in force"),
    "settled": _("settled"),
    "lapsed": _("lapsed"),
    "court": _("court"),
    "arbitration": _("arbitration"),
    "labour": _("labour body"),
    "lodged": _("lodged"),
    "proofed": _("proofed"),
    "admitted": _("admitted"),
    "answered": _("answered"),
    "heard": _("heard"),
    "decided": _("decided"),
    "second-instance": _("second instance"),
    "closed": _("closed"),
    "inadmissible": _("inadmissible"),
    **INADMISSIBLE,
    "withdrawn": _("withdrawn"),
    "listed": _("listed"),
    "corrected": _("corrected"),
    "revised": _("revised"),
    "suspended": _("suspended"),
    "voided": _("voided"),
    "rehabilitated": _("rehabilitated"),
    "expired": _("expired"),
    "open": _("open"),
    "drafted": _("drafted"),
    "printed": _("printed"),
    "served": _("served"),
    "returned": _("returned"),
    "replaced": _("replaced"),
    "cancelled": _("cancelled"),
    "filed": _("filed"),
    "countersigned": _("countersigned"),
    "screened": _("screened"),
    "refused": _("refused"),
    "noticed": _("noticed"),
    "hiring": _("hiring"),
    "present-staff": _("present staff"),
    "checker": _("checker"),
    "reporter": _("reporter"),
    "approver": _("approver"),
    "member-admin": _("member administrator"),
    "clerk": _("clerk"),
    "screener": _("screener"),
    "panelist": _("panelist"),
    "verifier": _("verifier"),
    "regulator": _("regulator"),
    "operator": _("operator"),
    "disputed": _("disputed"),
    "declared": _("declared"),
    "granted": _("granted"),
    "gone": _("gone"),
}
MEMBER_KINDS: Final[Words] = {
    Kind.CARRIER: _("carrier"),
    Kind.ASSOCIATION: _("association, for the roster"),
    Kind.VERIFIER: _("verifier of identity"),
    Kind.REGULATOR: _("regulator"),
    Kind.OPERATOR: _("operator"),
}
STANDINGS: Final[Words] = {
    Standing.ADMITTED: _("admitted"),
    Standing.SUSPENDED: _("suspended"),
    Standing.GONE: _("gone"),
}
HEALTH: Final[Words] = {
    "secrets are there and readable by their owner only": _("Secrets are there and readable by their owner only"),
    "the database is at the revision of this code": _("The database is at the revision of this code"),
    "the log fits its last checkpoint": _("The log fits its last checkpoint"),
    "the log's heads need the quorum that the rules ask for": _("The log’s heads need the quorum of the rules"),
    "acts are logged within a minute": _("Acts are logged within a minute"),
    "the clock does not stand before the last act": _("The clock does not stand before the last act"),
    "nobody has asked about a canary": _("Nobody has asked about a canary"),
    "case keys were wrapped anew within a month": _("The keys of cases were wrapped anew within a month"),
    "the key holder answers": _("The key holder answers"),
    "every case could be seated at both instances": _("Every case could be seated at both instances"),
}
FINDINGS: Final[Words] = {
    "demand": _("Demand of a regulator"),
    "appeal-overdue": _("Something in an appeal is late"),
    "review-overdue": _("Nobody has decided whether a listing goes on"),
    "overturned": _("A member’s listings fall too often"),
    "panel-exhausted": _("Nobody is left for a seat on a panel"),
    "never-applied": _("A person says that they never applied"),
    "canary": _("Somebody has asked about a person who does not exist"),
}
INSPECTIONS: Final[Words] = {
    InspectionState.OPEN: _("open"),
    InspectionState.ENDED: _("ended, waits for a second signature"),
    InspectionState.SIGNED: _("signed by two"),
}
RESTRAINTS: Final[Words] = {
    Restrained.THROTTLED: _("files less"),
    Restrained.SUSPENDED: _("files nothing"),
}
STATEMENTS: Final[Words] = {
    "report+jwt": _("Report"),
    "countersignature+jwt": _("Countersignature"),
    "answer+jwt": _("Answer to the appeal"),
    "attestation+jwt": _("Confirmation of identity"),
    "silence+jwt": _("That no number came for the draw"),
    "order+jwt": _("Order"),
    "order-confirmation+jwt": _("Confirmation of an order"),
}
STEPS: Final[Words] = {
    "countersign": _("From the report to the countersignature"),
    "screen": _("From the countersignature to the screening"),
    "serve": _("From the screening to the letter’s service"),
    "window": _("From the letter to the listing"),
    "proof": _("From the appeal to the proof of identity"),
    "admit": _("From the proof of identity to the admission"),
    "decide": _("From the proof of identity to the decision"),
}
READS: Final[Words] = {
    "entries": _("list of entries"),
    "entry": _("an entry"),
    "shown": _("to whom an entry was shown"),
    "finding": _("a finding"),
    "sample": _("random sample"),
    "entries.csv": _("list of entries"),
    "entry.json": _("an entry with its proofs"),
}
ACTS: Final[Words] = {
    "regulator.export": _("Exported by the regulator"),
    "regulator.sample": _("Sample drawn by the regulator"),
    "report.file": _("Report filed"),
    "report.countersign": _("Report countersigned"),
    "report.screen": _("Report screened"),
    "report.read": _("Report read"),
    "report.withdraw": _("Report withdrawn"),
    "report.void": _("Report declared void"),
    "letter.read": _("Letter opened to be printed"),
    "letter.serve": _("Letter served"),
    "letter.try": _("Letter sent on its way"),
    "window.extend": _("Time to answer extended"),
    "representation.make": _("Representations made"),
    "representation.read": _("Representations read"),
    "entry.show": _("Entry shown in answer to a check"),
    "entry.hit": _("Unheard entry shown for the first time"),
    "entry.contact": _("Person written to again"),
    "letter.replace": _("Letter replaced"),
    "exhibit.open": _("Exhibit opened"),
    "annex.inspect": _("Inspection of a sealed annex begun"),
    "annex.open": _("Sealed annex opened at an inspection"),
    "annex.end": _("Inspection ended"),
    "annex.sign": _("Inspection signed for by a second person"),
    "match.begin": _("Case match begun"),
    "match.finish": _("Case matched"),
    "match.fail": _("Case match failed"),
    "match.leave": _("Case closed on the device"),
    "case.read": _("File read"),
    "case.copy": _("Copy of the file made"),
    "case.checks": _("List of checks read"),
    "case.attest": _("Identity confirmed by a verifier"),
    "case.sight": _("Person seen by an officer at a counter"),
    "mandate.record": _("Representative recorded"),
    "mandate.enter": _("File opened by a representative"),
    "mandate.revoke": _("Representative revoked"),
    "statement.make": _("Statement made"),
    "entry.list": _("Entry listed"),
    "entry.dispute": _("Mark of dispute set or taken away"),
    "entry.suspend": _("Entry suspended"),
    "entry.reinstate": _("Entry reinstated"),
    "entry.correct": _("Entry corrected"),
    "entry.revise": _("Entry revised"),
    "entry.shorten": _("Entry shortened"),
    "entry.void": _("Entry declared void"),
    "entry.rehabilitate": _("Entry ended before its time"),
    "entry.read": _("Entry read"),
    "check.details": _("Entry read after a check"),
    "check.decide": _("Decision after a check recorded"),
    "amendment.sign": _("Amendment signed"),
    "amendment.confirm": _("Amendment confirmed by a second person"),
    "amendment.lapse": _("Amendment lapsed without confirmation"),
    "amendment.read": _("Amendments read"),
    "review.apply": _("End of the listing asked for"),
    "review.open": _("Listing looked at again, at half of its term"),
    "review.read": _("Review read"),
    "review.default": _("Listing ended, for nobody decided its review in time"),
    "review.decide": _("Review decided"),
    "order.issue": _("Order issued"),
    "order.confirm": _("Order confirmed"),
    "order.read": _("Order read"),
    "order.lapse": _("Order lapsed without confirmation"),
    "order.end": _("Order at its end"),
    "order.withdraw": _("One side has signed that the authority withdraws its order"),
    "appeal.lodge": _("Appeal lodged"),
    "appeal.read": _("Appeal read"),
    "appeal.admit": _("Appeal admitted"),
    "appeal.refuse": _("Appeal not admitted"),
    "appeal.answer": _("Appeal answered by the company"),
    "appeal.nonce": _("Random number for the draw given"),
    "appeal.draw": _("Panel drawn"),
    "appeal.replace": _("Panelist replaced"),
    "recusal.ask": _("Panelist challenged by the person"),
    "recusal.read": _("Challenge of a panelist read"),
    "recusal.decide": _("Challenge of a panelist decided"),
    "appeal.default": _("Entry declared void, for nobody was left to decide the appeal"),
    "appeal.contest": _("Decision contested"),
    "appeal.withdraw": _("Appeal withdrawn"),
    "panel.hear": _("Case heard"),
    "panel.vote": _("Vote cast, sealed"),
    "panel.decide": _("Votes opened, case decided"),
    "recall.issue": _("Recalls issued"),
    "regulator.read": _("Read by the regulator"),
}
