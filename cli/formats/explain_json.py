"""An explanation as JSON."""

from typing import Any

from cli.explained_event import ExplainedEvent
from shared.rules.explain import ConditionResult, Explanation, RuleResult


def document(explained: ExplainedEvent, explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as values that JSON can contain."""
    decision = explanation.decision
    return {
        "event": explained.event.id,
        "at": explained.now.isoformat(),
        "policy": explained.policy.hash,
        "notes": list(explained.notes),
        "verdict": decision.verdict,
        "reason": decision.reason,
        "rule": decision.rule,
        "projected": decision.projected,
        "projected_reason": decision.projected_reason,
        "projected_rule": decision.projected_rule,
        "guards": [
            {
                "guard": guard.reason,
                "holds": guard.applies,
                "why": guard.why,
                "decided": guard is explanation.deciding_guard,
            }
            for guard in explanation.guards
        ],
        "rules": [rule(result) for result in explanation.rules],
    }


def rule(result: RuleResult) -> dict[str, Any]:
    """Return the result of a rule."""
    return {
        "rule": result.rule.id,
        "file": result.rule.file,
        "line": result.rule.line,
        "mode": result.rule.mode,
        "action": result.rule.action,
        "asked": result.status,
        "active": str(result.rule.active or "always"),
        "matched": result.matched,
        "decided": result.decided,
        "decided_if_promoted": result.decided_if_promoted,
        "when": _condition(result.when),
        "unless": None if result.unless is None else _condition(result.unless),
    }


def _condition(result: ConditionResult) -> dict[str, Any]:
    if result.children:
        children = [_condition(child) for child in result.children]
        return {"condition": result.name, "holds": result.holds, "conditions": children}
    return {
        "condition": result.name,
        "expected": result.expected,
        "actual": result.actual,
        "holds": result.holds,
    }
