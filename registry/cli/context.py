"""What commands share: the settings, read when first needed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from registry.config import Settings, load


class Context:
    """`settings` raises Invalid with one sentence when the file is wrong."""

    def __init__(self, config: Path) -> None:
        self.config = config

    @cached_property
    def settings(self) -> Settings:
        return load(self.config)
