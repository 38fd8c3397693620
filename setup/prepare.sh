#!/bin/sh
# Brings a checkout to where Lantern runs. One argument: run, test or bench.
# Everything is skipped that is there already, so that a second start needs neither time nor network.
set -eu
cd "$(dirname "$0")/.."
purpose=$1

say() { if [ -t 2 ]; then printf '\033[1m· %s\033[0m\n' "$*" >&2; else printf '· %s\n' "$*" >&2; fi; }
refuse() {
    printf '\n%s\n' "lantern: $*" >&2
    exit 1
}

. setup/packages.sh

# What another project's shell may have left behind.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT VIRTUAL_ENV
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

here=$(pwd -P)
venv=$here/.venv

# .venv/installed holds a copy of what it was made from: the same means nothing to do.
is_installed() { cmp -s "$1" "$venv/installed/$(basename "$1")"; }
note_installed() { mkdir -p "$venv/installed" && cp "$1" "$venv/installed/"; }

make_environment() {
    # An environment holds its own path: a checkout that was moved needs a new one.
    made_in=$(cat "$venv/installed/where" 2>/dev/null || echo "$venv")
    if [ "$made_in" = "$venv" ] && "$venv/bin/python" -c 'import pip' 2>/dev/null; then return; fi
    say 'Making .venv'
    rm -rf "$venv"
    "$python" -m venv "$venv"
    mkdir -p "$venv/installed"
    printf '%s\n' "$venv" >"$venv/installed/where"
}

install_requirements() {
    is_installed "$1" && return
    say "Installing what $1 lists"
    "$venv/bin/python" -m pip install --quiet --require-hashes --requirement "$1" ||
        refuse "pip could not install what $1 lists; its own words stand above."
    note_installed "$1"
}

install_lantern() {
    is_installed pyproject.toml && [ -x "$venv/bin/lantern" ] && return
    "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --no-index --editable . ||
        refuse 'pip could not install Lantern itself; its own words stand above.'
    note_installed pyproject.toml
}

install_front_end() {
    cmp -s web/package-lock.json web/node_modules/installed-lock && return
    say 'Installing the front end'
    (cd web && PATH=$venv/bin:$PATH npm ci --loglevel=error) ||
        refuse 'npm could not install the front end; its own words stand above.'
    cp web/package-lock.json web/node_modules/installed-lock
}

build_front_end() {
    sum=$(find web/scripts web/build.mjs web/package-lock.json -type f -exec cksum {} + | sort)
    [ "$sum" = "$(cat web/static/built/sources 2>/dev/null || true)" ] && return
    say 'Building the front end'
    (cd web && "$venv/bin/node" build.mjs)
    printf '%s\n' "$sum" >web/static/built/sources
}

install_missing "$purpose"
make_environment
install_requirements requirements/run.txt
[ "$purpose" = run ] || install_requirements requirements/test.txt
install_lantern
install_front_end
build_front_end
