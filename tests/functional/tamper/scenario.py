"""A database with something in it: people sign in, a report goes its whole way, is checked, recalled, acknowledged.

`tell` goes through the same actions as the edges use and sequences as it goes, so that nothing is pending at its end.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import sqlalchemy as sa

from registry import base64url, policy, revisions
from registry.accounts import factors
from registry.accounts.actions import actor_of, sign_in
from registry.accounts.tokens import issue as issue_token
from registry.amendments import actions as amendments
from registry.amendments.rules import AMENDMENT, CONFIRMATION
from registry.appeals import actions as appeals
from registry.appeals import admission, counter, interventions, proofing, recusals, silence
from registry.appeals import draw as drawing
from registry.appeals.contact import reach_by
from registry.appeals.listing import list_due
from registry.appeals.models import Appeal, Draw
from registry.appeals.queries import seats_of
from registry.cases import wrapping
from registry.cases.models import Case
from registry.checks import completeness, decisions, granting
from registry.checks.actions import details
from registry.checks.models import Check
from registry.db import Keyring, Session, Store
from registry.entries import places
from registry.entries.actions import suspend
from registry.entries.models import Entry
from registry.entries.trees import Trees
from registry.erasures import retention
from registry.erasures.models import Erasure
from registry.findings import actions as findings
from registry.findings import canaries
from registry.findings.reminders import remind_due
from registry.identity import document, tags
from registry.invitations.actions import invite
from registry.keys.actions import rotate
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.log.checkpoint import VerifierKey, verifier_key
from registry.log.sequencer import sequence
from registry.mandates.actions import record_mandate
from registry.notices.actions import set_webhook
from registry.notices.matches import begin_match, finish_match
from registry.notices.rules import Route
from registry.panels import actions as panels
from registry.panels import evidence
from registry.recalls.actions import acknowledge, issue
from registry.recalls.models import Recall
from registry.recalls.rules import TYP as ACKNOWLEDGEMENT
from registry.recalls.rules import Reason
from registry.reports import answering, incidents, inspections
from registry.reports.drafts import save as save_draft
from registry.reports.serving import record_attempt
from registry.restraints import actions as restraints
from registry.reviews import actions as reviews
from registry.reviews.models import Review
from registry.rotation import actions as rotations
from registry.rotation.moving import move_some
from registry.rotation.verification import verify_some
from registry.signing import consent, jws, keys
from registry.watches import actions as watches
from registry.wrapping import WrappingKeys
from tests.authorities import authorities
from tests.cast import Cast, Person, gather
from tests.conftest import ISSUER, KEYRING, START
from tests.device import Device
from tests.factor import code_of
from tests.filing import ANNEXES, NUMBER, Filing, tag_of
from tests.listing import check, people, tags_of

PROCEEDING = {"body": "court", "reference": "(2026) Jing 0105 Min Chu 17", "on": "2026-03-01"}
ORIGIN = "127.0.0.1:8420/log"
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}")


@dataclass(frozen=True)
class Told:
    """A finished database with its keys, and when it ends."""

    path: Path
    keyring: Keyring
    log: VerifierKey
    now: datetime
    log_key: keys.PrivateKey = field(repr=False)


def tell(path: Path, holder: Holder, move: Callable[[datetime], None]) -> Told:
    """Found a registry in this SQLite file and tell its story; `move` sets the key holder's clock."""
    keyring = replace(KEYRING, wrapping=WrappingKeys(path.parent / "wrapping"))
    store, log_key = Store(f"sqlite:///{path}", keyring), keys.generate()
    revisions.upgrade(store.engine)
    with store.write() as session:
        cast = gather(session, START)
    told = _Telling(store, cast, holder, log_key, move)
    told.sign_in()
    told.report()
    told.withdraw()
    told.check_recall_and_acknowledge()
    told.ask_candidates()
    told.amend()
    told.restrain()
    told.subject_enters()
    told.inspect()
    told.appeal()
    told.review()
    told.draw_and_answer()
    told.decide_and_state()
    told.rotate_key()
    told.order_and_erase()
    told.keep_canary()
    told.renew_wrapping(keyring)
    told.rotate_identity()
    told.stir()
    store.engine.dispose()
    return Told(path, keyring, verifier_key(ORIGIN, log_key.public_key()), told.now, log_key)


class _Telling:
    def __init__(
        self, store: Store, cast: Cast, holder: Holder, log_key: keys.PrivateKey, move: Callable[[datetime], None]
    ) -> None:
        self.store, self.cast, self.holder, self.log_key, self.move = store, cast, holder, log_key, move
        self.now, self.trees = START, Trees()
        self.pass_time(timedelta())

    def pass_time(self, by: timedelta) -> datetime:
        """Sequence what there is, with a snapshot, then let time go by."""
        sequence(self.store, key=self.log_key, origin=ORIGIN, now=self.now, closing=places.closing(self.trees))
        self.now += by
        self.move(self.now)
        return self.now

    def do(self, act: Callable[[Session], object]) -> None:
        with self.store.write() as session:
            act(session)

    def sign_in(self) -> None:
        now, hana = self.now, self.cast.hana
        self.do(lambda s: sign_in(s, account_id="olaf", right=True, now=now))
        self.do(lambda s: factors.begin(s, account_id="olaf", now=now))
        self.do(lambda s: factors.confirm(s, account_id="olaf", code=code_of(s, "olaf", now), now=now))
        self.do(lambda s: Device().add(s, "olaf", now))
        self.do(lambda s: invite(s, actor=self.cast.bea.actor, account_id="birch-hr", now=now))
        self.do(lambda s: issue_token(s, assertion=_assertion(hana, now), scope="", issuer=ISSUER, now=now))
        for member in ("birch", "acme"):
            with self.store.write() as session:
                url, admin = f"https://{member}.example/hook", f"{member}-admin"
                set_webhook(session, member_id=member, url=url, actor=admin, now=now)

    def report(self) -> None:
        self.filing = Filing(self.store, self.cast, self.holder, self.now, tag=tag_of(self.holder), annexes=ANNEXES)
        self.filing.countersigned(self.pass_time(timedelta(hours=1)))
        self.filing.screened(self.pass_time(timedelta(days=1)))
        self.letter = self.filing.printed(self.pass_time(timedelta(hours=1)))
        cleo, letter, now = self.cast.cleo.actor, self.filing.letter_id(), self.now
        sent: Mapping[str, Any] = {"letter_id": letter, "route": Route.POST, "on": now, "proof": "XB 1234", "now": now}
        self.do(lambda s: record_attempt(s, actor=cleo, **sent))
        self.filing.served(self.pass_time(timedelta(days=2)))
        number, now = self.filing.number, self.now
        self.do(lambda s: answering.extend(s, actor=cleo, number=number, days=1, reasons="They were ill.", now=now))
        self.do(lambda s: answering.represent(s, case=self._case(s), text="Not me.", late_reasons=None, now=now))

    def withdraw(self) -> None:
        """A second report that gets nowhere, and one that is still being written."""
        now = self.pass_time(timedelta(hours=1))
        Filing(self.store, self.cast, self.holder, now).countersigned(now).refused(now)
        with self.store.write() as session:
            save_draft(session, actor=self.cast.rui.actor, document={"offence": "sale"}, now=now)
            incidents.note(session, actor=self.cast.rui.actor, reference="I-17", text="Odd exports at night.", now=now)

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
        asked = check(self.store, self.holder, [person], self.cast.hana.actor, self.pass_time(timedelta(hours=1)))
        self.do(lambda s: self._challenged(s, asked.batch.id))
        hana = self.cast.hana.actor
        staff = check(self.store, self.holder, people(1), hana, self.now, purpose="present-staff").answers[0]["id"]
        self.do(lambda s: watches.begin(s, actor=hana, checks=[str(staff)], days=30, now=self.now))
        self.do(lambda s: details(s, actor=self.cast.hana.actor, check_id=_hit(s), now=self.now))
        said = {"verdict": "not-hired", "by": "Ms Han", "told_on": self.now.date(), "reasons": "Heard."}
        self.do(lambda s: decisions.decide(s, actor=hana, check_id=_hit(s), now=self.now, **said))
        self.pass_time(timedelta(hours=1))
        self.do(lambda s: suspend(s, s.get_one(Entry, self.entry), actor_id="olaf", now=self.now, reason="order"))
        self.do(self._recalled)
        self.pass_time(timedelta(hours=1))
        self.do(self._acknowledged)

    def ask_candidates(self) -> None:
        hana, now, secret = self.cast.hana, self.now, base64url.encode(bytes(32))
        text, link = (base64url.encode(sha256(said.encode()).digest()) for said in ("May we?", secret))
        said = {"purpose": "hiring", "text": text, "links": [link], "exp": int(now.timestamp()) + 3600}
        statement = _signed(hana, {**_claims(hana, now), **said}, consent.GROUP)
        how: Mapping[str, Any] = {"actor": hana.actor, "text": "May we?", "issuer": ISSUER, "now": now}
        self.do(lambda s: granting.create(s, statement=statement, **how))
        self.do(lambda s: granting.decline(s, secret=secret, now=now))

    def _challenged(self, session: Session, batch: str) -> None:
        hana, asked = self.cast.hana.actor, [self.filing.tag]
        how: Mapping[str, Any] = {"tags": asked, "after": False, "kept": self.trees, "now": self.now}
        completeness.challenge(session, actor=hana, batch_id=batch, **how)

    def _recalled(self, session: Session) -> None:
        issue(session, session.get_one(Entry, self.entry), Reason.SUSPENDED, self.now)

    def _acknowledged(self, session: Session) -> None:
        hana, was = self.cast.hana, Recall.reason == Reason.SUSPENDED
        recall = session.scalars(sa.select(Recall).where(was)).one()
        about = {"recall": recall.id, "entry": recall.entry_id, "reason": recall.reason.value}
        statement = _signed(hana, {**_claims(hana, self.now), **about}, ACKNOWLEDGEMENT)
        acknowledge(session, actor=hana.actor, recall_id=recall.id, statement=statement, issuer=ISSUER, now=self.now)

    def amend(self) -> None:
        """The member tells that a court has the case, and what it corrects."""
        rui, ana, now = self.cast.rui, self.cast.ana, self.now
        for kind, more in (("contest", {"proceeding": PROCEEDING}), ("correction", {"changes": {"term_days": 300}})):
            report = self.filing.report()
            said = {"report": report.id, "digest": base64url.encode(report.statement_digest), "kind": kind}
            words = {"what": "A court has it.", "why": "So that all know.", **said, **more}
            token = _signed(rui, {**_claims(rui, now), **words}, AMENDMENT)
            how: Mapping[str, Any] = {"issuer": ISSUER, "now": now}
            with self.store.write() as session:
                row = amendments.sign(session, actor=rui.actor, report_id=report.id, token=token, **how)
            second = {**_claims(ana, now), "amendment": base64url.encode(row.statement_digest)}
            token = _signed(ana, second, CONFIRMATION)
            with self.store.write() as session:
                amendments.confirm(session, actor=ana.actor, amendment_id=row.id, token=token, **how)
        self.pass_time(timedelta(hours=1))

    def restrain(self) -> None:
        self.do(lambda s: restraints.impose(s, member_id="birch", decided=10, overturned=3, now=self.now))

    def review(self) -> None:
        """The subject asks for the end of the listing, in vain."""
        now, words = self.now, {"ground": "acquitted", "text": "The court has acquitted me."}
        self.do(lambda s: reviews.apply(s, case=self._case(s), now=now, **words))
        with self.store.read() as session:
            review = session.scalars(sa.select(Review.id)).one()
        rex = self.cast.rex.actor
        self.do(lambda s: reviews.decide(s, actor=rex, review_id=review, end=False, reasons="No.", now=now))

    def subject_enters(self) -> None:
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

    def inspect(self) -> None:
        """The person sees the annex at the clerk's desk; the screener signs as the second."""
        cleo, sol, number, now = self.cast.cleo.actor, self.cast.sol.actor, self.filing.number, self.now
        with self.store.write() as session:
            how: Mapping[str, Any] = {"exhibit": 1, "inspector": "subject", "place": "Room 3"}
            held = evidence.hold_inspection(session, actor=cleo, number=number, now=now, **how).id
        self.do(lambda s: inspections.look(s, actor=cleo, inspection_id=held, now=now))
        self.do(lambda s: inspections.end(s, actor=cleo, inspection_id=held, remarks="Read in silence.", now=now))
        self.do(lambda s: inspections.sign(s, actor=sol, inspection_id=held, now=now))

    def appeal(self) -> None:
        cast, now, key = self.cast, self.now, self.holder.public().draw_public
        words = {"grounds": ["not-true"], "text": "I was on leave that month.", "lane": "normal"}
        self.do(lambda s: appeals.lodge(s, case=self._case(s), now=now, **words))  # type: ignore[arg-type]
        person = {**_claims(cast.vera, now), "exp": int(now.timestamp()) + 600, "case": self.filing.number}
        person["sub"] = base64url.encode(self.filing.tag)
        token = _signed(cast.vera, person, proofing.TYP)
        number, vera = self.filing.number, cast.vera.actor
        self.do(lambda s: proofing.attest(s, actor=vera, number=number, attestation=token, issuer=ISSUER, now=now))
        reach: Mapping[str, Any] = {"email": "me@example.org", "phone": None, "language": "zh", "now": now}
        self.do(lambda s: reach_by(s, case=s.get_one(Case, self.filing.case_id), **reach))
        self.do(lambda s: counter.confirm(s, actor=vera, number=number, tag=person["sub"], now=now))
        until = now + timedelta(days=90)
        self.do(lambda s: record_mandate(s, actor=vera, number=number, name="Li", scope=["read"], until=until, now=now))
        self.do(lambda s: drawing.publish_key(s, draw_public=key, now=now))
        self.do(lambda s: admission.declare(s, actor=cast.cem.actor, member_id="eagle", now=now))
        self.pass_time(timedelta(hours=2))

    def draw_and_answer(self) -> None:
        cleo, rui, rex, now = self.cast.cleo.actor, self.cast.rui, self.cast.rex, self.now
        self.do(lambda s: admission.admit(s, actor=cleo, appeal=self._appeal(s), reasons="In time.", now=now))
        now = self.pass_time(timedelta(hours=2))
        self.do(lambda s: interventions.intervene(s, actor=rex.actor, appeal=self._appeal(s), text="Ask why.", now=now))
        now = self.pass_time(policy.NONCE_LIMIT)
        with self.store.read() as session:
            row = session.scalars(sa.select(Draw)).one()
            said = {
                "appeal": row.appeal_id,
                "case": row.name,
                "admission": base64url.encode(drawing.admission_leaf(session, row)),
            }
        silent = _signed(rex, {**_claims(rex, now), **said}, silence.TYP)
        self.do(
            lambda s: silence.attest(
                s, actor=rex.actor, appeal=self._appeal(s), statement=silent, issuer=ISSUER, now=now
            )
        )
        self.do(lambda s: drawing.draw(s, self._appeal(s), drawing.ZEROS, self.holder, now))
        self.do(self._challenged_panelist)
        now = self.pass_time(policy.ANSWER_LIMIT - policy.NONCE_LIMIT - policy.DAY)
        self.do(lambda s: remind_due(s, now))
        with self.store.read() as session:
            said = {
                **_claims(rui, now),
                "appeal": self._appeal(session).id,
                "text": "The access log shows the account.",
            }
        statement = _signed(rui, said, appeals.ANSWER)
        self.do(
            lambda s: appeals.answer(
                s, actor=rui.actor, appeal=self._appeal(s), statement=statement, issuer=ISSUER, now=now
            )
        )
        self.pass_time(timedelta(hours=2))

    def decide_and_state(self) -> None:
        now, rex = self.now, self.cast.rex.actor
        with self.store.read() as session:
            panel = [actor_of(session, seat.account_id) for seat in seats_of(session, self._appeal(session).id)]
        self.do(lambda s: panels.hear(s, actor=panel[0], appeal=self._appeal(s), notes="All were heard.", now=now))
        for actor in panel:
            with self.store.write() as session:
                appeal = self._appeal(session)
                panels.vote(session, actor=actor, appeal=appeal, choice="void", reasons="It was not them.", now=now)
        self.do(lambda s: appeals.state(s, case=self._case(s), text="It was not me.", now=now))
        self.do(lambda s: findings.demand(s, actor=rex, member_id="acme", text="Explain how this came about.", now=now))
        self.pass_time(timedelta(hours=1))

    def _challenged_panelist(self, session: Session) -> None:
        """In vain."""
        appeal, cleo, now = self._appeal(session), self.cast.cleo.actor, self.now
        (first, *_) = seats_of(session, appeal.id)
        row = recusals.ask(session, appeal=appeal, seat_id=first.id, text="A cousin.", now=now)
        recusals.decide(session, actor=cleo, recusal_id=row.id, sustain=False, reasons="They are not.", now=now)

    def _case(self, session: Session) -> Case:
        return session.get_one(Case, self.filing.case_id)

    def _appeal(self, session: Session) -> Appeal:
        return session.scalars(sa.select(Appeal)).one()

    def rotate_key(self) -> None:
        new = keys.to_jwk(keys.generate().public_key())
        self.do(lambda s: rotate(s, actor=self.cast.adam.actor, kid=self.cast.rui.kid, jwk=new, now=self.now))
        self.pass_time(timedelta(hours=1))

    def order_and_erase(self) -> None:
        """An order keeps the first case; the second, long over, is to be forgotten, and a regulator has signed that."""
        regulator, operator = authorities(self.store, self.cast, self.now)
        order = regulator.issue(self.filing.number, "preserve", self.now)
        operator.confirm(order, self.now)
        regulator.withdraw(order, self.now)  # and the operator has not signed that
        now = self.pass_time(policy.KEPT_AFTER[policy.Ending.UNLISTED])
        assert retention.propose_due(self.store, now) == 1
        with self.store.read() as session:
            erasure = session.scalars(sa.select(Erasure)).one()
        regulator.open(erasure, now)
        regulator.cosign(erasure, now)

    def keep_canary(self) -> None:
        now, olaf, public = self.now, self.cast.olaf.actor, self.holder.public().sealing_public
        (tag,), _ = tags_of(self.holder, people(1, seed=8), self.cast.hana.actor)
        self.do(lambda s: canaries.add(s, actor=olaf, tag=tag, sealing_public=public, now=now))

    def renew_wrapping(self, keyring: Keyring) -> None:
        now, olaf, ring = self.now, self.cast.olaf.actor, keyring.wrapping
        assert ring is not None
        self.do(lambda s: wrapping.begin(s, actor=olaf, keys=ring, now=now))
        self.do(lambda s: wrapping.rewrap_some(s, actor=olaf, limit=1000, now=now))
        self.do(lambda s: wrapping.finish(s, actor=olaf, now=now))

    def rotate_identity(self) -> None:
        """As far as the switch: the old handles still stand."""
        following, olaf, rex = self.holder.begin_rotation(), self.cast.olaf.actor, self.cast.rex.actor
        with self.store.write() as session:
            rotation = rotations.begin(
                session, actor=olaf, keys=self.holder.public(), following=following, now=self.now
            )
        while move_some(self.store, self.holder, rotation, limit=1000, now=self.now):
            while verify_some(self.store, self.holder, rotation, actor=rex, now=self.now):
                self.pass_time(timedelta(minutes=1))
        self.do(lambda s: rotations.switch(s, actor=olaf, rotation=rotation, now=self.now))
        self.pass_time(timedelta(hours=1))

    def stir(self) -> None:
        """The last batch has no snapshot, as one that is full has none: something stays stirred."""
        with self.store.write() as session:
            places.stir(session, session.scalars(sa.select(Entry)).one())
            record(session, "entry.stir", actor="system:test", now=self.now)
        with self.store.write() as session:  # were it the last act, nothing would attest the row without that act
            record(session, "entry.look", actor="system:test", now=self.now)
        sequence(self.store, key=self.log_key, origin=ORIGIN, now=self.now)


def _claims(person: Person, now: datetime) -> dict[str, Any]:
    return {"iss": person.actor.member_id, "aud": ISSUER, "jti": secrets.token_hex(8), "iat": int(now.timestamp())}


def _signed(person: Person, said: Mapping[str, Any], typ: str) -> str:
    assert person.key is not None
    return jws.sign(said, typ=typ, key=person.key)


def _hit(session: Session) -> str:
    return session.scalars(sa.select(Check.id).where(Check.entry_id.is_not(None))).one()


def _assertion(person: Person, now: datetime) -> str:
    seconds = int(now.timestamp())
    said = {"iss": person.actor.id, "sub": person.actor.id, "aud": ISSUER, "jti": secrets.token_hex(8)}
    assert person.client_key is not None
    return jwt.encode({**said, "iat": seconds, "exp": seconds + 60}, person.client_key, algorithm="EdDSA")
