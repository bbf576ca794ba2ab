"""ReportModel -> paper: headings, paragraphs and tables that Markdown and HTML then only write down. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from incidents.report.labels import LABELS
from incidents.report.model import CriterionLine, ReportModel
from incidents.words import FACTS, GRADES_EN, degree, grade_word
from shouwang.model import Grade


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    mark: str = ""
    """A remark set apart from the text: 未核实."""
    code: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    kind: str = ""
    """``lead``, ``note`` or plain."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labels and what they stand for."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    kind: str
    """A name for the style sheet: ``criteria``, ``alerts`` ..."""
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """A row of one cell heads the rows below it."""


@dataclass(frozen=True, slots=True)
class Records:
    """Original records: where each came from, and its text."""

    rows: tuple[tuple[str, str], ...]


Block: TypeAlias = Paragraph | Pairs | Table | Records


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    lang: str
    masthead: str
    """The site, over the red line."""
    kind: str
    title: str
    number: str
    issued: str
    drill: str
    """The watermark; empty unless it is a drill."""
    drill_note: str
    draft: str
    sections: tuple[Section, ...]
    sign: tuple[str, str]


NUMERALS = {"zh": "一二三四五六七八", "en": "12345678"}


def lay_out(model: ReportModel) -> Paper:
    words = LABELS[model.lang]
    parts = [_summary, _grading, _deadline, _alerts, _entities, _records, _timeline, _outcome]
    stop = "、" if model.lang == "zh" else ". "
    sections = tuple(
        Section(f"{NUMERALS[model.lang][n]}{stop}{words[str(n + 1)]}", tuple(part(model)))
        for n, part in enumerate(parts)
    )
    return Paper(
        lang="zh-CN" if model.lang == "zh" else "en",
        masthead=model.site or words["kind"],
        kind=words["kind"],
        title=model.title,
        number=model.number,
        issued=f"{words['issued']} {model.issued_at}",
        drill=words["drill"] if model.drill else "",
        drill_note=words["drill note"],
        draft=words["draft"],
        sections=sections,
        sign=(words["sign"], words["date"]),
    )


def _summary(model: ReportModel) -> Iterable[Block]:
    words, grade = LABELS[model.lang], grade_word(model.grade.grade, model.lang)
    assets = words["list"].join(
        f"{asset.name} ({asset.id}{', ' + asset.importance if asset.importance else ''})" for asset in model.assets
    )
    yield Pairs(
        (
            (words["name"], Cell(model.title, strong=True)),
            (words["number"], Cell(model.number)),
            (words["grade"], Cell(grade, mark="" if model.grade.confirmed_by else words["unconfirmed"], strong=True)),
            (words["state"], Cell(model.state)),
            (
                words["happened"],
                Cell(_happened(model) or "—", mark=words["imported"] if model.imported else ""),
            ),
            (words["found"], Cell(model.found_at)),
            (words["owner"], Cell(model.owner or words["not yet"])),
            (words["assets"], Cell(assets or words["none"])),
            (words["alerts"], Cell(str(len(model.alerts) + model.alerts_left_out))),
            (words["closed"], Cell(model.closed_at or words["not closed"])),
        )
    )


def _grading(model: ReportModel) -> Iterable[Block]:
    words, part = LABELS[model.lang], model.grade
    key = "grade overridden" if part.overrides else "grade confirmed" if part.confirmed_by else "grade proposed"
    yield Paragraph(
        words[key].format(
            grade=grade_word(part.grade, model.lang),
            proposed=grade_word(part.proposed, model.lang),
            by=part.confirmed_by,
            at=part.confirmed_at,
            reason=part.override_reason,
        ),
        "lead",
    )
    facts = (("importance", part.facts.importance), ("loss", part.facts.loss), ("social", part.facts.social))
    said = words["list"].join(
        words["fact of the register" if name == "importance" and part.facts.importance_looked_up else "fact"].format(
            fact=FACTS[model.lang][name], degree=degree(value, model.lang)
        )
        for name, value in facts
    )
    yield Paragraph(words["facts"] + words["colon"] + said)
    head = (words["clause"], words["says"], words["found value"], words["known"], words["result"])
    yield Table("criteria", head, tuple(_criteria(part.criteria, part.proposed, model.lang)))
    if part.would_raise:
        yield Paragraph(words["raise"], "lead")
        few = (words["clause"], words["found value"])
        yield Table("raise", few, tuple(_criteria(part.would_raise, None, model.lang)))
    yield Paragraph(words["unsure note"], "note")


def _criteria(lines: Iterable[CriterionLine], deciding: Grade | None, lang: str) -> Iterable[tuple[Cell, ...]]:
    """By document; with what each is about and gives when ``deciding`` is the grade that won."""
    words, document = LABELS[lang], ""
    held = list(lines)
    order = list(dict.fromkeys(line.document for line in held))
    for line in sorted(held, key=lambda line: order.index(line.document)):
        if line.document != document:
            document = line.document
            yield (Cell(document),)
        clause = Cell(line.clause, mark="" if line.sure else words["unsure"])
        if deciding is None:
            yield clause, Cell(line.found)
            continue
        result = words["not met"]
        if line.grade:
            result = line.grade.name if lang == "en" else grade_word(line.grade, lang)
        known = Cell(words[f"fact {line.fact.value}"])
        yield clause, Cell(line.says), Cell(line.found), known, Cell(result, strong=line.grade is deciding)


def _happened(model: ReportModel) -> str:
    return f"{_span(model.first, model.last)} {model.first[20:]}" if model.first else ""


def _deadline(model: ReportModel) -> Iterable[Block]:
    words, part = LABELS[model.lang], model.clock
    limit = words["hours"].format(n=part.limit_minutes // 60)
    yield Paragraph(
        words["clock"].format(
            to=words["to"].join(part.report_to), latest=part.latest, limit=limit, remaining=_remaining(model)
        ),
        "lead",
    )
    if model.imported:
        yield Paragraph(words["imported note"].format(happened=_happened(model), found=model.found_at))
    yield Paragraph(words["clock basis"].format(basis=part.basis, clause=part.clause, operator=part.operator))
    yield Paragraph(words["clock undecided"].format(hotline=part.hotline))
    levels = (Grade.III, Grade.II, Grade.I)
    rows = []
    for line in part.thresholds:
        values = {grade: (value, sure) for grade, value, sure in line.values}
        cells = [
            Cell(f"{values[one][0]:,}", mark="" if values[one][1] else words["unsure"]) if one in values else Cell("—")
            for one in levels
        ]
        rows.append((Cell(f"{line.says} ({line.unit})"), *cells))
    head = (words["threshold"], *(grade_word(one, "zh") if model.lang == "zh" else _short(one) for one in levels))
    yield Table("thresholds", head, tuple(rows))


def _short(grade: Grade) -> str:
    return f"{grade.name} {GRADES_EN[grade]}"


def _remaining(model: ReportModel) -> str:
    words, left_s = LABELS[model.lang], model.clock.remaining_s
    minutes = abs(left_s) // 60
    span = words["hours minutes"].format(h=minutes // 60, m=minutes % 60)
    return words["left" if left_s >= 0 else "over"].format(span=span)


def _alerts(model: ReportModel) -> Iterable[Block]:
    words = LABELS[model.lang]
    head = (words["alert id"], words["severity"], words["alert title"], words["count"], words["span"], words["tags"])
    rows = tuple(
        (
            Cell(line.id),
            Cell(line.severity, strong=True),
            Cell(line.title),
            Cell(f"≥{line.count}" if line.at_least else str(line.count)),
            Cell(_span(line.first, line.last)),
            Cell(words["list"].join(_tag(tag, words) for tag in line.tags)),
        )
        for line in model.alerts
    )
    yield Table("alerts", head, rows)
    if model.alerts_left_out:
        yield Paragraph(words["left out"].format(n=model.alerts_left_out), "note")


def _tag(tag: str, words: Mapping[str, str]) -> str:
    """``attack.t1110.001`` -> ``T1110.001``; ATT&CK's tactics by name."""
    name = tag.removeprefix("attack.")
    return name.upper() if name[1:2].isdigit() else words.get(f"tactic {name}", name)


def _span(first: str, last: str) -> str:
    """The day once when both are of one day."""
    if first == last:
        return first[:19]
    return f"{first[:19]} - {last[11:19] if first[:10] == last[:10] else last[:19]}"


def _entities(model: ReportModel) -> Iterable[Block]:
    words = LABELS[model.lang]
    rows = []
    for line in model.entities:
        more = " " + words["more"].format(n=line.more + len(line.values)) if line.more else ""
        kind = words.get(f"entity {line.name}")
        name = Cell(f"{kind} ({line.name})") if kind else Cell(line.name, code=True)
        rows.append((name, Cell(", ".join(line.values) + more)))
    if rows:
        yield Table("entities", (words["entity"], words["values"]), tuple(rows))
    else:
        yield Paragraph(words["none"])


def _records(model: ReportModel) -> Iterable[Block]:
    words = LABELS[model.lang]
    if not model.events:
        yield Paragraph(words["no samples"].format(total=model.events_total), "note")
        return
    yield Paragraph(words["samples"].format(total=model.events_total, shown=len(model.events)), "note")
    yield Records(tuple((f"{line.time}  {line.source}  {line.dataset}", line.text) for line in model.events))


def _timeline(model: ReportModel) -> Iterable[Block]:
    words = LABELS[model.lang]
    rows = tuple((Cell(line.at[:19]), Cell(line.actor), Cell(line.says)) for line in model.timeline)
    if rows:
        yield Table("timeline", (words["at"], words["actor"], words["act"]), rows)
    else:
        yield Paragraph(words["none"])


def _outcome(model: ReportModel) -> Iterable[Block]:
    words = LABELS[model.lang]
    yield Pairs(
        (
            (words["disposition"], Cell(model.disposition or words["not triaged"], strong=True)),
            (words["disposition reason"], Cell(model.disposition_reason or words["not triaged"])),
            (words["close reason"], Cell(model.close_reason or words["not closed"])),
        )
    )
