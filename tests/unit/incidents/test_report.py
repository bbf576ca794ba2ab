from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from incidents.plans import load as plans
from incidents.report.build import Material, build
from incidents.report.labels import LABELS
from incidents.report.layout import lay_out
from incidents.report.markdown import escape
from incidents.report.model import ReportModel
from incidents.report.paper import RENDERERS, report
from incidents.report.visible import visible
from shouwang.errors import UsageError
from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.model import Disposition, Event, Fact, Importance, IncidentState, Loss, Severity, SocialEffect
from shouwang.statestore.store import StateStore
from shouwang.visible import HIDDEN
from shouwang.words import words
from tests.unit.alerting.making import ZONE
from tests.unit.incidents.making import FOUND, an_alert, an_incident
from tests.unit.incidents.material import (
    a_model,
    a_setting,
    a_whole_incident,
    an_entry,
    an_event,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    "'\"><svg/onload=alert(1)>",
    "{{ 7*7 }}{% raw %}&lt;b&gt;",
    "\x1b[2J\x1b]0;owned\x07",
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x9b31m\x90q\x9c",
    "\u202egnp.exe\u2066\u2069\u200f",
    "a\x00b\r\nc\td\x7f\u2028\u2029\u200b\ufeff",
    "| a | b |\n| --- | --- |",
    "`code` ```fence``` ~~~",
    "[click](javascript:alert(1)) ![x](http://evil.example/p.png) <http://evil.example>",
    "http://evil.example www.evil.example someone@evil.example",
    "# heading\n- item\n1. one\n=====",
    "\ud800\udfff lone",
    "\\x1b is text here",
    "x" * 1_000_000,
]


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def hostile(drill: bool = False) -> Material:
    """Every text that anybody else may write, hostile at once."""
    nasty = " ".join(text[:200] for text in HOSTILE)
    whole = a_whole_incident(drill=drill)
    incident = replace(
        whole.incident,
        title=words(nasty),
        owner=nasty[:60],
        disposition=Disposition.FALSE_POSITIVE,
        disposition_reason=nasty,
        close_reason=nasty,
        asset_ids=("<gate>\x1b",),
    )
    alerts = [
        replace(an_alert(f"A-{n}"), title=words(text), entities={"user.name": (text[:300],), text[:40]: (text[:300],)})
        for n, text in enumerate(HOSTILE)
    ]
    events = [
        an_event(n, text.encode("utf-8", "surrogatepass") + b"\xff\xfe", source=text[:100])
        for n, text in enumerate(HOSTILE)
    ]
    entries = [
        an_entry(n, act, "<b>\x1b", reason=text[:500].replace("\ud800\udfff", ""), alert="<i>", rule="`|\u202e")
        for n, text in enumerate(HOSTILE)
        for act in ("open", "triage", "grade", "close", "strange\x1b<u>")
    ]
    return Material(incident, alerts, events, entries)


class Page(HTMLParser):
    """What a browser would make of it: tags and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


OURS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "p", "span", "h1", "section", "h2",
    "table", "tbody", "thead", "tr", "th", "td", "strong", "code", "ol", "li", "pre", "footer", "i", "div",
}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "colspan", "aria-hidden"}


def test_hostile_text_makes_no_tag_and_no_attribute_of_its_own(lang: str) -> None:
    page = Page(RENDERERS["html"](build(hostile(drill=True), a_setting(lang, name="<script>x</script>\x1b"))))
    assert page.tags <= OURS
    assert page.attributes <= ATTRIBUTES
    assert "<script>alert(1)</script>" in page.text


@pytest.mark.parametrize("format", RENDERERS)
def test_no_control_or_bidi_character_leaves_in_any_format(format: str, lang: str) -> None:
    content = RENDERERS[format](build(hostile(), a_setting(lang, name="\x1b\u202e")))
    bad = {c for c in set(content) if unicodedata.category(c) in HIDDEN and c != "\n"}
    assert not bad
    content.encode("utf-8")
    assert r"\x1b]52;c;" in content or r"\\x1b]52;c;" in content or r"\\x1b\]52;c;" in content


def test_markdown_cannot_be_made_to_hold_links_tags_or_further_cells(lang: str) -> None:
    content = RENDERERS["md"](build(hostile(), a_setting(lang)))
    assert not re.search(r"<[a-zA-Z/!]", content)
    assert not re.search(r"(?<!\\)\[[^\]]*\]\(", content)
    assert "://" not in content.replace("\\://", "")
    for table in re.findall(r"(?:^\|.*\n)+", content, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(widths) == 1, table
    headings = [one for one in content.splitlines() if one.startswith("#")]
    assert len(headings) == 9


def test_a_line_of_a_megabyte_is_cut_and_says_how_long_it_was() -> None:
    model = build(hostile(), a_setting())
    longest = max(model.events, key=lambda event: len(event.text))
    assert longest.text.endswith("… (1000002 B)")
    assert all(len(renderer(model)) < 500_000 for renderer in RENDERERS.values())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("门禁 gate-01", "门禁 gate-01"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("\x9b", r"\x9b"),
        ("a\nb\tc\x00", r"a\nb\tc\x00"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("x" * 12, "x" * 10 + "… (+2)"),
    ],
)
def test_what_steers_or_hides_is_written_out(text: str, shown: str) -> None:
    assert visible(text, 10) == shown


def test_escaping_keeps_plain_words_readable() -> None:
    assert escape("INC-20261125-0001 (gate): 12.5 %") == "INC-20261125-0001 (gate): 12.5 %"
    assert escape("a|b`c<d") == r"a\|b\`c&lt;d"


def test_all_formats_say_the_same(lang: str) -> None:
    model = a_model(lang)
    page = Page(RENDERERS["html"](model)).text
    written = RENDERERS["md"](model).replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")
    texts = [cell for section in lay_out(model).sections for cell in (section.heading,)]
    texts += [model.number, model.title, model.clock.latest, *(event.text for event in model.events)]
    texts += [line.clause for line in model.grade.criteria] + [line.says for line in model.timeline]
    for text in texts:
        assert text in page
        assert text.replace("\\", "") in written
    said = orjson.loads(RENDERERS["json"](model))
    assert (said["schema"], said["number"], said["grade"]["grade"]) == (1, model.number, "III")
    assert [line["clause"] for line in said["grade"]["criteria"]] == [line.clause for line in model.grade.criteria]
    stated = {"importance": "important", "loss": "considerable", "social": "general"}
    assert said["grade"]["facts"] == stated | {"importance_looked_up": True}
    assert {line["fact"] for line in said["grade"]["criteria"]} == {"looked_up", "stated", "not_asked"}


def written_by_us(lang: str) -> str:
    """A Markdown paper on an incident in which people wrote nothing, without its original records."""
    whole = a_whole_incident()
    incident = replace(whole.incident, disposition_reason="-", close_reason="-", asset_ids=())
    entries = [entry for entry in whole.entries if entry.act != "incidents.triage"]
    model = build(replace(whole, incident=incident, entries=entries, events=()), a_setting(lang, name="-"))
    return RENDERERS["md"](model).replace("\\", "")


def test_an_english_paper_is_english_but_for_the_titles_of_the_chinese_documents() -> None:
    text = written_by_us("en")
    documents = (plans().national.document, plans().matrix.document, plans().measures.document)
    for title in (one.title for one in documents):
        assert f"{title.en} ({title.zh})" in text
        text = text.replace(title.zh, "")
    assert "[unverified 未核实]" in text
    assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", text.replace("unverified 未核实", ""))


def test_a_chinese_paper_holds_no_name_out_of_the_program() -> None:
    names = {each.name for kind in (Severity, Importance, Loss, SocialEffect) for each in kind}
    names |= {each.value for kind in (IncidentState, Disposition, Fact) for each in kind}
    names |= {key.removeprefix("tactic ") for key in LABELS["zh"] if key.startswith("tactic ")}
    found = {name for name in names if re.search(rf"\b{name}\b", written_by_us("zh"), re.IGNORECASE)}
    assert found == set()


def test_both_languages_have_the_same_words() -> None:
    assert LABELS["zh"].keys() == LABELS["en"].keys()
    for key, zh in LABELS["zh"].items():
        assert sorted(re.findall(r"{\w+}", zh)) == sorted(re.findall(r"{\w+}", LABELS["en"][key])), key


def test_the_page_names_its_language_and_fetches_nothing(lang: str) -> None:
    content = RENDERERS["html"](a_model(lang))
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in content
    assert "<script" not in content
    assert not re.search(r"(src|href)=|url\(|@import", content)
    assert "default-src 'none'" in unescape(content)


@pytest.mark.parametrize("format", ["md", "html"])
def test_a_drill_is_marked_on_the_paper_and_a_real_incident_is_not(format: str, lang: str) -> None:
    assert RENDERERS[format](a_model(lang, drill=True)).count("演练") >= 4
    assert "演练" not in RENDERERS[format](a_model(lang))
    assert ('class="watermark"' in RENDERERS["html"](a_model(lang, drill=True))) is True


def test_unread_clauses_and_an_unconfirmed_grade_are_shown_as_such() -> None:
    content = RENDERERS["md"](a_model())
    assert "1.4 较大 a) [未核实]" in content
    assert "系统重要程度（重要，资产登记）、系统损失（较大）" in content
    assert "若须报告：应在 2026-11-25 12:00:00 +08:00 前向属地省级网信部门报告" in content
    assert "剩余 3 小时 12 分" in content
    plain = build(Material(an_incident(), [an_alert()], [], []), a_setting())
    assert "系统建议，尚未经人工核定" in RENDERERS["md"](plain)
    assert "IV一般** [系统建议，未确认]" in RENDERERS["md"](plain)
    assert "未确认" not in content
    english = RENDERERS["md"](build(Material(an_incident(), [an_alert()], [], []), a_setting("en")))
    assert r"IV (general)** [system proposal, not confirmed]" in english
    assert "尚未陈述任何事实" in RENDERERS["md"](plain)


def test_a_count_that_may_be_too_small_is_marked_on_the_paper(lang: str) -> None:
    alerts = [an_alert(), replace(an_alert("A-2"), count=141, at_least=True)]
    papers = {
        name: render(build(Material(an_incident(), alerts, [], []), a_setting(lang)))
        for name, render in RENDERERS.items()
    }
    assert "≥141" in papers["md"]
    assert "≥141" in papers["html"]
    assert [each["at_least"] for each in orjson.loads(papers["json"])["alerts"]] == [False, True]


def test_a_clock_that_has_run_out_says_by_how_much() -> None:
    late = build(a_whole_incident(), a_setting(now_us=FOUND + 250 * 60_000_000))
    assert "已超过 0 小时 10 分" in RENDERERS["md"](late)


def test_reasons_stored_under_older_plans_are_kept_as_they_were() -> None:
    whole = a_whole_incident()
    old = replace(whole.incident.grading.reasons[0], clause="an older clause", value="an older word")
    grading = replace(whole.incident.grading, reasons=(old, *whole.incident.grading.reasons[1:]))
    model = build(replace(whole, incident=replace(whole.incident, grading=grading)), a_setting("en"))
    assert (model.grade.criteria[0].clause, model.grade.criteria[0].found) == ("an older clause", "an older word")


def test_the_report_is_made_from_the_stores(tmp_path: Path) -> None:
    events = {n: an_event(n, b"line %d" % n) for n in range(3)}

    def rehydrate(stored: object) -> Event:
        return events[int.from_bytes(stored.id, "big")]  # type: ignore[attr-defined]  # a fake's own id

    with (
        EmbeddedStore(tmp_path / "events.db", zone=ZONE, rehydrate=rehydrate) as store,
        StateStore(tmp_path / "state.db") as state,
    ):
        store.put(Batch(events=tuple(events.values()), received_us=FOUND), {})
        ids = tuple(event.id for event in events.values())
        with state.work() as tx:
            tx.incidents.put(an_incident())
            tx.alerts.put(replace(an_alert(), incident_id=an_incident().id, event_ids=(*ids, b"\xff" * 16)))
            tx.audit(act="incidents.open", target=an_incident().id, at_us=FOUND, detail={"alert": "A-1"})
        made = report(state, store, an_incident().id, format="md", setting=a_setting())
        assert made.filename == "INC-20261125-0001-zh.md"
        assert "line 2" in made.content
        assert "建立事件（告警 A-1" in made.content
        with pytest.raises(UsageError, match="md, html, json"):
            report(state, store, an_incident().id, format="pdf", setting=a_setting())
        with pytest.raises(UsageError, match="no incident"):
            report(state, store, "INC-0", format="md", setting=a_setting())


def test_the_model_is_the_same_for_the_same_material() -> None:
    one, other = (RENDERERS["html"](a_model()) for _ in range(2))
    assert one == other
    assert isinstance(a_model(), ReportModel)


def test_the_json_report_speaks_the_times_and_the_id_of_the_contract() -> None:
    said = orjson.loads(RENDERERS["json"](build(a_whole_incident(), replace(a_setting(), exact=True))))
    assert said["id"] == said["number"]
    for name in ("issued_at", "found_at"):
        assert "T" in said[name]
        assert datetime.fromisoformat(said[name]).utcoffset() is not None


def test_the_json_report_differs_by_language_in_its_texts_alone() -> None:
    zh, en = (
        orjson.loads(RENDERERS["json"](build(a_whole_incident(), replace(a_setting(lang), exact=True))))
        for lang in ("zh", "en")
    )
    texts = {"lang", "title", "document", "clause", "says", "found", "unit", "operator", "basis", "report_to"}
    assert _differing(zh, en) <= texts
    assert (zh["state"], zh["disposition"], zh["alerts"][0]["severity"]) == ("triaged", "true", "high")
    assert zh["assets"][0]["importance"] == "important"
    assert zh["timeline"][0]["actor"] == "system"


def _differing(one: object, other: object, name: str = "") -> set[str]:
    """Names of the fields whose values are not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        assert one.keys() == other.keys()
        return {found for key in one for found in _differing(one[key], other[key], key)}
    if isinstance(one, list) and isinstance(other, list):
        assert len(one) == len(other)
        return {found for a, b in zip(one, other, strict=True) for found in _differing(a, b, name)}
    return set() if one == other else {name}
