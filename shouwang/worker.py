"""Heavy work in a process of its own: it reads and writes files, never the databases, and harms nobody when it dies.

The child gets its job as a line of JSON, with open files where it needs them, and answers in lines: progress, then a
result or an error. It runs at a lower priority, with a bound on its memory, and ends with its parent.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from shouwang import wire
from shouwang.errors import ShouwangError
from shouwang.model import Value
from shouwang.words import Words

JOBS: Final[Mapping[str, str]] = {
    "elastic.export": "shouwang.eventstore.elastic.dumping",
    "elastic.verify": "shouwang.eventstore.elastic.dumping",
    "intel.build": "shouwang.flows.indexing",
    "hunt": "shouwang.flows.hunting",
    "rules.recount": "shouwang.flows.refilling.work",
    "rules.stage": "shouwang.flows.rulestaging",
    "store.compact": "shouwang.eventstore.embedded.segments.compacting",
    "store.export": "shouwang.eventstore.embedded.segments.dumping",
    "store.ids": "shouwang.eventstore.embedded.segments.idlookup",
    "store.seal": "shouwang.eventstore.embedded.segments.sealing",
    "store.survey": "shouwang.eventstore.embedded.segments.surveying",
    "store.unpack": "shouwang.eventstore.unpacking",
    "store.verify": "shouwang.eventstore.embedded.segments.verifying",
}
"""Name -> module whose ``work(args, files, say)`` gives the result; ``say`` tells progress. Both are objects."""
MEMORY_BYTES: Final = 2 << 30
"""Address space of a child; a hostile file cannot take the machine's."""
NICENESS: Final = 10

Json = dict[str, Value]


def run(
    job: str,
    args: Mapping[str, Value],
    *,
    files: Sequence[int] = (),
    told: Callable[[Json], None] = lambda _progress: None,
    begun: Callable[[Callable[[], None]], None] = lambda _end: None,
) -> Json:
    """The job's result. ``told`` gets each progress and may raise to end the job; ``begun`` gets what ends it at once,
    from any thread.

    Raises what the job raised, or ``ShouwangError`` when the child died.
    """
    command = [sys.executable, "-P", "-m", "shouwang.worker", job, *map(str, files)]
    with subprocess.Popen(  # noqa: S603  # ourselves, with fixed words and numbers
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=files, process_group=0
    ) as child:
        try:
            begun(child.kill)
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(wire.line(dict(args)))
            child.stdin.flush()
            for line in child.stdout:
                said = json.loads(line)
                if "progress" in said:
                    told(said["progress"])
                    continue
                found = wire.read_reply(line)
                assert isinstance(found, dict)
                return found
        finally:
            child.kill()
    raise ShouwangError(
        Words(f"后台任务 {job} 意外终止（{child.returncode}）。", f"The job {job} died ({child.returncode})."),
        hint=Words("可能是内存不足；守护进程日志有详情。", "Was there too little memory? The daemon's log says more."),
    )


def _serve(job: str, files: Sequence[int]) -> int:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    args: Json = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work: Callable[[Json, Sequence[int], Callable[[Json], None]], Json] = import_module(JOBS[job]).work
    try:
        answer = work(args, files, lambda progress: _say(wire.line({"progress": progress})))
    except ShouwangError as refused:
        _say(_refusal(refused, args))
        return 0
    except MemoryError:
        too_large = ShouwangError(Words("内存不足以处理此文件。", "The file needs more memory than a job may have."))
        _say(_refusal(too_large, args))
        return 0
    _say(wire.success(None, answer))
    return 0


def _refusal(error: ShouwangError, args: Json) -> bytes:
    """In the language of the one who waits for it, where that is known."""
    return wire.failure(None, error, str(args["lang"])) if "lang" in args else wire.failure_in_both(error)


def _end_with_parent() -> None:
    """Its end of the pipe closes when it dies, however it dies. What it does next must not meet a job of before."""
    sys.stdin.buffer.read()
    os._exit(1)


def _say(line: bytes) -> None:
    """A parent that has gone ends us by SIGPIPE's error."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(_serve(sys.argv[1], [int(each) for each in sys.argv[2:]]))
