#!/usr/bin/env python3
"""Write a realistic staff file of invented people, some malformed as people really malform them.

    python scripts/generate_staff.py --rows 10000 --seed 1 --malformed 0.01 --out staff.csv

With --truth it also writes what is so about each row, to compare a reader's findings with.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a plain clone, before anything is installed

from registry.client import sample
from registry.errors import Invalid


def main() -> int:
    arguments = _arguments()
    try:
        file = sample.staff_file(
            arguments.rows,
            seed=arguments.seed,
            malformed=arguments.malformed,
            planted=dict(arguments.plant),
            encoding=arguments.encoding,
            newline=arguments.newline,
            header=arguments.header,
            delimiter={"comma": ",", "semicolon": ";", "tab": "\t"}[arguments.delimiter],
        )
        arguments.out.write_bytes(file.content)
        if arguments.truth:
            _write_truth(arguments.truth, file.truth)
    except Invalid as refused:
        print(f"error: {refused.message}", file=sys.stderr)
        return 2
    except OSError as failed:
        print(f"error: the file could not be written: {failed.strerror}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=_count, default=10_000, help="people in the file (10000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same file (1)")
    parser.add_argument("--malformed", type=_share, default=0.01, help="share of malformed rows, 0 to 1 (0.01)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--truth", type=Path, help="also write row,kind,code,duplicate_of to this file")
    parser.add_argument("--encoding", choices=sample.ENCODINGS, default="utf-8")
    parser.add_argument("--newline", choices=sample.NEWLINES, default="lf")
    parser.add_argument("--header", choices=sample.HEADERS, default="zh")
    parser.add_argument("--delimiter", choices=("comma", "semicolon", "tab"), default="comma")
    parser.add_argument(
        "--plant", type=_planted, action="append", default=[], metavar="ROW=NUMBER", help="put a number at a row"
    )
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("it must be a whole number, 0 or more")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("it must be a number from 0 to 1")
    return share


def _planted(text: str) -> tuple[int, str]:
    row, separator, number = text.partition("=")
    if not separator or not row.isdecimal():
        raise argparse.ArgumentTypeError("it must be ROW=NUMBER")
    return int(row), number


def _write_truth(path: Path, truths: Iterable[sample.Truth]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("row", "kind", "code", "duplicate_of"))
        writer.writerows((truth.row, truth.kind, truth.code, truth.duplicate_of) for truth in truths)


if __name__ == "__main__":
    sys.exit(main())
