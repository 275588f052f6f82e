"""`/counter`: the person of a case stands before a verifier with their document.

At a counter two officers look, each with their own sign-in; an accredited service signs an attestation by itself. Both
enter the number from the document: it is blinded in the browser, and the registry says whether it is the person's.
"""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, url_for

from registry.access import Action, needs
from registry.appeals import counter, proofing
from registry.appeals.actions import proofed
from registry.cases.models import Case
from registry.signing import jws
from registry.web.context import actor, running, sent
from registry.web.signing import signing, standard
from registry.web.verifier.blueprint import bp

ON_THE_WAY = timedelta(hours=1)  # from the page to the registry


@bp.get("/counter")
@needs(Action.CASE_ATTEST)
def at_the_counter() -> str:
    with running().store.read() as session:
        shown = signing(session, typ=None, claims={}, send_url=url_for("verifier.sight"), fields="case")
    return render_template("verifier/counter.html", signing=shown)


@bp.get("/counter/attestation")
@needs(Action.CASE_ATTEST)
def attestation() -> str:
    now = running().clock()
    claims = {**standard(now), "exp": int((now + ON_THE_WAY).timestamp())}
    with running().store.read() as session:
        shown = signing(session, typ=proofing.TYP, claims=claims, send_url=url_for("verifier.attest"), fields="case")
    return render_template("verifier/attestation.html", signing=shown)


@bp.get("/counter/done/<int:enough>")
@needs(Action.CASE_ATTEST)
def done(enough: int) -> str:
    """Names no case: it may stay on a screen that others see."""
    return render_template("verifier/done.html", enough=bool(enough))


@bp.post("/counter/sightings")
@needs(Action.CASE_ATTEST)
def sight() -> dict[str, str]:
    run, said = running(), sent(case=str, tag=str)
    with run.store.write() as session:
        row = counter.confirm(session, actor=actor(), number=said["case"], tag=said["tag"], now=run.clock())
        enough = proofed(session, session.get_one(Case, row.case_id))
    return {"next": url_for("verifier.done", enough=int(enough))}


@bp.post("/counter/attestations")
@needs(Action.CASE_ATTEST)
def attest() -> dict[str, str]:
    run, token = running(), sent(token=str)["token"]
    number = str(jws.parse(token, typ=proofing.TYP).payload.get("case"))
    with run.store.write() as session:
        proofing.attest(
            session,
            actor=actor(),
            number=number,
            attestation=token,
            issuer=run.issuer,
            now=run.clock(),
        )
    return {"next": url_for("verifier.done", enough=1)}
