"""Deliver what waits in the outbox, as Standard Webhooks: thin, signed with Ed25519 (`v1a`), at least once.

    webhook-id: <message id>                         the same for every try
    webhook-timestamp: <unix seconds>
    webhook-signature: v1a,<base64 of Ed25519 over "id.timestamp.body">      by the key in the registry's jwks
    {"type": kind, "timestamp": RFC 3339, "data": payload}

A member without a webhook reads its messages where they are about (`GET /api/v1/recalls`); to such a member a message
is delivered by having been written.
"""

from __future__ import annotations

import base64
from datetime import datetime

import httpx2
import rfc8785
import structlog

from registry.clock import rfc3339
from registry.notices import outbox
from registry.notices.models import Message
from registry.running import Running
from registry.signing.keys import PrivateKey

TIMEOUT = 5.0  # seconds for the receiver to answer

_log = structlog.get_logger("zilu.outbox")


def deliver(run: Running) -> bool:
    """Send one round of due messages; whether there were any."""
    now = run.clock()
    with run.store.read() as session:
        if not outbox.is_waiting(session, now=now):
            return False
    with run.store.write() as session:
        taken = [(message, outbox.address(session, message)) for message in outbox.take(session, now=now)]
    for message, url in taken:
        if url is None or _accepted(url, message, run.secrets.receipt_key, now):
            with run.store.write() as session:
                outbox.delivered(session, message_id=message.id, now=run.clock())
    return bool(taken)


def _accepted(url: str, message: Message, key: PrivateKey, now: datetime) -> bool:
    """Whether the receiver answered 2xx; anything else is tried again later."""
    body = rfc8785.dumps({"type": message.kind, "timestamp": rfc3339(message.written_at), "data": message.payload})
    try:
        response = httpx2.post(url, content=body, headers=signed(message.id, body, key, now), timeout=TIMEOUT)
    except httpx2.HTTPError as error:
        _log.info("webhook failed", message=message.id, kind=type(error).__name__)
        return False
    return response.is_success


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
