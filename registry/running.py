"""What a running process holds: settings, secrets, the store, the clock, and the way to the key holder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from registry.clock import Clock
from registry.config import Secrets, Settings, read_secrets
from registry.db import Keyring, Session, Store
from registry.entries.trees import Trees
from registry.errors import Invalid
from registry.keys.holder import Holder
from registry.keys.rotations import present
from registry.keys.tls import towards_holder
from registry.log import own_keys, quorum
from registry.log.checkpoint import verifier_key
from registry.log.quorum import Policy
from registry.wrapping import WrappingKeys

PAGE = Path(__file__).parent / "web/static/bundle"


@dataclass(frozen=True)
class Running:
    settings: Settings
    secrets: Secrets = field(repr=False)
    store: Store = field(repr=False)
    clock: Clock
    holder: Holder

    @cached_property
    def issuer(self) -> str:
        return self.settings.registry.issuer

    @cached_property
    def trees(self) -> Trees:
        """What was visible at the snapshots of the last day."""
        return Trees()

    @cached_property
    def policy(self) -> Policy:
        """Who must cosign the log's heads; Invalid when the file is for another log."""
        ours = verifier_key(self.settings.log_origin, self.secrets.log_key.public_key())
        if (file := self.settings.log.policy) is None:
            return Policy(ours)
        policy = quorum.load(file)
        if policy.log.vkey != ours.vkey:
            raise Invalid(f"log.policy: {file} must name this log: log {ours.vkey}", field="log.policy")
        return policy


def programs() -> list[Path]:
    """What browsers run."""
    return sorted(PAGE.glob("*.js"))


def public_keys(run: Running, session: Session) -> list[own_keys.Clear]:
    """What must stand in the log for everybody: our keys, and what browsers run. Unavailable without the key holder."""
    holder = present(session, run.holder.public())
    return [
        own_keys.identity(holder.key_id, holder.public),
        own_keys.receipt(run.secrets.receipt_key.public_key()),
        own_keys.log(run.policy.log.vkey),
        own_keys.page({file.name: file.read_bytes() for file in programs()}),
    ]


def holder_of(settings: Settings) -> Holder:
    """The way to the key holder; Invalid when the files that it takes cannot be used."""
    section = settings.keyholder
    return Holder(section.socket if section.tls is None else towards_holder(section.tls))


def start(settings: Settings) -> Running:
    """Read the secrets and open the store; nothing is created and nothing is written."""
    secrets, wrapping = read_secrets(settings.secrets), WrappingKeys(settings.secrets.wrapping_folder)
    return Running(
        settings=settings,
        secrets=secrets,
        store=Store(settings.database.url, Keyring(secrets.vault_key, secrets.pepper, wrapping)),
        clock=settings.clock,
        holder=holder_of(settings),
    )
