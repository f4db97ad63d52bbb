"""The blocks inside a rule: `provider`, `limits` and `active`."""

import re
from datetime import UTC, datetime

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.json_schema import Shape, matching, one_of, whole_number
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode
from shared.rules.policy import ActivePeriod, RuleLimits, RuleProvider

PROVIDERS = {
    "teamsForBusiness": "Microsoft Teams",
    "skypeForBusiness": "Skype for Business",
    "skypeForConsumer": "Skype",
}
#: services that people expect here: how their names begin, and how they are written
_NOT_IN_GRAPH = {
    "zoom": "Zoom",
    "webex": "Webex",
    "google": "Google Meet",
    "meet": "Google Meet",
    "goto": "GoTo Meeting",
    "jitsi": "Jitsi",
    "ringcentral": "RingCentral",
    "bluejeans": "BlueJeans",
}
_LIMIT: Shape = whole_number(least=1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_MONTH_YEAR = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?(20[0-9]{2})")
_DATE_SHAPE: Shape = matching(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "Needs a date such as 2026-12-31."
)


def read_provider(node: Node, reader: NodeReader, what: str) -> RuleProvider | None:
    """Return the provider: one by its name, or only as a fallback."""
    if isinstance(node, ScalarNode) and node.text:
        name = _read_provider_name(node, reader, what)
        return RuleProvider(name=name) if name else None
    values = PROVIDER.read(node, reader, what)
    return None if values is None else RuleProvider(name=str(values["fallback"]), is_fallback=True)


def _read_provider_name(node: Node, reader: NodeReader, what: str) -> str | None:
    word = node.text.strip().lower() if isinstance(node, ScalarNode) else ""
    other = next((name for name in _NOT_IN_GRAPH if word.startswith(name)), "")
    if other:
        reader.problem(
            node,
            f"{what}: Graph creates meetings of Microsoft's services only, so {_NOT_IN_GRAPH[other]} can't be"
            f" a provider; use one of {', '.join(PROVIDERS)}, or leave provider out. By default, Joinlink"
            " leaves events alone that have a join link of another service",
        )
        return None
    return reader.choice(node, what, PROVIDERS)


def read_limits(node: Node, reader: NodeReader, what: str) -> RuleLimits | None:
    """Return the limits; a limit that is left out does not apply."""
    values = LIMITS.read(node, reader, what)
    return None if values is None else RuleLimits(**values)


def read_active(node: Node, reader: NodeReader, what: str) -> ActivePeriod | None:
    """Return the days on which the rule is active."""
    values = ACTIVE.read(node, reader, what)
    if values is None:
        return None
    window = ActivePeriod(**values)
    if window.start is not None and window.end is not None and window.start >= window.end:
        reader.problem(node, f"{what} can never hold: from must be before until")
        return None
    return window


def _read_limit(node: Node, reader: NodeReader, what: str) -> int | None:
    return reader.whole_number(node, what, least=1)


def _read_midnight(node: Node, reader: NodeReader, what: str) -> datetime | None:
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    if not _DATE.fullmatch(text):
        needs = f"{what} needs a date such as 2026-12-31, but this is {describe(node)}"
        reader.problem(node, needs + _date_hint(text))
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        reader.problem(node, f"{what}: {text} is not a day of the calendar")
        return None


PROVIDER_NAME: Shape = one_of(PROVIDERS)


def _date_hint(text: str) -> str:
    """Return how to write 31.12.2026, or a date with a time; a date such as 1/2/2026 has two meanings."""
    if found := _DAY_MONTH_YEAR.fullmatch(text):
        return f"; write {found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    found = _DATE.match(text)
    return f"; write {found[0]}" if found else ""


PROVIDER = Block(
    place="under provider",
    keys=(
        Key(
            "fallback",
            "The provider's name in Graph.",
            one_of(PROVIDERS),
            "teamsForBusiness",
            _read_provider_name,
            required="write fallback: teamsForBusiness",
        ),
    ),
)
LIMITS = Block(
    place="under limits",
    keys=(
        Key(
            "per_hour",
            "Links per hour in all mailboxes together. Hours are in UTC.",
            _LIMIT,
            "200",
            _read_limit,
            if_left_out="unlimited",
            synonyms="hourly rate",
        ),
        Key(
            "per_mailbox_per_day",
            "Links per day in one mailbox. Days are in UTC.",
            _LIMIT,
            "20",
            _read_limit,
            if_left_out="unlimited",
            synonyms="perday daily permailbox",
        ),
    ),
)
ACTIVE = Block(
    place="under active",
    least=1,
    keys=(
        Key(
            "from",
            "The first day on which the rule is active.",
            _DATE_SHAPE,
            "2026-12-01",
            _read_midnight,
            if_left_out="the rule is already active",
            field="start",
            synonyms="begin since start startdate",
        ),
        Key(
            "until",
            "The first day on which the rule is no longer active.",
            _DATE_SHAPE,
            "2027-12-01",
            _read_midnight,
            if_left_out="no end",
            field="end",
            synonyms="to end ends till enddate expires",
        ),
    ),
)
