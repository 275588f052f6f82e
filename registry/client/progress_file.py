"""How far a file of checks has come, so that an interruption at any point resumes without asking twice.

Beside the results `<results>.csv` lies the journal `<results>.csv.zilu-progress`, one JSON record a line:

    {"input": {"modified", "rows", "size"}, "length", "terms": {…}, "zilu-progress": 1}
    {"asked": 0, "at": "2026-11-23T08:30:00Z", "key": "…", "rows": [2, 3, 5]}
    {"answered": 0, "length": 4711}
    {"done": true}

What is so after a crash, by the last record that is whole (a torn last line never happened):

    before "asked"      nothing was sent; the rows are still to be asked
    after "asked"       perhaps sent: the batch is sent again with its rows, in their order, under its key, which
                        the registry answers as a replay. Tags are the same each time; only the ticket is new
    after "answered"    `length` bytes of results are safe on disk; whatever lies behind them is cut off, because
                        it belongs to a batch that is sent again
    after "done"        the results are complete, each row once, in order

Nothing here leads back to a number: row numbers, random keys and lengths only. The journal knows its input by
size, time of change and count of rows, and never by a hash: whoever has all rows but one, or knows a birthday
and a region, could try the numbers that are left, and a key lying beside the hash would not hinder that.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from registry.clock import rfc3339
from registry.errors import Conflict, Invalid

from .locked import Locked

FORMAT = 1
SUFFIX = ".zilu-progress"
COLUMNS = ("row", "status", "check_id", "reason")

_FORMULA = tuple("=+-@＝＋－＠\t\r")
_LOOKS_LIKE_A_NUMBER = re.compile(r"\d[\d\s-]{12,}[\dXx]")


class Status(StrEnum):
    """What became of a row."""

    CHECKED = "checked"
    HIT = "hit"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the results; `check_id` and `reason` are empty where there is none."""

    row: int
    status: Status
    check_id: str = ""
    reason: str = ""
