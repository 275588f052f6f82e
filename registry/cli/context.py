"""What commands share: the settings, read when first needed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from registry import policy_check
from registry.config import ClientSettings, Settings, load, load_client


class Context:
    """`settings` raises Invalid with one sentence when the file is wrong, and so does this when the policy is."""

    def __init__(self, config: Path) -> None:
        policy_check.verify()
        self.config = config

    @cached_property
    def settings(self) -> Settings:
        return load(self.config)

    @cached_property
    def profiles(self) -> ClientSettings:
        """What a member's command needs; the registry's own sections may be missing."""
        return load_client(self.config)
