"""One rule of a file: its tree becomes a `Rule`, or problems."""

import re
from datetime import UTC, datetime

from shared.domain.decision import Action, Mode
from shared.rule_files.checks.contradictions import check_contradictions
from shared.rule_files.files.rule_tests import read_tests
from shared.rule_files.reading.node_reader import Reader, described
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rule_files.yaml_tree.nodes import Mapping, Node, Scalar, shown
from shared.rules.conditions import Condition, all_of, any_of, none_of
from shared.rules.policy import Limits, Rule, Window

RULE_KEYS = (
    "id", "description", "mode", "when", "unless", "action", "provider", "limits", "active", "on_missing",
    "tests",
)  # fmt: skip
_EVERY = frozenset(("always", "all", "any", "true", "every", "everything", "*"))
JOINS = ("all", "any", "not")
_MODES: dict[str, Mode] = {mode.value: mode for mode in Mode}
_ACTIONS: dict[str, Action] = {action.value: action for action in Action}
_UNLIMITED = Limits()
_RULE_KEYS = dict.fromkeys(RULE_KEYS)
_CONDITIONS = dict.fromkeys((*CATALOGUE, *JOINS))
PROVIDERS = ("teamsForBusiness", "skypeForBusiness", "skypeForConsumer")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_rule(node: Node, reader: Reader) -> Rule | None:
    """Return the rule; None where something in it is wrong, all of which the reader has noted."""
    rule_id = _id(node, reader)
    noted = reader.reading.errors
    reader = reader.for_rule(rule_id) if rule_id is not None else reader
    keys = reader.keys(node, "a rule", _RULE_KEYS)
    if keys is None or not isinstance(node, Mapping):
        return None
    rule = _rule(rule_id or "", node, keys, reader)
    return rule if rule_id is not None and rule is not None and reader.reading.errors == noted else None


def _id(node: Node, reader: Reader) -> str | None:
    given = node.values.get("id") if isinstance(node, Mapping) else None
    if given is None:
        if isinstance(node, Mapping) and reader.knows_all(node, RULE_KEYS):
            reader.problem(node, "this rule has no id; logs and reports name rules by it")
        return None
    rule_id = reader.text(given, "id")
    if rule_id is not None and not _ID.fullmatch(rule_id):
        how = "at most 64 small letters (a to z), digits and hyphens, and does not begin with a hyphen"
        reader.problem(given, f'an id has {how}, but this is "{shown(rule_id)}"')
        return None
    return rule_id


def _rule(rule_id: str, node: Mapping, keys: dict[str, Node], reader: Reader) -> Rule | None:
    if "when" not in keys and len(keys) == len(node.keys):
        reader.problem(node, "when is missing; a rule for every event says when: {}")
    when = _block(keys["when"], reader, "when", may_be_empty=True) if "when" in keys else None
    unless = _block(keys["unless"], reader, "unless") if "unless" in keys else None
    mode = _MODES.get(reader.choice(keys["mode"], "mode", _MODES) or "") if "mode" in keys else Mode.REPORT
    action = (
        _ACTIONS.get(reader.choice(keys["action"], "action", _ACTIONS) or "")
        if "action" in keys
        else Action.ENABLE
    )
    missing = (
        reader.choice(keys["on_missing"], "on_missing", ("skip", "retry")) if "on_missing" in keys else "skip"
    )
    description = reader.text(keys["description"], "description") if "description" in keys else ""
    fallback = _fallback(keys["provider"], reader) if "provider" in keys else None
    limits = _limits(keys["limits"], reader) if "limits" in keys else _UNLIMITED
    active = _window(keys["active"], reader) if "active" in keys else None
    tests = read_tests(keys["tests"], reader) if "tests" in keys else ()
    if when is None:
        return None
    whole = all_of(when, keys["when"])
    ruled_out = None if unless is None else all_of(unless, keys["unless"])
    check_contradictions(whole, ruled_out, reader)
    if mode is None or action is None:
        return None
    return Rule(
        id=rule_id,
        description=description or "",
        mode=mode,
        when=whole,
        unless=ruled_out,
        action=action,
        provider_fallback=fallback,
        limits=limits or _UNLIMITED,
        active=active,
        retry_on_missing=missing == "retry",
        tests=tests,
        file=reader.file,
        line=node.line,
    )


def _block(
    node: Node, reader: Reader, what: str, *, may_be_empty: bool = False
) -> tuple[Condition, ...] | None:
    """Return the conditions of a mapping, all of which must hold."""
    if isinstance(node, Scalar) and what == "when":
        every = "; for every event, write when: {}" if node.text.strip().lower() in _EVERY else ""
        every = "; indent what belongs under it" if not node.text else every
        needs = f"when needs conditions, such as {{has_room: false}}, but this is {described(node)}"
        reader.problem(node, needs + every)
        return None
    keys = reader.keys(node, what, _CONDITIONS, kind="condition")
    if keys is None or not isinstance(node, Mapping):
        return None
    if not node.keys and not may_be_empty:
        reader.problem(
            node, f"{what} is empty, so it would hold for every event; name a condition or remove it"
        )
        return None
    read = [_condition(key, value, reader) for key, value in node.entries if key.text in keys]
    conditions = tuple(condition for condition in read if condition is not None)
    return conditions if len(conditions) == len(read) else None


def _condition(key: Scalar, node: Node, reader: Reader) -> Condition | None:
    name = key.text
    if name == "not":
        child = _item(node, reader, "not")
        return None if child is None else none_of(child, key)
    if name not in JOINS:
        return CATALOGUE[name].read(key, node, reader)
    items = reader.items(node, name)
    if items is None:
        return None
    read = [_item(item, reader, f"an item of {name}") for item in items]
    children = tuple(condition for condition in read if condition is not None)
    if len(children) < len(read):
        return None
    return any_of(children, key) if name == "any" else all_of(children, key)


def _item(node: Node, reader: Reader, what: str) -> Condition | None:
    """Return what the conditions of a block inside a join come to."""
    conditions = _block(node, reader, what)
    if conditions is None:
        return None
    return conditions[0] if len(conditions) == 1 else all_of(conditions, node)


def _fallback(node: Node, reader: Reader) -> str | None:
    if isinstance(node, Scalar) and node.text:
        near = reader.reading.suggest(node.text, PROVIDERS) or PROVIDERS[0]
        reader.problem(node, f"provider needs a key: write {{fallback: {near}}}")
        return None
    keys = reader.keys(node, "provider", ("fallback",))
    if keys is None:
        return None
    if "fallback" not in keys:
        if isinstance(node, Mapping) and not node.keys:
            reader.problem(node, "provider needs a fallback, such as teamsForBusiness")
        return None
    return reader.choice(keys["fallback"], "provider: fallback", PROVIDERS)


def _limits(node: Node, reader: Reader) -> Limits | None:
    keys = reader.keys(node, "limits", ("per_hour", "per_mailbox_per_day"))
    if keys is None:
        return None
    return Limits(
        **{key: reader.whole_number(value, f"limits: {key}", least=1) for key, value in keys.items()}
    )


def _window(node: Node, reader: Reader) -> Window | None:
    keys = reader.keys(node, "active", ("from", "until"))
    if keys is None:
        return None
    if isinstance(node, Mapping) and not node.keys:
        reader.problem(node, "active needs from, until or both")
    dates = {key: _midnight(value, reader, f"active: {key}") for key, value in keys.items()}
    start, end = dates.get("from"), dates.get("until")
    if start is not None and end is not None and start >= end:
        reader.problem(node, "active can never hold: from must lie before until")
    return Window(start=start, end=end)


def _midnight(node: Node, reader: Reader, what: str) -> datetime | None:
    text = node.text.strip() if isinstance(node, Scalar) else ""
    try:
        if DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        reader.problem(node, f"{what}: there is no day {text}")
        return None
    reader.problem(node, f"{what} needs a date such as 2026-12-31, but this is {described(node)}")
    return None
