# Sourced by the demos: a home of its own, conditions instead of sleeps, and one line at the end.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export LANG=C.UTF-8
demo=$(basename "$0")
work=$(mktemp -d /tmp/shouwang-demo.XXXXXX)
export SHOUWANG_HOME=$work/home SHOUWANG_RUNTIME=$work/run
mkdir -m 755 "$work/run"
chmod 755 "$work"
sw() { scripts/run "$@"; }

fail() {
    echo "FAILED $demo: $*"
    [ -f "$work/up.log" ] && tail -20 "$work/up.log"
    exit 1
}
. scripts/demo/require.sh
wait_for() { # wait_for SECONDS WHAT COMMAND...: until the command succeeds
    local until=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || fail "waited in vain for $what"
        sleep 0.2
    done
}
free_port() { .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
field() { .venv/bin/python -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value if isinstance(value, str) else json.dumps(value))' "$1"; }
watching() { sw status --json | grep -Eq '"started": *"'; } # without a daemon the answer comes from the command itself
up() { # starts the daemon and waits until it answers
    sw up --headless >"$work/up.log" 2>&1 &
    daemon=$!
    wait_for 30 "the daemon" watching
}
finish() {
    local code=$?
    [ -n "${daemon-}" ] && sw stop >/dev/null 2>&1
    declare -F cleanup >/dev/null && cleanup
    wait 2>/dev/null
    rm -rf --one-file-system "$work"
    [ $code = 0 ] && [ -z "${skipped-}" ] && echo "OK $demo"
    exit $code
}
trap finish EXIT
