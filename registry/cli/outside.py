"""A registry's log as strangers see it: its key, its resources over HTTP, and what its witnesses say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from registry.audit.remote import Fetch
from registry.errors import Invalid, NotFound, Unavailable
from registry.log import quorum, witnessing
from registry.log.checkpoint import parse_vkey
from registry.log.quorum import Policy

_TIMEOUT = 20.0  # seconds for one resource


@dataclass(frozen=True)
class Log:
    """What is believed of it, and how its resources are read; warnings are for whoever asked."""

    policy: Policy
    fetch: Fetch
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Notes:
    """What each witness cosigned last, by its name in the policy."""

    shown: Mapping[str, str]
    warnings: Sequence[str]


@contextmanager
def connected() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=_TIMEOUT, headers={"User-Agent": "zilu-audit"}) as client:
        yield client


def log_of(client: httpx2.Client, url: str, vkey: str | None, policy_file: Path | None) -> Log:
    """The log of the registry at this address; with a warning when itself had to be asked for the key."""
    if policy_file is not None:
        return Log(quorum.load(policy_file), _fetch(client, f"{url}/log"))
    if vkey is not None:
        return Log(Policy(parse_vkey(vkey)), _fetch(client, f"{url}/log"))
    try:
        log = json.loads(_fetch(client, url)(".well-known/zilu"))["log"]
        key, address = parse_vkey(str(log["verifier_key"])), str(log["url"])
    except (NotFound, ValueError, KeyError, TypeError):
        raise Invalid("there is no registry at this address, or it does not say its log's key", field="url") from None
    warning = f"the key comes from the registry itself; keep it, and give it next time: --vkey {key.vkey}"
    return Log(Policy(key), _fetch(client, address), [warning])


def site(client: httpx2.Client, url: str) -> Fetch:
    """How the other files of the registry at this address are read."""
    return _fetch(client, url)


def witness_notes(client: httpx2.Client, log: Log) -> Notes:
    """Ask every witness with an address. One that cannot be reached is a warning: it proves nothing against the log."""
    shown: dict[str, str] = {}
    warnings = []
    for witness in log.policy.witnesses:
        if witness.url is None:
            continue
        try:
            data = _fetch(client, witness.url)(f"{witnessing.log_id(log.policy.origin)}/checkpoint")
            shown[witness.name] = data.decode("utf-8", errors="replace")
        except NotFound:
            warnings.append(f"the witness {witness.name} has cosigned nothing of this log, or does not show it")
        except Unavailable:
            warnings.append(f"the witness {witness.name} cannot be reached")
    return Notes(shown, warnings)


def _fetch(client: httpx2.Client, address: str) -> Fetch:
    def fetch(path: str) -> bytes:
        try:
            response = client.get(f"{address}/{path}")
        except (httpx2.HTTPError, httpx2.InvalidURL):
            raise Unavailable("the registry cannot be reached at this address", retry_after=5) from None
        if response.status_code == httpx2.codes.NOT_FOUND:
            raise NotFound("there is no such thing in the log")
        if response.status_code != httpx2.codes.OK:
            raise Unavailable(f"the registry answers with status {response.status_code}", retry_after=5)
        return response.content

    return fetch
