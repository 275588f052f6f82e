"""C2SP tlog-proof: one text that shows, offline, that an entry stands in the log.

c2sp.org/tlog-proof@v1
extra <base64>                 optional, not authenticated: believe none of it
index <n>
<base64 hash>                  0 to 63 lines, from the leaf's sibling up
                               an empty line
<checkpoint, verbatim>
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import Invalid

from .checkpoint import Opened, decode_base64, encode_base64, parse_decimal, parse_note, parse_text
from .quorum import Policy
from .tree import HASH_SIZE, leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
MAX_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as it is written; `checkpoint` is a signed note, nothing of it verified."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def encode(self) -> str:
        extra = [] if self.extra is None else [f"extra {encode_base64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(encode_base64, self.hashes), "", self.checkpoint]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry's place in the log, and the verified checkpoint that covers it."""

    index: int
    opened: Opened


def parse(text: str) -> Proof:
    """Read a proof without verifying it; Invalid unless it is in the form above."""
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > MAX_BYTES or not gap or lines.pop(0) != HEADER:
        raise _malformed()
    extra = decode_base64(lines.pop(0)[6:], field="proof") if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise _malformed()
    index = parse_decimal(lines.pop(0)[6:], field="proof")
    hashes = tuple(decode_base64(line, field="proof") for line in lines)
    if len(hashes) > MAX_HASHES or any(len(each) != HASH_SIZE for each in hashes):
        raise _malformed()
    parse_text(parse_note(checkpoint).text)
    return Proof(index, hashes, checkpoint, extra)


def verify(text: str, *, entry: bytes, policy: Policy) -> Proven:
    """Where `entry` stands in the log of the policy.

    1. the text is a tlog-proof; 2. the checkpoint is signed by the log and cosigned by the policy's quorum; 3. the
    hashes lead from the entry at the index to the checkpoint's root. Raises Invalid naming the first that fails.
    """
    proof = parse(text)  # 1
    opened = policy.open(proof.checkpoint)  # 2
    head = opened.checkpoint
    verify_inclusion(proof.index, size=head.size, leaf=leaf_hash(entry), proof=proof.hashes, root=head.root)  # 3
    return Proven(proof.index, opened)


def _malformed() -> Invalid:
    return Invalid(f"proof must be in the form {HEADER}", field="proof", code="proof-malformed")
