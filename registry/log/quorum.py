"""Who must have cosigned a checkpoint before anyone believes it: a file in the form of C2SP tlog-policy.

    log <vkey> [<url>]                              one; its key name is the log's origin
    witness <name> <vkey> [<url>]                   the url is where it takes `add-checkpoint`
    group <name> all|any|<k> <name> …               at least k of witnesses and groups defined above
    quorum <name>|none                              once

Space and tab separate, `#` begins a line that is not read. Names mean nothing outside of the file. We ask for more
than the specification in two things: one log, and no two witnesses whose keys have the same name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from registry import policy as rules
from registry.errors import Invalid

from .checkpoint import Opened, VerifierKey, open_checkpoint, parse_decimal, parse_vkey, verify_roles

NONE = "none"
MAX_BYTES = 65_536
MAX_LINES = 32  # of each kind, as the specification recommends
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Witness:
    """`name` is the file's own word for it; `url` is None for one that is only verified, never asked."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Has witnessed what at least `threshold` of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """One log, its witnesses, and the name of the witness or group that must have witnessed, or `none`."""

    log: VerifierKey
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    @property
    def origin(self) -> str:
        return self.log.name

    def is_met(self, cosigned: Collection[str]) -> bool:
        """Whether these witnesses, by their names in the file, are enough."""
        met = set(cosigned)
        for group in self.groups:  # in the order of the file, so that members are decided first
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return self.quorum == NONE or self.quorum in met

    def open(self, note: str) -> Opened:
        """The checkpoint, if the log signed it and enough witnesses cosigned it; else Invalid names what is wrong."""
        opened = open_checkpoint(note, log=self.log, origin=self.origin, witnesses=[w.key for w in self.witnesses])
        seen = {cosignature.witness for cosignature in opened.cosignatures}
        if not self.is_met({witness.name for witness in self.witnesses if witness.key.name in seen}):
            raise Invalid(
                f"checkpoint must be cosigned by the quorum {self.quorum} of the log's policy",
                field="checkpoint",
                code="checkpoint-quorum",
            )
        return opened


def parse(text: str) -> Policy:
    """Read a policy file; Invalid names the line that is wrong."""
    if len(text) > MAX_BYTES or _CONTROL.search(text):
        raise Invalid("policy must be text without control characters", field="policy")
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        if words := [word for word in words if word]:
            reading.take(number, words)
    return reading.finished()


def load(file: Path) -> Policy:
    """The policy in a file; Invalid when it cannot be read, or names the line that is wrong."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"{file} cannot be read; name a policy file in UTF-8", field="policy") from None


def weaknesses(policy: Policy) -> Iterator[str]:
    """In what the file asks for less than the consortium's rules (`registry.policy`), one sentence each."""
    names = [witness.name for witness in policy.witnesses]
    if rules.WITNESS_NEVER in names:
        yield f"{rules.WITNESS_NEVER} must not be a witness of its own log"
    if policy.is_met([name for name in names if name != rules.WITNESS_ALWAYS]):
        yield f"the quorum can be met without {rules.WITNESS_ALWAYS}"
    fewer = combinations(names, min(rules.WITNESS_QUORUM - 1, len(names)))
    if any(policy.is_met(each) for each in fewer):
        yield f"the quorum can be met by fewer than {rules.WITNESS_QUORUM} witnesses"


class _Reading:
    """The file as far as it has been read."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorum: list[str] = []
        self._used: set[str] = set()  # in a group already: a witness counts in one way only

    def take(self, number: int, words: list[str]) -> None:
        match words:
            case [comment, *_] if comment.startswith("#"):
                return
            case ["log", vkey] | ["log", vkey, _]:
                self._logs.append(parse_vkey(vkey, field="policy"))
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._define(number, name)
                self._witnesses.append(Witness(name, parse_vkey(vkey, field="policy"), *url))
            case ["group", name, threshold, *members] if members:
                self._groups.append(self._group(number, name, threshold, members))
            case ["quorum", name] if name == NONE or name in self._names:
                self._quorum.append(name)
            case _:
                raise _wrong(number, "is not in the form of tlog-policy, or names what is not defined above it")

    @property
    def _names(self) -> set[str]:
        return {witness.name for witness in self._witnesses} | {group.name for group in self._groups}

    def _define(self, number: int, name: str) -> None:
        if name == NONE or name in self._names:
            raise _wrong(number, "defines a name that is taken")

    def _group(self, number: int, name: str, threshold: str, members: list[str]) -> Group:
        self._define(number, name)
        if not set(members) <= self._names - self._used or len(set(members)) != len(members):
            raise _wrong(number, "must have members that are defined above it and are in no other group")
        self._used.update(members)
        counted = {"all": len(members), "any": 1}.get(threshold) or parse_decimal(threshold, field="policy")
        if not 1 <= counted <= len(members):
            raise _wrong(number, "must ask for at least one member, and not for more than it has")
        return Group(name, counted, tuple(members))

    def finished(self) -> Policy:
        if len(self._logs) != 1 or len(self._quorum) != 1:
            raise Invalid("policy must have exactly one log line and one quorum line", field="policy")
        if max(len(self._witnesses), len(self._groups)) > MAX_LINES:
            raise Invalid(f"policy may have at most {MAX_LINES} witnesses and groups", field="policy")
        if len({witness.key.name for witness in self._witnesses}) != len(self._witnesses):
            raise Invalid("policy must not have two witnesses whose keys have the same name", field="policy")
        policy = Policy(self._logs[0], tuple(self._witnesses), tuple(self._groups), self._quorum[0])
        verify_roles(policy.log, [witness.key for witness in policy.witnesses])
        return policy


def _wrong(number: int, what: str) -> Invalid:
    return Invalid(f"policy: line {number} {what}", field="policy", code="policy-line")
