"""What the chapters of the story hand on to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry.cli.demo.cases import Accused
from registry.cli.demo.inbox import Inbox
from registry.cli.demo.people import Company
from registry.cli.demo.stage import Stage


@dataclass
class Story:
    """Three people are accused: Wang is cleared, Chen stays listed, Liu's window is still open at the end.

    The cases of the others wait for somebody when the page opens.
    """

    stage: Stage
    company: Company
    wang: Accused
    chen: Accused
    liu: Accused
    others: Mapping[str, Accused]
    seed: int
    inbox: Inbox
    reports: dict[str, tuple[str, str]] = field(default_factory=dict)  # person → report id, case number
    codes: dict[str, str] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    appeals: dict[str, str] = field(default_factory=dict)
    seated: tuple[str, ...] = ()  # the accounts that Wu's hearing waits for

    def person(self, key: str) -> Accused:
        return self.others.get(key) or {"wang": self.wang, "chen": self.chen, "liu": self.liu}[key]

    @property
    def hires(self) -> Path:
        return self.stage.folder / "birch" / "hires.csv"
