"""The key holder as it runs: a process of its own, asked over its socket, stopped, killed and started again."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from registry.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from registry.identity import draw, group, tags, voprf
from registry.identity.document import parse
from registry.identity.voprf import Evaluated
from registry.keyholder.answers import Ceilings
from registry.keyholder.keyfile import Keys
from registry.keyholder.server import serve
from registry.keys.holder import MAX_LINE
from registry.keys.tickets import verify_ticket

from .conftest import NOON
from .holder_process import PASSPHRASE, Process

LI = parse("11010519491231002X")
WANG = parse("440524188001010014")
M1, M2 = b"\1" * 32, b"\2" * 32


def elements(count: int) -> list[bytes]:
    return [tags.blind(LI).element for _ in range(count)]


def fits(holder: Process, count: int, member: str = "sto") -> bool:
    try:
        holder.client.evaluate(member=member, account="lin", elements=elements(count))
    except TooMany:
        return False
    return True


def test_a_client_gets_the_tags_of_its_documents_and_a_ticket_for_them(holder: Process, keys: Keys) -> None:
    with holder.running():
        public = holder.client.public()
        blinded = [tags.blind(document) for document in (LI, WANG)]
        evaluation = holder.client.evaluate(member="sto", account="lin", elements=[one.element for one in blinded])
    evaluated = Evaluated(evaluation.elements, evaluation.proof)
    hashes = [voprf.hash_to_group(document.oprf_input) for document in (LI, WANG)]
    assert tags.unblind_batch(public.public, blinded, evaluated) == group.multiply_each(keys.identity.private, hashes)
    assert verify_ticket(evaluation.ticket, public, NOON).count == 2
    assert public == keys.public


def test_only_the_right_document_matches_and_only_once(holder: Process, keys: Keys) -> None:
    tag = group.multiply(keys.identity.private, voprf.hash_to_group(LI.oprf_input))
    with holder.running():
        client = holder.client
        sealed = tags.seal_tag(client.public().sealing_public, tag)
        for document, expected in ((LI, True), (WANG, False)):
            challenge = client.begin_match(sealed)
            x, z = tags.answer_match(document, challenge.m)
            assert client.finish_match(match_id=challenge.id, x=x, z=z) is expected
            with pytest.raises(NotFound):
                client.finish_match(match_id=challenge.id, x=x, z=z)


def test_a_restart_forgets_open_matches(holder: Process, keys: Keys) -> None:
    tag = group.multiply(keys.identity.private, voprf.hash_to_group(LI.oprf_input))
    with holder.running():
        challenge = holder.client.begin_match(tags.seal_tag(keys.public.sealing_public, tag))
    with holder.running(), pytest.raises(NotFound):
        holder.client.finish_match(match_id=challenge.id, x=challenge.m, z=challenge.m)


def test_the_draw_of_a_case_is_signed_once_through_any_restart(holder: Process, keys: Keys) -> None:
    with holder.running(kill=True):
        drawn = holder.client.draw(case="2026-17", message=M1)
        draw.verify_draw(draw_public=keys.public.draw_public, m=M1, drawn=drawn)
    with holder.running():
        assert holder.client.draw(case="2026-17", message=M1) == drawn
        with pytest.raises(Conflict) as caught:
            holder.client.draw(case="2026-17", message=M2)
        assert caught.value.field == "case"
        assert holder.client.draw(case="2026-18", message=M2) != drawn


def test_what_was_spent_stays_spent_after_a_kill(holder: Process) -> None:
    with holder.running(kill=True):
        assert fits(holder, 15)
    with holder.running():
        assert not fits(holder, 6)
        assert fits(holder, 5)
        assert not fits(holder, 1)
        assert fits(holder, 10, member="yto")
        assert not fits(holder, 1, member="yto")  # all members together
        holder.set_clock(NOON + timedelta(hours=12))
        assert fits(holder, 20)


def test_evaluations_at_the_same_time_never_exceed_the_ceiling(holder: Process) -> None:
    with holder.running(), ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: fits(holder, 3), range(16)))
    assert sum(results) == 6  # 18 of 20


def test_a_refusal_arrives_as_the_class_that_was_raised_with_all_it_said(holder: Process) -> None:
    with holder.running():
        with pytest.raises(TooMany) as too_many:
            holder.client.evaluate(member="sto", account="lin", elements=elements(21))
        assert too_many.value.retry_after == 12 * 3600
        with pytest.raises(Invalid) as invalid:
            holder.client.evaluate(member="sto", account="lin", elements=[bytes(32)])
        assert (invalid.value.field, invalid.value.code) == ("elements", "invalid")


def test_the_socket_is_the_owners_alone_and_goes_with_the_process(holder: Process) -> None:
    before = os.umask(0)
    try:
        with holder.running():
            assert stat.S_IMODE(holder.socket.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert not holder.socket.exists()


def test_the_process_leaves_no_core_and_lets_no_other_read_its_memory(holder: Process) -> None:
    with holder.running() as said:
        assert said["core"] == [0, 0]
        assert said["dumpable"] == 0


def test_a_holder_that_is_not_there_is_unavailable_and_says_when_to_try_again(holder: Process) -> None:
    with pytest.raises(Unavailable) as caught:
        holder.client.public()
    assert caught.value.retry_after == 5
    with holder.running(kill=True):
        client = holder.client
        client.public()
    with pytest.raises(Unavailable):
        client.evaluate(member="sto", account="lin", elements=elements(1))


def test_a_socket_that_a_killed_holder_left_is_taken_over(holder: Process) -> None:
    with holder.running(kill=True):
        pass
    assert holder.socket.exists()
    with holder.running():
        holder.client.public()


def start_another(holder: Process, **changes: object) -> None:
    arguments = {
        "way": holder.socket,
        "key_file": holder.key_file,
        "passphrase": PASSPHRASE,
        "counters_path": holder.folder / "other.db",
        "ceilings": Ceilings(1, 1, 1),
        "clock": lambda: NOON,
        "stop": None,
    }
    serve(**(arguments | changes))  # type: ignore[arg-type]


@pytest.fixture
def same_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own process keeps its core file and stays readable."""
    monkeypatch.setattr("registry.keyholder.server.leave_no_dump", lambda: None)


@pytest.mark.usefixtures("same_limits")
def test_a_second_holder_on_the_same_socket_is_refused_and_disturbs_nothing(holder: Process) -> None:
    with holder.running():
        with pytest.raises(Conflict):
            start_another(holder)
        holder.client.public()


@pytest.mark.usefixtures("same_limits")
def test_a_file_in_the_place_of_the_socket_is_not_removed(holder: Process) -> None:
    holder.socket.write_text("precious")
    with pytest.raises(Conflict):
        start_another(holder)
    assert holder.socket.read_text() == "precious"


@pytest.mark.usefixtures("same_limits")
@pytest.mark.parametrize("name", ["none/holder.sock", "x" * 200])
def test_a_socket_that_cannot_be_made_is_one_clear_refusal(holder: Process, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        start_another(holder, way=holder.folder / name)
    assert caught.value.field == "socket"


@pytest.mark.usefixtures("same_limits")
def test_without_the_passphrase_nothing_starts_and_no_counters_are_made(holder: Process) -> None:
    with pytest.raises(Invalid) as caught:
        start_another(holder, passphrase="")
    assert caught.value.field == "key_file"
    assert not (holder.folder / "other.db").exists()


def converse(path: Path, *lines: bytes) -> list[dict[str, dict[str, object]]]:
    """Send the lines on one connection, end it, and read every reply."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(b"".join(lines))
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            return [json.loads(line) for line in stream]


def test_lines_that_are_no_questions_are_refused_one_by_one_and_the_next_is_answered(holder: Process) -> None:
    nonsense = (b"\n", b"{\n", b"\xff\xfe\n", b"[" * 5000 + b"\n", b'{"ask": NaN}\n', b"9" * 5000 + b"\n")
    with holder.running():
        replies = converse(holder.socket, *nonsense, b'{"ask": "public"}\n')
    assert [reply.get("error", {}).get("kind") for reply in replies] == ["Invalid"] * len(nonsense) + [None]


def test_a_line_over_a_mebibyte_or_without_its_end_is_refused_and_ends_the_conversation(holder: Process) -> None:
    longest = b'{"ask": "public"}'.ljust(MAX_LINE - 1) + b"\n"
    with holder.running():
        assert "answer" in converse(holder.socket, longest)[0]
        assert [reply["error"]["field"] for reply in converse(holder.socket, b" " + longest)] == ["line"]
        assert [reply["error"]["field"] for reply in converse(holder.socket, b'{"ask": "public"}')] == ["line"]
        holder.client.public()


def test_an_idle_or_broken_connection_holds_up_neither_others_nor_the_stop(holder: Process) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as idle, holder.running():
        idle.connect(str(holder.socket))
        idle.sendall(b'{"ask": ')
        holder.client.public()


def test_a_reply_repeats_nothing_of_a_question_that_failed(holder: Process) -> None:
    secret = b"11010519491231002X"
    questions = [b'{"ask": "%b"}\n', b'{"%b": 1}\n', b'{"ask": "public", "%b": 1}\n', b"%b\n"]
    with holder.running():
        replies = converse(holder.socket, *(question % secret for question in questions))
    assert len(replies) == len(questions)
    assert secret.decode() not in json.dumps(replies)


def test_ceilings_may_be_raised_by_a_restart(holder: Process) -> None:
    with holder.running():
        assert not fits(holder, 21)
    with dataclasses.replace(holder, member_ceiling=21).running():
        assert fits(holder, 21)
