"""What the framed panes have in common: a title in the frame that is data, not markup."""

from __future__ import annotations

from rich.text import Text
from textual.scroll_view import ScrollView

from tui.present import clip, safe_text


class Pane(ScrollView):
    _title = ""

    def retitle(self, text: str) -> None:
        """Setting the same title again would draw the whole pane again."""
        if text != self._title:
            self._title = text
            self.border_title = Text(clip(safe_text(text, 300), 200))
