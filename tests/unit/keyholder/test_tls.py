"""The key holder on another machine: mutual TLS over a real port, with certificates made for the test."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from registry.config import TlsSection, load
from registry.errors import Invalid, Unavailable
from registry.identity import tags
from registry.keyholder.answers import Ceilings
from registry.keyholder.server import serve
from registry.keys.holder import Holder
from registry.keys.tls import of_holder, towards_holder
from tests.listing import people

from .conftest import NOON
from .holder_process import PASSPHRASE

DISTRUST = "do not take each other's certificate"


class Authority:
    """A private authority with a folder for what it signs."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certificate(name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def section(self, name: str, address: str, *, ca: Path | None = None) -> TlsSection:
        """Settings with a fresh certificate for this name, or this IP address."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem, private = (self.folder / f"{self.name}-{name}.{end}" for end in ("pem", "key"))
        pem.write_bytes(
            self._certificate(name, key, x509.BasicConstraints(ca=False, path_length=None)).public_bytes(Encoding.PEM)
        )
        private.touch(mode=0o600)
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return TlsSection(address=address, certificate=pem, key=private, ca=ca or self.file)

    def _certificate(self, name: str, key: ec.EllipticCurvePrivateKey, kind: x509.BasicConstraints) -> x509.Certificate:
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(kind, critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if kind.ca:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            return builder.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
        named = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return (
            builder.add_extension(x509.SubjectAlternativeName([named]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .sign(self.key, hashes.SHA256())
        )


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "theirs")


@pytest.fixture
def address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def serving(section: TlsSection, folder: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The key holder in this process, which stays readable."""
    monkeypatch.setattr("registry.keyholder.server.leave_no_dump", lambda: None)
    stop, ready = threading.Event(), threading.Event()
    arguments = {
        "way": of_holder(section),
        "key_file": key_file,
        "passphrase": PASSPHRASE,
        "counters_path": folder / "counters.db",
        "ceilings": Ceilings(20, 30, 20),
        "clock": lambda: NOON,
        "stop": stop,
        "ready": ready.set,
    }
    thread = threading.Thread(target=serve, kwargs=arguments)
    thread.start()
    assert ready.wait(20)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_each_side_asks_for_the_others_certificate_and_nothing_else_is_answered(
    ours: Authority,
    theirs: Authority,
    address: str,
    tmp_path: Path,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holder, registry = ours.section("127.0.0.1", address), ours.section("registry", address)
    host, _, port = address.rpartition(":")
    with serving(holder, tmp_path, key_file, monkeypatch):
        client = Holder(towards_holder(registry))
        blinded = [tags.blind(person).element for person in people(3)]
        assert len(client.evaluate(member="sto", account="lin", elements=blinded).elements) == 3

        stranger = theirs.section("registry", address, ca=ours.file)  # believes ours, and has a certificate of theirs
        nameless = dataclasses.replace(towards_holder(registry), context=ssl.create_default_context(cafile=ours.file))
        for way in (towards_holder(stranger), nameless):
            with pytest.raises(Unavailable):  # it hears of it with its first answer, or is cut off
                Holder(way).public()
        with pytest.raises(Unavailable, match=DISTRUST):  # a holder that is not ours
            Holder(towards_holder(theirs.section("someone", address))).public()
        wrong = dataclasses.replace(towards_holder(registry), host="localhost")
        with pytest.raises(Unavailable, match=DISTRUST):  # the certificate is for 127.0.0.1
            Holder(wrong).public()

        with socket.create_connection((host, int(port)), timeout=10) as plain, suppress(ConnectionError):
            plain.sendall(b'{"ask": "public"}\n')
            assert b"public" not in plain.recv(4096)
        with socket.create_connection((host, int(port)), timeout=10):  # shows nothing, and holds up nobody
            assert Holder(towards_holder(registry)).public() == client.public()
    with pytest.raises(Unavailable, match="does not answer"):
        Holder(towards_holder(registry)).public()


def test_a_port_that_is_taken_is_one_clear_refusal(
    ours: Authority, address: str, tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = ours.section("127.0.0.1", address)
    with serving(section, tmp_path, key_file, monkeypatch), pytest.raises(Invalid) as refused:
        serve(
            way=of_holder(section),
            key_file=key_file,
            passphrase=PASSPHRASE,
            counters_path=tmp_path / "other.db",
            ceilings=Ceilings(1, 1, 1),
            clock=lambda: NOON,
            stop=threading.Event(),
        )
    assert refused.value.field == "keyholder.tls.address"


@pytest.mark.parametrize("missing", ["address", "certificate", "key", "ca"])
def test_half_a_setting_is_refused(tmp_path: Path, missing: str) -> None:
    example = (Path(__file__).parents[3] / "config.example.toml").read_text()
    four = {"address": "h:1", "certificate": "a", "key": "b", "ca": "c"}
    lines = [f'{name} = "{value}"' for name, value in four.items() if name != missing]
    path = tmp_path / "config.toml"
    path.write_text(example + "\n[keyholder.tls]\n" + "\n".join(lines))
    with pytest.raises(Invalid, match=rf"keyholder\.tls\.{missing} is missing"):
        load(path)


@pytest.mark.parametrize("wrong", ["", "host", "host:", ":8421", "https://host:1", "host:port", "host:1:2"])
def test_an_address_has_a_host_and_a_port(wrong: str) -> None:
    with pytest.raises(ValueError, match="address"):
        TlsSection(address=wrong, certificate=Path("a"), key=Path("b"), ca=Path("c"))


def test_files_that_cannot_be_used_are_named(ours: Authority, theirs: Authority, address: str, tmp_path: Path) -> None:
    good, nothing = ours.section("127.0.0.1", address), tmp_path / "nothing.pem"
    nothing.write_text("no certificate")
    nothing.chmod(0o600)
    wrong = {
        "certificate": [nothing, tmp_path / "nowhere", theirs.section("x", address).certificate],
        "key": [tmp_path / "nowhere"],
        "ca": [nothing, tmp_path / "nowhere"],
    }
    for name, paths in wrong.items():
        for path in paths:
            for way in (of_holder, towards_holder):
                with pytest.raises(Invalid) as refused:
                    way(good.model_copy(update={name: path}))
                assert refused.value.field == f"keyholder.tls.{name}"
    good.key.chmod(0o640)
    with pytest.raises(Invalid, match="chmod 600"):
        of_holder(good)
