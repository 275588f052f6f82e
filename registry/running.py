"""What a running process holds: settings, secrets, the store, the clock, and the way to the key holder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from registry.clock import Clock
from registry.config import Secrets, Settings, read_secrets
from registry.db import Keyring, Store
from registry.keys.holder import Holder


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


def start(settings: Settings) -> Running:
    """Read the secrets and open the store; nothing is created and nothing is written."""
    secrets = read_secrets(settings.secrets)
    return Running(
        settings=settings,
        secrets=secrets,
        store=Store(settings.database.url, Keyring(secrets.vault_key, secrets.pepper)),
        clock=settings.clock,
        holder=Holder(settings.keyholder.socket),
    )
