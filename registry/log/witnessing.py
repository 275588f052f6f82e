"""What a witness is asked, and when it cosigns: C2SP tlog-witness, both sides of it. Pure.

old <size>\\n                               POST <witness>/add-checkpoint
<base64 hash>\\n                            0 to 63: from the tree of the old size to the checkpoint's (RFC 6962)
\\n
<checkpoint, a signed note>

200  signature lines of the witness
400  not in this form, or the old size is above the checkpoint's
403  no signature by the log's key      404  a log that the witness does not know
409  the old size is not the last that it cosigned; the body is that size and a line feed, text/x.tlog.size
422  the proof does not fit, or another tree of the same size

GET <witness>/<hex SHA-256 of the origin>/checkpoint       the last note that it cosigned, with its cosignature
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from registry.errors import Invalid

from .checkpoint import (
    Checkpoint,
    VerifierKey,
    decode_base64,
    encode_base64,
    open_checkpoint,
    parse_decimal,
    parse_note,
    parse_text,
)
from .tree import HASH_SIZE, verify_consistency

MAX_HASHES = 63
MAX_BYTES = 131_072
SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Request:
    """`note` is the signed checkpoint, nothing of it verified."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def encode(self) -> bytes:
        lines = [f"old {self.old}", *map(encode_base64, self.proof), "", self.note]
        return "\n".join(lines).encode()


class Refused(Exception):
    """The witness does not cosign. `size` is the last that it did; `fork` when the log has signed two histories."""

    def __init__(self, status: int, *, size: int = 0, fork: bool = False) -> None:
        super().__init__(f"refused with status {status}")
        self.status = status
        self.size = size
        self.fork = fork


def parse(data: bytes) -> Request:
    """Read a request; Invalid unless it is in the form above."""
    if len(data) > MAX_BYTES:
        raise _malformed()
    try:
        head, gap, note = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise _malformed() from None
    first, *lines = head.split("\n")
    proof = tuple(decode_base64(line, field="proof") for line in lines)
    if not gap or not first.startswith("old ") or len(proof) > MAX_HASHES:
        raise _malformed()
    if any(len(each) != HASH_SIZE for each in proof):
        raise _malformed()
    return Request(parse_decimal(first[4:], field="old"), proof, note)


def origin_of(request: Request) -> str:
    """Of which log the request speaks; Invalid when it is no checkpoint."""
    return parse_text(parse_note(request.note).text).origin


def decide(request: Request, *, logs: Mapping[str, VerifierKey], last: str | None) -> Checkpoint:
    """The checkpoint to cosign; Refused with the status of the specification, in its order.

    `logs` by origin; `last` is the note that was cosigned last for this origin. The caller must not let another
    request in between reading `last` and keeping what is returned.
    """
    try:
        origin = origin_of(request)
    except Invalid:
        raise Refused(400) from None
    if origin not in logs:
        raise Refused(404)
    new = _signed(request.note, logs[origin])
    before = parse_text(parse_note(last).text) if last is not None else None
    size = before.size if before else 0
    if request.old > new.size:
        raise Refused(400)
    if before and new.size == before.size and new.root != before.root:
        raise Refused(422, size=size, fork=True)  # two signed trees of one size, whatever the old size says
    if request.old != size:
        raise Refused(409, size=size)
    _verify_growth(before, new, request.proof)
    return new


def _signed(note: str, log: VerifierKey) -> Checkpoint:
    try:
        return open_checkpoint(note, log=log, origin=log.name).checkpoint
    except Invalid:
        raise Refused(403) from None


def _verify_growth(before: Checkpoint | None, new: Checkpoint, proof: tuple[bytes, ...]) -> None:
    if before is None or before.size == 0:
        if proof:
            raise Refused(422)
        return
    try:
        verify_consistency(
            old_size=before.size, old_root=before.root, new_size=new.size, new_root=new.root, proof=proof
        )
    except Invalid:
        raise Refused(422, size=before.size) from None


def log_id(origin: str) -> str:
    """What a log is called in the path under which a witness shows its last checkpoint."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _malformed() -> Invalid:
    return Invalid("request must be an old size, at most 63 hashes, an empty line and a checkpoint", field="body")
