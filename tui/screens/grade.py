"""Grading: the facts, the system's proposal with its reasons, and a person's word on it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Input

from shouwang.model import Value
from tui import dossier, labels, wire
from tui.present import Line, safe_text
from tui.screens.forms import IncidentForm
from tui.session import Session
from tui.widgets.choice import Choice
from tui.widgets.lines import Lines

FACTS = {
    "importance": ("ordinary", "important", "especially_important"),
    "loss": ("minor", "considerable", "serious", "especially_serious"),
    "social": ("general", "considerable", "major", "especially_major"),
}
GRADES = ("IV", "III", "II", "I")


class GradeForm(IncidentForm):
    """Facts that changed are sent first and give another proposal; only then is a grade confirmed."""

    TITLE_KEY = "grading.title"

    def __init__(self, session: Session, incident: wire.IncidentRow) -> None:
        super().__init__(session, incident)
        self._known = incident

    def fields(self) -> ComposeResult:
        words = self.words
        for fact, values in FACTS.items():
            options = [(value, words(f"{fact}.{value}")) for value in values]
            if not self.subject.facts.get(fact):
                options.insert(0, ("", words(f"{fact}.unknown")))
            yield Choice(words(f"incidents.{fact}"), options, chosen=self.subject.facts.get(fact, ""), id=fact)
        yield Lines(id="proposal")
        yield Choice(
            words("grading.chosen"),
            [(grade, labels.grade(grade, words)[0]) for grade in GRADES],
            chosen=self.subject.grade,
            id="grade",
        )
        yield Input(placeholder=words("grading.reason_hint"), id="reason")

    def on_mount(self) -> None:
        self._show()

    def _facts(self) -> dict[str, str]:
        return {fact: self.query_one(f"#{fact}", Choice).value for fact in FACTS}

    def _unsent(self) -> dict[str, Value]:
        return {fact: value for fact, value in self._facts().items() if value and value != self._known.facts.get(fact)}

    def _show(self) -> None:
        self.query_one("#proposal", Lines).show(self._proposal, top=True)
        key = "grading.recompute" if self._unsent() else "grading.confirm"
        self.query_one("#save", Button).label = self.words(key) + " ^S"

    def _proposal(self, width: int) -> Sequence[Line]:
        words, known = self.words, self._known
        proposed = labels.grade(known.proposed or known.grade, words)
        note = words("grading.dirty") if self._unsent() else ""
        head: Line = ((words("grading.propose") + "  ", "title"), proposed, ("   " + note, "high"))
        return [head, *dossier.reason_lines(known.reasons, words, width)]

    @on(Choice.Picked)
    def _picked(self, picked: Choice.Picked) -> None:
        self.say("")
        if picked.choice.id in FACTS:
            self._show()

    async def save(self) -> str:
        unsent = self._unsent()
        if unsent:
            self._known = await self.act("incidents.grade", **unsent)
            self.query_one("#grade", Choice).choose(self._known.proposed or self._known.grade)
            self._show()
            proposed = labels.grade(self._known.proposed, self.words)[0]
            self.say(self.words("grading.recomputed", grade=proposed), "good")
            return ""
        grade, proposed = self.query_one("#grade", Choice).value, self._known.proposed
        if proposed and grade != proposed and not self.reason():
            self.say(self.words("grading.override", grade=labels.grade(proposed, self.words)[0]))
            self.query_one("#reason").focus()
            return ""
        args: dict[str, Value] = {"reason": self.reason()} if self.reason() else {}
        await self.act("incidents.grade", grade=grade, **args)
        shown = labels.grade(grade, self.words)[0]
        return self.words("grading.done", id=safe_text(self.subject.id), grade=shown)
