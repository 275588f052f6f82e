"""The text of a letter: facts and code in, one HTML page in Chinese and English out. templates/letters has the words.

A page stands by itself, to be printed on A4 or A5: it loads nothing, and what members wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from registry import policy
from registry.policy import Basis, Kind

LANGUAGES: Final = ("zh", "en")
_TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "letters"

KINDS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.LOCATION: ("行踪轨迹信息", "location data"),
        Kind.COMMUNICATION: ("通信内容", "contents of communication"),
        Kind.CREDIT: ("征信、财产信息", "credit and property data"),
        Kind.TRANSACTION: ("交易信息", "transaction data"),
        Kind.OTHER: ("其他个人信息", "other personal data"),
    }
)
BASES: Mapping[Basis, tuple[str, str]] = MappingProxyType(
    {
        Basis.JUDGMENT: ("法院判决或行政处罚", "a judgment or an administrative penalty"),
        Basis.POLICE: ("公安机关立案并解除劳动关系", "a police case and dismissal"),
        Basis.INVESTIGATION: (
            "解除劳动关系、电子取证记录及已送达的签字内部调查",
            "dismissal, a forensic trail, and a signed internal investigation that was served",
        ),
    }
)
FILES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "application/pdf": ("PDF 文件", "a document (PDF)"),
        "image/png": ("图片", "a picture (PNG)"),
        "image/jpeg": ("图片", "a picture (JPEG)"),
        "text/csv": ("表格", "a table (CSV)"),
        "text/plain": ("文本", "a text"),
    }
)
LEVELS: Mapping[int, str] = MappingProxyType({1: "较轻", 2: "一般", 3: "严重", 4: "特别严重"})


@dataclass(frozen=True, slots=True)
class Exhibited:
    """One piece of the evidence bundle."""

    media_type: str
    size: int  # bytes
    sha256: str  # hexadecimal
    has_annex: bool  # customers' data are left out; the whole can be inspected


@dataclass(frozen=True, slots=True)
class Accusation:
    """What the first letter says. Everything in it stands in the file that the person may read."""

    case_number: str
    language: str  # "zh" or "en": which comes first
    name: str = field(repr=False)
    address: str = field(repr=False)
    member: str
    site: str  # the registry's address
    written_on: date
    offence: str
    level: int
    basis: Basis
    period_from: date
    period_to: date
    records: int
    kind: Kind
    gain_cny: int
    measure: str = field(repr=False)
    narrative: str = field(repr=False)
    exhibits: tuple[Exhibited, ...]
    term_days: int | None
    reasons: str = field(repr=False)
    relied_on_from: datetime | None = None  # it is listed, and nobody may rely on it before


@dataclass(frozen=True, slots=True)
class Amendment:
    """What the company has amended in its report, and why."""

    case_number: str
    language: str
    name: str = field(repr=False)
    address: str = field(repr=False)
    member: str
    site: str
    written_on: date
    kind: str  # correction, revision, contest or void
    what: str = field(repr=False)
    why: str = field(repr=False)
    until: date | None  # the last day of the time to answer, while that runs


@dataclass(frozen=True, slots=True)
class Addressed:
    """The head of a letter that says nothing of the case but its number."""

    case_number: str
    language: str
    name: str = field(repr=False)
    address: str = field(repr=False)
    written_on: date


_templates = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(policy=policy, kinds=KINDS, bases=BASES, files=FILES, levels=LEVELS)


def amendment(facts: Amendment, code: str) -> str:
    """The letter about an amendment, with a code that opens the case."""
    return _templates.get_template("amendment.html").render(facts=facts, code=code, order=_order(facts.language))


def _order(language: str) -> tuple[str, ...]:
    return LANGUAGES if language == "zh" else tuple(reversed(LANGUAGES))


def accusation(facts: Accusation, code: str) -> str:
    """The first letter, with the code (`7F3K-9QX2-M0TD`) that opens the case."""
    gravity = next(gravity for gravity in policy.LADDER if gravity.level == facts.level)
    return _templates.get_template("accusation.html").render(
        facts=facts, code=code, order=_order(facts.language), offence=policy.OFFENCES[facts.offence], gravity=gravity
    )


def word(to: Addressed, words: Sequence[tuple[str, str]]) -> str:
    """A short letter of a title and a text in each language, the person's own first. It has no code."""
    return _templates.get_template("word.html").render(facts=to, words=words, order=_order(to.language))
