"""A database with something in it: people sign in, a report goes its whole way, is checked, recalled, acknowledged.

`tell` goes through the same actions as the edges use and sequences as it goes, so that nothing is pending at its end.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import sqlalchemy as sa

from registry import revisions
from registry.accounts.actions import sign_in
from registry.accounts.tokens import issue as issue_token
from registry.checks.actions import details
from registry.checks.models import Check
from registry.db import Keyring, Session, Store
from registry.entries.actions import list_due, suspend
from registry.entries.models import Entry
from registry.identity import document, tags
from registry.keys.actions import rotate
from registry.keys.holder import Holder
from registry.log.checkpoint import VerifierKey, verifier_key
from registry.log.sequencer import sequence
from registry.notices.actions import set_webhook
from registry.notices.matches import begin_match, finish_match
from registry.recalls.actions import acknowledge, issue
from registry.recalls.models import Recall
from registry.recalls.rules import TYP, Reason
from registry.signing import jws, keys
from tests.cast import PASSWORD, Cast, Person, gather
from tests.conftest import ISSUER, KEYRING, START
from tests.filing import NUMBER, Filing, tag_of
from tests.listing import check, people

ORIGIN = "127.0.0.1:8420/log"
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}")


@dataclass(frozen=True)
class Told:
    """A finished database with its keys, and when it ends."""

    path: Path
    keyring: Keyring
    log: VerifierKey
    now: datetime


def tell(path: Path, holder: Holder, move: Callable[[datetime], None]) -> Told:
    """Found a registry in this SQLite file and tell its story; `move` sets the key holder's clock."""
    store, log_key = Store(f"sqlite:///{path}", KEYRING), keys.generate()
    revisions.upgrade(store.engine)
    with store.write() as session:
        cast = gather(session, START)
    told = _Telling(store, cast, holder, log_key, move)
    told.sign_in()
    told.report()
    told.withdraw()
    told.check_recall_and_acknowledge()
    told.subject_speaks()
    told.rotate_key()
    store.engine.dispose()
    return Told(path, KEYRING, verifier_key(ORIGIN, log_key.public_key()), told.now)


class _Telling:
    def __init__(
        self, store: Store, cast: Cast, holder: Holder, log_key: keys.PrivateKey, move: Callable[[datetime], None]
    ) -> None:
        self.store, self.cast, self.holder, self.log_key, self.move = store, cast, holder, log_key, move
        self.now = START
        self.pass_time(timedelta())

    def pass_time(self, by: timedelta) -> datetime:
        """Sequence what there is, then let time go by."""
        sequence(self.store, key=self.log_key, origin=ORIGIN, now=self.now)
        self.now += by
        self.move(self.now)
        return self.now

    def do(self, act: Callable[[Session], object]) -> None:
        with self.store.write() as session:
            act(session)

    def sign_in(self) -> None:
        now, hana = self.now, self.cast.hana
        self.do(lambda s: sign_in(s, account_id="olaf", password=PASSWORD, now=now))
        self.do(lambda s: issue_token(s, assertion=_assertion(hana, now), scope="", issuer=ISSUER, now=now))
        for member in ("birch", "acme"):
            with self.store.write() as session:
                url, admin = f"https://{member}.example/hook", f"{member}-admin"
                set_webhook(session, member_id=member, url=url, actor=admin, now=now)

    def report(self) -> None:
        self.filing = Filing(self.store, self.cast, self.holder, self.now, tag=tag_of(self.holder))
        self.filing.countersigned(self.pass_time(timedelta(hours=1)))
        self.filing.screened(self.pass_time(timedelta(days=1)))
        self.letter = self.filing.printed(self.pass_time(timedelta(hours=1)))
        self.filing.served(self.pass_time(timedelta(days=2)))

    def withdraw(self) -> None:
        """A second report that gets nowhere."""
        now = self.pass_time(timedelta(hours=1))
        Filing(self.store, self.cast, self.holder, now).countersigned(now).refused(now)

    def check_recall_and_acknowledge(self) -> None:
        person, others = document.parse(NUMBER), people(3)
        check(
            self.store,
            self.holder,
            [person, *others],
            self.cast.hana.actor,
            self.pass_time(timedelta(days=1)),
            key="k1",
        )
        now = self.pass_time(timedelta(days=30))
        with self.store.write() as session:
            self.entry = list_due(session, now=now)[0].id
        check(self.store, self.holder, [person], self.cast.hana.actor, self.pass_time(timedelta(hours=1)))
        self.do(lambda s: details(s, actor=self.cast.hana.actor, check_id=_hit(s), now=self.now))
        self.pass_time(timedelta(hours=1))
        self.do(lambda s: suspend(s, s.get_one(Entry, self.entry), actor_id="olaf", now=self.now, reason="order"))
        self.do(self._recalled)
        self.pass_time(timedelta(hours=1))
        self.do(self._acknowledged)

    def _recalled(self, session: Session) -> None:
        issue(session, session.get_one(Entry, self.entry), Reason.SUSPENDED, self.now)

    def _acknowledged(self, session: Session) -> None:
        recall = session.scalars(sa.select(Recall).where(Recall.reason == Reason.SUSPENDED)).one()
        hana = self.cast.hana
        said = {
            "iss": hana.actor.member_id,
            "aud": ISSUER,
            "jti": secrets.token_hex(8),
            "iat": int(self.now.timestamp()),
            "recall": recall.id,
            "entry": recall.entry_id,
            "reason": recall.reason.value,
        }
        assert hana.key is not None
        statement = jws.sign(said, typ=TYP, key=hana.key)
        acknowledge(session, actor=hana.actor, recall_id=recall.id, statement=statement, issuer=ISSUER, now=self.now)

    def subject_speaks(self) -> None:
        """The person opens the case with letter and number."""
        code = CODE.findall(self.letter)[0]
        number = self.filing.number
        with self.store.write() as session:
            challenge = begin_match(session, case_number=number, code=code, holder=self.holder, now=self.now)
        answer = tags.answer_match(document.parse(NUMBER), challenge.m)
        self.do(
            lambda s: finish_match(
                s,
                case_number=number,
                code=code,
                match_id=challenge.match_id,
                x=answer.x,
                z=answer.z,
                holder=self.holder,
                now=self.now,
            )
        )
        self.pass_time(timedelta(hours=1))

    def rotate_key(self) -> None:
        new = keys.to_jwk(keys.generate().public_key())
        self.do(lambda s: rotate(s, actor=self.cast.adam.actor, kid=self.cast.rui.kid, jwk=new, now=self.now))
        self.pass_time(timedelta(hours=1))


def _hit(session: Session) -> str:
    return session.scalars(sa.select(Check.id).where(Check.entry_id.is_not(None))).one()


def _assertion(person: Person, now: datetime) -> str:
    seconds = int(now.timestamp())
    said = {"iss": person.actor.id, "sub": person.actor.id, "aud": ISSUER, "jti": secrets.token_hex(8)}
    assert person.client_key is not None
    return jwt.encode({**said, "iat": seconds, "exp": seconds + 60}, person.client_key, algorithm="EdDSA")
