"""Suggests what a person probably meant by an unknown word.

Words are compared without case, underscores and hyphens. A suggestion is always a word that is allowed in
the place. Where the most similar word means something else, the message gives advice instead.
"""

import difflib
from collections.abc import Collection, Mapping
from itertools import islice

_MOST_COMPARED = 300
#: words, and what people write instead of each, without case and punctuation
Synonyms = Mapping[str, Collection[str]]
NO_SYNONYMS: Synonyms = {}

#: words of rule files (conditions have theirs in the catalogue) -> what people write instead;
#: of several words, the first that is allowed is suggested
_SYNONYMS: dict[str, str] = {
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
    "id": "name",
    "name": "title",
    "description": "desc comment note title",
    "from": "begin since start startdate",
    "until": "to end ends till enddate expires",
    "to": "until end till",
    "timezone": "tz zone",
    "days": "day weekday weekdays",
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
    "attendees": "guests",
    "rooms": "room meetingroom",
    "private": "privacy secret",
    "recurring": "series recurrence isrecurring",
    "seriesMaster": "series",
    "singleInstance": "single once",
    "all_day": "isallday wholeday",
    "busy": "blocked",
    "oof": "outofoffice away ooo",
    "normal": "medium none default",
    "per_mailbox_per_day": "perday daily permailbox",
    "per_hour": "hourly rate",
    "mailboxes": "scope users",
    "teamsForBusiness": "teams msteams microsoftteams",
    "skypeForBusiness": "skype",
    "expect": "result expected outcome",
}


def _invert(synonyms: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = {}
    for word, others in synonyms.items():
        for other in others.split():
            words[other] = (*words.get(other, ()), word)
    return words


_BY_SYNONYM = _invert(_SYNONYMS)
#: For words that a suggestion would mislead: a word that is allowed in the place, the advice, the words.
_ADVICE: tuple[tuple[str, str, str], ...] = (
    (
        "matches",
        "there is no such operator; use a pattern, such as matches: 'word$'",
        "endswith suffix",
    ),
    (
        "contains",
        "there is no such operator; put the condition under not, or under unless",
        "notcontains doesnotcontain notequals isnot notin not",
    ),
    ("at_least", "bounds are included: more than 3 is at_least: 4", "morethan greaterthan gt over"),
    ("at_most", "bounds are included: less than 3 is at_most: 2", "lessthan fewerthan lt under"),
    (
        "enforce",
        "report only logs what the rule would do, enforce lets it write",
        "on enabled active live true yes",
    ),
    (
        "external_attendees",
        "external_attendees: 0 means colleagues only",
        "internalattendees internal",
    ),
    (
        "external_attendees",
        "no rule needs this condition: Joinlink skips such events before it evaluates rules",
        "isonlinemeeting online isonline iscancelled cancelled isorganizer isdraft draft",
    ),
)


def advice(
    word: str, known: Collection[str], places: Mapping[str, str], synonyms: Synonyms = NO_SYNONYMS
) -> str | None:
    """Return advice about an unknown word; None where a suggestion is better.

    `places` say where keys belong that are not allowed here.
    """
    normalized = _normalize(word)
    for allowed, text, words in _ADVICE:
        if allowed in known and normalized in words.split():
            return text
    return None if _find_synonym(normalized, known, synonyms) else places.get(word)


def suggest(
    word: str, known: Collection[str], *, nearness: float = 0.6, synonyms: Synonyms = NO_SYNONYMS
) -> str | None:
    """Return the known word that was probably meant; None if none is similar; nearness 1 is equality.

    `synonyms` are those of conditions.
    """
    normalized = _normalize(word[:60])
    candidates = {_normalize(candidate[:60]): candidate for candidate in islice(known, _MOST_COMPARED)}
    if normalized in candidates:
        return candidates[normalized]
    if synonym := _find_synonym(normalized, known, synonyms):
        return synonym
    similar = difflib.get_close_matches(normalized, candidates, n=1, cutoff=nearness)
    return candidates[similar[0]] if similar else None


def _normalize(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _find_synonym(normalized: str, known: Collection[str], synonyms: Synonyms) -> str | None:
    conditions = (word for word, others in synonyms.items() if normalized in others)
    return next((word for word in (*conditions, *_BY_SYNONYM.get(normalized, ())) if word in known), None)
