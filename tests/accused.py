"""The person whom rui accuses: with the letter in hand, and as far as their case has come."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from registry.accounts.sessions import hashed_token
from registry.appeals import actions, admission, proofing, queries
from registry.appeals import draw as drawing
from registry.appeals.models import Appeal
from registry.base64url import encode
from registry.cases.models import Case
from registry.db import Store, new_id
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.log.sequencer import sequence
from registry.notices.models import SubjectSession
from registry.panels import actions as panels
from registry.signing import jws
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.filing import NUMBER, Filing, tag_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Accused:
    """Each method takes the case one step further, through the same actions as the edges use."""

    store: Store
    cast: Cast
    holder: Holder
    clock: MovingClock
    filing: Filing
    code: str  # as it stands in the letter
    number: str = NUMBER  # on their card

    @property
    def case_number(self) -> str:
        return self.filing.number

    @property
    def case_id(self) -> str:
        return self.filing.case_id

    def session_token(self) -> str:
        """As a match gives it."""
        token = secrets.token_urlsafe(32)
        with self.store.write() as session:
            opened = SubjectSession(
                id=hashed_token(token), case_id=self.case_id, opened_at=self.clock(), expires_at=self.clock() + HOUR
            )
            session.add(opened)
            record(session, "match.finish", actor=f"subject:{self.case_id}", now=self.clock())
        return token

    def appeal(self) -> Appeal:
        with self.store.read() as session:
            appeal = queries.latest(session, self.case_id)
            assert appeal is not None
            return appeal

    def lodged(self) -> Accused:
        with self.store.write() as session:
            case = session.get_one(Case, self.case_id)
            actions.lodge(session, case=case, grounds=["not-true"], text="I was away.", lane="normal", now=self.clock())
        return self

    def proofed(self) -> Accused:
        """Vera has confirmed who they are."""
        seconds, vera = int(self.clock().timestamp()), self.cast.vera
        payload = {
            "iss": vera.actor.member_id,
            "aud": ISSUER,
            "jti": new_id(),
            "iat": seconds,
            "exp": seconds + 600,
            "sub": encode(self.filing.tag),
            "case": self.case_number,
        }
        assert vera.key is not None
        with self.store.write() as session:
            proofing.attest(
                session,
                actor=vera.actor,
                number=self.case_number,
                attestation=jws.sign(payload, typ=proofing.TYP, key=vera.key),
                issuer=ISSUER,
                now=self.clock(),
            )
        return self

    def admitted(self) -> Accused:
        """Cleo admits the appeal: the pool is fixed."""
        with self.store.write() as session:
            drawing.publish_key(session, draw_public=self.holder.public().draw_public, now=self.clock())
        with self.store.write() as session:
            appeal = queries.get(session, self.appeal().id)
            admission.admit(session, actor=self.cast.cleo.actor, appeal=appeal, reasons="In time.", now=self.clock())
        return self

    def sequenced(self) -> Accused:
        """Everything that has happened has its place in the public log."""
        sequence(self.store, key=SECRETS.log_key, origin=settings().log_origin, now=self.clock())
        return self

    def decided(self, choice: str) -> Accused:
        return self.decided_after(bytes(32), choice)

    def decided_after(self, nonce: bytes, choice: str) -> Accused:
        """Drawn, answered, heard, and all three chose the same."""
        people = {person.actor.id: person.actor for person in self.cast.values()}
        with self.store.write() as session:
            drawing.draw(session, queries.get(session, self.appeal().id), nonce, self.holder, self.clock())
            panel = [people[seat.account_id] for seat in queries.seats_of(session, self.appeal().id)]
        with self.store.write() as session:
            actions.answer(
                session,
                actor=self.cast.rui.actor,
                appeal=queries.get(session, self.appeal().id),
                statement=self._answer(),
                issuer=ISSUER,
                now=self.clock(),
            )
        with self.store.write() as session:
            appeal = queries.get(session, self.appeal().id)
            panels.hear(session, actor=panel[0], appeal=appeal, notes="All were heard.", now=self.clock())
            for actor in panel:
                panels.vote(
                    session, actor=actor, appeal=appeal, choice=choice, reasons=f"{actor.id} says so.", now=self.clock()
                )
        return self

    def _answer(self) -> str:
        rui = self.cast.rui
        payload = {
            "iss": rui.actor.member_id,
            "aud": ISSUER,
            "jti": new_id(),
            "iat": int(self.clock().timestamp()),
            "appeal": self.appeal().id,
            "text": "The access log shows the account in use.",
        }
        assert rui.key is not None
        return jws.sign(payload, typ=actions.ANSWER, key=rui.key)


def accuse(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Accused:
    """Filed, screened, served: they have the letter in hand, and thirty days."""
    filing = Filing(store, cast, holder, clock(), tag_of(holder))
    letter = filing.countersigned(clock()).screened(clock()).printed(clock())
    filing.served(clock())
    found = re.search(r'class="code">\s*([0-9A-Z-]{14})', letter)
    assert found
    return Accused(store, cast, holder, clock, filing, found[1])
