# Sourced by the scripts beside it: `venv LOCKFILE` makes .venv on first use, and again when that lock file changes.
root=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { printf '%s' "$candidate"; return 0; }
    done
    if command -v python3 >/dev/null 2>&1; then
        say "Shouwang needs Python 3.11 or newer and found only $(python3 -V 2>&1): install a newer one, or name it with PYTHON=/path/to/python3.11."
    else
        say "Shouwang needs Python 3.11 or newer and found none: on Debian or Ubuntu run 'apt install python3 python3-venv'."
    fi
    exit 69
}

venv() {
    lock=$1
    stamp="$root/.venv/$(basename "$lock").sum"
    sum=$(cksum <"$root/$lock")
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && return 0
    python=$(find_python) || exit 69
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        say "Python's venv module is missing: on Debian or Ubuntu run 'apt install python3-venv'."
        exit 69
    fi
    say "Preparing .venv from $lock (once; about a minute) ..."
    if [ ! -x "$root/.venv/bin/python" ]; then
        "$python" -m venv "$root/.venv" || exit 70
    fi
    bar=off
    [ -t 2 ] && bar=on
    "$root/.venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar "$bar" --quiet \
        --require-hashes -r "$root/$lock" >&2 || {
        say "The packages of $lock could not be installed: the lines above say why; check the network and run this again."
        exit 70
    }
    # The checkout itself is importable: no build, edits take effect at once.
    site=$("$root/.venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$root" >"$site/shouwang.pth"
    printf '%s' "$sum" >"$stamp"
}
