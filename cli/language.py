"""The words of a rule file: what each means, how it is written, an example. Schema and reference read this.

Conditions come from the catalogue. The keys around them are described here; tests/cli/test_schema.py holds
their names to those that the loader knows.
"""

import re
from dataclasses import dataclass

from shared.domain.decision import Action, Mode
from shared.rules.catalogue import CATALOGUE, IMPORTANCES, SENSITIVITIES, SHOWN_AS
from shared.rules.domain_words import ADDRESS, DOMAIN, DOMAINS
from shared.rules.lists import NAME
from shared.rules.people_syntax import GUID
from shared.rules.rule_reader import DATE, PROVIDERS
from shared.rules.shapes import FLAG, TEXT, Shape, block, matching, one_or_more, whole_number
from shared.rules.syntaxes import DURATION
from shared.rules.time_syntax import CLOCK


@dataclass(frozen=True, slots=True)
class Word:
    """One key: what it is for (Markdown), what stands behind it, an example as YAML; `form` tells more."""

    name: str
    description: str
    shape: Shape
    example: str
    form: str = ""


_CONDITIONS: Shape = {"$ref": "#/$defs/conditions"}
_SOME_CONDITIONS: Shape = {**_CONDITIONS, "minProperties": 1}
_SKIP_OR_IGNORE: Shape = {"enum": ["skip", "ignore"]}
_PERSON = matching(r"/.+|[\w.'-]+|[^\s@/]+@[^\s@/\\]+")
_PEOPLE: Shape = {"anyOf": [_PERSON, {"type": "array", "items": _PERSON}]}
_DATE: Shape = {**matching(DATE), "format": "date"}
_WEEKDAY = r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.? +"
_DAY_AND_TIME = rf"20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}([T ]+{CLOCK})?"
_START = re.compile(rf"({_WEEKDAY})?{CLOCK}|in +[0-9]+[smhd]|{_DAY_AND_TIME}", re.IGNORECASE)
_SELECTOR: Shape = {
    "anyOf": [
        block({"group": matching(GUID)}, required=("group",)),
        block({"user": {"anyOf": [ADDRESS, matching(GUID)]}}, required=("user",)),
    ]
}
_SELECTORS: Shape = {"type": "array", "items": _SELECTOR, "minItems": 1}
_SEVERAL: Shape = {"type": "array", "items": _SOME_CONDITIONS, "minItems": 1}
_LIMIT = whole_number(least=1)

#: what a file may say at its top
FILE_KEYS: tuple[Word, ...] = (
    Word("version", "The version of the rule language.", {"const": 1}, "1"),
    Word(
        "internal_domains",
        "Whose mail domains are yours. `auto` stands for the verified domains of the tenant. "
        "`*.contoso.com` stands for subdomains only.",
        {"anyOf": [{"const": "auto"}, DOMAINS]},
        '[contoso.com, "*.contoso.com"]',
    ),
    Word(
        "mailboxes",
        "Which mailboxes the rules are for: `include` names groups and users, or is `all`; `exclude` "
        "takes some of them out.",
        block({"include": {"anyOf": [{"const": "all"}, _SELECTORS]}, "exclude": _SELECTORS}, least=1),
        "{include: [{group: 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}], exclude: [{user: ceo@contoso.com}]}",
    ),
    Word(
        "other_join_links",
        "What becomes of events that carry a Zoom, Webex, Meet … link already. `look_in: body` looks "
        "beyond location and body preview.",
        {
            "anyOf": [
                _SKIP_OR_IGNORE,
                block({"action": {"enum": ["ignore"]}}, required=("action",)),
                block({"action": {"enum": ["skip"]}, "look_in": {"enum": ["body"]}}, least=1),
            ]
        },
        "{action: skip, look_in: body}",
    ),
    Word("drafts", "What becomes of events that were not sent yet.", _SKIP_OR_IGNORE, "skip"),
    Word(
        "sweep",
        "How often mailboxes are searched for events that no notification told of, and how far ahead.",
        block({"every": DURATION, "window": DURATION}, least=1),
        "{every: 6h, window: 60d}",
    ),
    Word(
        "lists",
        "Lists of domains and addresses, to be used by name.",
        {
            "type": "object",
            "propertyNames": matching(NAME),
            "additionalProperties": {
                "type": "array",
                "items": {"anyOf": [DOMAIN, ADDRESS]},
                "minItems": 1,
            },
        },
        "{partners: [fabrikam.com, northwind.com]}",
    ),
    Word(
        "rules",
        "The rules, in the order in which they are asked.",
        {"type": "array", "items": {"$ref": "#/$defs/rule"}},
        "[{id: external-meetings, when: {external_attendees: {at_least: 1}}}]",
    ),
)

#: what a rule may say
RULE_KEYS: tuple[Word, ...] = (
    Word(
        "id",
        "The name of the rule in logs and reports; a name of its own in all files.",
        {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
        "external-meetings",
    ),
    Word("description", "What the rule is for.", TEXT, "Meetings with guests get a link"),
    Word(
        "mode",
        "`off`: not asked. `report`: asked, and the log tells what it would have done. `enforce`: acts.",
        {"enum": list(Mode), "default": Mode.REPORT},
        "report",
    ),
    Word(
        "when",
        "The conditions that an event must meet; `{}` is met by every event.",
        _CONDITIONS,
        "{external_attendees: {at_least: 1}, duration: {at_most: 24h}}",
    ),
    Word(
        "unless",
        "The rule does not match where these conditions are met.",
        _SOME_CONDITIONS,
        "{has_room: true}",
    ),
    Word(
        "action",
        "What becomes of an event that the rule matches.",
        {"enum": list(Action), "default": Action.ENABLE},
        "enable",
    ),
    Word(
        "provider",
        "The provider to use where the calendar names none by default, but allows this one.",
        block(
            {"fallback": {"enum": list(PROVIDERS)}},
            required=("fallback",),
        ),
        "{fallback: teamsForBusiness}",
    ),
    Word(
        "limits",
        "A net under mistakes: above these numbers the rule adds no links and says so in the log.",
        block({"per_hour": _LIMIT, "per_mailbox_per_day": _LIMIT}),
        "{per_hour: 200, per_mailbox_per_day: 20}",
    ),
    Word(
        "active",
        "When the rule counts: from the first day, until the other (which is not included), in UTC.",
        block({"from": _DATE, "until": _DATE}, least=1),
        "{from: 2026-12-01, until: 2027-12-01}",
    ),
    Word(
        "on_missing",
        "Where a fact can't be read, a group's members, say: `skip` passes the rule over, `retry` "
        "looks at the event again later. Either way a rule that would have skipped lets no later one enable.",
        {"enum": ["skip", "retry"], "default": "skip"},
        "skip",
    ),
    Word(
        "tests",
        "Events, and what is expected of them; `joinlink test` runs them.",
        {"type": "array", "items": {"$ref": "#/$defs/test"}, "minItems": 1},
        "[{name: a customer call, event: {attendees: [bo@fabrikam.com]}, expect: enable}]",
    ),
)

#: what a test inside a rule may say
TEST_KEYS: tuple[Word, ...] = (
    Word("name", "What the test shows.", TEXT, "a customer call gets a link"),
    Word(
        "event",
        "What is special about the event; the rest is an ordinary meeting of half an hour, tomorrow at ten.",
        {"$ref": "#/$defs/event"},
        "{attendees: [bo@fabrikam.com], duration: 30m}",
    ),
    Word(
        "expect",
        "What is to become of the event; where it is the rule's own action, this rule must decide.",
        {"enum": list(Action)},
        "enable",
    ),
    Word("at", "When the event is looked at, in its time zone.", matching(_DAY_AND_TIME), "2026-12-31 09:00"),
    Word(
        "members",
        "The members of groups, by the object ids of the groups.",
        {
            "type": "object",
            "propertyNames": matching(GUID),
            "additionalProperties": _PEOPLE,
            "minProperties": 1,
        },
        "{5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e: [al@contoso.com]}",
    ),
)

#: what a test may say of its event
EVENT_KEYS: tuple[Word, ...] = (
    Word("organizer", "Who organizes it; a name without `@` is a colleague.", _PERSON, "al@contoso.com"),
    Word("attendees", "The people invited.", _PEOPLE, "[bo@fabrikam.com]"),
    Word("rooms", "The rooms booked.", _PEOPLE, "[boardroom@contoso.com]"),
    Word("subject", "Its subject.", {"type": "string"}, "Review"),
    Word("body", "What is written in it.", {"type": "string"}, "https://zoom.us/j/1"),
    Word("location", "The names of its places.", one_or_more(TEXT), "Berlin"),
    Word(
        "start",
        "When it starts: `09:00`, `mon 09:00`, `in 2h` or a date with a time.",
        matching(_START),
        "mon 09:00",
    ),
    Word("duration", "How long it lasts.", DURATION, "30m"),
    Word("timezone", "The time zone of its times.", TEXT, "Europe/Berlin"),
    Word("all_day", "Whether it lasts whole days.", FLAG, "true"),
    Word("recurring", "Whether it is a series.", FLAG, "true"),
    Word("categories", "Its categories.", one_or_more(TEXT), "[In person]"),
    Word("sensitivity", "Its sensitivity.", {"enum": list(SENSITIVITIES)}, "private"),
    Word("show_as", "How its time is shown.", {"enum": list(SHOWN_AS)}, "busy"),
    Word("importance", "Its importance.", {"enum": list(IMPORTANCES)}, "high"),
    Word("draft", "Whether it was not sent yet.", FLAG, "true"),
    Word("cancelled", "Whether it was cancelled.", FLAG, "true"),
    Word("online", "Whether it is an online meeting already.", FLAG, "true"),
)

#: what joins conditions
JOINS: tuple[Word, ...] = (
    Word("all", "All of these hold.", _SEVERAL, "[{has_room: false}, {is_all_day: false}]"),
    Word("any", "At least one of these holds.", _SEVERAL, "[{has_room: true}, {is_all_day: true}]"),
    Word("not", "These do not hold.", _SOME_CONDITIONS, "{has_room: true}"),
)

CONDITIONS: tuple[Word, ...] = tuple(
    Word(
        kind.name,
        kind.description,
        kind.syntax.shape(),
        kind.example.removeprefix(f"{kind.name}: "),
        form=kind.syntax.form,
    )
    for kind in CATALOGUE.values()
)
