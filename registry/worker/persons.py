"""Tell persons that a letter waits, or that there is something new: by SMTP over TLS, or through an SMS gateway.

What leaves here holds a case number and an address, and nothing else; nothing of it, and no recipient, stands in our
own log. A server that is down is asked once a round: the rest waits for the next. Whom it refuses holds up nobody.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from types import MappingProxyType
from typing import Final

import httpx2
import structlog

from registry.config import MailSection, SmsSection, read_secret
from registry.errors import ZiluError
from registry.notices import outbox
from registry.notices.models import Message
from registry.notices.rules import Channel
from registry.reports import posting
from registry.reports.posting import Word
from registry.running import Running

TIMEOUT: Final = 10.0  # seconds for each step of an exchange

_log = structlog.get_logger("zilu.outbox")


class Refused(Exception):
    """This message was not taken; others may be."""


def tell(run: Running, way: Channel, messages: Sequence[Message]) -> None:
    """Send each; what was not taken is tried again by the outbox's rule."""
    for message in messages:
        try:
            with run.store.read() as session:
                word = posting.word_of(session, message, site=run.issuer)
            if word is None:
                raise Refused("no address")
            WAYS[way](run, message.id, word)
        except Refused as error:
            _log.info("message refused", message=message.id, way=way.value, reason=str(error))
            continue
        except (OSError, smtplib.SMTPException, httpx2.HTTPError, ZiluError) as error:
            _log.warning("messages wait", way=way.value, kind=type(error).__name__)
            return
        with run.store.write() as session:
            posting.arrived(session, message, now=run.clock())
            outbox.delivered(session, message_id=message.id, now=run.clock())


def mail(run: Running, message_id: str, word: Word) -> None:
    """One mail. The same id on every try, so that a reader's program recognises it."""
    settings = run.settings.mail
    if settings is None:
        raise Refused("config.toml has no [mail]")
    with _connected(settings) as server:
        try:
            server.send_message(_letter(settings, message_id, word))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            raise Refused(type(error).__name__) from None


def sms(run: Running, message_id: str, word: Word) -> None:
    """One message, in the person's own language."""
    settings = run.settings.sms
    if settings is None:
        raise Refused("config.toml has no [sms]")
    body = {"id": message_id, "to": word.to, "text": word.texts[0]}
    response = httpx2.post(settings.url, json=body, headers=_headers(settings, message_id), timeout=TIMEOUT)
    if response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        response.raise_for_status()
    if not response.is_success:
        raise Refused(f"status {response.status_code}")


WAYS: Final[Mapping[Channel, Callable[[Running, str, Word], None]]] = MappingProxyType(
    {Channel.MAIL: mail, Channel.SMS: sms}
)


def _connected(settings: MailSection) -> smtplib.SMTP:
    """A connection to the mail server that is encrypted, as far as it leaves this machine, and signed in."""
    trusted = ssl.create_default_context(cafile=settings.ca_file)
    server: smtplib.SMTP
    if settings.tls == "implicit":
        server = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=trusted)
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)
    try:
        if settings.tls == "starttls":
            server.starttls(context=trusted)
        if settings.user is not None and settings.password_file is not None:
            server.login(settings.user, read_secret(settings.password_file, "mail.password_file").decode().strip())
    except BaseException:
        server.close()
        raise
    return server


def _letter(settings: MailSection, message_id: str, word: Word) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"] = settings.sender, word.to
    letter["Subject"] = " / ".join(word.titles)
    letter["Message-ID"] = f"<{message_id}@{settings.sender.partition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content("\n\n".join(word.texts) + "\n")
    return letter


def _headers(settings: SmsSection, message_id: str) -> dict[str, str]:
    headers = {"Idempotency-Key": message_id}
    if settings.token_file is not None:
        token = read_secret(settings.token_file, "sms.token_file").decode().strip()
        headers["Authorization"] = f"Bearer {token}"
    return headers
