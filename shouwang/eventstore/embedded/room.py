"""Room on the disk: what is kept free, and when the store takes nothing so that nothing is lost.

In order, as the disk fills: an alarm, and days are not compacted any more; then nothing is taken (the sources wait),
while there is still room to clean up; then the reserve, a file of zeros, is given up for the cleaning. When there is
room again the reserve is made anew first, and then events are taken again. Nobody's hand is needed for either.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

from shouwang.eventstore.base import StoreAway
from shouwang.home import RESERVE
from shouwang.words import Words

LEAST_FREE_BYTES: Final = 256 << 20
"""Less is an alarm, where no reserve says what is little here."""


class Room:
    """Of the folder's disk. ``reserve_bytes`` 0: no reserve, and the disk itself says when it is full.

    The store takes nothing when less than a quarter of the reserve is free beside it, until there is half as much again
    as the reserve, it included.
    """

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        self._folder = folder
        self._file = folder / RESERVE
        self._reserve_bytes = reserve_bytes
        self._lock = threading.Lock()
        self._paused = bool(reserve_bytes) and self._was_given_up()

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def reserved_bytes(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0

    def free_bytes(self) -> int:
        """Beside the reserve. Raises ``OSError``."""
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def tight(self) -> bool:
        """Whether it is time for an alarm, and too late for what needs much room for a while."""
        try:
            return self.free_bytes() < (self._reserve_bytes or LEAST_FREE_BYTES)
        except OSError:
            return True

    def admit(self) -> None:
        """Before events are taken. Raises ``StoreAway`` while there is too little room."""
        if not self._reserve_bytes:
            return
        with self._lock:
            try:
                self._look()
            except OSError as wrong:
                raise StoreAway(
                    Words(
                        f"无法读取磁盘 {self._folder}：{wrong}。",
                        f"The disk of {self._folder} cannot be asked: {wrong}.",
                    ),
                    hint=Words("磁盘是否已挂载？", "Is it mounted?"),
                ) from wrong
            if self._paused:
                raise StoreAway(
                    Words(
                        f"磁盘 {self._folder} 空间不足，暂停接收日志。",
                        f"The disk of {self._folder} is nearly full: no events are taken.",
                    ),
                    hint=Words(
                        f"请腾出至少 {self._wanted() >> 20} MiB；各来源正在等待，空间恢复后自动继续。",
                        f"Free at least {self._wanted() >> 20} MiB; the sources wait, and go on by themselves then.",
                    ),
                )

    def give_up_reserve(self) -> bool:
        """For cleaning up, while paused; whether there was one."""
        with self._lock:
            if not self._paused or not self.reserved_bytes:
                return False
            os.truncate(self._file, 0)
            return True

    def keep_reserve(self) -> bool:
        """Make the reserve where there is room for it and none yet; whether it was made now."""
        with self._lock:
            try:
                if self._reserve_bytes:
                    self._look()
                if self._paused or not self._lacks() or self._spare() < self._enough():
                    return False
            except OSError:
                return False
            return self._make()

    def _look(self) -> None:
        """The reserve is made anew before the pause ends."""
        if not self._paused:
            self._paused = self.free_bytes() < self._reserve_bytes // 4
        elif self._spare() >= self._enough():
            if self._lacks():
                self._make()
            self._paused = False

    def _was_given_up(self) -> bool:
        """An empty file: the pause outlives the process."""
        try:
            return self._file.stat().st_size == 0
        except OSError:
            return False

    def _lacks(self) -> bool:
        return self.reserved_bytes < self._reserve_bytes

    def _spare(self) -> int:
        return self.free_bytes() + self.reserved_bytes

    def _enough(self) -> int:
        return self._reserve_bytes + self._reserve_bytes // 2

    def _wanted(self) -> int:
        return max(self._enough() - self._spare(), 1 << 20)

    def _make(self) -> bool:
        """Blocks of its own, not a hole."""
        try:
            file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(file, 0, self._reserve_bytes)
        except OSError:  # a quota, say
            self._file.unlink(missing_ok=True)
            return False
        finally:
            os.close(file)
        return True
