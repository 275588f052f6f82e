"""Staff files as they really arrive, made up from a seed: for the demo, the tests and the benchmarks.

Everybody in them is invented: a number is a real region code, a random birthday of working age, a random
sequence and the check digit that follows. Together with the file comes the truth about each row, written
down while the row was made, so that a reader can be held to it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from registry.errors import Invalid
from registry.identity import document

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16")
NEWLINES = {"lf": "\n", "crlf": "\r\n"}
HEADERS: Mapping[str, Sequence[str]] = {
    "zh": ("工号", "姓名", "身份证号", "岗位"),
    "en": ("Staff no.", "Name", "ID number", "Position"),
    "none": (),
}

_REGION_CODES = (
    "110105 110108 120102 130102 140105 150102 210102 220102 230103 310104 310115 320102 320505 330106 330108 "
    "330782 340104 350203 360102 370102 370202 410105 420106 430102 440106 440305 440306 450103 460105 500105 "
    "510104 510107 520102 530102 610113 620102 630102 640104 650102"
)
_REGIONS = _REGION_CODES.split()
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余于杜"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红建国文辉力鑫宇浩然子轩欣怡梓涵嘉"
_OTHER_NAMES = (
    "阿卜杜拉·买买提", "古丽娜尔·艾合买提", "欧阳海燕", "司马俊", "扎西多吉", "Li Wei", "Chen, Grace",
    "Maria dos Santos", "Nguyễn Văn An", "O'Brien Sean", "Müller Jörg", 'Wang "Tony" Lei',
)  # fmt: skip
_POSITIONS = ("快递员", "分拣员", "驾驶员", "客服", "仓管员", "网点经理", "courier", "driver", "sorter")
_OLDEST, _YOUNGEST = date(1966, 1, 1), date(2008, 1, 1)


class Kind(StrEnum):
    """How a row was made. Those up to SPACED are accepted, DUPLICATE is recognised, the others are rejected."""

    PLAIN = "plain"
    PLANTED = "planted"
    FIFTEEN = "fifteen-digits"
    LOWER_X = "lower-case-x"
    FULL_WIDTH = "full-width"
    SPACED = "spaced"
    DUPLICATE = "duplicate"
    SPREADSHEET = "spreadsheet-float"
    ROUNDED = "spreadsheet-rounded"
    MISSING_DIGIT = "missing-digit"
    WRONG_CHECK_DIGIT = "wrong-check-digit"
    IMPOSSIBLE_DATE = "impossible-date"
    LETTER_O = "letter-o"
    EMPTY_CELL = "empty-cell"
    EMPTY_LINE = "empty-line"


MALFORMED = tuple(kind for kind in Kind if kind not in (Kind.PLAIN, Kind.PLANTED))

REASONS: Mapping[Kind, str] = {
    Kind.SPREADSHEET: "number-spreadsheet",
    Kind.ROUNDED: "number-spreadsheet",
    Kind.MISSING_DIGIT: "number-length",
    Kind.WRONG_CHECK_DIGIT: "number-check-digit",
    Kind.IMPOSSIBLE_DATE: "number-date",
    Kind.LETTER_O: "number-characters",
    Kind.EMPTY_CELL: "number-empty",
    Kind.EMPTY_LINE: "row-empty",
}
"""The code with which a reader must reject each kind."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so about one row; `row` counts from 1 and includes the header, as a spreadsheet shows it."""

    row: int
    kind: Kind
    number: str | None = field(default=None, repr=False)
    code: str | None = None
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class StaffFile:
    """The bytes of the file, and the truth about each of its rows but the header."""

    content: bytes = field(repr=False)
    truth: tuple[Truth, ...]


def staff_file(
    rows: int,
    *,
    seed: int,
    malformed: float = 0.01,
    planted: Mapping[int, str] | None = None,
    encoding: str = "utf-8",
    newline: str = "lf",
    header: str = "zh",
    delimiter: str = ",",
) -> StaffFile:
    """A file of `rows` people, the share `malformed` of them in turn in each way of `MALFORMED`.

    `planted` puts given numbers at given rows (counted as in `Truth`). The same arguments give the same
    bytes. Raises Invalid when a planted number is not one, or its row is outside the file.
    """
    titles = HEADERS[header]
    first = 2 if titles else 1
    writer = _Writer(seed, first, _normalised(planted or {}, first, rows))
    records = writer.records(rows, malformed)
    text = _written([list(titles)] * bool(titles) + records, delimiter, NEWLINES[newline])
    return StaffFile(text.encode(encoding), tuple(writer.truth))


def number(random: Random, *, suffix: str = "") -> str:
    """An invented resident number of 18 characters that ends with `suffix` (at most one character)."""
    while True:
        birth = _OLDEST + timedelta(days=random.randrange((_YOUNGEST - _OLDEST).days))
        first17 = f"{random.choice(_REGIONS)}{birth:%Y%m%d}{random.randrange(1, 1000):03}"
        whole = first17 + document.check_digit(first17)
        if whole.endswith(suffix):
            return whole


def _normalised(planted: Mapping[int, str], first: int, rows: int) -> dict[int, str]:
    if any(not first <= row < first + rows for row in planted):
        raise Invalid(f"A planted row must lie between {first} and {first + rows - 1}.", field="planted")
    return {row: document.parse(text).number for row, text in planted.items()}


def _written(records: Sequence[Sequence[str]], delimiter: str, newline: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=newline).writerows(records)
    return stream.getvalue()


class _Writer:
    """Makes the rows in order and notes the truth about each."""

    def __init__(self, seed: int, first: int, planted: Mapping[int, str]) -> None:
        self.random = Random(seed)  # noqa: S311  invented people, to be repeated at will
        self.first = first
        self.planted = planted
        self.truth: list[Truth] = []
        self._row_of: dict[str, int] = {}
        self._reserved = set(planted.values())

    def records(self, rows: int, malformed: float) -> list[list[str]]:
        kinds = self._kinds(range(self.first, self.first + rows), malformed)
        return [self._record(row, kinds.get(row, Kind.PLAIN)) for row in range(self.first, self.first + rows)]

    def _kinds(self, rows: range, malformed: float) -> dict[int, Kind]:
        free = [row for row in rows if row not in self.planted]
        chosen = self.random.sample(free, min(len(free), round(len(rows) * malformed)))
        turns = {row: MALFORMED[turn % len(MALFORMED)] for turn, row in enumerate(chosen)}
        return turns | dict.fromkeys(self.planted, Kind.PLANTED)

    def _record(self, row: int, kind: Kind) -> list[str]:
        if kind is Kind.DUPLICATE and not self._row_of:
            kind = Kind.PLAIN  # nobody stands above
        plain = self._plain(row, kind)
        text = _SPELLINGS.get(kind, _as_it_is)(plain, self.random)
        self._note(row, kind, plain)
        return [] if kind is Kind.EMPTY_LINE else self._cells(row, text)

    def _plain(self, row: int, kind: Kind) -> str:
        if kind is Kind.PLANTED:
            return self.planted[row]
        if kind is Kind.DUPLICATE:
            return self.random.choice(list(self._row_of))
        while True:  # nobody twice by accident
            plain = number(self.random, suffix="X" if kind is Kind.LOWER_X else "")
            if plain not in self._row_of and plain not in self._reserved and _spoils(plain, kind):
                return plain

    def _note(self, row: int, kind: Kind, plain: str) -> None:
        if kind in REASONS:
            self.truth.append(Truth(row, kind, code=REASONS[kind]))
            return
        original = self._row_of.setdefault(plain, row)
        self.truth.append(Truth(row, kind, plain, duplicate_of=original if original != row else None))

    def _cells(self, row: int, text: str) -> list[str]:
        return [f"SF{row:06}", _name(self.random), text, self.random.choice(_POSITIONS)]


def _name(random: Random) -> str:
    if random.random() < 0.1:
        return random.choice(_OTHER_NAMES)
    return random.choice(_SURNAMES) + "".join(random.choices(_GIVEN, k=random.choice((1, 2))))


def _spoils(plain: str, kind: Kind) -> bool:
    """Whether this number can be spelt in this way; a rounded one must not have the right check digit by chance."""
    if kind is Kind.FIFTEEN:
        return plain[6:8] == "19"
    if kind is Kind.ROUNDED:
        return document.check_digit(plain[:15] + "00") != "0"
    return kind is not Kind.LETTER_O or "0" in plain[6:14]


def _as_it_is(plain: str, random: Random) -> str:
    return plain


def _fifteen(plain: str, random: Random) -> str:
    """The number as it was until 1999."""
    return plain[:6] + plain[8:17]


def _full_width(plain: str, random: Random) -> str:
    return plain.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})


def _spaced(plain: str, random: Random) -> str:
    space = random.choice((" ", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}", "\t"))
    return random.choice((f"{plain}{space}", f"{space}{plain}", space.join((plain[:6], plain[6:14], plain[14:]))))


def _spelt_again(plain: str, random: Random) -> str:
    return random.choice((_as_it_is, _full_width, _spaced))(plain, random)


def _float(plain: str, random: Random) -> str:
    """What Excel makes of it: 1.1010519491231E+17, or 1.10105E+17 where the column was narrow."""
    return f"{int(plain[:17] + '0'):.{random.choice((5, 13))}E}"


def _rounded(plain: str, random: Random) -> str:
    return plain[:15] + "000"


def _missing_digit(plain: str, random: Random) -> str:
    at = random.randrange(17)
    return plain[:at] + plain[at + 1 :]


def _wrong_check_digit(plain: str, random: Random) -> str:
    return plain[:17] + random.choice([c for c in "123456789" if c != plain[17]])


def _impossible_date(plain: str, random: Random) -> str:
    first17 = plain[:10] + random.choice(("0231", "1301", "0000", "0631")) + plain[14:17]
    return first17 + document.check_digit(first17)


def _letter_o(plain: str, random: Random) -> str:
    at = plain.index("0", 6)
    return plain[:at] + random.choice("Oo") + plain[at + 1 :]


def _nothing(plain: str, random: Random) -> str:
    return ""


_SPELLINGS: Mapping[Kind, Callable[[str, Random], str]] = {
    Kind.FIFTEEN: _fifteen,
    Kind.LOWER_X: lambda plain, random: plain.lower(),
    Kind.FULL_WIDTH: _full_width,
    Kind.SPACED: _spaced,
    Kind.DUPLICATE: _spelt_again,
    Kind.SPREADSHEET: _float,
    Kind.ROUNDED: _rounded,
    Kind.MISSING_DIGIT: _missing_digit,
    Kind.WRONG_CHECK_DIGIT: _wrong_check_digit,
    Kind.IMPOSSIBLE_DATE: _impossible_date,
    Kind.LETTER_O: _letter_o,
    Kind.EMPTY_CELL: _nothing,
}
