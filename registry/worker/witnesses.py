"""The log's side of C2SP tlog-witness: have the newest head cosigned, and ask whether we stand behind what was.

All witnesses are asked at once, and those that are slow are not waited for when the quorum is met without them. A
witness that cannot be reached, or answers nonsense, counts as one that has not signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as Late
from functools import cached_property
from typing import TypeVar

import httpx2
import structlog

from registry.db import Store
from registry.errors import Conflict, Invalid, Unavailable
from registry.log import kept, tiles, tree, witnessing
from registry.log.checkpoint import Signature, attach, open_checkpoint, parse_decimal, parse_signature
from registry.log.models import Checkpoint
from registry.log.quorum import Policy, Witness
from registry.log.sequencer import reader

TIMEOUT = 5.0  # seconds for one request
DEADLINE = 12.0  # seconds for all of them, with their second tries

T = TypeVar("T")

_log = structlog.get_logger("zilu.witnesses")


class Witnesses:
    """The witnesses of a policy that have an address, and the size that each cosigned last, as far as we know."""

    def __init__(self, policy: Policy, store: Store) -> None:
        self.policy = policy
        self._store = store
        self._asked = [witness for witness in policy.witnesses if witness.url]
        self._sizes: dict[str, int] = {}
        self._last_asked: dict[str, Future[Signature]] = {}
        self._pool = ThreadPoolExecutor(max(len(self._asked), 1), thread_name_prefix="witness")

    @cached_property
    def _http(self) -> httpx2.Client:
        return httpx2.Client(timeout=TIMEOUT, headers={"User-Agent": "zilu-log"})

    @property
    def needed(self) -> bool:
        """Whether a head needs anybody but the log."""
        return not self.policy.is_met(())

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        if "_http" in self.__dict__:  # it was asked for
            self._http.close()

    def cosigned(self, head: Checkpoint) -> str:
        """The head's note under the quorum. Unavailable when that is not met."""
        free = [witness for witness in self._asked if self._is_free(witness)]
        waiting = {self._pool.submit(self._ask, witness, head): witness for witness in free}
        self._last_asked |= {witness.name: future for future, witness in waiting.items()}
        note, signed = head.note, set()
        for witness, signature in _answered(waiting):
            note = attach(note, [signature])
            signed.add(witness.name)
            if self.policy.is_met(signed):
                self.policy.open(note)
                return note
        raise Unavailable(f"{len(signed)} witnesses cosigned the log's head, and that is no quorum", retry_after=1)

    def _is_free(self, witness: Witness) -> bool:
        """One request at a time: else a witness that hangs would take up every thread that the others need."""
        last = self._last_asked.get(witness.name)
        return last is None or last.done()

    def _ask(self, witness: Witness, head: Checkpoint) -> Signature:
        """Its signature, verified; asked a second time when it had cosigned another size than we thought."""
        for old in (self._sizes.get(witness.name, 0), None):
            size = self._sizes[witness.name] if old is None else old
            response = self._http.post(f"{witness.url}/add-checkpoint", content=self._request(head, size))
            if response.status_code != httpx2.codes.CONFLICT:
                break
            self._sizes[witness.name] = _reachable(parse_decimal(response.text.rstrip("\n"), field="size"), head)
        if response.status_code != httpx2.codes.OK:
            raise Invalid(f"the witness {witness.name} refused with status {response.status_code}")
        signature = _of(witness, response.text)
        open_checkpoint(
            attach(head.note, [signature]),
            log=self.policy.log,
            origin=self.policy.origin,
            witnesses=[witness.key],
            quorum=1,
        )
        self._sizes[witness.name] = head.size
        return signature

    def _request(self, head: Checkpoint, old: int) -> bytes:
        proof: tuple[bytes, ...] = ()
        if 0 < old <= head.size:
            with self._store.read() as session:
                proof = tree.consistency_proof(old, head.size, hashes=tiles.hashes(reader(session)))
        return witnessing.Request(min(old, head.size), proof, head.note).encode()

    def verify_not_behind(self) -> None:
        """Conflict when a witness cosigned what our log does not have: then an older database was put in place."""
        asked = {self._pool.submit(self._last, witness): witness for witness in self._asked}
        for witness, note in _answered(asked):
            if note is not None and not kept.has(self._store, note, log=self.policy.log):
                raise Conflict(
                    f"the witness {witness.name} cosigned a checkpoint that this log does not have: the database "
                    "stands behind what was published, or beside it; run zilu audit"
                )

    def _last(self, witness: Witness) -> str | None:
        response = self._http.get(f"{witness.url}/{witnessing.log_id(self.policy.origin)}/checkpoint")
        if response.status_code == httpx2.codes.NOT_FOUND:
            return None  # it has seen nothing of us, or does not tell
        response.raise_for_status()
        self._open(response.text, witness)
        return response.text

    def _open(self, note: str, witness: Witness) -> None:
        """Invalid unless our log and this witness signed it."""
        policy = self.policy
        open_checkpoint(note, log=policy.log, origin=policy.origin, witnesses=[witness.key], quorum=1)


def _reachable(size: int, head: Checkpoint) -> int:
    if size > head.size:
        raise Invalid(f"it has cosigned {size} leaves, and this log has {head.size}", field="size")
    return size


def _of(witness: Witness, text: str) -> Signature:
    """Its line among those that it answered with."""
    for line in text.splitlines():
        signature = parse_signature(line)
        if (signature.name, signature.key_id) == (witness.key.name, witness.key.id):
            return signature
    raise Invalid(f"the witness {witness.name} answered without a signature of its own")


def _answered(asked: Mapping[Future[T], Witness]) -> Iterator[tuple[Witness, T]]:
    """What came back, the first first. A failure is one line in our own log."""
    try:
        for future in as_completed(asked, timeout=DEADLINE):
            witness = asked[future]
            try:
                yield witness, future.result()
            except (httpx2.HTTPError, httpx2.InvalidURL):
                _log.warning("witness unreachable", witness=witness.name)
            except Invalid as error:
                _log.warning("witness did not sign", witness=witness.name, reason=error.message)
    except Late:
        _log.warning("witnesses too slow", waited_for=sum(not future.done() for future in asked))
