"""A case is forgotten: proposed, opened and cosigned by a regulator, executed; and nothing of the person is left."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import policy, revisions
from registry.appeals import actions as appeals
from registry.appeals.listing import list_due
from registry.audit.differences import Difference
from registry.audit.replay import audit
from registry.cases.models import Case, Statement
from registry.checks.actions import details
from registry.checks.models import Check
from registry.db import Store, truncate_journal
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.erasures import actions, retention
from registry.erasures.forgetting import GONE, MATCHABLE
from registry.erasures.models import Erasure
from registry.erasures.rules import State
from registry.errors import Conflict, Forbidden, Invalid
from registry.identity.document import parse
from registry.keys.actions import rotate
from registry.keys.holder import Holder
from registry.log.checkpoint import verifier_key
from registry.log.models import Act
from registry.log.sequencer import sequence
from registry.notices.models import Attempt, Notice, SubjectSession
from registry.notices.rules import Route
from registry.policy import Ending
from registry.recalls.actions import acknowledge, issue
from registry.recalls.models import Recall
from registry.recalls.rules import Reason
from registry.reports import answering
from registry.reports.models import Exhibit, Extension, Report, ReportVersion, Representation
from registry.reports.serving import record_attempt
from registry.schema import Base
from registry.signing import keys
from registry.watches import actions as watches
from tests import conftest
from tests.accused import accuse
from tests.app_fixture import SECRETS, settings
from tests.authorities import Authority, authorities
from tests.cast import Cast, gather
from tests.conftest import ISSUER, KEYRING, START, MovingClock
from tests.listing import check

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WORDS = "I was on leave: canary-7f3k."


class Forgetting:
    """A person who was listed, checked and recalled, whose entry is void; and the time to keep it is over."""

    def __init__(self, store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> None:
        self.store, self.cast, self.clock = store, cast, clock
        self.regulator, self.operator = authorities(store, cast, clock())
        self.accused = accuse(store, cast, holder, clock).proofed()
        self.accused.session_token()
        self.send_and_extend()
        self.clock.move(policy.RESPONSE_WINDOW + DAY)
        with store.write() as session:
            (entry,) = list_due(session, now=clock())
            self.entry_id = entry.id
        asked = check(store, holder, [parse(self.accused.number)], cast.hana.actor, clock())
        self.check_id = str(asked.answers[0]["id"])
        with store.write() as session:
            details(session, actor=cast.hana.actor, check_id=self.check_id, now=clock())
        self.state(WORDS)
        self.answer_late()

    def send_and_extend(self) -> None:
        number, now, cleo, post = self.accused.case_number, self.clock(), self.cast.cleo.actor, Route.POST
        with self.store.write() as session:
            letter = session.query(Notice).one().id
            record_attempt(session, actor=cleo, letter_id=letter, route=post, on=now, proof=WORDS, now=now)
            answering.extend(session, actor=cleo, number=number, days=1, reasons=WORDS, now=now)

    def answer_late(self) -> None:
        with self.store.write() as session:
            case = session.get_one(Case, self.accused.case_id)
            answering.represent(session, case=case, text=WORDS, late_reasons=WORDS, now=self.clock())

    def state(self, words: str) -> None:
        from_case = self.accused
        with self.store.write() as session:
            appeals.state(session, case=session.get_one(Case, from_case.case_id), text=words, now=self.clock())

    def voided(self) -> Forgetting:
        with self.store.write() as session:
            entry = session.get_one(Entry, self.entry_id)
            entries.void(session, entry, actor_id="olaf", now=self.clock(), reason="test")
            issue(session, entry, Reason.VOIDED, self.clock())
        self.clock.move(policy.KEPT_AFTER[Ending.ENDED])
        return self

    def sequenced(self) -> Forgetting:
        while sequence(self.store, key=SECRETS.log_key, origin=settings().log_origin, now=self.clock()):
            pass
        return self

    def case(self) -> Case:
        with self.store.read() as session:
            return session.get_one(Case, self.accused.case_id)

    def erasure(self) -> Erasure:
        with self.store.read() as session:
            return session.query(Erasure).one()

    def propose(self) -> Erasure:
        self.sequenced()
        with self.store.write() as session:
            return actions.propose(session, case=session.get_one(Case, self.case().id), actor="olaf", now=self.clock())

    def execute(self) -> None:
        with self.store.write() as session:
            actions.execute(session, erasure=session.query(Erasure).one(), now=self.clock())
        truncate_journal(self.store)

    def cosigned(self) -> Forgetting:
        return self.voided().signed()

    def signed(self) -> Forgetting:
        erasure = self.propose()
        self.regulator.open(erasure, self.clock())
        self.regulator.cosign(erasure, self.clock())
        return self

    def forgotten(self) -> Forgetting:
        self.cosigned().execute()
        return self.sequenced()

    def audit(self) -> tuple[Difference, ...]:
        log = verifier_key(settings().log_origin, SECRETS.log_key.public_key())
        return audit(self.store, log=log, now=self.clock()).differences


Prepared = tuple[Path, Forgetting]


def prepare(folder: Path, holder: Holder) -> Prepared:
    """A file with the story so far, at the revision that the audit compares with."""
    path, clock = folder / "registry.db", conftest._clock  # the key holder's
    store, clock.at = Store(f"sqlite:///{path}", KEYRING), START
    revisions.upgrade(store.engine)
    with store.write() as session:
        cast = gather(session, START)
    made = Forgetting(store, cast, holder, clock)
    made.clock = MovingClock()
    made.clock.at = clock.at
    truncate_journal(store)
    store.engine.dispose()
    return path, made


def copied(prepared: Prepared, tmp_path: Path) -> Iterator[Forgetting]:
    """A copy of it, for one test."""
    path, made = prepared
    shutil.copy(path, tmp_path / "registry.db")
    file = copy.copy(made)
    file.store, file.clock = Store(f"sqlite:///{tmp_path / 'registry.db'}", KEYRING), MovingClock()
    file.clock.at = made.clock.at
    file.regulator = replace(made.regulator, store=file.store)
    file.operator = replace(made.operator, store=file.store)
    yield file
    file.store.engine.dispose()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, holder_socket: Path) -> Prepared:
    return prepare(tmp_path_factory.mktemp("prepared"), Holder(holder_socket))


@pytest.fixture
def file(prepared: Prepared, tmp_path: Path) -> Iterator[Forgetting]:
    yield from copied(prepared, tmp_path)


def test_the_audit_accepts_what_the_erasure_lists_and_attests_every_row_that_is_left(file: Forgetting) -> None:
    assert file.forgotten().audit() == ()
    assert file.case().wrapped_key is None


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE entry SET level = 1", "entry:"),
        ("UPDATE message SET kind = 'x' WHERE kind = 'recall.issued'", "message:"),
        ("UPDATE step SET actor = 'x' WHERE subject LIKE 'entry:%' AND number = 1", "step:"),
        ('UPDATE "check" SET later_entry_id = NULL, entry_id = NULL', "check:"),
        ("UPDATE erasure SET ground = 'expired'", "erasure:"),
        (
            "INSERT INTO statement VALUES ('s', (SELECT id FROM \"case\"), x'00', '2026-03-02 09:00:00.000000')",
            "statement:",
        ),
    ],
)
def test_what_is_done_to_the_rest_is_still_named(file: Forgetting, statement: str, named: str) -> None:
    file.forgotten()
    with file.store.engine.connect().execution_options(zilu_write=True) as connection:
        connection.execute(sa.text(statement))
        connection.commit()
    assert any(difference.name.startswith(named) for difference in file.audit())


def test_a_key_that_is_destroyed_without_an_erasure_is_named(file: Forgetting) -> None:
    file.voided().sequenced()
    with file.store.engine.connect().execution_options(zilu_write=True) as connection:
        connection.execute(sa.text('UPDATE "case" SET wrapped_key = NULL'))
        connection.commit()
    assert f"case:{file.accused.case_id}" in {difference.name for difference in file.audit()}


def test_an_erasure_that_no_regulator_signed_is_named(file: Forgetting) -> None:
    """Whoever has the vault key, but no regulator's key, forgets a case."""
    erasure = file.voided().propose()
    with file.store.write() as session:
        row = session.get_one(Erasure, erasure.id)
        row.state = State.COSIGNED
        session.flush()
        actions.execute(session, erasure=row, now=file.clock())
    file.sequenced()
    leaf = {difference.name for difference in file.audit() if "regulator" in difference.why}
    with file.store.read() as session:
        assert leaf == {f"act:{session.query(Act).order_by(Act.id.desc()).first().id}"}  # type: ignore[union-attr]


def test_a_regulator_opens_before_signing(file: Forgetting) -> None:
    erasure = file.voided().propose()
    with pytest.raises(Conflict, match="open the listed acts first"):
        file.regulator.cosign(erasure, file.clock())
    verbs = file.regulator.open(erasure, file.clock())
    assert {"report.file", "entry.void", "statement.make", "check.details"} <= set(verbs)
    assert len(verbs) == len(erasure.positions)
    assert file.regulator.cosign(erasure, file.clock()).state is State.COSIGNED


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 1},
        {"positions": "A" * 43},
        {"ground": "expired"},
        {"case": "0" * 32},
        {"erasure": "0" * 32},
        {"iat": 0},
    ],
)
def test_the_signature_is_over_case_ground_and_positions(file: Forgetting, changes: dict[str, object]) -> None:
    erasure = file.voided().propose()
    file.regulator.open(erasure, file.clock())
    token = file.regulator.cosignature(erasure, file.clock(), **changes)
    with pytest.raises(Invalid):
        file.regulator.cosign(erasure, file.clock(), token)


def test_only_a_regulator_opens_and_cosigns(file: Forgetting) -> None:
    erasure = file.voided().propose()
    for who in ("olaf", "cleo", "rui", "sol"):
        other = Authority(file.store, file.cast[who].actor, file.operator.key)
        with pytest.raises(Forbidden):
            other.open(erasure, file.clock())
        with pytest.raises(Forbidden):
            other.cosign(erasure, file.clock())


def test_nothing_is_forgotten_before_it_is_cosigned_or_after_the_case_has_moved_on(file: Forgetting) -> None:
    erasure = file.voided().propose()
    with pytest.raises(Conflict, match="cannot execute"):
        file.execute()
    file.regulator.open(erasure, file.clock())
    file.regulator.cosign(erasure, file.clock())
    file.state("One more word.")
    with pytest.raises(Conflict, match="not yet in the log"):
        file.execute()
    file.sequenced()
    with pytest.raises(Conflict, match="moved on"):
        file.execute()
    assert file.case().wrapped_key is not None
    assert retention.propose_due(file.store, file.clock()) == 1  # the list is made anew
    assert file.erasure().state is State.PROPOSED
    with pytest.raises(Conflict, match="open the listed acts first"):
        file.regulator.cosign(file.erasure(), file.clock())


def test_what_must_be_kept_is_kept(file: Forgetting) -> None:
    with pytest.raises(Conflict, match="time to keep"):
        file.propose()
    file.voided()
    file.operator.confirm(file.regulator.issue(file.case().number, "preserve", file.clock()), file.clock())
    with pytest.raises(Conflict, match="preserves"):
        file.propose()
    assert retention.propose_due(file.store, file.clock()) == 0
    file.clock.move(30 * DAY)
    assert file.propose().state is State.PROPOSED


def test_an_order_stops_an_erasure_that_was_cosigned(file: Forgetting) -> None:
    erasure = file.voided().propose()
    file.regulator.open(erasure, file.clock())
    file.regulator.cosign(erasure, file.clock())
    file.regulator.issue(file.case().number, "preserve", file.clock())
    file.sequenced()
    assert retention.execute_cosigned(file.store, file.clock()) == 0
    assert file.case().wrapped_key is not None


def test_an_order_to_erase_leads_to_erasure_at_once(file: Forgetting) -> None:
    file.operator.confirm(file.regulator.issue(file.case().number, "erase", file.clock()), file.clock())
    erasure = file.propose()
    assert erasure.ground is Ending.ORDERED
    file.regulator.open(erasure, file.clock())
    file.regulator.cosign(erasure, file.clock())
    assert retention.execute_cosigned(file.store, file.clock()) == 1
    assert file.sequenced().audit() == ()


def test_the_time_is_computed_and_the_rest_happens_by_itself(file: Forgetting) -> None:
    file.voided().clock.move(-SECOND)
    file.sequenced()
    assert retention.propose_due(file.store, file.clock()) == 0
    file.clock.move(SECOND)
    assert retention.propose_due(file.store, file.clock()) == 1
    assert retention.propose_due(file.store, file.clock()) == 0
    file.regulator.open(file.erasure(), file.clock())
    file.regulator.cosign(file.erasure(), file.clock())
    assert retention.execute_cosigned(file.store, file.clock()) == 1
    assert file.case().wrapped_key is None
    assert retention.propose_due(file.store, file.clock()) == 0


def test_an_expired_entry_is_forgotten_in_time(file: Forgetting) -> None:
    with file.store.read() as session:
        until = session.get_one(Entry, file.entry_id).until
    assert until is not None
    file.sequenced().clock.move(until + policy.KEPT_AFTER[Ending.EXPIRED] - file.clock())
    assert retention.propose_due(file.store, file.clock()) == 1
    assert file.erasure().ground is Ending.EXPIRED


def test_recalls_still_reach_their_members(file: Forgetting) -> None:
    file.forgotten()
    with file.store.write() as session:
        recall, hana = session.query(Recall).one(), file.cast.hana.actor
        # In a browser, without a signature of their own.
        person = replace(hana, scopes=None)
        acknowledge(session, actor=person, recall_id=recall.id, statement=None, issuer=ISSUER, now=file.clock())
    with file.store.write() as session:
        found = details(session, actor=file.cast.hana.actor, check_id=file.check_id, now=file.clock())
        assert (found.state, found.offence, found.statement) == ("voided", None, None)
    assert file.sequenced().audit() == ()


def test_a_watch_of_the_person_holds_nothing_of_them_and_its_renewal_does_not_betray_the_case(file: Forgetting) -> None:
    hana = file.cast.hana.actor

    def checked() -> str:
        person = [parse(file.accused.number)]
        conftest._clock.at = file.clock()  # the key holder's
        asked = check(file.store, file.accused.holder, person, hana, file.clock(), purpose="present-staff")
        return str(asked.answers[0]["id"])

    file.voided()
    id = checked()
    with file.store.write() as session:
        (watch,) = watches.begin(session, actor=hana, checks=[id], days=100, now=file.clock())
    file.signed().execute()
    again = checked()
    with file.store.write() as session:
        watched = session.get_one(Check, id)
        assert (watched.handle, watched.blind, watched.sealed_tag) == (None, None, None)
        watches.renew(session, actor=hana, watch_id=watch.id, check_id=again, days=100, now=file.clock())
    assert file.sequenced().audit() == ()


def test_the_regulators_key_may_be_rotated_before_the_execution(file: Forgetting) -> None:
    erasure = file.voided().propose()
    file.regulator.open(erasure, file.clock())
    file.regulator.cosign(erasure, file.clock())
    old, new = keys.thumbprint(file.regulator.key.public_key()), keys.to_jwk(keys.generate().public_key())
    with file.store.write() as session:
        rotate(session, actor=file.cast["regulator-admin"].actor, kid=old, jwk=new, now=file.clock())
    file.execute()
    assert file.sequenced().audit() == ()


def canaries_of(file: Forgetting) -> dict[str, bytes]:
    """What somebody could look for who has a stolen copy, and the registry's secrets or the person's papers."""
    with file.store.read() as session:
        case, entry = session.get_one(Case, file.case().id), session.get_one(Entry, file.entry_id)
        report, notice = session.query(Report).one(), session.query(Notice).one()
        exhibit, said = session.query(Exhibit).one(), session.query(Statement).one()
        answer = session.query(Representation).one()
        found = {
            "handle": case.subject_handle,
            "sealed tag": case.sealed_tag,
            "sealed tag of the entry": entry.sealed_tag,
            "handle of the check": session.query(Check).one().handle,
            "sealed tag of the check": session.query(Check).one().sealed_tag,
            "wrapped key": case.wrapped_key,
            "statement": said.sealed_text,
            "letter": notice.sealed_letter,
            "proof of sending": session.query(Attempt).one().sealed_proof,
            "reasons of the extension": session.query(Extension).one().sealed_reasons,
            "late answer": answer.sealed_text,
            "reasons of the late answer": answer.sealed_late_reasons,
            "code": notice.code_hash,
            "report": report.sealed_words,
            "report as signed": session.query(ReportVersion).one().sealed_statement,
            "digest of the report": report.statement_digest,
            "contact": report.sealed_contact,
            "exhibit": exhibit.sealed_content,
            "known exhibit": exhibit.lookup,
            "session": session.query(SubjectSession).one().id.encode(),
        }
    assert None not in found.values()
    return {name: value[:48] for name, value in found.items() if value is not None}


def in_files(folder: Path, canaries: dict[str, bytes]) -> set[str]:
    bytes_of = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {name for name, value in canaries.items() if any(value in data for data in bytes_of)}


def test_nothing_in_any_file_opens_or_matches_the_person(
    file: Forgetting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.voided()
    canaries = canaries_of(file)
    assert in_files(tmp_path, canaries) == set(canaries)
    never = {
        "number": file.accused.number.encode(),
        "tag": file.accused.filing.tag,
        "words": WORDS.encode(),
        "name": "王小明".encode(),
        "code": file.accused.code.encode(),
    }
    assert in_files(tmp_path, never) == set()
    erasure = file.propose()
    file.regulator.open(erasure, file.clock())
    file.regulator.cosign(erasure, file.clock())
    file.execute()
    file.sequenced()
    truncate_journal(file.store)
    assert in_files(tmp_path, {**canaries, **never}) == set()
    said = "".join(capsys.readouterr())
    assert [name for name, value in never.items() if name != "tag" and value.decode() in said] == []


def test_what_stays_points_to_nothing_that_goes() -> None:
    """Else a case that has such a row could never be forgotten."""
    dangling = {
        f"{name}.{key.parent.name}"
        for name, table in Base.metadata.tables.items()
        for key in table.foreign_keys
        if key.column.table.name in GONE
    }
    assert dangling == set()


def test_every_column_that_could_match_somebody_is_emptied_or_known_to_be_harmless() -> None:
    """A new table of a case with a digest in it must come into `forgetting`, or be put here on purpose."""
    harmless = {"draw.root", "draw.nonce", "draw.message", "draw.v", "draw.proof"}
    found = {
        f"{name}.{column.name}"
        for name, table in Base.metadata.tables.items()
        if ("case_id" in table.columns or name == "case") and name not in GONE and name != "act"
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary) and not column.name.startswith("sealed_")
    }
    emptied = {
        each for each in found if each.partition(".")[2] in MATCHABLE | {"handle", "subject_handle", "wrapped_key"}
    }
    assert found - emptied == harmless
