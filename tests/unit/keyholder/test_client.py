"""The client against holders that are out of order, and errors on their way through the wire."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from registry import errors
from registry.errors import Invalid, TooMany, Unavailable, ZiluError
from registry.identity import group
from registry.keys.holder import Holder, describe, revive

ELEMENT = group.multiply_base(b"\5" + bytes(31))


def listener(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen()
    return server


def ask_one_that_replies(path: Path, reply: bytes) -> None:
    """Ask for an evaluation of one element where any question gets this reply."""

    def answer() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as stream:
            stream.readline()
            connection.sendall(reply)

    with listener(path) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            Holder(path).evaluate(member="sto", account="lin", elements=[ELEMENT])
        finally:
            thread.join()


GOOD = {"key_id": "0" * 16, "elements": ["A" * 43], "proof": "A" * 86, "ticket": "a.b.c"}


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"nonsense\n",
        b"[" * 5000 + b"\n",
        b"\xff\n",
        b"7\n",
        b"{}\n",
        b'{"answer": 1}\n',
        b'{"answer": {}}\n',
        b'{"error": 1}\n',
        b'{"error": {}}\n',
        b'{"error": {"kind": "KeyError", "message": "k"}}\n',
        b'{"error": {"kind": "TooMany", "message": "k"}}\n',
        *(json.dumps({"answer": GOOD | {name: None}}).encode() + b"\n" for name in GOOD),
        json.dumps({"answer": GOOD | {"proof": "A" * 43}}).encode() + b"\n",
        json.dumps({"answer": GOOD | {"elements": []}}).encode() + b"\n",
        json.dumps({"answer": GOOD | {"elements": ["A" * 43, "A" * 43]}}).encode() + b"\n",
        json.dumps({"answer": GOOD | {"elements": [7]}}).encode() + b"\n",
        json.dumps({"answer": GOOD}).encode() + b" " * (1 << 20) + b"\n",
        json.dumps({"answer": GOOD}).encode(),
    ],
)
def test_whatever_is_no_answer_is_unavailable(tmp_path: Path, reply: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        ask_one_that_replies(tmp_path / "s", reply)
    assert caught.value.retry_after == 5


def test_a_good_answer_is_taken(tmp_path: Path) -> None:
    ask_one_that_replies(tmp_path / "s", json.dumps({"answer": GOOD}).encode() + b"\n")


def test_a_holder_that_says_nothing_is_unavailable_when_the_time_is_over(tmp_path: Path) -> None:
    with listener(tmp_path / "s"), pytest.raises(Unavailable):
        Holder(tmp_path / "s", timeout=0.05).public()


def test_a_question_over_a_mebibyte_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        Holder(tmp_path / "s").evaluate(member="sto", account="lin", elements=[ELEMENT] * 30_000)
    assert caught.value.field == "elements"


@pytest.mark.parametrize("name", ["Invalid", "Unauthenticated", "Forbidden", "NotFound", "Conflict"])
def test_an_error_comes_out_as_it_went_in(name: str) -> None:
    for error in (getattr(errors, name)("Wrong.", field="x", code="so"), getattr(errors, name)("Wrong.")):
        revived = revive(json.loads(json.dumps(describe(error))))
        assert type(revived) is type(error)
        assert (revived.message, revived.field, revived.code) == (error.message, error.field, error.code)


@pytest.mark.parametrize("kind", [TooMany, Unavailable])
def test_an_error_that_says_when_to_try_again_still_says_it(kind: type[TooMany] | type[Unavailable]) -> None:
    revived: ZiluError = revive(json.loads(json.dumps(describe(kind("Later.", retry_after=77)))))
    assert isinstance(revived, kind)
    assert revived.retry_after == 77
