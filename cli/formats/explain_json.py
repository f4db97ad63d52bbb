"""An explanation as JSON, with everything in it."""

from typing import Any

from cli.subject import Subject
from shared.rules.explain import ConditionLine, Explanation, RuleLine


def document(subject: Subject, explanation: Explanation) -> dict[str, Any]:
    """Return the explanation in plain values."""
    decision = explanation.decision
    return {
        "event": subject.event.id,
        "at": subject.now.isoformat(),
        "policy": subject.policy.hash,
        "notes": list(subject.notes),
        "verdict": decision.verdict,
        "reason": decision.reason,
        "rule": decision.rule,
        "projected": decision.projected,
        "projected_reason": decision.projected_reason,
        "projected_rule": decision.projected_rule,
        "guards": [
            {"guard": line.reason, "holds": line.holds, "why": line.why, "decided": line.decided}
            for line in explanation.guards
        ],
        "rules": [_rule(line) for line in explanation.rules],
    }


def _rule(line: RuleLine) -> dict[str, Any]:
    return {
        "rule": line.rule.id,
        "file": line.rule.file,
        "line": line.rule.line,
        "mode": line.rule.mode,
        "action": line.rule.action,
        "asked": line.asked,
        "matched": line.matched,
        "decided": line.decided,
        "decided_if_promoted": line.decided_if_promoted,
        "when": _condition(line.when),
        "unless": None if line.unless is None else _condition(line.unless),
    }


def _condition(line: ConditionLine) -> dict[str, Any]:
    if line.children:
        children = [_condition(child) for child in line.children]
        return {"condition": line.name, "holds": line.holds, "conditions": children}
    return {"condition": line.name, "expected": line.expected, "actual": line.actual, "holds": line.holds}
