"""The catalogue of conditions: one row each, which the loader compiles and documents are made from.

A row names the condition, says how its value is written (a syntax) and which fact of the event it asks.
To add a condition is to add a row here and, where it needs a new fact, the fact in `event_facts`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic

from shared.domain.position import Positioned
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.durations import DurationSyntax
from shared.rule_files.vocabulary.numbers import NumberSyntax
from shared.rule_files.vocabulary.people import PeopleSyntax
from shared.rule_files.vocabulary.syntaxes import FlagSyntax, NamesSyntax, Syntax, V
from shared.rule_files.vocabulary.texts import TextSyntax
from shared.rule_files.vocabulary.times import RolloutSyntax, StartsBetweenSyntax
from shared.rule_files.yaml_tree.nodes import Node
from shared.rules.conditions import Condition
from shared.rules.event.event_facts import EventFacts


@dataclass(frozen=True, slots=True)
class ConditionKind(Generic[V]):
    """One condition of the rule language; `example` is YAML as it stands in `when`."""

    name: str
    syntax: Syntax[V]
    fact: Callable[[EventFacts], V]
    description: str
    example: str

    def read(self, key: Positioned, node: Node, reader: NodeReader) -> Condition | None:
        """Return the condition compiled; None where its value can't be read, which the reader has noted."""
        expectation = self.syntax.read(node, reader, self.name)
        if expectation is None:
            return None
        fact, met = self.fact, expectation.met
        return Condition(
            self.name,
            expectation.text,
            lambda facts: met(fact(facts)),
            key,
            expectation.groups,
            expectation.extent,
            fact,
            expectation.show or self.syntax.show,
        )


#: what Graph knows
SENSITIVITIES = ("normal", "personal", "private", "confidential")
SHOWN_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
IMPORTANCES = ("low", "normal", "high")
_NUMBER, _TEXT, _FLAG, _DURATION, _NAMES, _PEOPLE = (
    NumberSyntax(), TextSyntax(), FlagSyntax(), DurationSyntax(), NamesSyntax(), PeopleSyntax()
)  # fmt: skip


def _row(name: str, syntax: Syntax[V], description: str, example: str) -> ConditionKind[V]:
    return ConditionKind(name, syntax, attrgetter(name), description, example)


_ROWS: tuple[ConditionKind[Any], ...] = (
    _row(
        "attendees",
        _NUMBER,
        "How many people are invited, neither rooms nor the organizer. A mailing list counts as one person. "
        "Where a line may be no person, or the same person twice, the number can't be told.",
        "attendees: {at_most: 50}",
    ),
    _row(
        "external_attendees",
        _NUMBER,
        "How many of the people are from outside `internal_domains`. A mailing list counts as one person, at "
        "the domain of its address, not by the people on it. Who can't be told may or may not count.",
        "external_attendees: {at_least: 1}",
    ),
    _row("subject", _TEXT, "The subject.", 'subject: {contains: "[no link]"}'),
    _row("location", _TEXT, "The name of any place of the event.", "location: {starts_with: [Room, Raum]}"),
    _row(
        "attendee",
        _PEOPLE,
        "Who is among the people invited: by address, domain or group. One person must meet all keys. "
        "A plus address (`ceo+board@contoso.com`) may be the person without the tag: that can't be told.",
        "attendee: {domain_in: [fabrikam.com]}",
    ),
    _row(
        "organizer",
        _PEOPLE,
        "Who organizes the event: by address, domain or group.",
        "organizer: {member_of: 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}",
    ),
    _row("categories", _NAMES, "The organizer's categories; any of the list.", "categories: [In person]"),
    _row(
        "sensitivity",
        NamesSyntax(SENSITIVITIES),
        "The sensitivity; any of the list.",
        "sensitivity: [private, confidential]",
    ),
    _row(
        "show_as",
        NamesSyntax(SHOWN_AS),
        "How the time is shown to others; any of the list.",
        "show_as: [free, oof]",
    ),
    _row(
        "importance",
        NamesSyntax(IMPORTANCES),
        "The importance; any of the list.",
        "importance: high",
    ),
    _row(
        "type",
        NamesSyntax(("singleInstance", "seriesMaster")),
        "Graph's type of the event; any of the list. Occurrences are judged by the master of their series.",
        "type: singleInstance",
    ),
    _row("has_location", _FLAG, "Whether a place is named.", "has_location: false"),
    _row(
        "has_room",
        _FLAG,
        "Whether a room or other resource is invited or chosen as place. One that declined is no room.",
        "has_room: true",
    ),
    _row(
        "has_other_join_link",
        _FLAG,
        "Whether subject, places or body preview carry a join link of Zoom, Webex, Google Meet and the like.",
        "has_other_join_link: true",
    ),
    _row("is_all_day", _FLAG, "Whether the event lasts whole days.", "is_all_day: true"),
    _row("is_recurring", _FLAG, "Whether the event is a series.", "is_recurring: true"),
    _row(
        "duration",
        _DURATION,
        "How long the event lasts; of a series, one occurrence.",
        "duration: {at_most: 24h}",
    ),
    _row(
        "starts_in",
        _DURATION,
        "Time from now to the start; of a series, of its first occurrence. Can't be told where the event's "
        "time zone is not known.",
        "starts_in: {at_least: 15m}",
    ),
    _row(
        "starts_between",
        StartsBetweenSyntax(),
        "Time of day and days of the week at which the event starts; of a series, its first occurrence. "
        "Can't be told where the event's time zone is not known.",
        'starts_between: {from: "08:00", to: "18:00", days: [mon, fri], timezone: Europe/Berlin}',
    ),
    _row(
        "rollout",
        RolloutSyntax(),
        "A stable share of organizers: whoever is in at 25% is in at 50% too.",
        "rollout: 25%",
    ),
)

CATALOGUE: dict[str, ConditionKind[Any]] = {row.name: row for row in _ROWS}
