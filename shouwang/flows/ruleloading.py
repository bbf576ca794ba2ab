"""A home's rules, and the settings that quiet their alerts: loaded at the start, and again while the daemon runs."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from detection.authoring.difference import Difference, Kept, difference
from detection.hunt import meaning
from detection.inforce import Edition, InForce
from detection.noise.inhibit import Inhibit, inhibit
from detection.rules import OWN_RULES
from detection.rules import load as load_rules
from detection.ruleset import Refusal, RuleSet
from shouwang import config, worker
from shouwang.clock import Clock
from shouwang.errors import RulesError, UsageError
from shouwang.home import Home
from shouwang.model import Finding, Level, Value
from shouwang.rulesets import Pointer, RuleSets
from shouwang.words import Words

log = logging.getLogger(__name__)

Json = dict[str, Value]
AT_ONCE: Final = frozenset({"rules", "inhibit", "silences"})
"""Tables of the settings that a reload takes over."""
NAMED: Final = 3
"""Refusals named in a sentence."""


@dataclass(frozen=True, slots=True)
class Loaded:
    ruleset: RuleSet
    findings: list[Finding]
    """Folders that cannot be read."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    edition: Edition
    difference: Difference
    inhibits: int
    """``[[inhibit]]`` tables in force."""
    waiting: list[str]
    """Tables of the settings that changed and take effect at the next start."""


def loaded(home: Home, chosen: config.Rules) -> Loaded:
    """Ours, the home's, its sets', the named folders'; without the disabled ones."""
    found = load_rules(
        rule_paths(home, chosen),
        placeholders=chosen.placeholders,
        pipelines=pipelines(home, chosen),
        cache=home.rule_cache,
    )
    missing = [path for path in _folders(home, chosen) if not _can_read(path)]
    return Loaded(found.without(chosen.disabled), [_no_rules_there(home, path) for path in missing])


def rule_paths(home: Home, chosen: config.Rules, instead: Mapping[str, Path] | None = None) -> list[Path]:
    """The first to give an id keeps it: the site's own rules stand before those of sets.

    ``instead``: for a set of this name, this folder.
    """
    own: Sequence[Path] = [OWN_RULES] if chosen.builtin else []
    sites = [home.rules] if home.rules.is_dir() else []
    further = [path for path in _folders(home, chosen) if _can_read(path)]
    sets = RuleSets(home.rule_sets)
    used = {name: path for name in sets.names() if (path := sets.path(name)) is not None} | dict(instead or {})
    return [*own, *sites, *further, *(used[name] for name in sorted(used))]


def pipelines(home: Home, chosen: config.Rules) -> list[Path]:
    return [home.site / Path(each).expanduser() for each in chosen.pipelines]


def told_workers(home: Home, chosen: config.Rules, instead: Mapping[str, Path] | None = None) -> Json:
    """What a worker needs to load the very rules that are, or with ``instead`` would be, in force."""
    return {
        "rules": _texts(rule_paths(home, chosen, instead)),
        "pipelines": _texts(pipelines(home, chosen)),
        "placeholders": {name: list(values) for name, values in chosen.placeholders.items()},
        "disabled": list(chosen.disabled),
        "cache": str(home.rule_cache),
    }


def difference_json(change: Difference, lang: str) -> dict[str, Value]:
    return {
        "added": [_rule_json(rule) for rule in change.added],
        "changed": [_rule_json(each.rule) | {"parts": list(each.parts)} for each in change.changed],
        "removed": [_rule_json(rule) for rule in change.removed],
        "refused": [
            {"path": str(each.path), "line": each.line, "reason": each.reason.of(lang)} for each in change.refused
        ],
    }


def _rule_json(rule: Kept) -> dict[str, Value]:
    return {"id": rule.id, "title": rule.title, "level": rule.severity.name.lower(), "path": str(rule.path)}


def version(ruleset: RuleSet) -> str:
    """The same for rules that mean the same."""
    return meaning(ruleset)[:12]


def inhibits(settings: config.Config, path: Path) -> tuple[Inhibit, ...]:
    """Raises ``UsageError`` with ``path``, where the settings were read, and the line of the table."""
    return tuple(_inhibit(number, each, path) for number, each in enumerate(settings.inhibit))


def _inhibit(number: int, table: config.InhibitTable, path: Path) -> Inhibit:
    try:
        return inhibit(
            table.name,
            table.source,
            table.target,
            equal=table.equal,
            within_us=table.within_us,
            members=table.members,
        )
    except UsageError as wrong:
        line, said = config.line(path, ("inhibit", number)), wrong.message
        raise UsageError(Words(f"{path}:{line}: {said.zh}", f"{path}:{line}: {said.en}"), hint=wrong.hint) from wrong


class RuleKeeper:
    """Loads a home's rules anew and puts them in force. Any thread may call; one at a time is served."""

    def __init__(
        self,
        home: Home,
        settings: config.Config,
        inforce: InForce,
        clock: Clock,
        told: Callable[[Edition, config.Rules, Sequence[Inhibit]], None],
    ) -> None:
        """``told``: see ``InForce.adopt``."""
        self._began_with = settings
        self.settings = settings
        """As they were read last. Of these, ``AT_ONCE`` is in force; the rest is what the start found."""
        self._home = home
        self._inforce = inforce
        self._clock = clock
        self._told = told
        self._loading = threading.Lock()
        self.findings: list[Finding] = []
        self.sets = RuleSets(home.rule_sets)

    def reload(self, *, partly: bool = False) -> Reloaded:
        """What is refused now and was not before stops it, unless ``partly``: then what loads is taken.

        Raises ``RulesError``, ``UsageError`` for settings that cannot be read; then the old rules stay in force.
        """
        with self._loading:
            return self._reload(partly=partly)

    def _reload(self, *, partly: bool) -> Reloaded:
        settings = config.load(self._home.config)
        chosen, quieting = settings.rules, inhibits(settings, self._home.config)
        found = loaded(self._home, chosen)
        change = difference(self._inforce.edition.ruleset, found.ruleset)
        if not found.ruleset.rules:
            raise _refused(Words("没有一条规则可用", "no rule can be used"), found.ruleset.refused)
        if change.refused and not partly:
            number = len(change.refused)
            said = Words(f"有 {number} 处新的错误", f"newly refused: {number}")
            raise _refused(said, change.refused)
        now_us = self._clock.now_us()
        edition = self._inforce.adopt(found.ruleset, now_us, lambda edition: self._told(edition, chosen, quieting))
        self.settings = settings
        self.findings = found.findings
        log.info(
            "rules: edition %d is in force, %d rules, %d correlations",
            *(edition.number, len(found.ruleset.rules), len(found.ruleset.correlations)),
        )
        return Reloaded(edition, change, len(quieting), _waiting(self._began_with, settings))

    def stage(self, name: str, file: int, *, sha256: str, lang: str, told: Callable[[Json], None]) -> Json:
        """Make a version of a set ready, not in use yet. Raises ``UsageError``, ``RulesError``."""
        with self._loading:
            chosen = config.load(self._home.config).rules
            stamp = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC).strftime("%Y%m%dT%H%M%S")
            version = f"{stamp}-{secrets.token_hex(3)}"
            place = self.sets.place(name, version)
            args: Json = {
                "to": str(place),
                "sha256": sha256,
                "before": _texts(rule_paths(self._home, chosen)),
                **told_workers(self._home, chosen, {name: place}),
                "lang": lang,
            }
            return {"name": name, "version": version, **worker.run("rules.stage", args, files=[file], told=told)}

    def if_adopted(self, name: str, version: str) -> Json:
        """For workers: the rules as they would be in force with this version. Raises ``UsageError``."""
        place = self.sets.made(name, version)
        return told_workers(self._home, config.load(self._home.config).rules, {name: place})

    def adopt(self, name: str, version: str) -> Reloaded:
        """Put a version that was made ready in force; what it refuses was told then."""
        with self._loading:
            before = self.sets.adopt(name, version)
            return self._in_force_or(name, before)

    def rollback(self, name: str) -> Reloaded:
        """The version before in force again. Raises ``UsageError`` when there is none."""
        with self._loading:
            before = self.sets.pointer(name)
            self.sets.rollback(name)
            return self._in_force_or(name, before)

    def _in_force_or(self, name: str, before: Pointer | None) -> Reloaded:
        try:
            return self._reload(partly=True)
        except BaseException:  # whatever it was, goes on up: the pointer must not say what is not in force
            self.sets.point(name, before)
            raise


def _waiting(before: config.Config, now: config.Config) -> list[str]:
    names = (name for name in config.Config.model_fields if name not in AT_ONCE)
    return [name for name in names if getattr(before, name) != getattr(now, name)]


def _texts(paths: Sequence[Path]) -> list[Value]:
    return [str(path) for path in paths]


def _refused(why: Words, refused: Sequence[Refusal]) -> RulesError:
    whole, more = [each.whole() for each in refused[:NAMED]], len(refused) > NAMED
    named = Words("；".join(each.zh for each in whole) + "；……" * more, "; ".join(map(str, whole)) + "; ..." * more)
    return RulesError(
        Words(f"规则未更换：{why.zh}。{named.zh}。", f"The rules were not changed: {why.en}. {named.en}."),
        hint=Words(
            "请改正（shouwang rules check），或用 --partly 采用其余规则。原有规则仍在运行。",
            "Correct them (shouwang rules check), or take the others with --partly. The old rules stay in force.",
        ),
    )


def _folders(home: Home, chosen: config.Rules) -> list[Path]:
    return [home.site / Path(each).expanduser() for each in chosen.folders]


def _can_read(path: Path) -> bool:
    return os.access(path, os.R_OK) and (not path.is_dir() or os.access(path, os.X_OK))


def _no_rules_there(home: Home, path: Path) -> Finding:
    return Finding(
        Level.DEGRADED,
        Words(
            f"rules.folders 中的 {path} 不存在或不可读，其中的规则未加载。",
            f"{path} of rules.folders is not there or cannot be read; its rules are not loaded.",
        ),
        Words(
            f"请在 {home.config} 中改正或删除，然后 `shouwang rules reload`。",
            f"Correct or remove it in {home.config}, then `shouwang rules reload`.",
        ),
    )
