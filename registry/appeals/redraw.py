"""Repeat the draws of a case from the log, and name everything that does not fit.

1. the acts of admission, nonce and draw stand in the log in this order, and open to what they say
2. the admission's root is the root of the stored pool
3. the message is made of the case, the admission's leaf, that root and that nonce
4. V is what the draw key gives for the message; the key was public before the admission
5. a nonce that is not the subject's is zeros, and a regulator has signed for the subject's silence
6. the seats are those that V ranks first, and whoever followed those who left

A redraw reads rows and log acts, decides nothing and writes nothing. Whether the log itself is whole is for
`zilu audit` and the witnesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry import base64url, vault
from registry.appeals import queries, rules, silence
from registry.appeals.draw import DRAW_KEY, ZEROS, pool_of
from registry.appeals.models import Appeal, Draw, Seat
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.errors import Invalid, NotFound, ZiluError
from registry.identity import draw as drawing
from registry.log import leaf, tiles
from registry.log.actions import CaseKey
from registry.log.models import Act, LeafType
from registry.log.sequencer import reader
from registry.log.tree import leaf_hash
from registry.signing import canonical


@dataclass(frozen=True, slots=True)
class Redrawn:
    """One draw of a case. `seats` are the accounts that sit now, by rank; it holds when nothing `differs`."""

    name: str
    is_drawn: bool
    seats: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """An act that stands in the log and opens."""

    position: int
    leaf: bytes
    verb: str
    actor: str
    facts: Mapping[str, Any]


def redraw(session: Session, case: Case) -> list[Redrawn]:
    """Every draw of the case, repeated. NotFound when there is none, or the case has been erased."""
    key = key_of(session, case)
    draws = [(a, d) for a in queries.of_case(session, case.id) if (d := queries.draw_of(session, a.id)) is not None]
    if not draws:
        raise NotFound("no panel has been drawn in this case", field="case")
    return [_repeat(session, case, key, appeal, row) for appeal, row in draws]


def _repeat(session: Session, case: Case, key: CaseKey, appeal: Appeal, row: Draw) -> Redrawn:
    if row.v is None and row.draw_act is None:
        return Redrawn(row.name, is_drawn=False, seats=(), differs=())
    differs: list[str] = []
    admission = _open(session, key, row.admission, "appeal.admit", differs)
    nonce = _open(session, key, row.nonce_act, "appeal.nonce", differs)
    drawn = _open(session, key, row.draw_act, "appeal.draw", differs)
    if admission and nonce and drawn:
        if not admission.position < nonce.position < drawn.position:
            differs.append("the order of admission, nonce and draw in the log")
        _compare_pool(case, appeal, row, admission, differs)
        _compare_nonce(session, appeal, row, admission, nonce, differs)
        message = _compare_message(row, admission, nonce, drawn, differs)
        _compare_v(session, row, message, admission, drawn, differs)
        _compare_seats(session, appeal, row, message, drawn, differs)
    seats = tuple(seat.account_id for seat in queries.seats_of(session, appeal.id))
    return Redrawn(row.name, is_drawn=True, seats=seats, differs=tuple(differs))


def _open(session: Session, key: CaseKey, uid: str | None, verb: str, differs: list[str]) -> _Opened | None:  # 1
    act = session.scalar(sa.select(Act).where(Act.uid == uid))
    if act is None or act.position is None or act.entry is None:
        differs.append(f"no act {verb} in the log")
        return None
    try:
        salt, text = (
            vault.open_sealed(key.key, getattr(act, column), table="act", row=act.uid, column=column)
            for column in ("salt", "record")
        )
        leaf.verify_opening(leaf.parse(act.entry), salt=salt, record=text)
        body = canonical.loads(text)
        if tiles.hashes(reader(session))(0, act.position) != leaf_hash(act.entry):
            raise Invalid("another leaf stands at this position", field="leaf")
    except ZiluError as error:
        differs.append(f"the act {verb}: {error.message}")
        return None
    if body["verb"] != verb:
        differs.append(f"an act {body['verb']} in place of {verb}")
    return _Opened(act.position, leaf_hash(act.entry), body["verb"], body["actor"], body["facts"])


def _compare_pool(case: Case, appeal: Appeal, row: Draw, admission: _Opened, differs: list[str]) -> None:  # 2
    if row.name != rules.draw_name(case.number, appeal.number) or admission.facts.get("draw") != row.name:
        differs.append("the draw's name")
    root = drawing.pool_root(pool_of(row))
    if root != row.root or admission.facts.get("pool_root") != base64url.encode(root):
        differs.append("the pool: it is not the one that admission fixed")


def _compare_message(row: Draw, admission: _Opened, nonce: _Opened, drawn: _Opened, differs: list[str]) -> bytes:  # 3
    if row.nonce is None or nonce.facts.get("nonce") != base64url.encode(row.nonce):
        differs.append("the nonce: it is not the one that was logged")
    message = drawing.message(
        case_number=row.name,
        admission_leaf_hash=admission.leaf,
        pool_root=drawing.pool_root(pool_of(row)),
        nonce=row.nonce or b"",
    )
    if message != row.message or drawn.facts.get("message") != base64url.encode(message):
        differs.append("the message: it does not follow from case, admission, pool and nonce")
    return message


def _compare_nonce(
    session: Session, appeal: Appeal, row: Draw, admission: _Opened, nonce: _Opened, differs: list[str]
) -> None:  # 5
    if nonce.actor == f"subject:{appeal.case_id}":
        return
    if row.nonce != ZEROS or not silence.is_signed(session, appeal, row, admission.leaf):
        differs.append("the nonce: it is not the subject's, and no regulator has signed for their silence")


def _compare_v(
    session: Session, row: Draw, message: bytes, admission: _Opened, drawn: _Opened, differs: list[str]
) -> None:  # 4
    v, proof = row.v or b"", row.proof or b""
    if drawn.facts.get("v") != base64url.encode(v) or drawn.facts.get("proof") != base64url.encode(proof):
        differs.append("V or its proof: they are not what was logged")
    keys = _draw_keys(session, before=admission.position)
    if not keys:
        differs.append("the draw key: none was public before the admission")
    elif not any(_fits(key, message, drawing.Drawn(v, proof)) for key in keys):
        differs.append("V: it is not what the draw key gives for this message")


def _draw_keys(session: Session, *, before: int) -> list[bytes]:
    """The draw keys whose clear leaves stand before this position."""
    acts = session.scalars(sa.select(Act).where(Act.type == LeafType.KEY, Act.position < before)).all()
    leaves = [leaf.parse(act.entry).key or {} for act in acts if act.entry is not None]
    return [base64url.decode(key["public"], field="key", size=32) for key in leaves if key.get("use") == DRAW_KEY]


def _fits(key: bytes, message: bytes, drawn: drawing.Drawn) -> bool:
    try:
        drawing.verify_draw(draw_public=key, m=message, drawn=drawn)
    except Invalid:
        return False
    return True


def _compare_seats(
    session: Session, appeal: Appeal, row: Draw, message: bytes, drawn: _Opened, differs: list[str]
) -> None:  # 6
    order = drawing.rank(drawing.seed(message, row.v or b""), pool_of(row))
    ranked = [panelist.id for panelist in order]
    if drawn.facts.get("seats") != [p.id for p in drawing.seat(order)]:
        differs.append("the first seats: they are not those that V ranks first")
    seats = session.scalars(sa.select(Seat).where(Seat.appeal_id == appeal.id)).all()
    for seat in seats:
        if seat.account_id not in ranked or ranked.index(seat.account_id) != seat.rank:
            differs.append(f"the rank of {seat.account_id}")
    left = {seat.account_id for seat in seats if seat.left_at is not None}
    should_sit = {p.id for p in drawing.seat(order, exclude=left)}
    if {seat.account_id for seat in seats} - left != should_sit:
        differs.append("who sits now: it is not who should after those who left")
