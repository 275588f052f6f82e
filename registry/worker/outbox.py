"""Deliver what waits in the outbox: to members by webhook, to persons by mail and SMS (`worker.persons`).

To members, as Standard Webhooks: thin, signed with Ed25519 (`v1a`), at least once.

    webhook-id: <message id>                         the same for every try
    webhook-timestamp: <unix seconds>
    webhook-signature: v1a,<base64 of Ed25519 over "id.timestamp.body">      by the key in the registry's jwks
    {"type": kind, "timestamp": RFC 3339, "data": payload}

A member without a webhook reads its messages where they are about (`GET /api/v1/recalls`); to such a member a message
is delivered by having been written.

Receivers are not ours: one that is slow, or answers a byte at a time, holds up its own member's messages and nobody
else's, and for ten seconds at most.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Timer

import httpx2
import rfc8785
import structlog

from registry.clock import rfc3339
from registry.notices import outbox
from registry.notices.models import Message
from registry.notices.rules import Channel
from registry.running import Running
from registry.signing.keys import PrivateKey
from registry.worker import persons

TIMEOUT = 5.0  # seconds between two bytes
DEADLINE = 10.0  # seconds for the whole exchange
AT_ONCE = 8  # members that are told at the same time

_log = structlog.get_logger("zilu.outbox")


def deliver(run: Running) -> bool:
    """Send one round of due messages; whether there were any."""
    now = run.clock()
    with run.store.read() as session:
        if not outbox.is_waiting(session, now=now):
            return False
    with run.store.write() as session:
        taken = outbox.take(session, now=now)
        hooks = [message for message in taken if message.channel is Channel.WEBHOOK]
        addresses = {message.member_id: outbox.address(session, message) for message in hooks}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for member, url in addresses.items():
            pool.submit(_tell, run, url, [message for message in hooks if message.member_id == member], now)
        for way in persons.WAYS:
            pool.submit(persons.tell, run, way, [message for message in taken if message.channel is way])
    return bool(taken)


def _tell(run: Running, url: str | None, messages: Sequence[Message], now: datetime) -> None:
    """One member's messages in their order; after one that did not arrive the rest waits for the next try."""
    for message in messages:
        if url is not None and not _accepted(url, message, run.secrets.receipt_key, now):
            return
        with run.store.write() as session:
            outbox.delivered(session, message_id=message.id, now=run.clock())


def _accepted(url: str, message: Message, key: PrivateKey, now: datetime) -> bool:
    """Whether the receiver answered 2xx; anything else is tried again later. What it says is not read."""
    body = rfc8785.dumps({"type": message.kind, "timestamp": rfc3339(message.written_at), "data": message.payload})
    headers = signed(message.id, body, key, now)
    with httpx2.Client(timeout=TIMEOUT) as client:
        hang_up = Timer(DEADLINE, client.close)
        hang_up.start()
        try:
            with client.stream("POST", url, content=body, headers=headers) as response:
                return response.is_success
        except (httpx2.HTTPError, OSError, RuntimeError) as error:  # closed under its hands, when it took too long
            _log.info("webhook failed", message=message.id, kind=type(error).__name__)
            return False
        finally:
            hang_up.cancel()


def signed(message_id: str, body: bytes, key: PrivateKey, now: datetime) -> dict[str, str]:
    """The headers of one try."""
    stamp = str(int(now.timestamp()))
    signature = key.sign(f"{message_id}.{stamp}.".encode() + body)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1a,{base64.b64encode(signature).decode()}",
    }
