"""The draw of a panel (design: `registry.identity.draw`), and who follows when somebody leaves it.

1. `offer_nonce`: once the admission's leaf is public, the subject sends 32 bytes. They are committed before anyone asks
   the key holder, so that a crash can never leave a draw whose nonce is lost.
2. `draw`: the key holder signs the one message of this draw, the proof is verified, the first three of distinct
   members are seated. Asked again it does nothing new: the holder gives one answer for one draw, for ever.
3. `step_down`, `vacate`: the next in rank who may sit takes the place. There is no second draw. Whoever is passed over
   has a seat that was left as it was taken, so that the draw repeats from the seats.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from registry.access import Action, Actor, require
from registry.appeals import queries, rules
from registry.appeals.models import Appeal, Draw, Seat
from registry.base64url import encode
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden, Invalid
from registry.identity import draw as drawing
from registry.identity.draw import Panelist
from registry.keys.holder import Holder
from registry.log.actions import CaseKey, record
from registry.log.models import Act, LeafType
from registry.log.queries import is_public
from registry.log.swap import swap
from registry.log.tree import leaf_hash
from registry.notices.actions import send

ZEROS: Final = bytes(drawing.NONCE_SIZE)  # for a subject whose silence a regulator has signed (`silence`)
DRAW_KEY: Final = "draw"  # the use that the clear leaf of a draw key names


def publish_key(session: Session, *, draw_public: bytes, now: datetime) -> bool:
    """Write the clear leaf of the draw key, once; it must stand in the log before the first admission."""
    if is_published(session, draw_public):
        return False
    clear = {"use": DRAW_KEY, "suite": "ristretto255-SHA512", "public": encode(draw_public)}
    uid = _key_act(draw_public)
    record(session, "key.publish", actor="system:draw", now=now, uid=uid, type=LeafType.KEY, clear=clear)
    return True


def is_published(session: Session, draw_public: bytes) -> bool:
    return session.scalar(sa.select(Act.id).where(Act.uid == _key_act(draw_public))) is not None


def _key_act(draw_public: bytes) -> str:
    """The uid of the act that publishes this key: made of the key, so that there is one, and it is found at once."""
    return hashlib.sha256(b"zilu/draw-key/v1" + draw_public).hexdigest()[:32]


def offer_nonce(session: Session, *, appeal: Appeal, nonce: bytes, now: datetime, actor: str | None = None) -> Draw:
    """Take the nonce (32 bytes), once; the same again changes nothing.

    Conflict `not-public-yet` while the admission's leaf is not in the log: a nonce sent before could be answered by
    another pool. Conflict `nonce-taken` for another nonce.
    """
    if len(nonce) != drawing.NONCE_SIZE:
        raise Invalid("nonce must be {size} bytes", field="nonce", size=drawing.NONCE_SIZE)
    row = drawable(session, appeal)
    if row.nonce == nonce:
        return row
    admission_leaf(session, row)
    act = new_id()
    _set_once(session, row, Draw.nonce, nonce=nonce, nonce_act=act)
    facts = {"appeal": appeal.id, "draw": row.name, "nonce": encode(nonce)}
    by = actor or f"subject:{appeal.case_id}"
    record(session, "appeal.nonce", actor=by, now=now, facts=facts, case=_key(session, appeal), uid=act)
    return row


def draw(session: Session, appeal: Appeal, nonce: bytes, holder: Holder, now: datetime) -> list[Seat]:
    """Seat the panel from this nonce; asked again with it, gives the same seats.

    Call `offer_nonce` in a transaction of its own before. Without that the nonce is taken here, and a crash after the
    holder has answered would leave the draw stuck. Raises Invalid when the proof fails, and Unavailable.
    """
    row = offer_nonce(session, appeal=appeal, nonce=nonce, now=now)
    if row.v is not None:
        return queries.seats_of(session, appeal.id)
    message = drawing.message(
        case_number=row.name, admission_leaf_hash=admission_leaf(session, row), pool_root=row.root, nonce=nonce
    )
    drawn = holder.draw(case=row.name, message=message)
    drawing.verify_draw(draw_public=holder.public().draw_public, m=message, drawn=drawn)
    act = new_id()
    _set_once(session, row, Draw.v, message=message, v=drawn.v, proof=drawn.proof, draw_act=act)
    seats = _seat(session, appeal, row, now)
    facts = {
        "appeal": appeal.id,
        "draw": row.name,
        "message": encode(message),
        "v": encode(drawn.v),
        "proof": encode(drawn.proof),
        "seats": [seat.account_id for seat in seats],
    }
    record(session, "appeal.draw", actor="system:draw", now=now, facts=facts, case=_key(session, appeal), uid=act)
    return seats


def step_down(session: Session, *, actor: Actor, appeal: Appeal, now: datetime) -> Seat:
    """A panelist who finds that they may not or cannot decide leaves; the next in rank is seated.

    Not once the hearing is over: then there may be votes. Invalid (`pool-too-small`) when nobody is left.
    """
    require(actor, Action.PANEL_SERVE)
    queries.hold(session, appeal)
    seat = queries.seat_of(session, appeal.id, actor.id)
    if seat is None:
        raise Forbidden("you have no seat on this panel")
    if appeal.state not in rules.DRAWABLE:
        raise Conflict(
            "this appeal is {state}; its panel stays as it is: a panelist steps down before the hearing",
            code="not-allowed-now",
            state=appeal.state.value,
        )
    return _replace(session, appeal, seat, actor=actor.id, now=now)


def vacate(session: Session, *, appeal: Appeal, actor: str, now: datetime) -> list[Seat]:
    """Seat others for those without a vote who cannot decide, or have let the time to decide go by.

    Each by itself, as long as there is somebody left; Invalid (`pool-too-small`) when nobody could be replaced.
    """
    queries.hold(session, appeal)
    followers, refused = [], None
    for seat in _vacant(session, appeal, now):
        try:
            followers.append(_replace(session, appeal, seat, actor=actor, now=now))
        except Invalid as error:
            refused = error
    if refused is not None and not followers:
        raise refused
    return followers


def _vacant(session: Session, appeal: Appeal, now: datetime) -> list[Seat]:
    """The seats to give to others, those of people who cannot decide first."""
    seats = queries.awaited(session, appeal.id)
    unfit = queries.unfit(session, appeal, [seat.account_id for seat in seats])
    late = [seat for seat in seats if seat.account_id not in unfit and _is_late(appeal, seat, now)]
    return [*(seat for seat in seats if seat.account_id in unfit), *late]


def _is_late(appeal: Appeal, seat: Seat, now: datetime) -> bool:
    return (
        appeal.state in rules.VOTABLE
        and appeal.proofed_at is not None
        and rules.is_late(appeal.lane, appeal.instance, seated_at=seat.seated_at, proofed_at=appeal.proofed_at, now=now)
    )


def is_admission_public(session: Session, row: Draw) -> bool:
    return session.scalar(sa.select(Act.id).where(Act.uid == row.admission, Act.entry.is_not(None))) is not None


def admission_leaf(session: Session, row: Draw) -> bytes:
    """The hash of the admission's public leaf, 32 bytes; Conflict until it stands under a published checkpoint."""
    act = session.scalar(sa.select(Act).where(Act.uid == row.admission))
    if act is None or act.entry is None or not is_public(session, act.position):
        raise Conflict("the admission is not in the public log yet; try again in a minute", code="not-public-yet")
    return leaf_hash(act.entry)


def pool_of(row: Draw) -> list[Panelist]:
    return [Panelist(id, member) for id, member in row.pool]


def ranking(row: Draw) -> list[Panelist]:
    """The pool in the order that V gave it."""
    if row.message is None or row.v is None:
        raise Conflict(
            "this panel has not been drawn; it is once the person has sent a number, or a regulator signed for "
            "their silence",
            code="not-allowed-now",
        )
    return drawing.rank(drawing.seed(row.message, row.v), pool_of(row))


def drawable(session: Session, appeal: Appeal) -> Draw:
    """The appeal's draw; Conflict unless a panel is to be drawn now."""
    row = queries.draw_of(session, appeal.id)
    if row is None or appeal.state not in rules.DRAWABLE:
        raise Conflict(
            "this appeal is {state}; no panel is drawn now: that is done between the admission by a clerk and "
            "the hearing",
            code="not-allowed-now",
            state=appeal.state.value,
        )
    return row


def _set_once(session: Session, row: Draw, empty: InstrumentedAttribute[bytes | None], **values: object) -> None:
    """Compare-and-set: what was empty is filled by exactly one of those who try at once."""
    if not swap(session, row, empty.is_(None), values=values):
        raise Conflict("this was done already, with other bytes; they stay", code="nonce-taken")


def _seat(session: Session, appeal: Appeal, row: Draw, now: datetime) -> list[Seat]:
    """Seat the first that V ranks, whoever they are: a seat that somebody cannot take is vacated by the clock."""
    ranked = ranking(row)
    seats = [_new_seat(appeal, panelist, ranked.index(panelist), now) for panelist in drawing.seat(ranked)]
    session.add_all(seats)
    for seat in seats:
        _call(session, seat, now)
    session.flush()
    return seats


def _replace(session: Session, appeal: Appeal, seat: Seat, *, actor: str, now: datetime) -> Seat:
    """The next in rank who may sit follows; Invalid, and nothing changed, when there is none."""
    row = queries.draw_of(session, appeal.id)
    if row is None:
        raise Conflict(
            "this panel has not been drawn; it is once the person has sent a number, or a regulator signed for "
            "their silence",
            code="not-allowed-now",
        )
    ranked = ranking(row)
    passed, follower = _next(session, appeal, ranked, leaving=seat.account_id)
    _leave(session, seat, now)
    seats = [_new_seat(appeal, panelist, ranked.index(panelist), now) for panelist in (*passed, follower)]
    for over in seats[:-1]:
        over.left_at = now
    session.add_all(seats)
    _call(session, seats[-1], now)
    facts = {
        "appeal": appeal.id,
        "left": seat.account_id,
        "passed": [panelist.id for panelist in passed],
        "seated": follower.id,
    }
    record(session, "appeal.replace", actor=actor, now=now, facts=facts, case=_key(session, appeal))
    return seats[-1]


def _next(session: Session, appeal: Appeal, ranked: list[Panelist], *, leaving: str) -> tuple[list[Panelist], Panelist]:
    """Who is passed over, being unfit, and who follows. Invalid (`pool-too-small`) when nobody is left."""
    before = session.scalars(sa.select(Seat).where(Seat.appeal_id == appeal.id)).all()
    gone = {seat.account_id for seat in before if seat.left_at is not None} | {leaving}
    present = {seat.account_id for seat in before} - gone
    unfit = queries.unfit(session, appeal, [panelist.id for panelist in ranked])
    passed: list[Panelist] = []
    while True:
        (follower,) = (p for p in drawing.seat(ranked, exclude=gone) if p.id not in present)
        if follower.id not in unfit:
            return passed, follower
        passed.append(follower)
        gone.add(follower.id)


def _new_seat(appeal: Appeal, panelist: Panelist, rank: int, now: datetime) -> Seat:
    return Seat(
        id=new_id(),
        appeal_id=appeal.id,
        case_id=appeal.case_id,
        account_id=panelist.id,
        member_id=panelist.member,
        rank=rank,
        seated_at=now,
    )


def _call(session: Session, seat: Seat, now: datetime) -> None:
    """The panelist's member hears that one of its people has a seat; who, they read when they sign in."""
    payload = {"type": "panel.seated", "id": seat.appeal_id}
    send(session, channel="webhook", member_id=seat.member_id, kind="panel.seated", payload=payload, now=now)


def _leave(session: Session, seat: Seat, now: datetime) -> None:
    if not swap(session, seat, Seat.left_at.is_(None), values={"left_at": now}):
        raise Conflict("this seat was left already; read the appeal again", code="outdated")


def _key(session: Session, appeal: Appeal) -> CaseKey:
    return key_of(session, session.get_one(Case, appeal.case_id))
