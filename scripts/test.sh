#!/usr/bin/env bash
# Sets everything up and runs all tests. Arguments are passed on to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE  # with it, every start of a program would compile all modules anew
bash scripts/bootstrap.sh requirements-dev.lock
command -v chromium >/dev/null || {
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing chromium and fonts …"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
  else
    echo "Missing: chromium fonts-noto-cjk. Ask an administrator to run: apt-get install chromium fonts-noto-cjk" >&2
    exit 1
  fi
}
if [ "$#" -eq 0 ]; then set -- -n 2 --dist loadfile -m "not long"; fi
exec .venv/bin/python -m pytest "$@"
