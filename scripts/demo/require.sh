# Sourced by the demos: the shell's half of tests/peers.py.
skip() { # skip PEER WHY...: the peer is not here; a failure where CI_REQUIRE names it
    skipped=$1
    echo "SKIP $(basename "$0"): $*"
    case ",${CI_REQUIRE-}," in *",$1,"*) exit 1 ;; esac
    exit 0
}
need() { # need PEER COMMAND...: skips by the peer's name where a command is missing
    local peer=$1 command
    shift
    for command in "$@"; do PATH=$PATH:/usr/sbin command -v "$command" >/dev/null || skip "$peer" "is not here ($command)"; done
}
need_root() { # need_root WHY...
    [ "$(id -u)" = 0 ] || skip root "is needed: $*"
}
