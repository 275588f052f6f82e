#!/usr/bin/env bash
# Sets up .venv from a hashed lock, the command zilu in it, the letters' font, and the browser bundle. Quick when nothing changed.
# Usage: scripts/bootstrap.sh LOCK
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1

# install PACKAGE…: from Debian when we are root; otherwise say exactly what is missing.
install() {
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $* …"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  else
    echo "Missing: $*. Ask an administrator to run: apt-get install $*" >&2
    exit 1
  fi
}

command -v python3 >/dev/null || install python3
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
python3 -c 'import ensurepip, venv' 2>/dev/null || install python3-venv

# Letters and copies are set in these two as PDF. The second has the scripts that the first has not.
fonts() { [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] && [ -e /usr/share/fonts/opentype/unifont/unifont.otf ]; }
fonts || (install fonts-noto-cjk fonts-unifont) || echo "Going on without: letters and copies come as pages, and not as PDF." >&2

stamp=.venv/.set-up-$(cat "$lock" pyproject.toml | sha256sum | cut -c1-16)
if [ ! -e "$stamp" ]; then
  echo "Setting up .venv from $lock …"
  [ -x .venv/bin/python ] || python3 -m venv .venv
  [ -x .venv/bin/uv ] || .venv/bin/python -m pip install -q --disable-pip-version-check 'uv>=0.13'
  .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$lock"
  .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
  touch "$stamp"
fi
scripts/build_frontend.sh
