#!/usr/bin/env bash
# Sets everything up, founds a demo consortium, tells one report's whole story on generated data, then serves it.
# Usage: bash scripts/demo.sh [--no-serve] [--keep]
set -euo pipefail
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE  # with it, every start of a program would compile all modules anew
bash scripts/bootstrap.sh requirements.lock
exec .venv/bin/zilu demo "$@"
