"""Mutual TLS between the registry and its key holder, where they are on two machines. TLS 1.3 and nothing older.

Both show a certificate of one private authority that signs for nobody else, and each verifies the other's; the registry
also the name in it. Whoever holds such a certificate may ask everything that the Unix socket's owner may.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from registry.config import TlsSection, read_secret
from registry.errors import Invalid


@dataclass(frozen=True, slots=True)
class Way:
    """An address, and how one proves there who one is."""

    host: str
    port: int
    context: ssl.SSLContext = field(repr=False)

    def connect(self, timeout: float) -> ssl.SSLSocket:
        """A connection on which the other side has shown its certificate; OSError otherwise.

        Whether it took ours, only its first answer says.
        """
        plain = socket.create_connection((self.host, self.port), timeout=timeout)
        return self.context.wrap_socket(plain, server_hostname=self.host)  # which closes it when it fails


def towards_holder(section: TlsSection) -> Way:
    """The registry's side. Invalid names the setting whose file cannot be used."""
    return _way(section, ssl.Purpose.SERVER_AUTH)


def of_holder(section: TlsSection) -> Way:
    """The key holder's side. Invalid names the setting whose file cannot be used."""
    return _way(section, ssl.Purpose.CLIENT_AUTH)


def _way(section: TlsSection, purpose: ssl.Purpose) -> Way:
    read_secret(section.key, "keyholder.tls.key")
    context = _believing(section.ca, purpose)
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(section.certificate, section.key)
    except (OSError, ValueError):
        raise _unusable("certificate", section.certificate, "a certificate in PEM for keyholder.tls.key") from None
    host, _, port = section.address.rpartition(":")
    return Way(host.strip("[]"), int(port), context)


def _believing(ca: Path, purpose: ssl.Purpose) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(purpose, cafile=str(ca))
    except (OSError, ValueError):
        raise _unusable("ca", ca, "the authority's certificate in PEM") from None


def _unusable(name: str, path: Path, wanted: str) -> Invalid:
    return Invalid(f"keyholder.tls.{name}: {path} must hold {wanted}", field=f"keyholder.tls.{name}")
