"""Where the figures of a benchmark stand: in its page under docs/benchmarks, below the mark."""

from __future__ import annotations

from pathlib import Path

MARK = "<!-- measured -->\n"


def replace_figures(page: Path, text: str) -> None:
    """Put `text` below the mark, in place of the figures before."""
    head, mark, _ = page.read_text().partition(MARK)
    page.write_text(f"{head}{mark}\n{text}\n")
