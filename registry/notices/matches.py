"""The case match: whoever has the letter shows that they also have the identity document of the case.

    person                                     registry                                 key holder
    case number, code        ──────────→  the letter's attempt is counted  ──sealed N──→  s, M = s·N
                             ←────match, M────
    X = r·H(id), Z = r·M     ──────────→  the match is closed              ──X, Z──────→  s·k·X = Z ?
                             ←────token───────

The letter alone is no way to try numbers: five wrong answers and its code is dead; a right one gives its attempt back.
Whatever does not fit (case, code, number, too many attempts) is answered alike: a challenge, then the same refusal.
Only the holder of a letter can tell that its code is dead or that the key holder is down, and no one whose number fits.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from registry.identity import group
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.log.swap import swap
from registry.notices import rules
from registry.notices.models import CaseMatch, Notice, SubjectSession


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the person's browser answers: M, 32 bytes."""

    match_id: str
    m: bytes


def begin_match(session: Session, *, case_number: str, code: str, holder: Holder, now: datetime) -> Challenge:
    """A challenge for whoever says that this is their case; a made-up one that nobody can answer when it is none.

    Uses up one of the code's attempts before the key holder is asked; the caller must commit before it answers.
    Raises Unavailable when the key holder does not answer, and has then used up nothing.
    """
    notice = _letter(session, case_number, code)
    if notice is None or not _use_attempt(session, notice):
        return _decoy()
    case = session.get_one(Case, notice.case_id)
    challenge = _asked(session, case, notice, holder, now)
    facts = {"letter": notice.id, "attempts_left": notice.attempts_left}
    record(session, "match.begin", actor="system:match", now=now, facts=facts, case=key_of(session, case))
    return challenge


def finish_match(
    session: Session,
    *,
    case_number: str,
    code: str,
    match_id: str,
    x: bytes,
    z: bytes,
    holder: Holder,
    now: datetime,
) -> str | None:
    """The token of a session of one hour with the case; None for everything that does not fit.

    The caller commits in either case, for a match that failed is closed and logged, and then asks `require_token`.
    Raises Invalid when `x` or `z` is no element, whatever the case.
    """
    _verify_element(x, "x")
    _verify_element(z, "z")
    notice = _letter(session, case_number, code)
    match = session.get(CaseMatch, match_id)
    if notice is None or match is None or match.notice_id != notice.id or not _close(session, match, now):
        return None
    if _fits(holder, match, x, z) and _give_attempt_back(session, notice):
        return _let_in(session, notice, now)
    _keep_out(session, notice, now)
    return None


def require_token(token: str | None) -> str:
    """The token of a match that was finished and committed; one Forbidden for every failure."""
    if token is None:
        raise Forbidden(
            "case number, code and identity number do not fit together, or the code has been tried too often"
        )
    return token


def subject_session(session: Session, *, token: str, now: datetime) -> SubjectSession:
    """The session that the token opens; Unauthenticated once it is over."""
    row = session.get(SubjectSession, token_hash(token))
    if row is None or row.expires_at <= now:
        raise Unauthenticated("your session is over; open your case again with number, code and identity document")
    return row


def leave(session: Session, *, token: str, now: datetime) -> None:
    """End the session."""
    row = subject_session(session, token=token, now=now)
    row.expires_at = now
    case = session.get_one(Case, row.case_id)
    actor = f"representative:{row.mandate_id}" if row.mandate_id else f"subject:{case.id}"
    record(session, "match.leave", actor=actor, now=now, case=key_of(session, case))


def end_sessions(session: Session, *, case_id: str, now: datetime) -> None:
    """Whoever came in with a letter that is dead now is out. Call it once the letter has moved; the caller records."""
    live = sa.select(SubjectSession).where(SubjectSession.case_id == case_id, SubjectSession.expires_at > now)
    for row in session.scalars(live).all():
        row.expires_at = now


def _letter(session: Session, case_number: str, code: str) -> Notice | None:
    """The letter with this code, while its code lives."""
    number, typed = rules.read_case_number(case_number), rules.read_code(code)
    case = session.scalar(sa.select(Case).where(Case.number == number, Case.wrapped_key.is_not(None)))
    case_id = case.id if case else ""
    wanted = rules.code_hash(session.keyring.pepper, case_id=case_id, code=typed or "")
    letters = sa.select(Notice).where(Notice.case_id == case_id, Notice.state.in_(rules.CODE_LIVES))
    for notice in session.scalars(letters).all():
        if hmac.compare_digest(notice.code_hash, wanted):
            return notice
    return None


def _use_attempt(session: Session, notice: Notice) -> bool:
    left = Notice.attempts_left > 0
    return swap(session, notice, left, values=lambda was: {"attempts_left": was["attempts_left"] - 1})


def _asked(session: Session, case: Case, notice: Notice, holder: Holder, now: datetime) -> Challenge:
    if case.sealed_tag is None:
        return _decoy()
    try:
        asked = holder.begin_match(case.sealed_tag)
    except TooMany:  # its own limit a day; to say so would say that the code is right
        return _decoy()
    match = CaseMatch(
        id=new_id(), case_id=case.id, notice_id=notice.id, holder_match=asked.id, opened_at=now, closed_at=None
    )
    session.add(match)
    return Challenge(match.id, asked.m)


def _decoy() -> Challenge:
    """Looks as every challenge does; no answer to it is right."""
    return Challenge(new_id(), group.element_from_uniform(secrets.token_bytes(group.UNIFORM_SIZE)))


def _close(session: Session, match: CaseMatch, now: datetime) -> bool:
    """Each match is answered once, and within ten minutes."""
    is_open = (CaseMatch.closed_at.is_(None), CaseMatch.opened_at > now - rules.MATCH_LIFE)
    return swap(session, match, *is_open, values={"closed_at": now})


def _fits(holder: Holder, match: CaseMatch, x: bytes, z: bytes) -> bool:
    try:
        return holder.finish_match(match_id=match.holder_match, x=x, z=z)
    except NotFound:  # the key holder was started anew, or its ten minutes ended before ours
        return False


def _let_in(session: Session, notice: Notice, now: datetime) -> str:
    case = session.get_one(Case, notice.case_id)
    token = secrets.token_urlsafe(32)
    session.add(
        SubjectSession(
            id=token_hash(token), case_id=case.id, opened_at=now, expires_at=now + rules.SUBJECT_SESSION_LIFE
        )
    )
    facts = {"letter": notice.id}
    record(session, "match.finish", actor=f"subject:{case.id}", now=now, facts=facts, case=key_of(session, case))
    return token


def _keep_out(session: Session, notice: Notice, now: datetime) -> None:
    case, facts = session.get_one(Case, notice.case_id), {"letter": notice.id}
    record(session, "match.fail", actor="system:match", now=now, facts=facts, case=key_of(session, case))


def _give_attempt_back(session: Session, notice: Notice) -> bool:
    """Else five visits would close the door on the person whose door it is. False when the code died meanwhile."""
    used = Notice.attempts_left < policy.CODE_ATTEMPTS
    if not swap(session, notice, used, values=lambda was: {"attempts_left": was["attempts_left"] + 1}):
        session.refresh(notice)
    return notice.state in rules.CODE_LIVES


def _verify_element(element: bytes, name: str) -> None:
    try:
        group.require_element(element)
    except Invalid:
        raise Invalid("{name} must be a ristretto255 element of 32 bytes", field=name, name=name) from None


def token_hash(token: str) -> str:
    """What the database keeps of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()
