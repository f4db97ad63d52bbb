"""The catalogue of conditions: one row each. Loader, checks, JSON Schema, documents and editors read it.

To add a condition, add a row here and, if it needs a new fact, the fact to `EventFacts`. Then run
`python -m cli.reference`, which writes the documents.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic

from shared.domain.position import Positioned
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary import implied
from shared.rule_files.vocabulary.choices import FlagSyntax, NamesSyntax
from shared.rule_files.vocabulary.dates import StartsOnSyntax
from shared.rule_files.vocabulary.durations import DurationSyntax
from shared.rule_files.vocabulary.numbers import NumberSyntax
from shared.rule_files.vocabulary.people import PeopleSyntax
from shared.rule_files.vocabulary.rollout import RolloutSyntax
from shared.rule_files.vocabulary.syntaxes import Syntax, V
from shared.rule_files.vocabulary.texts import TextSyntax
from shared.rule_files.vocabulary.times import StartsBetweenSyntax
from shared.rule_files.yaml_tree.nodes import Node
from shared.rules.conditions import Condition
from shared.rules.event.event_facts import EventFacts


@dataclass(frozen=True, slots=True)
class ConditionKind(Generic[V]):
    """One condition of the rule language."""

    name: str
    syntax: Syntax[V]
    #: in Markdown
    description: str
    #: YAML, as in `when`
    example: str
    fact: Callable[[EventFacts], V]
    #: whether the fact is unknown for some events, so that the condition neither holds nor fails
    can_be_unknown: bool = False
    #: what the condition implies about another one's fact
    implies: implied.Implication | None = None
    #: what people write instead of the name, without case, spaces and underscores
    synonyms: str = ""

    def read(self, key: Positioned, node: Node, reader: NodeReader) -> Condition | None:
        """Return the condition, ready to be tested; None after a problem was noted."""
        expectation = self.syntax.read(node, reader, self.name)
        if expectation is None:
            return None
        fact, is_met = self.fact, expectation.is_met
        consequence = self.implies(expectation.accepts) if self.implies else None
        return Condition(
            name=self.name,
            expected=expectation.text,
            holds=lambda facts: is_met(fact(facts)),
            place=key,
            groups=expectation.groups,
            needs_department=expectation.needs_department,
            fact=fact,
            show=expectation.show or self.syntax.show,
            accepts=expectation.accepts,
            implied=() if consequence is None else (consequence,),
            can_be_unknown=self.can_be_unknown,
        )


def condition(  # noqa: D417 -- the rest as in ConditionKind
    name: str,
    syntax: Syntax[V],
    description: str,
    example: str,
    *,
    can_be_unknown: bool = False,
    implies: implied.Implication | None = None,
    synonyms: str = "",
) -> ConditionKind[V]:
    """Return a row of the catalogue; its fact is the attribute of `EventFacts` with the same name.

    Args:
        synonyms: several, with spaces between them
    """
    return ConditionKind(
        name,
        syntax,
        description,
        example,
        attrgetter(name),
        can_be_unknown=can_be_unknown,
        implies=implies,
        synonyms=synonyms,
    )


#: the values that Graph documents
SENSITIVITIES = ("normal", "personal", "private", "confidential")
SHOWN_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
IMPORTANCES = ("low", "normal", "high")

_ROWS: tuple[ConditionKind[Any], ...] = (
    condition(
        "attendees",
        NumberSyntax(),
        "How many people are invited, without rooms and the organizer. A mailing list counts as one person. "
        "The number is unknown if a line may not be a person, or may be the same person twice.",
        "attendees: {at_most: 50}",
        can_be_unknown=True,
        synonyms="participants invitees people attendeecount",
    ),
    condition(
        "external_attendees",
        NumberSyntax(),
        "How many of the people are from outside `internal_domains`. A mailing list counts as one person, at "
        "the domain of its address, not by its members. A person of an unknown domain may or may not count.",
        "external_attendees: {at_least: 1}",
        can_be_unknown=True,
        implies=implied.as_many_attendees,
        synonyms="guests external externals externalusers",
    ),
    condition(
        "subject",
        TextSyntax(warns_of_brackets=True),
        "The subject.",
        'subject: {contains: "[no link]"}',
        synonyms="title name",
    ),
    condition(
        "location",
        TextSyntax(),
        "The name of any place of the event.",
        "location: {starts_with: [Room, Raum]}",
        implies=implied.a_location,
        synonyms="place where",
    ),
    condition(
        "attendee",
        PeopleSyntax(are_guests=True),
        "Who is among the people invited: by address, domain or group. One person must meet all keys. "
        "A plus address (`ceo+board@contoso.com`) may be the person without the tag: then the condition is "
        "unknown.",
        "attendee: {domain_in: [fabrikam.com]}",
        can_be_unknown=True,
        implies=implied.an_attendee,
    ),
    condition(
        "organizer",
        PeopleSyntax(),
        "Who organizes the event: by address, domain, group or department.",
        "organizer: {member_of: 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}",
        can_be_unknown=True,
    ),
    condition(
        "categories",
        NamesSyntax(),
        "The organizer's categories; any of the list.",
        "categories: [In person]",
        synonyms="category label labels tags",
    ),
    condition(
        "sensitivity",
        NamesSyntax(SENSITIVITIES),
        "The sensitivity; any of the list.",
        "sensitivity: [private, confidential]",
        synonyms="private privacy confidential",
    ),
    condition(
        "show_as",
        NamesSyntax(SHOWN_AS),
        "How the calendar shows the time to others; any of the list.",
        "show_as: [free, oof]",
        synonyms="status busy freebusy availability",
    ),
    condition(
        "importance",
        NamesSyntax(IMPORTANCES),
        "The importance; any of the list.",
        "importance: high",
        synonyms="priority",
    ),
    condition(
        "type",
        NamesSyntax(("singleInstance", "seriesMaster")),
        "Graph's type of the event; any of the list. For an occurrence, Joinlink tests the master of its "
        "series.",
        "type: singleInstance",
        implies=implied.a_series_or_not,
    ),
    condition("has_location", FlagSyntax(), "Whether the event names a place.", "has_location: false"),
    condition(
        "has_room",
        FlagSyntax(),
        "Whether a room or another resource is invited or chosen as place. One that declined does not count.",
        "has_room: true",
        can_be_unknown=True,
        synonyms="room rooms meetingroom",
    ),
    condition(
        "has_other_join_link",
        FlagSyntax(),
        "Whether subject, places or body have a join link of Zoom, Webex, Google Meet or the like.",
        "has_other_join_link: true",
        can_be_unknown=True,
    ),
    condition(
        "is_all_day",
        FlagSyntax(),
        "Whether the event lasts whole days.",
        "is_all_day: true",
        implies=implied.a_whole_day,
        synonyms="allday wholeday",
    ),
    condition(
        "is_recurring",
        FlagSyntax(),
        "Whether the event is a series.",
        "is_recurring: true",
        synonyms="series recurrence recurring",
    ),
    condition(
        "duration",
        DurationSyntax(),
        "How long the event lasts; of a series, one occurrence.",
        "duration: {at_most: 24h}",
        synonyms="length minutes",
    ),
    condition(
        "starts_in",
        DurationSyntax(),
        "Time from now to the start; of a series, of its first occurrence. Unknown if the event's time zone "
        "is unknown.",
        "starts_in: {at_least: 15m}",
        can_be_unknown=True,
    ),
    condition(
        "starts_between",
        StartsBetweenSyntax(),
        "Time of day and days of the week at which the event starts; of a series, its first occurrence. "
        "Unknown if the event's time zone is unknown.",
        'starts_between: {from: "08:00", to: "18:00", days: [mon, fri], timezone: Europe/Berlin}',
        can_be_unknown=True,
        synonyms="time hours workinghours start starttime day days weekday weekdays",
    ),
    condition(
        "starts_on",
        StartsOnSyntax(),
        "The day on which the event starts, such as a holiday; of a series, its first occurrence. Unknown if "
        "the event's time zone is unknown.",
        "starts_on: {dates: [2026-12-25, 12-24..01-06], timezone: organizer}",
        can_be_unknown=True,
        synonyms="date dates holiday holidays ondate startdate",
    ),
    condition(
        "rollout",
        RolloutSyntax(),
        "A stable share of organizers: an organizer within 25% is within 50%, too.",
        "rollout: 25%",
        can_be_unknown=True,
        synonyms="percent percentage share sample",
    ),
)

CATALOGUE: dict[str, ConditionKind[Any]] = {row.name: row for row in _ROWS}
