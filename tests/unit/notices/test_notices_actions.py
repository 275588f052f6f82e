"""The print queue, who sees letters, and the outbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.access import Action, allowed
from registry.accounts.rules import Role
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.keys.holder import Holder
from registry.log.actions import UnloggedWrite, record
from registry.log.models import Act
from registry.notices import actions, outbox
from registry.notices.models import Message, Notice, Webhook
from registry.notices.rules import PAUSES, Channel, State
from tests.attested import unattested
from tests.cast import Cast
from tests.filing import CONTACT, Filing, any_tag

MINUTE = timedelta(minutes=1)


@pytest.fixture
def screened(store: Store, cast: Cast, holder: Holder, now: datetime) -> Filing:
    return Filing(store, cast, holder, now).countersigned(now).screened(now)


def code_in(letter: str) -> str:
    return letter.split('<td class="code">')[1].split("<")[0]


def pulled(filing: Filing, name: str, letter_id: str, now: datetime) -> str:
    with filing.store.write() as session:
        return actions.pull(session, letter_id=letter_id, actor=filing.cast[name].actor, now=now)


def test_the_clerk_pulls_the_letter_and_it_is_marked_printed(screened: Filing, store: Store, now: datetime) -> None:
    letter_id = screened.letter_id()
    letter = pulled(screened, "cleo", letter_id, now)
    assert screened.number in letter
    assert str(CONTACT["name"]) in letter
    with store.read() as session:
        notice = session.get_one(Notice, letter_id)
    assert (notice.state, notice.printed_at) == (State.PRINTED, now)


def test_a_jammed_printer_prints_again_and_the_log_knows(screened: Filing, store: Store, now: datetime) -> None:
    def acts() -> int:
        with store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Act)) or 0

    letter_id, before = screened.letter_id(), acts()
    first = pulled(screened, "cleo", letter_id, now)
    assert pulled(screened, "cleo", letter_id, now + MINUTE) == first
    assert acts() == before + 2
    with store.read() as session:
        assert session.get_one(Notice, letter_id).printed_at == now


def test_a_served_letter_is_shown_to_nobody(screened: Filing, now: datetime) -> None:
    letter_id = screened.letter_id()
    pulled(screened, "cleo", letter_id, now)
    screened.served(now)
    with pytest.raises(Conflict, match="this letter is served and not shown again"):
        pulled(screened, "cleo", letter_id, now)


@pytest.mark.parametrize("name", ["rui", "ana", "adam", "olaf", "sol", "rex", "hana", "vera", "cem", "lin"])
def test_nobody_but_the_clerk_sees_letter_or_queue(screened: Filing, store: Store, now: datetime, name: str) -> None:
    with pytest.raises(Forbidden):
        pulled(screened, name, screened.letter_id(), now)
    with pytest.raises(Forbidden), store.read() as session:
        actions.queue(session, actor=screened.cast[name].actor)


def test_a_clerk_of_the_filing_member_or_its_group_sees_neither(screened: Filing, store: Store, now: datetime) -> None:
    for name in ("rui", "eva"):
        clerk = replace(screened.cast[name].actor, roles=frozenset({Role.CLERK}))
        with pytest.raises(Forbidden), store.write() as session:
            actions.pull(session, letter_id=screened.letter_id(), actor=clerk, now=now)
        with store.read() as session:
            assert actions.queue(session, actor=clerk) == []


def test_no_role_of_a_filing_member_or_operator_may_ever_read_letters(screened: Filing) -> None:
    for role in Role:
        actor = replace(screened.cast.rui.actor, roles=frozenset({role}))
        assert not allowed(actor, Action.LETTER_READ, member_id="acme", group="acme")
    assert not allowed(screened.cast.olaf.actor, Action.LETTER_READ)


def test_the_queue_holds_what_waits(screened: Filing, store: Store, cast: Cast, now: datetime) -> None:
    def states() -> list[State]:
        with store.read() as session:
            return [notice.state for notice, _ in actions.queue(session, actor=cast.cleo.actor)]

    assert states() == [State.DRAFTED]
    screened.printed(now)
    assert states() == [State.PRINTED]
    screened.served(now)
    assert states() == []


def test_an_unknown_letter_is_not_found(screened: Filing, now: datetime) -> None:
    with pytest.raises(NotFound):
        pulled(screened, "cleo", "0" * 32, now)


def test_the_code_stands_nowhere_but_in_the_letter(screened: Filing, tmp_path: Path, now: datetime) -> None:
    code = code_in(screened.printed(now))
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("registry.db*"))
    assert code.encode() not in stored
    assert code.replace("-", "").encode() not in stored


def test_every_letter_has_a_code_of_its_own(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    codes = set()
    for seed in range(1, 4):
        filing = Filing(store, cast, holder, now, any_tag(seed)).countersigned(now).screened(now)
        codes.add(code_in(filing.printed(now)))
    assert len(codes) == 3


# The outbox


def sent(store: Store, now: datetime, member: str = "acme", message_kind: str = "report.listed") -> str:
    with store.write() as session:
        message = actions.send(
            session,
            channel="webhook",
            member_id=member,
            kind=message_kind,
            payload={"type": message_kind, "id": "x"},
            now=now,
        )
        record(session, "test.send", actor="system:test", now=now)
        return message.id


def taken(store: Store, now: datetime) -> list[str]:
    with store.write() as session:
        return [message.id for message in outbox.take(session, now=now)]


def test_a_message_leaves_with_its_act_or_not_at_all(store: Store, now: datetime) -> None:
    with pytest.raises(UnloggedWrite), store.write() as session:
        actions.send(session, channel=Channel.MAIL, member_id="acme", kind="k", payload={}, now=now)
    assert taken(store, now) == []


def test_a_message_is_taken_once_until_its_pause_is_over(store: Store, now: datetime) -> None:
    message = sent(store, now)
    assert taken(store, now) == [message]
    assert taken(store, now) == []
    assert taken(store, now + MINUTE) == [message]
    assert unattested(store) == set()


def test_a_delivered_message_stays_delivered(store: Store, now: datetime) -> None:
    message = sent(store, now)
    taken(store, now)
    for _ in range(2):
        with store.write() as session:
            outbox.delivered(session, message_id=message, now=now)
    assert taken(store, now + timedelta(days=9)) == []
    with store.read() as session:
        assert session.get_one(Message, message).delivered_at == now


def test_a_message_that_nobody_takes_is_given_up(store: Store, now: datetime) -> None:
    message, at = sent(store, now), now
    for pause in PAUSES:
        assert taken(store, at) == [message]
        at += pause
    assert taken(store, at) == []
    with store.read() as session:
        row = session.get_one(Message, message)
    assert (row.tries, row.given_up_at, row.delivered_at) == (len(PAUSES), at, None)
    assert taken(store, at + timedelta(days=99)) == []


def test_two_workers_do_not_take_one_message(store: Store, now: datetime) -> None:
    """The second saw the message before the first had taken it."""
    message = sent(store, now)
    with store.read() as session:
        seen = session.get_one(Message, message)
        session.expunge(seen)
    assert taken(store, now) == [message]
    with store.write() as session:
        session.add(seen)
        assert not outbox._claim(session, seen, now)


def test_messages_go_to_the_address_that_the_member_gave(store: Store, cast: Cast, now: datetime) -> None:
    message = sent(store, now)
    with store.read() as session:
        assert outbox.address(session, session.get_one(Message, message)) is None
    for url in ("https://acme.example/old", "https://acme.example/hook"):
        with store.write() as session:
            actions.set_webhook(session, member_id="acme", url=url, actor=cast.adam.actor.id, now=now)
    with store.read() as session:
        assert outbox.address(session, session.get_one(Message, message)) == "https://acme.example/hook"
    with pytest.raises(Invalid), store.write() as session:
        actions.set_webhook(session, member_id="acme", url="http://acme.example", actor="acme-admin", now=now)
    with store.read() as session:
        assert session.get_one(Webhook, "acme").url == "https://acme.example/hook"


def test_a_letter_moves_for_the_first_of_two_clerks(screened: Filing, store: Store, cast: Cast, now: datetime) -> None:
    letter_id = screened.letter_id()
    with store.read() as session:
        stale = session.get_one(Notice, letter_id)
        session.expunge(stale)
    screened.printed(now)
    with pytest.raises(Conflict) as refused, store.write() as session:
        session.add(stale)
        actions.pull(session, letter_id=letter_id, actor=cast.cleo.actor, now=now)
    assert refused.value.code == "outdated"
