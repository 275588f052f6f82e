"""Where the person wants to be told that there is something new: they say it once it is known who they are."""

from __future__ import annotations

from datetime import datetime

from registry.appeals.actions import require_proofed, subject
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.log.actions import record
from registry.notices import news
from registry.reports.contact import read_email, read_language, read_phone


def reach_by(
    session: Session,
    *,
    case: Case,
    email: str | None,
    phone: str | None,
    language: str,
    now: datetime,
    by: str | None = None,
) -> None:
    """From now on word goes there; with neither address, by post. Only for whoever has matched the case.

    Raises Forbidden before the proof of identity: else whoever found the letter would be told in the person's place.
    """
    require_proofed(session, case)
    reach = news.Reach(read_email(email), read_phone(phone), read_language(language))
    key = key_of(session, case)
    if reach.channels:
        news.keep(session, case=case, key=key, reach=reach, now=now)
    else:
        news.drop(session, case_id=case.id)
    facts = {"channels": [channel.value for channel in reach.channels]}
    record(session, "contact.set", actor=by or subject(case), now=now, facts=facts, case=key)
