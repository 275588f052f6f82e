"""Webhooks: signed as Standard Webhooks says, at least once, and no receiver holds up anybody else."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from registry.db import Store
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.notices.actions import send, set_webhook
from registry.notices.models import Message
from registry.running import Running
from registry.signing import keys
from registry.worker import outbox
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import MovingClock


class Receiver(ThreadingHTTPServer):
    """Keeps what comes; answers with `status`, or drips bytes for ever when that is None."""

    status: int | None = 204

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.done = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                while receiver.status is None and not receiver.done.wait(0.2):
                    self.wfile.write(b"H")
                if receiver.status is not None:
                    self.send_response(receiver.status)
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """The other side hung up, as it should."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.done.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run(store: Store, clock: MovingClock, holder: Holder) -> Running:
    return Running(settings(), SECRETS, store, clock, holder)


def write(run: Running, member: str, url: str | None) -> str:
    now = run.clock()
    with run.store.write() as session:
        if url is not None:
            set_webhook(session, member_id=member, url=url, actor="olaf", now=now)
        message = send(session, channel="webhook", member_id=member, kind="test.kind", payload={"id": "x"}, now=now)
        record(session, "test", actor="olaf", now=now)
        return message.id


def message(run: Running, name: str) -> Message:
    with run.store.read() as session:
        return session.get_one(Message, name)


def test_a_message_arrives_signed_and_is_delivered(run: Running, cast: Cast, receiver: Receiver) -> None:
    name = write(run, "birch", receiver.url)
    assert outbox.deliver(run)
    (headers, body), *rest = receiver.came
    assert rest == []
    assert headers["webhook-id"] == name
    text = f"{name}.{headers['webhook-timestamp']}.".encode() + body
    kind, _, signature = headers["webhook-signature"].partition(",")
    assert kind == "v1a"
    keys.verify_signature(SECRETS.receipt_key.public_key(), signature=base64.b64decode(signature), message=text)
    content: dict[str, Any] = json.loads(body)
    assert (content["type"], content["data"]) == ("test.kind", {"id": "x"})
    assert message(run, name).delivered_at is not None
    assert not outbox.deliver(run)


def test_what_was_refused_is_tried_again_with_the_same_id(
    run: Running, cast: Cast, clock: MovingClock, receiver: Receiver
) -> None:
    name = write(run, "birch", receiver.url)
    receiver.status = 500
    outbox.deliver(run)
    assert message(run, name).delivered_at is None
    assert not outbox.deliver(run)
    receiver.status = 204
    clock.move(timedelta(minutes=1))
    assert outbox.deliver(run)
    assert [headers["webhook-id"] for headers, _ in receiver.came] == [name, name]
    assert message(run, name).delivered_at is not None


def test_a_member_without_a_webhook_has_its_message_by_its_being_there(run: Running, cast: Cast) -> None:
    name = write(run, "cedar", None)
    outbox.deliver(run)
    assert message(run, name).delivered_at is not None


def test_a_receiver_that_drips_is_hung_up_on_and_others_are_told_meanwhile(
    run: Running, cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "DEADLINE", 1.0)
    receiver.status = None
    slow, other = write(run, "birch", receiver.url), write(run, "cedar", None)
    begun = time.monotonic()
    outbox.deliver(run)
    assert time.monotonic() - begun < 60  # it would drip for ever
    assert message(run, slow).delivered_at is None
    assert message(run, other).delivered_at is not None
