"""Frozen settings, read once from `config.toml`.

A setting that is not understood, is missing, or names a file that cannot be read stops the program with one
sentence. There are no fallback secrets: a secret is a file that only its owner may read, or nothing starts.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from registry.clock import Clock, from_file, system
from registry.errors import Invalid


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    return (info.context["folder"] / path).resolve() if info.context else path


_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost"})
# A path in the file is relative to the folder that the file stands in.
Beside = Annotated[Path, AfterValidator(_beside_the_file)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=False)


class RegistrySection(_Section):
    issuer: str = Field(pattern=r"^https?://[^/\s]+$")  # the address members use, without a trailing slash
    name: str = Field(min_length=1, max_length=80)
    clock_file: Beside | None = None  # only for telling a story in the past
    second_factor: Literal["by-role", "offered"] = "by-role"  # offered: nobody has to; for demonstrations


class DatabaseSection(_Section):
    url: str = Field(pattern=r"^(sqlite:///|postgresql\+psycopg://).+")


class SecretsSection(_Section):
    vault_key: Beside  # 32 bytes: seals what belongs to no case, and wraps case keys until their first renewal
    wrapping_keys: Beside | None = None  # folder of the keys that wrap case keys; without it beside the vault key
    pepper: Beside  # 32 bytes: turns tags into handles
    session_key: Beside  # 32 bytes: signs cookies
    log_key: Beside  # Ed25519, PEM: signs checkpoints
    receipt_key: Beside  # Ed25519, PEM: signs receipts

    @property
    def wrapping_folder(self) -> Path:
        return self.wrapping_keys or self.vault_key.parent / "wrapping"


class TlsSection(_Section):
    """The key holder on another machine: all four or none. Each side's file names its own certificate."""

    # Where the holder listens and the registry calls, by a name or address that the holder's certificate has.
    address: str = Field(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^:\s\[\]/]+):[0-9]{1,5}$")
    certificate: Beside  # PEM, with whatever leads from it to the authority
    key: Beside  # PEM
    ca: Beside  # PEM: the private authority that has signed both sides' certificates, and nothing else


class KeyholderSection(_Section):
    socket: Beside
    tls: TlsSection | None = None  # in place of the socket
    key_file: Beside
    passphrase_file: Beside | None = None  # without it the key holder asks at its terminal
    counters: Beside
    member_ceiling: int = Field(gt=0)  # evaluations a member may have in one day (UTC)
    overall_ceiling: int = Field(gt=0)
    match_ceiling: int = Field(default=20, gt=0)  # case matches of one tag in one day


class LogSection(_Section):
    policy: Beside | None = None  # C2SP tlog-policy: the witnesses and their quorum; without it the log vouches alone


class ServerSection(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=1, le=65535)
    workers: int = Field(default=2, ge=1, le=64)


class MetricsSection(_Section):
    """Where the worker answers Prometheus: an address that the public cannot reach."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)


class MailSection(_Section):
    """The mail server that takes what the registry writes. Plain text goes to this machine alone."""

    host: str = Field(pattern=r"^[A-Za-z0-9.-]+$")
    port: int = Field(ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] = "starttls"
    sender: str = Field(pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$")
    user: str | None = None
    password_file: Beside | None = None
    ca_file: Beside | None = None  # PEM, of a certificate that the system does not know

    @field_validator("tls")
    @classmethod
    def _encrypted(cls, tls: str, info: ValidationInfo) -> str:
        if tls == "none" and info.data.get("host") not in _THIS_MACHINE:
            raise ValueError("only a mail server on this machine may do without TLS")
        return tls


class SmsSection(_Section):
    """A gateway that takes {"id", "to", "text"} as JSON."""

    url: str = Field(pattern=r"^(https://[^/\s]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?)(/\S*)?$")
    token_file: Beside | None = None  # sent as Bearer


class ClientSection(_Section):
    """How a member's own system signs in; a registry has no such section."""

    account: str  # client id that the operator gave
    client_key: Beside  # Ed25519, PEM: proves who asks
    signing_key: Beside | None = None  # Ed25519, PEM: signs reports; never leaves the member
    policy: Beside | None = None  # C2SP tlog-policy: the witnesses that must have seen the log


class Settings(_Section):
    registry: RegistrySection
    database: DatabaseSection
    secrets: SecretsSection
    keyholder: KeyholderSection
    log: LogSection = LogSection()
    server: ServerSection = ServerSection()
    metrics: MetricsSection | None = None
    mail: MailSection | None = None
    sms: SmsSection | None = None
    client: dict[str, ClientSection] = Field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        return _clock(self.registry.clock_file)

    @property
    def log_origin(self) -> str:
        """Scheme-less prefix under which the log is served; also the name of its key (C2SP tlog-checkpoint)."""
        return self.registry.issuer.split("://", 1)[1] + "/log"


def _clock(path: Path | None) -> Clock:
    return from_file(path) if path else system


class _Issuer(BaseModel):
    """The part of `[registry]` that a client reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    issuer: str = Field(pattern=r"^https?://[^/\s]+$")
    clock_file: Beside | None = None


class ClientSettings(BaseModel):
    """What a member's system reads: where the registry is, and its own profiles. The rest is not its business."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    registry: _Issuer
    client: dict[str, ClientSection] = Field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        return _clock(self.registry.clock_file)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the web and worker processes hold. The identity key is not among it: see `keyholder`."""

    vault_key: bytes = field(repr=False)
    pepper: bytes = field(repr=False)
    session_key: bytes = field(repr=False)
    log_key: Ed25519PrivateKey = field(repr=False)
    receipt_key: Ed25519PrivateKey = field(repr=False)


_Model = TypeVar("_Model", bound=BaseModel)


def load(path: Path) -> Settings:
    """Read and check a registry's configuration; Invalid names the first setting that is wrong."""
    settings = _read(path, Settings)
    return settings.model_copy(update={"database": _placed(settings.database, path.resolve().parent)})


def load_client(path: Path) -> ClientSettings:
    """Read and check a member's profiles, from a file of their own or from a registry's configuration."""
    return _read(path, ClientSettings)


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"{path} cannot be read ({error.strerror}); name a configuration file that can") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # A decoder's message names a line and a column, never the text of the line.
        raise Invalid(f"{path} is not TOML in UTF-8: {_position(error)}") from None
    try:
        return model.model_validate(tree, context={"folder": path.resolve().parent})
    except ValidationError as error:
        raise Invalid(_sentence(path, error)) from None


def _position(error: Exception) -> str:
    """Where the text went wrong. The message of a TOML error ends with the place, others do not."""
    found = re.search(r"\((at [^()]+)\)$", str(error))
    return f"look {found[1]}" if found else "save it as UTF-8"


def _sentence(path: Path, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "extra_forbidden":
            return f"{path}: {name} is not a setting; remove it or correct its name"
        case "missing":
            return f"{path}: {name} is missing; config.example.toml shows it"
        case _:
            return f"{path}: {name}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _placed(database: DatabaseSection, folder: Path) -> DatabaseSection:
    """A relative SQLite path stands beside the configuration file, wherever the program was started."""
    scheme, _, rest = database.url.partition("///")
    if scheme != "sqlite:" or rest.startswith("/"):
        return database
    return DatabaseSection(url=f"sqlite:///{folder / rest}")


def read_secrets(section: SecretsSection) -> Secrets:
    return Secrets(
        vault_key=_key_32(section.vault_key, "secrets.vault_key"),
        pepper=_key_32(section.pepper, "secrets.pepper"),
        session_key=_key_32(section.session_key, "secrets.session_key"),
        log_key=_ed25519(section.log_key, "secrets.log_key"),
        receipt_key=_ed25519(section.receipt_key, "secrets.receipt_key"),
    )


def read_secret(path: Path, name: str) -> bytes:
    """The bytes of a secret file; refused when anyone but its owner could read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise Invalid(f"{name}: others can read {path}; run chmod 600 on it", field=name)
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{name}: {path} cannot be read ({error.strerror})", field=name) from None


def _key_32(path: Path, name: str) -> bytes:
    text = read_secret(path, name).strip()
    try:
        key = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise Invalid(f"{name}: {path} must hold 32 bytes in base64url", field=name)
    return key


def _ed25519(path: Path, name: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(read_secret(path, name), password=None)
    except (ValueError, TypeError):
        raise Invalid(f"{name}: {path} must hold an Ed25519 private key in PEM", field=name) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid(f"{name}: {path} must hold an Ed25519 private key in PEM", field=name)
    return key
