"""Rule files and folders -> rules, mapped to ECS; whatever cannot be used is refused, with its place and reason."""

from __future__ import annotations

from detection.ruleset import Correlation, Refusal, Rule, RuleSet

__all__ = ["Correlation", "Refusal", "Rule", "RuleSet"]
