# Shared by scripts/run and scripts/test: what a Debian machine needs, and how to build. Sourced.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

BUILD_PACKAGES=(build-essential meson ninja-build pkg-config python3
  libmicrohttpd-dev libsqlite3-dev libjansson-dev libyaml-dev libsodium-dev
  zlib1g-dev libcairo2-dev)
TEST_PACKAGES=(libcmocka-dev clang clang-format libclang-rt-14-dev llvm ca-certificates python3-venv
  curl)

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs the named Debian packages that are missing. Nothing missing: touches no network.
need_packages() {
  local missing=() package as_root=()
  command -v dpkg-query >/dev/null || die "this needs Debian 12 (or the packages of README.md by hand)"
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      die "missing packages and neither root nor sudo; as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq ||
    die "apt-get update failed; without a network, install by hand: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]}"
}

# build FOLDER [meson options] [-- TARGET...]: configures once, then builds what has changed, of all
# or of these targets.
build() {
  local folder=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  [ $# = 0 ] || shift
  if [ ! -f "$folder/build.ninja" ]; then
    rm -rf "$folder"
    meson setup "$folder" "${options[@]}" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; die "meson failed"; }
    mv "$folder.log" "$folder/setup.log"
  fi
  ninja -C "$folder" "$@" >&2
}

# make_venv FOLDER REQUIREMENTS: Python packages, pinned; made again only when the list changes.
make_venv() {
  local folder=$1 list=$2
  cmp -s "$list" "$folder/requirements.txt" && return
  say "installing the Python packages of $list into $folder"
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" install -q --disable-pip-version-check -r "$list"
  cp "$list" "$folder/requirements.txt"
}
