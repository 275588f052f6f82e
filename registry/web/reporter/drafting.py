"""What the pages of a draft share: open it, write a part of it, say what keeps it from being signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from registry import base64url
from registry.client.drafts import CLAIMS, OPTIONAL
from registry.db import Session
from registry.errors import Invalid
from registry.identity import group
from registry.policy import OFFENCES
from registry.reports import contact, drafts, rules, statement
from registry.reports.drafts import Kept
from registry.signing import canonical
from registry.web.context import actor, running
from registry.web.errors import in_words
from registry.web.reporter.steps import STEPS, Claims, day_of, demanded, within

ANYBODY = base64url.encode(group.multiply_base(b"\1" + bytes(31)))  # stands for the person until the number is known
TITLES = {
    **{step.name: step.title for step in STEPS.values()},
    "exhibits": _("The evidence"),
    "facts": _("The facts, and what shows each"),
}
_STEP_OF = {
    **{claim: step.name for step in STEPS.values() for claim in step.form.CLAIMS},
    "exhibits": "exhibits",
    "facts": "facts",
    "witnesses": "facts",
    "annexes": "exhibits",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps the draft from being signed, and the step in which it is put right."""

    text: str
    step: str


def read(draft_id: str) -> Kept:
    run = running()
    with run.store.write() as session:
        return drafts.read(session, actor=actor(), draft_id=draft_id, now=run.clock())


def write(draft_id: str, claims: tuple[str, ...], said: Claims) -> Kept:
    """Put `said` in the place of these claims, whatever else has been written meanwhile."""
    run = running()
    with run.store.write() as session:
        return rewrite(session, drafts.read(session, actor=actor(), draft_id=draft_id, now=run.clock()), claims, said)


def rewrite(session: Session, kept: Kept, claims: tuple[str, ...], said: Claims) -> Kept:
    others = {name: value for name, value in kept.document.items() if name not in claims}
    return drafts.change(
        session,
        actor=actor(),
        draft_id=kept.draft.id,
        version=kept.draft.version,
        document={**others, **said},
        now=running().clock(),
    )


def mark(document: Mapping[str, Any], claims: tuple[str, ...]) -> str:
    """Names what these claims hold now."""
    part = {name: document[name] for name in claims if name in document}
    return hashlib.sha256(canonical.dumps(part, field="document")).hexdigest()


def exhibits_of(document: Mapping[str, Any]) -> list[str]:
    """The digests that are named, in their order."""
    named = document.get("exhibits")
    return [each for each in named if isinstance(each, str)] if isinstance(named, list) else []


def annexes_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The digest of each sealed annex, with that of its redacted copy."""
    named = document.get("annexes")
    return {annex: copy for annex, copy in named.items() if isinstance(copy, str)} if isinstance(named, dict) else {}


def facts_of(document: Mapping[str, Any]) -> list[Claims]:
    named = document.get("facts")
    return [each for each in named if isinstance(each, dict)] if isinstance(named, list) else []


def name_of(document: Mapping[str, Any], digest: str) -> str:
    """What the file was called; "" when nobody has said."""
    return str(within(document, "names", digest) or "")


def is_begun(document: Mapping[str, Any], step: str) -> bool:
    """Whether the step has something in it, as far as one can say without the others."""
    if step == "proof":
        return bool(demanded(document)) and all(within(document, "proof", part) for part in demanded(document))
    if step in STEPS:
        required = [claim for claim in STEPS[step].form.CLAIMS if claim not in OPTIONAL]
        return all(claim in document for claim in required)
    return bool(exhibits_of(document) if step == "exhibits" else facts_of(document))


def payload_of(kept: Kept, *, now: datetime) -> Claims:
    """The report that the draft makes, but for its subject. The draft's own id is its `jti`: it makes one report."""
    document, offence = kept.document, OFFENCES.get(str(kept.document.get("offence")))
    return {
        "iss": actor().member_id,
        "aud": running().issuer,
        "jti": kept.draft.id,
        "iat": int(now.timestamp()),
        "v": statement.VERSION,
        "offence_version": offence.version if offence else 1,
        "impersonation": False,
        **{name: document[name] for name in (*CLAIMS, *OPTIONAL) if name in document},
    }


def problem_of(kept: Kept, *, now: datetime) -> Problem | None:
    """The first thing that is missing or wrong; None when the draft can be signed."""
    for step, title in TITLES.items():
        if not is_begun(kept.document, step):
            return Problem(gettext("The step “%(title)s” is not written yet.", title=str(title)), step)
    payload = {**payload_of(kept, now=now), "sub": ANYBODY}
    try:
        accusation = statement.read(payload, member_id=actor().member_id, issuer=running().issuer)
        statement.verify_timely(accusation, payload, now=now)
        contact.read_contact(within(kept.document, "contact") or {})
    except Invalid as error:
        claim = (error.field or "").partition(".")[0].partition("[")[0]
        return Problem(in_words(error), _STEP_OF.get(claim, "narrative"))
    return None


def is_late(document: Mapping[str, Any], now: datetime) -> bool:
    found = day_of(document, "found", "on")
    return found is not None and rules.is_late(found, now)
