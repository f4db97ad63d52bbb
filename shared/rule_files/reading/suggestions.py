"""What people write instead of the words of rule files, and what they are told then.

Words are compared as they sound: without case, underlines and the like. A suggestion is only ever a word
that may stand in the place; where the nearest word means something else, advice is given instead.
"""

import difflib
from collections.abc import Collection, Mapping
from itertools import islice

_MOST_KNOWN = 300

#: Words of rule files, and what people say instead; of several words, the one that fits the place is meant.
_SAID: dict[str, str] = {
    "all": "and allof every",
    "any": "or anyof oneof either",
    "when": "conditions condition if where match",
    "unless": "except exceptions excluding exclude ifnot",
    "mode": "enabled state status",
    "report": "audit reportonly dryrun enabledforreportingbutnotenforced log test simulate trial",
    "off": "disabled disable false inactive",
    "enable": "add allow link",
    "ignore": "allow",
    "skip": "block deny ignore exempt disable disabled no none off never exclude false",
    "subject": "title name",
    "id": "name",
    "name": "title",
    "description": "desc comment note title",
    "from": "begin since start startdate",
    "until": "to end ends till enddate expires",
    "to": "until end till",
    "timezone": "tz zone",
    "days": "day weekday weekdays",
    "starts_between": "time hours workinghours start starttime day days weekday weekdays",
    "start": "time starttime",
    "at_least": "min minimum gte ge",
    "at_most": "max maximum lte le",
    "matches": "regex regexp pattern match like",
    "starts_with": "startswith prefix beginswith",
    "equals": "is equal eq exact exactly",
    "contains": "includes contain has",
    "member_of": "group groups memberof",
    "group": "groups",
    "address_in": "email address mail addresses user upn",
    "user": "email address mail upn",
    "domain_in": "domain domains",
    "internal_domains": "domain domains owndomains mydomains ourdomains",
    "external_attendees": "guests external externals externalusers",
    "attendees": "participants invitees people attendeecount guests",
    "has_room": "room rooms meetingroom",
    "rooms": "room meetingroom",
    "location": "place where",
    "sensitivity": "private privacy confidential",
    "private": "privacy secret",
    "duration": "length minutes",
    "is_recurring": "series recurrence recurring",
    "recurring": "series recurrence isrecurring",
    "seriesMaster": "series",
    "singleInstance": "single once",
    "is_all_day": "allday wholeday",
    "all_day": "isallday wholeday",
    "show_as": "status busy freebusy availability",
    "busy": "blocked",
    "oof": "outofoffice away ooo",
    "categories": "category label labels tags",
    "rollout": "percent percentage share sample",
    "importance": "priority",
    "normal": "medium none default",
    "per_mailbox_per_day": "perday daily permailbox",
    "per_hour": "hourly rate",
    "mailboxes": "scope users",
    "teamsForBusiness": "teams msteams microsoftteams",
    "skypeForBusiness": "skype",
    "expect": "result expected outcome",
}


def _by_said() -> dict[str, tuple[str, ...]]:
    meant: dict[str, tuple[str, ...]] = {}
    for word, said in _SAID.items():
        for other in said.split():
            meant[other] = (*meant.get(other, ()), word)
    return meant


_MEANT = _by_said()
#: For words that only seem to have a neighbour: that neighbour, what is said instead, and to which words.
_ADVICE: tuple[tuple[str, str, str], ...] = (
    (
        "matches",
        "there is no such operator; a pattern does it, such as matches: 'word$'",
        "endswith suffix",
    ),
    (
        "contains",
        "there is no such operator; put the whole condition under not, or under unless",
        "notcontains doesnotcontain notequals isnot notin not",
    ),
    ("at_least", "bounds are included: more than 3 is at_least: 4", "morethan greaterthan gt over"),
    ("at_most", "bounds are included: less than 3 is at_most: 2", "lessthan fewerthan lt under"),
    ("enforce", "report tries a rule out, enforce lets it write", "on enabled active live true yes"),
    (
        "external_attendees",
        "external_attendees: 0 asks for colleagues alone",
        "internalattendees internal",
    ),
    (
        "external_attendees",
        "no rule needs it: such events are left alone before any rule is asked",
        "isonlinemeeting online isonline iscancelled cancelled isorganizer isdraft draft",
    ),
)


def _sound(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def advice(word: str, known: Collection[str], homes: Mapping[str, str]) -> str | None:
    """Return what to say of an unknown word, None where a suggestion says more.

    `homes` tell of words that belong to other places, where they stand.
    """
    sound = _sound(word)
    for neighbour, said, words in _ADVICE:
        if neighbour in known and sound in words.split():
            return said
    return None if _meant(sound, known) else homes.get(word)


def _meant(sound: str, known: Collection[str]) -> str | None:
    return next((word for word in _MEANT.get(sound, ()) if word in known), None)


def suggest(word: str, known: Collection[str], *, nearness: float = 0.6) -> str | None:
    """Return the known word that `word` was probably meant to be, if one is near (1 is the same)."""
    sound = _sound(word[:60])
    sounds = {_sound(candidate[:60]): candidate for candidate in islice(known, _MOST_KNOWN)}
    if sound in sounds:
        return sounds[sound]
    if meant := _meant(sound, known):
        return meant
    near = difflib.get_close_matches(sound, sounds, n=1, cutoff=nearness)
    return sounds[near[0]] if near else None
