"""The three accusations of the demo: what acme's security desk writes, about whom."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from registry.cli.demo.players import write_exhibits
from registry.client.sample import staff_file
from registry.identity import document
from registry.identity.document import Document

HIRES = 10_000
ROW = 4_711  # where the hired person stands in birch's file
OTHERS = {"wu": "吴磊", "sun": "孙丽", "zhao": "赵军", "zhou": "周敏", "huang": "黄涛"}


@dataclass(frozen=True)
class Accused:
    """A person and what they are accused of. Everybody here is invented."""

    key: str
    name: str
    document: Document = field(repr=False)
    offence: str = "sale"
    records: int = 2_880
    kind: str = "other"
    term_days: int = 730

    @property
    def contact(self) -> dict[str, str]:
        return {"name": self.name, "address": "Room 302, 18 Riverside Road, Changning", "language": "zh"}


def accused(seed: int) -> tuple[Accused, Accused, Accused]:
    """The cleared one, the one who stays listed, and the one whose window is open when the page opens."""
    numbers = _numbers(seed, len(OTHERS) + 3)
    return (
        Accused("wang", "王秀英", numbers[0]),
        Accused("chen", "陈建国", numbers[1], offence="account-rental", records=26_400, term_days=1_095),
        Accused("liu", "刘洋", numbers[2], records=310, term_days=365),
    )


def others(seed: int) -> dict[str, Accused]:
    """Those whose cases wait for somebody when the page opens."""
    numbers = _numbers(seed, len(OTHERS) + 3)[3:]
    return {
        key: Accused(key, name, number, records=900, term_days=500)
        for (key, name), number in zip(OTHERS.items(), numbers, strict=True)
    }


def _numbers(seed: int, count: int) -> list[Document]:
    file = staff_file(count, seed=seed, malformed=0)
    return [document.parse(truth.number or "") for truth in file.truth]


def write_draft(folder: Path, person: Accused, *, found: date) -> tuple[Path, list[Path]]:
    """The draft of a report and its exhibits, as files; the number is in neither."""
    place = folder / person.key
    exhibits = write_exhibits(place)
    log, investigation, certificate = (path.name for path in exhibits)
    draft: dict[str, Any] = {
        "offence": person.offence,
        "staff": "employee",
        "basis": "C",
        "gravity": {"records": person.records, "kind": person.kind, "gain_cny": 1_900},
        "period": {"from": (found - timedelta(days=90)).isoformat(), "to": (found - timedelta(days=3)).isoformat()},
        "found": {"on": found.isoformat(), "how": "an alarm on exports at night, then the terminal's access log"},
        "measure": "dismissed after a hearing, with the investigation report served",
        "breach_notice": {"date": found.isoformat(), "reference": "SPB-BN-2207"},
        "narrative": "Address lists of parcels were exported at night and offered in a chat group within the hour.",
        "facts": [
            {"text": "Lists were exported at night under the person's sign-in.", "exhibits": [log]},
            {"text": "The holder of the sign-in was at the terminal.", "exhibits": [log, investigation]},
        ],
        "witnesses": [{"name": "Zhou Min", "contact": "depot office, extension 12", "role": "shift leader"}],
        "proof": {
            "dismissal": {"reference": "HR-2207", "date": found.isoformat()},
            "investigation": {"exhibit": investigation, "date": found.isoformat()},
            "service": {"exhibit": certificate, "date": found.isoformat()},
        },
        "exhibits": [path.name for path in exhibits],
        "term_days": person.term_days,
        "reasons": "Repeated over weeks and for money; first time, and the person helped to find the buyers.",
        "contact": person.contact,
    }
    path = place / "report.json"
    path.write_text(json.dumps(draft, ensure_ascii=False, indent=2))
    return path, exhibits


def write_hires(path: Path, person: Accused, *, seed: int) -> None:
    """Birch's file of 10,000 hires, a hundred of them mistyped, with the person among them."""
    file = staff_file(HIRES, seed=seed, planted={ROW: person.document.number})
    path.write_bytes(file.content)


def mistyped(number: str) -> str:
    """Another valid number that differs in its serial: what a tired approver might type."""
    other = number[:14] + f"{(int(number[14:17]) + 2) % 1000:03d}"
    return other + document.check_digit(other)
