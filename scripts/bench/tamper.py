"""How much tampering is caught: python scripts/bench/tamper.py [--write]

Runs the long trials of tests/functional/tamper, sixty of each kind, and prints their table; `--write` puts it into
docs/benchmarks/tamper.md.
Ends with 1 when one was not caught.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.page import replace_figures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/benchmarks/tamper.md"
ROW = re.compile(r"^\| .+ \| \d+ \| \d+ \|$", re.MULTILINE)


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-s", "-m", "long", "tests/functional/tamper/test_trials.py"]
    environment = {**os.environ, "ZILU_TRIALS": "60"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    table = "\n".join(["| kind | trials | caught |", "|---|---|---|", *ROW.findall(done.stdout)])
    print(table)
    if "--write" in sys.argv:
        replace_figures(PAGE, table)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
