"""One appeal on its way, step by step, each step in a transaction of its own."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry import base64url
from registry.access import Actor
from registry.accounts.actions import actor_of, close_account, open_account
from registry.accounts.rules import Role
from registry.appeals import actions, admission, draw, proofing, queries
from registry.appeals.clocks import run_clocks
from registry.appeals.eligibility import Inadmissible
from registry.appeals.models import Appeal, Seat
from registry.appeals.rules import Effect
from registry.cases.actions import new_number
from registry.cases.models import Case
from registry.db import Store, new_id
from registry.entries.models import Entry
from registry.keys.holder import Holder
from registry.log.sequencer import sequence
from registry.members.actions import admit as admit_member
from registry.members.models import Kind
from registry.panels import actions as panels
from registry.policy import RESPONSE_WINDOW
from registry.signing import jws, keys
from tests.cast import Cast, Person
from tests.conftest import ISSUER, KEYRING, MovingClock
from tests.filing import Filing, any_tag

LOG_KEY = keys.generate()
ORIGIN = "127.0.0.1:8420/log"
NONCE = bytes(range(32))


class Contest:
    """A case that was listed (or, with `listed=False`, only noticed), and the appeal against it."""

    def __init__(
        self, store: Store, cast: Cast, holder: Holder, clock: MovingClock, *, listed: bool = True, **claims: Any
    ) -> None:
        self.store, self.cast, self.holder, self.clock = store, cast, holder, clock
        with store.write() as session:
            draw.publish_key(session, draw_public=holder.public().draw_public, now=clock())
        self.tag = any_tag()
        self.filing = Filing(store, cast, holder, clock(), self.tag, **claims)
        self.case_id, self.number = self.filing.case_id, self.filing.number
        if listed:
            self.filing.listed(clock())
            clock.move(RESPONSE_WINDOW)
            self._two_leave()
        else:
            self.filing.noticed(clock())

    def _two_leave(self) -> None:
        """Since the listing; so the pool is four panelists of four members, enough for one instance."""
        with self.store.write() as session:
            for member in ("bar", "college"):
                admin = self.cast[f"{member}-admin"].actor
                close_account(session, account_id=f"{member}-panel", actor=admin, now=self.now)

    def renumbered(self) -> Contest:
        """The key holder draws once for a case number, for ever: each copy of a case needs its own."""
        self.number = new_number()
        with self.store.write() as session:
            session.execute(sa.update(Case).where(Case.id == self.case_id).values(number=self.number))
        return self

    # Reading

    @property
    def now(self) -> datetime:
        return self.clock()

    def case(self) -> Case:
        with self.store.read() as session:
            return session.get_one(Case, self.case_id)

    def appeal(self) -> Appeal:
        with self.store.read() as session:
            appeal = queries.latest(session, self.case_id)
            assert appeal is not None
            return appeal

    def entry(self) -> Entry:
        with self.store.read() as session:
            return session.query(Entry).filter_by(case_id=self.case_id).one()

    def seats(self) -> list[Seat]:
        with self.store.read() as session:
            return queries.seats_of(session, self.appeal().id)

    def panel(self) -> list[Actor]:
        with self.store.read() as session:
            return [actor_of(session, seat.account_id) for seat in self.seats()]

    # Steps

    def lodge(self, **how: Any) -> Contest:
        said = {"grounds": ["not-true"], "text": "I was on leave that month.", "lane": "normal", **how}
        with self.store.write() as session:
            actions.lodge(session, case=session.get_one(Case, self.case_id), now=self.now, **said)
        return self

    def attestation(self, person: Person | None = None, **changes: Any) -> str:
        person = person or self.cast.vera
        assert person.key is not None
        seconds = int(self.now.timestamp())
        payload = {
            "iss": person.actor.member_id,
            "aud": ISSUER,
            "jti": new_id(),
            "iat": seconds,
            "exp": seconds + 600,
            "sub": base64url.encode(self.tag),
            "case": self.number,
            **changes,
        }
        return jws.sign(payload, typ=proofing.TYP, key=person.key)

    def attest(self, token: str | None = None, actor: Actor | None = None) -> Contest:
        with self.store.write() as session:
            proofing.attest(
                session,
                actor=actor or self.cast.vera.actor,
                number=self.number,
                attestation=token or self.attestation(),
                issuer=ISSUER,
                now=self.now,
            )
        return self

    def admit(self, actor: Actor | None = None) -> Contest:
        with self.store.write() as session:
            appeal = queries.get(session, self.appeal().id)
            admission.admit(
                session, actor=actor or self.cast.cleo.actor, appeal=appeal, reasons="In time.", now=self.now
            )
        return self

    def refuse(self, actor: Actor | None = None, ground: Inadmissible = Inadmissible.ANOTHER_MATTER) -> Contest:
        with self.store.write() as session:
            appeal = queries.get(session, self.appeal().id)
            admission.refuse(
                session,
                actor=actor or self.cast.cleo.actor,
                appeal=appeal,
                ground=ground,
                reasons="Nothing new.",
                now=self.now,
            )
        return self

    def sequence(self) -> Contest:
        sequence(self.store, key=LOG_KEY, origin=ORIGIN, now=self.now)
        return self

    def offer(self, nonce: bytes = NONCE) -> Contest:
        with self.store.write() as session:
            draw.offer_nonce(session, appeal=queries.get(session, self.appeal().id), nonce=nonce, now=self.now)
        return self

    def draw(self, nonce: bytes = NONCE) -> Contest:
        self.sequence().offer(nonce)
        with self.store.write() as session:
            draw.draw(session, queries.get(session, self.appeal().id), nonce, self.holder, self.now)
        return self.sequence()

    def answer_token(self, person: Person | None = None, typ: str = actions.ANSWER, **changes: Any) -> str:
        person = person or self.cast.rui
        assert person.key is not None
        payload = {
            "iss": person.actor.member_id,
            "aud": ISSUER,
            "jti": new_id(),
            "iat": int(self.now.timestamp()),
            "appeal": self.appeal().id,
            "text": "The access log shows the account in use.",
            **changes,
        }
        return jws.sign(payload, typ=typ, key=person.key)

    def answer(self, token: str | None = None, actor: Actor | None = None) -> Contest:
        with self.store.write() as session:
            actions.answer(
                session,
                actor=actor or self.cast.rui.actor,
                appeal=queries.get(session, self.appeal().id),
                statement=token or self.answer_token(),
                issuer=ISSUER,
                now=self.now,
            )
        return self

    def hear(self, actor: Actor | None = None) -> Contest:
        with self.store.write() as session:
            appeal = queries.get(session, self.appeal().id)
            panels.hear(session, actor=actor or self.panel()[0], appeal=appeal, notes="All were heard.", now=self.now)
        return self

    def vote(self, actor: Actor, choice: str, **how: Any) -> Contest:
        with self.store.write() as session:
            appeal = queries.get(session, self.appeal().id)
            panels.vote(
                session, actor=actor, appeal=appeal, choice=choice, reasons=f"I would {choice}.", now=self.now, **how
            )
        return self

    def votes(self, *choices: str, **how: Any) -> Contest:
        """One of each seat; `how` goes with those that it fits."""
        fits = {"shorten": "term_days", "correct": "level"}
        for actor, choice in zip(self.panel(), choices, strict=False):
            name = fits.get(choice)
            self.vote(actor, choice, **({name: how[name]} if name in how else {}))
        return self

    def contest(self) -> Contest:
        with self.store.write() as session:
            case = session.get_one(Case, self.case_id)
            actions.contest(session, case=case, text="Nobody asked the witness.", now=self.now)
        return self

    def withdraw(self) -> Contest:
        with self.store.write() as session:
            actions.withdraw(session, case=session.get_one(Case, self.case_id), now=self.now)
        return self

    def tick(self, by: timedelta = timedelta()) -> list[Effect]:
        """Time goes by, and the worker comes round once; which effects there were."""
        self.clock.move(by)
        with self.store.read() as session:
            dues = run_clocks(session, self.now, self.holder)
        done = []
        for due in dues:
            with self.store.write() as session:
                if due.act(session, self.now, self.holder):
                    done.append(due.effect)
        return done

    # Shortcuts

    def admitted(self) -> Contest:
        return self.lodge().attest().admit()

    def seated(self) -> Contest:
        return self.admitted().draw()

    def heard(self) -> Contest:
        return self.seated().answer().hear()

    def decided(self, *choices: str, **how: Any) -> Contest:
        return self.heard().votes(*(choices or ("keep", "keep", "keep")), **how)


class Prepared:
    """A contest that stands in a file of its own; `resumed` goes on from there in a copy."""

    def __init__(self, path: Path, contest: Contest) -> None:
        self.path, self.contest, self.at = path, contest, contest.now

    @contextmanager
    def resumed(self, path: Path, clock: MovingClock) -> Iterator[Contest]:
        shutil.copy(self.path, path)
        contest = copy.copy(self.contest)
        contest.store, contest.clock, clock.at = Store(f"sqlite:///{path}", KEYRING), clock, self.at
        yield contest
        contest.store.engine.dispose()


@pytest.fixture(scope="session")
def listed(founded: tuple[Path, Cast], holder_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A case that is listed and not yet contested."""
    path = tmp_path_factory.mktemp("listed") / "registry.db"
    shutil.copy(founded[0], path)
    store = Store(f"sqlite:///{path}", KEYRING)
    contest = Contest(store, founded[1], Holder(holder_socket), MovingClock()).sequence()
    store.engine.dispose()
    return Prepared(path, contest)


@pytest.fixture(scope="session")
def seated(listed: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The same, contested and admitted, its panel drawn."""
    path = tmp_path_factory.mktemp("seated") / "registry.db"
    with listed.resumed(path, MovingClock()) as contest:
        contest.seated()
    return Prepared(path, contest)


@pytest.fixture
def contest(listed: Prepared, tmp_path: Path, clock: MovingClock) -> Iterator[Contest]:
    with listed.resumed(tmp_path / "contest.db", clock) as contest:
        yield contest.renumbered()


@pytest.fixture
def drawn(seated: Prepared, tmp_path: Path, clock: MovingClock) -> Iterator[Contest]:
    """A contest whose panel is seated."""
    with seated.resumed(tmp_path / "drawn.db", clock) as contest:
        yield contest


def more_panelists(store: Store, olaf: Actor, now: datetime, members: Sequence[str] = ("fir", "gale", "hop")) -> None:
    """Further members with one panelist each, `fir-panel` and so on."""
    with store.write() as session:
        for name in members:
            admit_member(
                session, id=name, name=name.title(), kind=Kind.ASSOCIATION, headcount=0, actor=olaf.id, now=now
            )
            for account, role, by in (
                (f"{name}-admin", Role.MEMBER_ADMIN, "olaf"),
                (f"{name}-panel", Role.PANELIST, f"{name}-admin"),
            ):
                open_account(
                    session,
                    id=account,
                    member_id=name,
                    name=name.title(),
                    roles=[role],
                    actor=actor_of(session, by),
                    now=now,
                )
