"""Random acts by random people at random times: the steps tell the state, and no listing was come by unfairly."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.appeals import listing
from registry.cases.models import Step
from registry.cases.steps import replay
from registry.db import Base, Session, Store
from registry.entries import actions as entry_actions
from registry.entries.models import Entry
from registry.entries.queries import visible
from registry.entries.rules import NEXT as ENTRY_NEXT
from registry.entries.rules import VISIBLE
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.identity import tags
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.notices.actions import pull
from registry.notices.models import Notice
from registry.notices.rules import NEXT as NOTICE_NEXT
from registry.notices.rules import Delivery
from registry.policy import RESPONSE_WINDOW
from registry.reports import actions, screening, serving, versions
from registry.reports.models import Countersignature, Report, Screening
from registry.reports.rules import NEXT as REPORT_NEXT
from registry.reports.rules import Ground, State, Verdict
from tests.attested import unattested
from tests.cast import Cast, Person
from tests.conftest import ISSUER, KEYRING, START
from tests.filing import Filing, countersignature

PEOPLE = ("rui", "ana", "ben", "bao", "sol", "cleo", "eva", "rex", "olaf")
TABLES: dict[type[Base], Any] = {Report: REPORT_NEXT, Notice: NOTICE_NEXT, Entry: ENTRY_NEXT}


@dataclass(frozen=True)
class House:
    """One filing, and how anyone may try to move it."""

    filing: Filing
    store: Store

    def countersign(self, session: Session, who: Person, now: datetime) -> object:
        signer = who if who.key is not None else self.filing.cast.ana
        token = countersignature(signer, self.filing.filed.report, self.filing.tag, now)
        return actions.countersign(
            session, actor=who.actor, report_id=self.filing.id, token=token, issuer=ISSUER, now=now
        )

    def screen(self, session: Session, who: Person, now: datetime) -> object:
        return self._screen(session, who, now, Verdict.ACCEPT, None)

    def refuse(self, session: Session, who: Person, now: datetime) -> object:
        return self._screen(session, who, now, Verdict.REFUSE, Ground.OUT_OF_SCOPE)

    def _screen(self, session: Session, who: Person, now: datetime, verdict: Verdict, ground: Ground | None) -> object:
        return screening.screen(
            session,
            actor=who.actor,
            report_id=self.filing.id,
            verdict=verdict,
            ground=ground,
            reasons="r",
            issuer=ISSUER,
            now=now,
        )

    def withdraw(self, session: Session, who: Person, now: datetime) -> object:
        return actions.withdraw(session, actor=who.actor, report_id=self.filing.id, reason="r", now=now)

    def print_letter(self, session: Session, who: Person, now: datetime) -> object:
        return pull(session, letter_id=self._letter(session), actor=who.actor, now=now)

    def serve(self, session: Session, who: Person, now: datetime) -> object:
        return serving.record_service(
            session,
            actor=who.actor,
            letter_id=self._letter(session),
            delivery=Delivery.IN_PERSON,
            on=now,
            proof="p",
            now=now,
        )

    def replace(self, session: Session, who: Person, now: datetime) -> object:
        return serving.replace_letter(
            session, actor=who.actor, letter_id=self._letter(session), reason="r", issuer=ISSUER, now=now
        )

    def list_due(self, session: Session, who: Person, now: datetime) -> object:
        return listing.list_due(session, now=now)

    def _letter(self, session: Session) -> str:
        newest = sa.select(Notice.id).order_by(Notice.drafted_at.desc(), Notice.id).limit(1)
        return session.scalar(newest) or "0" * 32

    def _entry_verb(self, verb: Callable[..., Entry]) -> Callable[[Session, Person, datetime], object]:
        def move(session: Session, who: Person, now: datetime) -> object:
            entry = session.scalars(sa.select(Entry)).first()
            return entry and verb(session, entry, actor_id="panel", now=now, reason="r")

        return move

    def verbs(self) -> dict[str, Callable[[Session, Person, datetime], object]]:
        own = ("countersign", "screen", "refuse", "withdraw", "print_letter", "serve", "replace", "list_due")
        on_entries = ("suspend", "reinstate", "revise", "correct", "void", "rehabilitate")
        return {
            **{name: getattr(self, name) for name in own},
            **{name: self._entry_verb(getattr(entry_actions, name)) for name in on_entries},
        }


# The way to a listing comes up often enough that many walks reach it; everything else may happen anywhere.
WAY = [("countersign", "ana"), ("screen", "sol"), ("print_letter", "cleo"), ("serve", "cleo"), ("list_due", "rex")]
VERBS = [
    "countersign", "screen", "refuse", "withdraw", "print_letter", "serve", "replace", "list_due",
    "suspend", "reinstate", "revise", "correct", "void", "rehabilitate",
]  # fmt: skip
move = st.one_of(st.sampled_from(WAY), st.tuples(st.sampled_from(VERBS), st.sampled_from(PEOPLE)))
pause = st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=9), RESPONSE_WINDOW])
walks = st.one_of(
    st.lists(st.tuples(move, pause), max_size=12),
    st.tuples(
        st.just([(step, timedelta(hours=1)) for step in WAY[:4]] + [(WAY[4], RESPONSE_WINDOW)]),
        st.lists(st.tuples(move, pause), max_size=6),
    ).map(lambda halves: halves[0] + halves[1]),
)


@pytest.fixture(scope="module")
def holder_of_module(holder_socket: Path) -> Holder:
    return Holder(holder_socket)


def houses(founded: tuple[Path, Cast], holder: Holder) -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="zilu-"))
    shutil.copy(founded[0], folder / "registry.db")
    store = Store(f"sqlite:///{folder / 'registry.db'}", KEYRING)
    yield House(Filing(store, founded[1], holder, START), store)
    store.engine.dispose()
    shutil.rmtree(folder)


def count(session: Session, kind: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def everything(store: Store) -> list[int]:
    with store.read() as session:
        return [count(session, kind) for kind in (Act, Step, Report, Notice, Entry, Countersignature, Screening)]


def tried(house: House, name: str, who: str, now: datetime) -> None:
    """Either the act is done, or it is refused on purpose and has changed nothing."""
    before = everything(house.store)
    try:
        with house.store.write() as session:
            house.verbs()[name](session, house.filing.cast[who], now)
    except (Conflict, Forbidden, Invalid, NotFound):
        refused = True
    else:
        refused = False
    assert not refused or everything(house.store) == before


def verify_steps_tell_the_state(session: Session) -> None:
    for kind, table in TABLES.items():
        for row in session.scalars(sa.select(kind)):
            name = f"{kind.__tablename__}:{row.id}"  # type: ignore[attr-defined]
            steps = session.scalars(sa.select(Step).where(Step.subject == name).order_by(Step.number)).all()
            assert [step.number for step in steps] == list(range(1, len(steps) + 1))
            assert replay(table, steps) is row.state  # type: ignore[attr-defined]


def verify_listing_was_fair(session: Session, filing: Filing, now: datetime) -> None:
    report = session.get_one(Report, filing.id)
    entry = session.scalars(sa.select(Entry)).one_or_none()
    seen = visible(session, [tags.handle(session.keyring.pepper, filing.tag)], now)
    if entry is None:
        assert seen == {}
        assert report.state is not State.LISTED
        return
    assert bool(seen) == (entry.state in VISIBLE and (entry.until is None or now < entry.until))
    second = session.scalars(sa.select(Countersignature)).one()
    first = versions.present(session, report)
    assert second.version_id == first.id
    assert second.kid != first.kid
    assert second.account_id != report.filed_by
    assert session.scalars(sa.select(Screening)).one().account_id == "screener"
    served = [notice for notice in session.scalars(sa.select(Notice)) if notice.served_at is not None]
    assert served
    assert report.window_closes_at is not None
    assert entry.listed_at >= report.window_closes_at >= min(n.served_at for n in served) + RESPONSE_WINDOW  # type: ignore[type-var, operator]


@given(walk=walks)
@settings(max_examples=10, deadline=None, derandomize=True)
def test_whatever_is_tried_the_rules_hold(
    founded: tuple[Path, Cast], holder_of_module: Holder, walk: list[tuple[tuple[str, str], timedelta]]
) -> None:
    verify_walk(founded, holder_of_module, walk)


@pytest.mark.long
@given(walk=walks)
@settings(max_examples=60, deadline=None)
def test_whatever_is_tried_at_length(
    founded: tuple[Path, Cast], holder_of_module: Holder, walk: list[tuple[tuple[str, str], timedelta]]
) -> None:
    verify_walk(founded, holder_of_module, walk)


def verify_walk(
    founded: tuple[Path, Cast], holder_of_module: Holder, walk: list[tuple[tuple[str, str], timedelta]]
) -> None:
    for house in houses(founded, holder_of_module):
        now = START
        for (name, who), wait in walk:
            now += wait
            tried(house, name, who, now)
            with house.store.read() as session:
                verify_steps_tell_the_state(session)
                verify_listing_was_fair(session, house.filing, now)
        assert unattested(house.store) == set()


def test_the_whole_way_leads_to_a_listing(founded: tuple[Path, Cast], holder_of_module: Holder) -> None:
    """Else the walk above would prove nothing."""
    for house in houses(founded, holder_of_module):
        now = START
        for name, who in WAY:
            now += RESPONSE_WINDOW if name == "list_due" else timedelta(hours=1)
            tried(house, name, who, now)
        assert house.filing.report().state is State.LISTED
