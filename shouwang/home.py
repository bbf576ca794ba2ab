"""A home: the folder that holds all data of one site (or of one drill), its lock, and where its socket lies."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import stat
import time
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Self

from shouwang.clock import Clock, ResumedClock, SystemClock
from shouwang.errors import AccessError, LockedError, StoreError, UsageError
from shouwang.filelock import taken
from shouwang.words import Words

SYSTEM_HOME = Path("/var/lib/shouwang")
SYSTEM_RUNTIME = Path("/run/shouwang")
MARK_OF_DRILL = "drill"
MARK_OF_COLLECTOR = "collector"
_FOLDERS = ("logs", "drills", "rules", "intel", "hunts", "cache", "segments")
HOME_ID = "home.id"
RESERVE = "reserve"
OURS = frozenset(
    (
        *_FOLDERS,
        "lock",
        HOME_ID,
        RESERVE,
        "events.db",
        "spool.db",
        "state.db",
        "shouwang.toml",
        MARK_OF_DRILL,
        MARK_OF_COLLECTOR,
    )
)
COMMAND_S = 15.0
"""How long a command that holds a home is waited for."""
OF_COMMAND = "a command, "


@dataclass(frozen=True, slots=True)
class Home:
    """``path`` is absolute and without symbolic links as far as it exists."""

    path: Path

    @classmethod
    def at(cls, given: str | Path | None = None) -> Home:
        """The home asked for, else ``$SHOUWANG_HOME``, else the default of this user."""
        return cls(Path(os.path.realpath(Path(given or os.environ.get("SHOUWANG_HOME") or _default()).expanduser())))

    @property
    def config(self) -> Path:
        return self.path / "shouwang.toml"

    @property
    def events(self) -> Path:
        return self.path / "events.db"

    @property
    def spool(self) -> Path:
        """What is on its way to Elasticsearch, where events are kept there: in place of ``events``."""
        return self.path / "spool.db"

    @property
    def state(self) -> Path:
        return self.path / "state.db"

    @property
    def site(self) -> Path:
        """The home that the site's own files lie in: of a drill, the one it belongs to."""
        return self.path.parents[1] if self.drill else self.path

    @property
    def rules(self) -> Path:
        return self.site / "rules"

    @property
    def rule_sets(self) -> Path:
        """Sets from elsewhere, in versions: ``rulesets.RuleSets``."""
        return self.rules / "sets"

    @property
    def rule_cache(self) -> Path:
        """What was read of the rules; may be deleted at any time."""
        return self.site / "cache" / "rules"

    @property
    def intel(self) -> Path:
        """Sets of indicators; a drill looks for those of its site."""
        return self.site / "intel"

    @property
    def hunts(self) -> Path:
        return self.path / "hunts"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def drills(self) -> Path:
        return self.path / "drills"

    @property
    def drill(self) -> bool:
        """Whether this is a drill's home: then all that is made here bears the mark. Who may not look is told no."""
        return os.path.exists(self.path / MARK_OF_DRILL)  # noqa: PTH110  # Path.exists raises where it may not look

    @property
    def collects(self) -> bool:
        """Whether this is a collector's home: sources and rules, and no state. Who may not look is told no."""
        return os.path.exists(self.path / MARK_OF_COLLECTOR)  # noqa: PTH110  # as above

    def refuse_collector(self) -> None:
        """Raises ``UsageError``: there is nothing here that a daemon or its clients could work on."""
        if self.collects:
            raise UsageError(
                Words(
                    f"{self.path} 是采集端（`shouwang collect`）的目录，没有告警和事件。",
                    f"{self.path} is a collector's (`shouwang collect`): there are no alerts or incidents in it.",
                ),
                hint=Words(
                    "请在值守主机上查看：`shouwang status`、`shouwang doctor`。采集端由 SIGTERM 停止。",
                    "Ask on the host of the daemon that correlates: `shouwang status`, `shouwang doctor`. SIGTERM ends "
                    "a collector.",
                ),
            )

    def clock(self) -> Clock:
        """The machine's; of a drill, one that goes on where its replay ended."""
        try:
            reached = json.loads((self.path / MARK_OF_DRILL).read_text(encoding="utf-8"))["reached_us"]
        except (OSError, ValueError, KeyError, TypeError):
            return SystemClock()
        return ResumedClock(reached) if isinstance(reached, int) else SystemClock()

    def exists(self) -> bool:
        return self.config.exists()

    def owner_uid(self) -> int | None:
        """``None`` when there is no home yet, or it cannot be seen from here."""
        try:
            return self.path.stat().st_uid
        except OSError:
            return None

    def owner(self) -> str:
        uid = self.owner_uid()
        if uid is None:
            raise StoreError(
                Words(f"数据目录 {self.path} 不存在。", f"There is no home at {self.path}."),
                hint=Words("`shouwang up` 会新建。", "`shouwang up` makes one."),
            )
        return user_name(uid)

    def require_mine(self) -> None:
        """Raises ``StoreError`` when there is no home, ``AccessError`` when it belongs to somebody else."""
        if self.owner_uid() != os.geteuid():
            owner = self.owner()
            start = f"sudo -u {owner} shouwang up --headless --home {self.path}"
            raise AccessError(
                Words(
                    f"数据目录 {self.path} 属于 {owner}，目前没有守护进程在运行。",
                    f"The home {self.path} belongs to {owner} and nothing runs there now.",
                ),
                hint=Words(f"请以 {owner} 身份启动，例如：{start}", f"Start it as {owner}, for example: {start}"),
            )

    def make_folders(self) -> None:
        """The folder tree, closed to others. Harmless when it is there; a folder of other things is left alone."""
        self._refuse_foreign()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.logs, self.drills, self.rules):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as wrong:
            raise StoreError(
                Words(
                    f"无法建立数据目录 {self.path}：{wrong.strerror}。",
                    f"Cannot make the home {self.path}: {wrong.strerror}.",
                ),
                hint=Words("请用 --home 指定可写的目录。", "Give --home a folder that you may write."),
            ) from wrong

    def _refuse_foreign(self) -> None:
        """Raises ``UsageError`` for a folder that holds something and is no home: it would be closed to its users."""
        if self.exists() or not self.path.is_dir():
            return
        strange = sorted(each.name for each in self.path.iterdir() if each.name not in OURS)
        if strange:
            raise UsageError(
                Words(
                    f"{self.path} 不是守望的数据目录，且已有内容（{strange[0]} 等）。",
                    f"{self.path} is no home of Shouwang and holds other things ({strange[0]} ...).",
                ),
                hint=Words("请用 --home 指定新的或空的目录。", "Give --home a new or an empty folder."),
            )

    def close_to_others(self) -> None:
        """A home that others may read is closed; one that others could write is refused: who knows what is in it?"""
        mode = stat.S_IMODE(self.path.stat().st_mode)
        if mode & 0o022:
            raise AccessError(
                Words(f"其他用户可以写入 {self.path}。", f"Other users may write into {self.path}."),
                hint=Words(
                    f"请检查其中内容，再执行 chmod 700 {self.path}", f"Look through it, then: chmod 700 {self.path}"
                ),
            )
        if mode & 0o077:
            self.path.chmod(0o700)

    def sockets(self) -> list[Path]:
        """Where the daemon's socket may lie, as a client looks for it."""
        return [folder / self._socket_name() for folder in _runtime_folders(self.owner_uid())]

    def socket_to_make(self) -> Path:
        """Where a daemon of this user makes it: the first folder that it may write."""
        folders = _runtime_folders(self.owner_uid())
        for folder in folders:
            try:
                if not folder.exists():
                    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
                    folder.chmod(0o755)  # whatever the umask
            except OSError:
                continue
            if os.access(folder, os.W_OK | os.X_OK) and folder.stat().st_uid in {0, os.geteuid(), self.owner_uid()}:
                return folder / self._socket_name()
        tried = ", ".join(str(folder) for folder in folders)
        raise StoreError(
            Words(f"没有可放套接字的目录，已尝试：{tried}。", f"No folder for the socket: tried {tried}."),
            hint=Words(
                "请设置 XDG_RUNTIME_DIR，或把 SHOUWANG_RUNTIME 设为自己的目录。",
                "Set XDG_RUNTIME_DIR, or SHOUWANG_RUNTIME to one of yours.",
            ),
        )

    def _socket_name(self) -> str:
        return f"{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]}.sock"


class Lock:
    """The right to write a home's databases. Held for life by the daemon, for one act by a command without daemon.

    A command is waited for: it ends soon. A daemon is not. Since when is written in ``zone``, for who is refused.
    """

    def __init__(self, home: Home, zone: tzinfo, *, command: bool = False) -> None:
        self._path = home.path / "lock"
        self._home = home
        self._zone = zone
        self._command = command
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Raises ``LockedError`` that names who holds it."""
        try:
            held = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as wrong:
            raise StoreError(
                Words(f"无法打开 {self._path}：{wrong.strerror}。", f"Cannot open {self._path}: {wrong.strerror}."),
                hint=Words("请确认数据目录的属主。", "Whose is the home?"),
            ) from wrong
        until = time.monotonic() + COMMAND_S
        while not taken(held):
            holder = os.pread(held, 200, 0).decode("utf-8", "replace").strip()
            if (holder and not holder.startswith(OF_COMMAND)) or time.monotonic() > until:
                os.close(held)
                raise LockedError(
                    Words(
                        f"数据目录 {self._home.path} 正被占用：{_in_chinese(holder) or '另一个进程'}。",
                        f"The home {self._home.path} is in use by {holder or 'another process'}.",
                    ),
                    hint=Words("`shouwang stop` 可停止它。", "`shouwang stop` ends that one."),
                )
            time.sleep(0.02)
        os.ftruncate(held, 0)
        started = datetime.fromtimestamp(time.time(), self._zone).isoformat(timespec="seconds")
        who = OF_COMMAND if self._command else ""
        os.pwrite(held, f"{who}process {os.getpid()}, started {started}\n".encode(), 0)
        self._file = held
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


def _in_chinese(holder: str) -> str:
    """What ``Lock`` has written of itself."""
    said = holder.replace(OF_COMMAND, "一条命令，").replace("process ", "进程 ")
    return said.replace(", started ", "，启动于 ")


def user_name(uid: int) -> str:
    """The OS user's name; ``uid:1234`` for one that has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"


def _default() -> Path:
    if os.geteuid() == 0:
        return SYSTEM_HOME
    data = os.environ.get("XDG_DATA_HOME")
    return Path(data) / "shouwang" if data else Path("~/.local/share/shouwang")


def user_cache() -> Path | None:
    """Where commands that need no home of ours keep what they can make again; ``None``: this user has no such place."""
    given, own = os.environ.get("XDG_CACHE_HOME"), os.environ.get("HOME")
    place = Path(given) if given else Path(own) / ".cache" if own else None
    return None if place is None or not place.is_absolute() else place / "shouwang"


def _runtime_folders(owner_uid: int | None) -> list[Path]:
    """``SHOUWANG_RUNTIME`` alone, when set. Root's own folder is closed to others, so root has the system's.

    The last is a folder that anyone could have made: clients check who serves, the daemon whose folder it is.
    """
    given = os.environ.get("SHOUWANG_RUNTIME")
    if given:
        return [Path(given)]
    own = os.environ.get("XDG_RUNTIME_DIR")
    if own and os.geteuid() != 0:
        return [Path(own) / "shouwang", SYSTEM_RUNTIME]
    fallback = Path(f"/tmp/shouwang-{os.geteuid() if owner_uid is None else owner_uid}")  # noqa: S108  # the last resort; see _runtime_folders
    return [SYSTEM_RUNTIME, fallback]
