"""Checkpoints: C2SP tlog-checkpoint as a signed-note, with cosignatures of witnesses (tlog-cosignature v1).

    <origin>\\n<size>\\n<base64 root>\\n                        three lines; extension lines are refused
    \\n
    — <key name> base64(key id[4] || signature)\\n             "—" is U+2014; 1 to 64 such lines

    key id = SHA-256(name || 0x0A || kind || public key)[:4]   vkey = name+hex(key id)+base64(kind || public key)
    kind 0x01, the log      signature = Ed25519 over the text, with its last line feed
    kind 0x04, a witness    signature = u64be seconds || Ed25519 over "cosignature/v1\\ntime <seconds>\\n" || text

Signatures by keys that nobody asked about are ignored; one by a key we know that does not fit refuses the note.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from registry.errors import Invalid
from registry.signing.claims import END_OF_TIME
from registry.signing.keys import PrivateKey, PublicKey, from_raw, raw, verify_signature

from .tree import EMPTY_ROOT, HASH_SIZE, MAX_SIZE

MAX_NOTE = 131_072  # characters; leaves room for post-quantum signatures, which we do not read
MAX_SIGNATURES = 64

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # and what is no UTF-8
_NAME = re.compile(r"[^\s+]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")


class Kind(IntEnum):
    """What a key signs; part of its id, so that one signature never counts as the other."""

    LOG = 0x01
    WITNESS = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and use."""

    name: str
    kind: Kind
    key: PublicKey

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + raw(self.key)).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode_base64(bytes([self.kind]) + raw(self.key))}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line. `data` is all that follows the key id."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {encode_base64(self.key_id + self.data)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text, nothing verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log's tree: its size in leaves and its root, 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness saw this checkpoint, consistent with all it saw before, at this time by its own clock."""

    witness: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkpoint whose signatures were verified."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


def verifier_key(name: str, key: PublicKey, *, kind: Kind = Kind.LOG) -> VerifierKey:
    """Invalid when `name` has white space or a plus sign."""
    if not _NAME.fullmatch(name) or _CONTROL.search(name):
        raise Invalid("key name must be without white space and plus signs", field="name")
    return VerifierKey(name, kind, key)


def parse_vkey(text: str, *, field: str = "vkey") -> VerifierKey:
    """Read name+id+key; Invalid unless the id is that of the name and key, and the kind is one of ours."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = decode_base64(encoded, field=field)
    if len(data) != 33 or data[0] not in list(Kind):
        raise Invalid(f"{field} must hold an Ed25519 key of a log (0x01) or a witness (0x04)", field=field)
    key = verifier_key(name, from_raw(data[1:], field=field), kind=Kind(data[0]))
    if key.id.hex() != key_id:
        raise Invalid(f"{field} must be <name>+<key id>+<key> with the id of that name and key", field=field)
    return key


def parse_note(data: str) -> Note:
    """Split a signed note at its last empty line; Invalid when it is not in the form of C2SP signed-note."""
    text, gap, signed = data.rpartition("\n\n")
    if len(data) > MAX_NOTE or not gap or not signed.endswith("\n") or _CONTROL.search(data):
        raise _malformed()
    lines = signed[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Invalid(f"checkpoint must have at most {MAX_SIGNATURES} signatures", field="checkpoint")
    return Note(text + "\n", tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """A signature line without its line feed, as witnesses answer with (C2SP tlog-witness)."""
    match = _LINE.fullmatch(line)
    data = decode_base64(match[2], field="checkpoint") if match else b""
    if match is None or len(data) < 5:
        raise _malformed()
    return Signature(match[1], data[:4], data[4:])


def parse_text(text: str) -> Checkpoint:
    """The three lines of a checkpoint; Invalid for leading zeros, extension lines or a root that is not 32 bytes."""
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0] or lines[3] or _CONTROL.search(text):
        raise Invalid("checkpoint must have exactly three lines: origin, size, root", field="checkpoint")
    size, root = parse_decimal(lines[1], field="checkpoint"), decode_base64(lines[2], field="checkpoint")
    if len(root) != HASH_SIZE or (size == 0) != (root == EMPTY_ROOT):
        raise Invalid("checkpoint must have the 32-byte root of a tree of its size", field="checkpoint")
    return Checkpoint(lines[0], size, root)


def sign(checkpoint: Checkpoint, *, key: PrivateKey) -> str:
    """The checkpoint as a note, signed by the log; the key's name is the origin."""
    signer = verifier_key(checkpoint.origin, key.public_key())
    parse_text(checkpoint.text)
    return Note(checkpoint.text, (Signature(signer.name, signer.id, key.sign(checkpoint.text.encode())),)).encode()


def cosign(checkpoint: Checkpoint, *, name: str, key: PrivateKey, now: datetime) -> Signature:
    """A witness's line for a checkpoint that it found consistent with the last one it signed."""
    signer, seconds = verifier_key(name, key.public_key(), kind=Kind.WITNESS), int(now.timestamp())
    signature = key.sign(_cosigned(checkpoint.text, seconds))
    return Signature(signer.name, signer.id, seconds.to_bytes(8, "big") + signature)


def attach(note: str, signatures: Sequence[Signature]) -> str:
    """The note with these lines after its own; a line that stands there already is not repeated."""
    parsed = parse_note(note)
    added = tuple(signature for signature in signatures if signature not in parsed.signatures)
    return Note(parsed.text, parsed.signatures + added).encode()


def open_checkpoint(
    note: str, *, log: VerifierKey, origin: str, witnesses: Sequence[VerifierKey] = (), quorum: int = 0
) -> Opened:
    """The checkpoint, if `log` signed it under `origin` and at least `quorum` of the `witnesses` cosigned it.

    Raises Invalid, naming what is wrong: the form, the origin, a signature by a known key, the quorum.
    """
    verify_roles(log, witnesses)
    parsed = parse_note(note)
    _verify_log(parsed, log)
    checkpoint = parse_text(parsed.text)
    if checkpoint.origin != origin:
        raise Invalid(f"checkpoint must be of the log {origin}", field="origin", code="checkpoint-origin")
    seen = tuple(seen for witness in witnesses for seen in _cosignatures(parsed, witness)[-1:])
    if len(seen) < quorum:
        raise Invalid(
            f"checkpoint must be cosigned by {quorum} witnesses", field="checkpoint", code="checkpoint-quorum"
        )
    return Opened(checkpoint, seen)


def encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str, *, field: str) -> bytes:
    """Standard base64 with padding (RFC 4648 section 4), in its one canonical form; else Invalid."""
    if _BASE64.fullmatch(text):
        data = base64.b64decode(text)
        if encode_base64(data) == text:
            return data
    raise Invalid(f"{field} must be in standard base64 with padding", field=field)


def parse_decimal(text: str, *, field: str) -> int:
    """A size or index: ASCII digits without leading zeros, below 2^63; else Invalid."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise Invalid(f"{field} must have whole numbers without leading zeros", field=field)
    return int(text)


def verify_roles(log: VerifierKey, witnesses: Sequence[VerifierKey]) -> None:
    """Raise Invalid unless the kinds are right and no key has two roles."""
    keys = [raw(each.key) for each in (log, *witnesses)]
    if log.kind is not Kind.LOG or any(witness.kind is not Kind.WITNESS for witness in witnesses):
        raise Invalid("log key must be of kind 0x01 and witness keys of kind 0x04", field="vkey")
    # A v1 cosignature does not name its witness: one key under two names would count twice.
    if len(set(keys)) != len(keys):
        raise Invalid("log and witnesses must each have a key of their own", field="vkey")


def _verify_log(note: Note, log: VerifierKey) -> None:
    signatures = _by(note, log)
    for signature in signatures:
        _verify(log, signature.data, note.text.encode())
    if not signatures:
        raise Invalid("checkpoint must be signed by the log's key", field="checkpoint", code="checkpoint-unsigned")


def _cosignatures(note: Note, witness: VerifierKey) -> list[Cosignature]:
    """What this witness signed, oldest first, every line verified."""
    times = []
    for signature in _by(note, witness):
        seconds = int.from_bytes(signature.data[:8], "big")
        if seconds >= END_OF_TIME:
            raise _wrong()
        _verify(witness, signature.data[8:], _cosigned(note.text, seconds))
        times.append(seconds)
    return [Cosignature(witness.name, datetime.fromtimestamp(seconds, UTC)) for seconds in sorted(times)]


def _by(note: Note, key: VerifierKey) -> list[Signature]:
    return [each for each in note.signatures if (each.name, each.key_id) == (key.name, key.id)]


def _verify(key: VerifierKey, signature: bytes, message: bytes) -> None:
    try:
        verify_signature(key.key, signature=signature, message=message)
    except Invalid:
        raise _wrong() from None


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _malformed() -> Invalid:
    return Invalid(
        "checkpoint must be a signed note: text, an empty line, signature lines",
        field="checkpoint",
        code="checkpoint-malformed",
    )


def _wrong() -> Invalid:
    return Invalid("checkpoint has a signature that does not fit its key", field="checkpoint", code="signature-wrong")
