"""A hunt from the palette: chosen, begun, watched, its results opened."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.driving import console, sees, shown, types, widths
from tests.tui.fake import Service


async def commanded(pilot: Pilot[int], name: str) -> None:
    await pilot.press("ctrl+p")
    await types(pilot, name)
    await pilot.press("enter")


@pytest.mark.parametrize(
    ("lang", "begun", "done"), [("zh", "狩猎已存日志", "完成"), ("en", "Hunt in stored logs", "done")]
)
async def test_a_loaded_rule_is_chosen_watched_and_its_matches_are_opened(lang: str, begun: str, done: str) -> None:
    service = Service()
    async with console(service, lang=lang) as pilot:
        await commanded(pilot, "hunt")
        await sees(pilot, begun)
        await sees(pilot, "SSH 暴力破解")
        await types(pilot, "住户")
        await pilot.press("ctrl+s")
        await sees(pilot, "50%")
        service.hunts.over = True
        await sees(pilot, f"{done}  [##############################] 100%")
        await pilot.press("enter")
        await sees(pilot, "user.name=wang")
        assert "user.name=root" not in "\n".join(shown(pilot))
        assert widths(pilot) == {120}
        await pilot.press("down", "enter")
        await sees(pilot, "platform.records")
        await sees(pilot, "3482")
        assert not any("\x1b" in line for line in shown(pilot))
        await pilot.press("escape")
        await sees(pilot, "user.name=li")
        await pilot.press("escape", "escape")
        await sees(pilot, "SSH")
    assert service.did("hunt.start") == [{"ids": ["r-2"], "asked": ["住户记录批量导出 (r-2)"], "since": "7d"}]


async def test_a_folders_rules_are_handed_over_and_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("title: x", encoding="utf-8")
    service = Service()
    async with console(service) as pilot:
        await commanded(pilot, "sl")
        await types(pilot, "/nowhere")
        await pilot.press("ctrl+s")
        await sees(pilot, "/nowhere 不存在")
        pilot.app.screen.query_one("#rule").value = str(tmp_path)  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        await sees(pilot, "狩猎 H-1")
    with tarfile.open(fileobj=io.BytesIO(service.hunts.packed)) as archive:
        assert any(name.endswith("own.yml") for name in archive.getnames())
    assert service.did("hunt.start")[0]["asked"] == [str(tmp_path)]


async def test_hunts_are_listed_reopened_and_stopped() -> None:
    service = Service()
    service.call("hunt.start", ids=["r-2"])
    async with console(service) as pilot:
        await commanded(pilot, "hunts")
        await sees(pilot, "H-1")
        await pilot.press("enter")
        await sees(pilot, "50%")
        await pilot.press("s")
        await sees(pilot, "已停止")
    assert service.did("hunt.stop") == [{"id": "H-1"}]
