#!/bin/sh
# Brings what the Makefile needs: sh bootstrap.sh runtime | dev | browser | servers
#
# runtime  .venv with the packages of requirements.lock and this project, editable
# dev      the same with the packages of requirements-dev.lock
# browser  Debian's Chromium for the tests of pages, where this may be installed
#
# Every package is checked against the hash in a lock file. A second run does nothing.
set -eu
# Paths may hold spaces.
IFS='
'
cd "$(dirname "$0")"

VENV=$(pwd -P)/.venv
OLDEST='3, 11'
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# A person's settings for pip must not send packages anywhere but into .venv.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf 'merilo: %s\n' "$*" >&2; }

fail() {
    say "$*"
    [ ! -s "$WORK/log" ] || tail -n 20 "$WORK/log" >&2
    exit 1
}

pythons() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON"
        return
    fi
    for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
        command -v "$name" || true
    done
}

suits() { "$1" -c "import sys; sys.exit(sys.version_info < ($OLDEST))" 2>/dev/null; }

# The lines of one package in the bootstrap lock, hashes included.
pinned() {
    awk -v name="$1==" '/^[a-z]/ { keep = index($0, name) == 1 } keep' requirements-bootstrap.lock \
        >"$WORK/$1.txt"
    printf '%s' "$WORK/$1.txt"
}

# Any pip will do, since pip itself is pure Python: with --target it neither touches the
# system's own packages nor asks whether it may.
foreign_pip() {
    python=$1
    set -- install --quiet --target "$2" --require-hashes -r "$(pinned pip)"
    "$python" -m pip "$@" || python3 -m pip "$@" || pip3 "$@"
}

make_venv() {
    rm -rf "$VENV"
    "$1" -m venv "$VENV" >>"$WORK/log" 2>&1 && return
    rm -rf "$VENV"
    "$1" -m venv --without-pip "$VENV" >>"$WORK/log" 2>&1 || return 1
    purelib=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    foreign_pip "$1" "$purelib" >>"$WORK/log" 2>&1
}

usable() {
    [ -x "$VENV/bin/python" ] && suits "$VENV/bin/python" &&
        grep -qF "$VENV" "$VENV/pyvenv.cfg" && "$VENV/bin/python" -m pip --version >/dev/null 2>&1
}

find_venv() {
    usable && return
    suitable=
    for python in $(pythons); do
        suits "$python" || continue
        suitable=$python
        say "making .venv with $("$python" --version)"
        make_venv "$python" && return
        rm -rf "$VENV"
    done
    [ -n "$suitable" ] ||
        fail "no Python 3.11 or newer was found on PATH. Nothing was installed." \
            "Install one, or name it: make PYTHON=/path/to/python3.12"
    fail "$suitable can make no virtual environment, and no pip was found to help." \
        "Nothing was installed. Install pip (Debian: python3-pip, or python3-venv), then try again."
}

# uv asks the index that pip was told to ask.
bring_uv() {
    index=${PIP_INDEX_URL:-$("$VENV/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    [ -x "$VENV/bin/uv" ] ||
        "$VENV/bin/python" -m pip install --quiet --only-binary :all: --require-hashes \
            -r "$(pinned uv)" >>"$WORK/log" 2>&1 ||
        say "uv is not to be had here; pip does its work, more slowly"
}

# Compiled once, here: a service without the right to write there would compile at every start.
export UV_COMPILE_BYTECODE=1

put() {
    if [ -x "$VENV/bin/uv" ]; then
        "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" "$@" 2>>"$WORK/log" && return
        say "uv could not install; pip tries, more slowly"
    fi
    "$VENV/bin/python" -m pip install --quiet "$@" >>"$WORK/log" 2>&1 ||
        fail "the packages could not be installed; what was there stays." \
            "Is a package index reachable (proxy, PIP_INDEX_URL)? pip says:"
}

state() { echo "$VENV" && cksum pyproject.toml requirements*.lock; }

stamped() {
    [ -x "$VENV/bin/python" ] && [ -e "$VENV/$1.stamp" ] &&
        [ "$(state)" = "$(cat "$VENV/$1.stamp")" ]
}

install() {
    stamped dev || stamped "$1" && return
    find_venv
    bring_uv
    say "installing the packages of $2 (a minute or two when done first)"
    put --no-deps --require-hashes -r requirements-build.lock -r "$2"
    put --no-deps --no-build-isolation -e .
    state >"$VENV/$1.stamp"
    say "ready"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=30 \
        -o DPkg::Lock::Timeout=60 "$@" </dev/null >>"$WORK/log" 2>&1
}

# bring PROGRAM "its name" "what its tests are of" PACKAGE..: from Debian, tried once
bring() {
    program=$1 name=$2 tests=$3
    shift 3
    { command -v "$program" >/dev/null || [ -e "$VENV/$program.stamp" ]; } && return
    : >"$VENV/$program.stamp"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "no $name here: the tests that need one skip"
        return
    fi
    say "installing Debian's $name for the tests of $tests"
    service mask --runtime "$program"
    apt install -y --no-install-recommends "$@" ||
        { apt update && apt install -y --no-install-recommends "$@"; } ||
        say "$name could not be installed: the tests that need one skip"
    service unmask --runtime "$program"
    service disable "$program"
}

# Tests start servers of their own: Debian's would listen to everybody, now and after every boot.
service() {
    [ ! -d /run/systemd/system ] || systemctl --quiet "$@" >>"$WORK/log" 2>&1 || :
}

install_servers() {
    bring dovecot "Dovecot" "mailboxes" dovecot-imapd dovecot-lmtpd
    bring kamailio "Kamailio" "call records" kamailio kamailio-sqlite-modules sip-tester
}

case ${1:-} in
runtime) install runtime requirements.lock ;;
dev) install dev requirements-dev.lock ;;
browser) bring chromium "Chromium" "pages" chromium ;;
servers) install_servers ;;
*) fail "usage: sh bootstrap.sh runtime | dev | browser | servers" ;;
esac
