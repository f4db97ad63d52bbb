"""The words of a rule file: what each means, how it is written, an example. Schema and reference read this.

Conditions come from the catalogue. The keys around them are described here; tests/cli/test_schema.py holds
their names to those that the loader knows.
"""

import re

from cli import inner_words
from cli.inner_words import PROVIDER
from cli.word import Word, choice
from shared.domain.decision import Action, Mode
from shared.domain.ids import GUID
from shared.rule_files.reading.named_lists import NAME
from shared.rule_files.vocabulary.addresses import ADDRESS, DOMAIN, DOMAINS
from shared.rule_files.vocabulary.catalogue import CATALOGUE, IMPORTANCES, SENSITIVITIES, SHOWN_AS
from shared.rule_files.vocabulary.durations import DURATION, DurationSyntax
from shared.rule_files.vocabulary.json_schema import (
    FLAG,
    TEXT,
    Shape,
    any_case,
    block,
    matching,
    one_or_more,
    whole_number,
)
from shared.rule_files.vocabulary.numbers import NumberSyntax
from shared.rule_files.vocabulary.people import PeopleSyntax
from shared.rule_files.vocabulary.texts import TextSyntax
from shared.rule_files.vocabulary.times import CLOCK, StartsBetweenSyntax

_CONDITIONS: Shape = {"$ref": "#/$defs/conditions"}
_SOME_CONDITIONS: Shape = {**_CONDITIONS, "minProperties": 1}
_SKIP_OR_IGNORE = choice({"skip": "they are left alone", "ignore": "it makes no difference"})
_ACTIONS = choice({Action.ENABLE: "it gets a join link", Action.SKIP: "it is left alone"})
_NEEDED = "not allowed"
# Editors' \w knows ASCII alone, so that Jürgen would be refused.
PERSON = matching(r"/.+|[^\s@/]+|[^\s@/]+@[^\s@/\\]+")
_PEOPLE: Shape = {"anyOf": [PERSON, {"type": "array", "items": PERSON}]}
SOME_TEXTS: Shape = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
DATE = matching(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_WEEKDAY = r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.? +"
_MOMENT = rf"20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}([T ]+{CLOCK})?"
DAY_AND_TIME = matching(_MOMENT)
CLOCK_TIME = matching(CLOCK)
START = matching(re.compile(rf"({_WEEKDAY})?{CLOCK}|in +[0-9]+[smhd]|{_MOMENT}", re.IGNORECASE))
ID: Shape = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}
_SELECTOR: Shape = {
    "anyOf": [
        block({"group": matching(GUID)}, required=("group",)),
        block({"user": {"anyOf": [ADDRESS, matching(GUID)]}}, required=("user",)),
    ]
}
_SELECTORS: Shape = {"type": "array", "items": _SELECTOR, "minItems": 1}
_HOSTS: Shape = one_or_more(DOMAIN)
_ALL: Shape = {"const": "all", "errorMessage": "Needs all, or a list such as [{user: ceo@contoso.com}]."}
_SEVERAL: Shape = {"type": "array", "items": _SOME_CONDITIONS, "minItems": 1}
_LIMIT = whole_number(least=1)

#: what a file may say at its top
FILE_KEYS: tuple[Word, ...] = (
    Word("version", "The version of the rule language.", {"const": 1}, "1", without=_NEEDED),
    Word(
        "internal_domains",
        "Whose mail domains are yours. `auto` stands for the verified domains of the tenant. "
        '`"*.contoso.com"`, in quotes, stands for subdomains only.',
        {"anyOf": [{"const": "auto"}, DOMAINS]},
        "[contoso.com, contoso.de]",
        default="auto",
    ),
    Word(
        "mailboxes",
        "Which mailboxes the rules are for.",
        block({"include": {"anyOf": [_ALL, _SELECTORS]}, "exclude": _SELECTORS}, least=1),
        "{include: [{group: 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}], exclude: [{user: ceo@contoso.com}]}",
        default="{include: all}",
        without="so all mailboxes of the tenant",
        inner=inner_words.MAILBOXES,
    ),
    Word(
        "other_join_links",
        "What becomes of events that carry a Zoom, Webex, Meet … link already.",
        {
            "anyOf": [
                _SKIP_OR_IGNORE,
                block({"action": {"enum": ["ignore"]}, "hosts": _HOSTS}, required=("action",)),
                block(
                    {"action": {"enum": ["skip"]}, "look_in": {"enum": ["body"]}, "hosts": _HOSTS}, least=1
                ),
            ]
        },
        "{action: skip, look_in: body, hosts: [meet.contoso.com]}",
        default="skip",
        inner=inner_words.OTHER_JOIN_LINKS,
    ),
    Word("drafts", "What becomes of events that were not sent yet.", _SKIP_OR_IGNORE, "skip", default="skip"),
    Word(
        "sweep",
        "How often mailboxes are searched for events that no notification told of, and how far ahead.",
        block({"every": DURATION, "window": DURATION}, least=1),
        "{every: 12h, window: 30d}",
        default="{every: 6h, window: 60d}",
        inner=inner_words.SWEEP,
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
        ID,
        "external-meetings",
        without=_NEEDED,
    ),
    Word("description", "What the rule is for.", TEXT, "Meetings with guests get a link"),
    Word(
        "mode",
        "How far the rule goes.",
        choice(
            {
                Mode.OFF: "it is not asked",
                Mode.REPORT: "it is asked, and the log tells what it would have done",
                Mode.ENFORCE: "it acts",
            }
        ),
        "report",
        default="report",
    ),
    Word(
        "when",
        "The conditions that an event must meet; `{}` is met by every event.",
        _CONDITIONS,
        "{external_attendees: {at_least: 1}, duration: {at_most: 24h}}",
        without=_NEEDED,
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
        _ACTIONS,
        "skip",
        default="enable",
    ),
    Word(
        "provider",
        "The provider to use where the calendar names none by default, but allows this one.",
        block({PROVIDER.name: PROVIDER.shape}, required=(PROVIDER.name,)),
        "{fallback: teamsForBusiness}",
        without="no link where the calendar names none",
        inner=(PROVIDER,),
    ),
    Word(
        "limits",
        "A net under mistakes: above these numbers the rule adds no links and says so in the log.",
        block({"per_hour": _LIMIT, "per_mailbox_per_day": _LIMIT}),
        "{per_hour: 200, per_mailbox_per_day: 20}",
        without="unlimited",
        inner=inner_words.LIMITS,
    ),
    Word(
        "active",
        "When the rule counts. Days are UTC's.",
        block({"from": DATE, "until": DATE}, least=1),
        "{from: 2026-12-01, until: 2027-12-01}",
        without="always",
        inner=inner_words.ACTIVE,
    ),
    Word(
        "on_missing",
        "What to do where a fact can't be read, a group's members, say. Either way a rule that would have "
        "skipped lets no later one enable.",
        choice(
            {
                "skip": "the rule is passed over",
                "retry": "the event is looked at again later, if that can make a difference",
            }
        ),
        "retry",
        default="skip",
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
    Word("name", "What the test shows.", TEXT, "a customer call gets a link", without=_NEEDED),
    Word(
        "event",
        "What is special about the event; the rest is an ordinary meeting of half an hour, tomorrow at ten.",
        {"$ref": "#/$defs/event"},
        "{attendees: [bo@fabrikam.com], duration: 30m}",
        without=_NEEDED,
    ),
    Word(
        "expect",
        "What is to become of the event; where it is the rule's own action, this rule must decide.",
        _ACTIONS,
        "enable",
        without=_NEEDED,
    ),
    Word(
        "at",
        "When the event is looked at, in its time zone.",
        DAY_AND_TIME,
        "2026-12-31 09:00",
        without="a day before the event, and the times in `active` are left aside",
    ),
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
        without="who is in a group can't be told",
    ),
)

#: what a test may say of its event
EVENT_KEYS: tuple[Word, ...] = (
    Word(
        "organizer",
        "Who organizes it; a name without `@` is a colleague.",
        PERSON,
        "al@contoso.com",
        without="a colleague",
    ),
    Word("attendees", "The people invited.", _PEOPLE, "[bo@fabrikam.com]", without="nobody"),
    Word("rooms", "The rooms booked.", _PEOPLE, "[boardroom@contoso.com]", without="none"),
    Word("subject", "Its subject.", {"type": "string"}, "Review", default="Meeting"),
    Word("body", "What is written in it.", {"type": "string"}, "https://zoom.us/j/1"),
    Word("location", "The names of its places.", SOME_TEXTS, "Berlin"),
    Word(
        "start",
        "When it starts: `09:00`, `mon 09:00`, `in 2h` or a date with a time.",
        START,
        "mon 09:00",
        without="the next day at 10:00",
    ),
    Word("duration", "How long it lasts.", DURATION, "2h", default="30m", without="a day if it is all day"),
    Word("timezone", "The time zone of its times.", TEXT, "Europe/Berlin", default="UTC"),
    Word("all_day", "Whether it lasts whole days.", FLAG, "true", default="false"),
    Word("recurring", "Whether it is a series.", FLAG, "true", default="false"),
    Word("categories", "Its categories.", SOME_TEXTS, "[In person]"),
    Word("sensitivity", "Its sensitivity.", any_case(SENSITIVITIES), "private", default="normal"),
    Word("show_as", "How its time is shown.", any_case(SHOWN_AS), "free", default="busy"),
    Word("importance", "Its importance.", any_case(IMPORTANCES), "high", default="normal"),
    Word("draft", "Whether it was not sent yet.", FLAG, "true", default="false"),
    Word("cancelled", "Whether it was cancelled.", FLAG, "true", default="false"),
    Word("online", "Whether it is an online meeting already.", FLAG, "true", default="false"),
)

#: what joins conditions
JOINS: tuple[Word, ...] = (
    Word("all", "All of these hold.", _SEVERAL, "[{has_room: false}, {is_all_day: false}]"),
    Word("any", "At least one of these holds.", _SEVERAL, "[{has_room: true}, {is_all_day: true}]"),
    Word("not", "These do not hold.", _SOME_CONDITIONS, "{has_room: true}"),
)

_INNER: dict[type, tuple[Word, ...]] = {
    NumberSyntax: inner_words.BOUNDS,
    DurationSyntax: inner_words.TIMES,
    TextSyntax: inner_words.TEXTS,
    PeopleSyntax: inner_words.PEOPLE,
    StartsBetweenSyntax: inner_words.STARTS_BETWEEN,
}
CONDITIONS: tuple[Word, ...] = tuple(
    Word(
        kind.name,
        kind.description,
        kind.syntax.shape(),
        kind.example.removeprefix(f"{kind.name}: "),
        form=kind.syntax.form,
        inner=_INNER.get(type(kind.syntax), ()),
    )
    for kind in CATALOGUE.values()
)
