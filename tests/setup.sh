#!/usr/bin/env bash
# tests/setup.sh WHAT...: sets up what is missing, and says nothing about what is there.
#   rust     rustfmt and clippy
#   python   .venv with tests/requirements.txt
#   c        compilers, CMake and valgrind for the C library, where they may be installed
#   FOLDER   node_modules of a folder with a package-lock.json
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "set-up: $1" >&2
  exit 1
}

can_install() { [[ $EUID == 0 ]] && command -v apt-get >/dev/null; }

# Packages of Debian, where they may be installed.
debian() {
  can_install || fail "$1 is missing; install it, on Debian with: apt-get install $*"
  echo "set-up: installing $*" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

rust() {
  command -v cargo >/dev/null || fail "cargo is missing; see https://rustup.rs"
  local component
  for component in rustfmt clippy; do
    cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 && continue
    command -v rustup >/dev/null || fail "$component is missing; install it for $(cargo --version)"
    rustup component add "$component"
  done
}

python() {
  local here=.venv/bin/python
  if cmp -s tests/requirements.txt .venv/requirements.txt && "$here" -c 'import pytest' 2>/dev/null; then return; fi
  if ! "$here" -c 'import pip' 2>/dev/null; then
    python3 -c 'import ensurepip' 2>/dev/null || debian python3-venv
    echo "set-up: making .venv" >&2
    python3 -m venv --clear .venv
  fi
  echo "set-up: installing tests/requirements.txt into .venv" >&2
  "$here" -m pip install --quiet --disable-pip-version-check --no-input -r tests/requirements.txt
  cp tests/requirements.txt .venv/requirements.txt
}

# Tests that want one of these programs, and don't get it, are skipped.
c() {
  local program packages=()
  for program in g++ pkg-config cmake valgrind clang; do
    command -v "$program" >/dev/null || packages+=("$program")
  done
  [[ -e /usr/include/nlohmann/json.hpp ]] || packages+=(nlohmann-json3-dev)
  [[ ${#packages[@]} != 0 ]] || return 0
  if ! can_install || ! debian "${packages[@]}"; then
    echo "set-up: without ${packages[*]}, whose tests are skipped" >&2
  fi
}

node_modules() {
  local folder=$1 installed=$1/node_modules/.package-lock.json
  command -v npm >/dev/null || fail "npm is missing; install Node.js 20 or later"
  node -e 'process.exit(Number(parseInt(process.versions.node, 10) < 20))' || fail "Node.js 20 or later is needed"
  [[ $installed -nt $folder/package-lock.json ]] && return
  echo "set-up: npm ci in $folder" >&2
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error >&2)
}

for what; do
  case $what in
    rust | python | c) "$what" ;;
    *)
      [[ -f $what/package-lock.json ]] || fail "there is nothing to set up in $what"
      node_modules "$what"
      ;;
  esac
done
