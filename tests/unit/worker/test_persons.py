"""Persons are told by mail over TLS and by SMS: that something waits, and nothing of what it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from registry import policy
from registry.appeals.contact import reach_by
from registry.cases.models import Case
from registry.config import MailSection, SmsSection
from registry.db import Store
from registry.errors import Forbidden
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.notices import news
from registry.notices.actions import routes_of
from registry.notices.models import Message
from registry.notices.rules import PAUSES, Channel, Route
from registry.reports import posting
from registry.reports.rules import State
from registry.reports.serving import record_attempt
from registry.running import Running
from registry.worker import outbox
from tests import filing
from tests.accused import Accused, accuse
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import CONTACT, Filing
from tests.mailbox import HOST, Mailbox, mail_server
from tests.unit.worker.test_outbox import Receiver

EMAIL, PHONE = "ming@example.org", "+86 138 0000 0000"


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[tuple[Mailbox, MailSection]]:
    with mail_server(tmp_path) as (box, port, certificate):
        yield box, MailSection(host=HOST, port=port, sender="registry@zilu.example", ca_file=certificate)


@pytest.fixture
def run(
    store: Store,
    clock: MovingClock,
    holder: Holder,
    mailbox: tuple[Mailbox, MailSection],
    gateway: Receiver,
    tmp_path: Path,
) -> Running:
    token = tmp_path / "sms.token"
    token.write_text("secret\n")
    token.chmod(0o600)
    ours = settings().model_copy(
        update={"mail": mailbox[1], "sms": SmsSection(url=gateway.url, token_file=token)},
    )
    return Running(ours, SECRETS, store, clock, holder)


def accused_with(
    run: Running, cast: Cast, clock: MovingClock, *, email: str | None = None, phone: str | None = None
) -> Accused:
    """They have the letter, are proofed, and say where they are reached."""
    accused = accuse(run.store, cast, run.holder, clock).proofed()
    with run.store.write() as session:
        case = session.get_one(Case, accused.case_id)
        reach_by(session, case=case, email=email, phone=phone, language="en", now=clock())
    return accused


def told(run: Running, accused: Accused, kind: policy.News = policy.News.CHANGED) -> None:
    with run.store.write() as session:
        news.tell(session, case_id=accused.case_id, news=kind, now=run.clock())
        record(session, "test", actor="olaf", now=run.clock())


def messages(store: Store, kind: str = "news.") -> list[Message]:
    with store.read() as session:
        return [row for row in session.query(Message).order_by(Message.written_at) if row.kind.startswith(kind)]


def test_word_that_a_letter_waits_leaves_by_mail_and_sms_and_counts_as_tried(
    run: Running,
    cast: Cast,
    clock: MovingClock,
    mailbox: tuple[Mailbox, MailSection],
    gateway: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filing, "CONTACT", {**CONTACT, "email": EMAIL, "phone": PHONE})
    case = Filing(run.store, cast, run.holder, clock()).countersigned(clock()).screened(clock())
    letter = case.letter_id()
    with run.store.write() as session:
        page = posting.print_letter(session, letter_id=letter, actor=cast.cleo.actor, now=clock())
    assert outbox.deliver(run)
    (mail,) = mailbox[0].came
    text = mail.get_content()
    assert (mail["To"], mail["From"]) == (EMAIL, "registry@zilu.example")
    ((headers, body),) = gateway.came
    assert (headers["authorization"], json.loads(body)["to"]) == ("Bearer secret", PHONE)
    code = page.partition('class="code">')[2][:14]
    for said in (f"{mail['Subject']} {text}", json.loads(body)["text"]):
        assert case.number in said
        assert f"{run.issuer}/case" in said
        assert not any(secret in said for secret in (code, CONTACT["name"], "Acme", "sold", "710"))  # type: ignore[operator]
    with run.store.read() as session:
        assert routes_of(session, notice_id=letter) == {Route.MAIL, Route.SMS}
    assert case.report().state is State.SCREENED  # word that a letter waits is not the letter
    with run.store.write() as session:
        sent = {"letter_id": letter, "route": Route.POST, "on": clock(), "proof": "XB 1", "now": clock()}
        record_attempt(session, actor=cast.cleo.actor, **sent)  # type: ignore[arg-type]
    assert case.report().state is State.NOTICED


def test_whom_the_server_refuses_is_tried_again_then_shown_to_the_clerk_and_written_to(
    run: Running, cast: Cast, clock: MovingClock, mailbox: tuple[Mailbox, MailSection]
) -> None:
    accused = accused_with(run, cast, clock, email=EMAIL)
    told(run, accused)
    mailbox[0].status = "550 no such person"
    for pause in PAUSES:
        assert outbox.deliver(run)
        assert not outbox.deliver(run)
        clock.move(pause)
    outbox.deliver(run)
    assert [(row.channel, row.given_up_at is None) for row in messages(run.store)] == [
        (Channel.MAIL, False),
        (Channel.POST, True),
    ]
    with run.store.read() as session:
        ((lost, number),) = posting.undelivered(session, actor=cast.cleo.actor, now=clock())
        assert (lost.channel, lost.tries, number) == (Channel.MAIL, len(PAUSES), accused.case_number)
        with pytest.raises(Forbidden):
            posting.undelivered(session, actor=cast.rui.actor, now=clock())


def test_a_server_that_cannot_show_who_it_is_is_told_nothing(
    run: Running, cast: Cast, clock: MovingClock, mailbox: tuple[Mailbox, MailSection]
) -> None:
    box, section = mailbox
    told(run, accused_with(run, cast, clock, email=EMAIL))
    strange = run.settings.model_copy(update={"mail": section.model_copy(update={"ca_file": None})})
    outbox.deliver(Running(strange, SECRETS, run.store, clock, run.holder))
    assert box.came == []
    clock.move(PAUSES[0])
    outbox.deliver(run)
    assert len(box.came) == 1
    assert messages(run.store)[0].delivered_at is not None


def test_a_clerk_posts_word_to_whoever_gave_no_address(run: Running, cast: Cast, clock: MovingClock) -> None:
    accused = accuse(run.store, cast, run.holder, clock)
    with run.store.write() as session:
        with pytest.raises(Forbidden, match="proof of identity"):
            reach_by(session, case=session.get_one(Case, accused.case_id), email=EMAIL, phone=None, language="zh",
                     now=clock())  # fmt: skip
        session.rollback()
    told(run, accused)
    told(run, accused, policy.News.DECIDED)  # while the first waits, it says the same
    outbox.deliver(run)
    with run.store.write() as session:
        ((word, _number),) = posting.waiting(session, actor=cast.cleo.actor)
        page = posting.print_word(session, actor=cast.cleo.actor, message_id=word.id, issuer=run.issuer, now=clock())
        assert all(each in page for each in (accused.case_number, "王小明", "幸福路 1 号", "something new"))
        assert accused.code not in page
        posting.posted(session, actor=cast.cleo.actor, message_id=word.id, proof="XB 7", now=clock())
    with run.store.read() as session:
        assert posting.waiting(session, actor=cast.cleo.actor) == []


def test_of_who_was_shown_the_entry_the_person_is_told_once_a_day(
    run: Running, cast: Cast, clock: MovingClock, mailbox: tuple[Mailbox, MailSection]
) -> None:
    accused = accused_with(run, cast, clock, email=EMAIL)
    for hours in (0, 1, 24):
        clock.move(timedelta(hours=hours))
        told(run, accused, policy.News.RELEASED)
        outbox.deliver(run)
    assert len(mailbox[0].came) == 2
