"""Suggests what a person probably meant by an unknown word.

Words are compared without case, underscores and hyphens. A suggestion is always a word that is allowed in
the place. Where the most similar word means something else, the message gives advice instead.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import TypeAlias

_MOST_COMPARED = 300
#: what people write, normalized -> the words that they may mean
Synonyms: TypeAlias = Mapping[str, tuple[str, ...]]

#: values that are choices -> what people write instead, normalized; the synonyms of keys are in their rows
CHOICE_SYNONYMS: dict[str, str] = {
    "report": "audit reportonly dryrun enabledforreportingbutnotenforced log test simulate trial",
    "off": "disabled disable false inactive",
    "enable": "add allow link addlink addlinks true yes on",
    "ignore": "allow",
    "skip": "block deny ignore exempt disable disabled no none off never exclude false",
    "private": "privacy secret",
    "seriesMaster": "series",
    "singleInstance": "single once",
    "busy": "blocked",
    "oof": "outofoffice away ooo",
    "normal": "medium none default",
    "teamsForBusiness": "teams msteams microsoftteams",
    "skypeForBusiness": "skype",
}
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


def by_synonym(rows: Iterable[tuple[str, str]]) -> Synonyms:
    """Return the words by their synonyms; of a word's synonyms, each row has some, separated by spaces."""
    words: dict[str, tuple[str, ...]] = {}
    for word, synonyms in rows:
        for synonym in synonyms.split():
            words[synonym] = (*words.get(synonym, ()), word)
    return words


def advice(word: str, known: Collection[str], places: Mapping[str, str], synonyms: Synonyms) -> str | None:
    """Return advice about an unknown word; None where a suggestion is better.

    `places` say where keys belong that are not allowed here.
    """
    normalized = _normalize(word)
    for allowed, text, words in _ADVICE:
        if allowed in known and normalized in words.split():
            return text
    return None if _meant(normalized, known, synonyms) else places.get(word)


def suggest(word: str, known: Collection[str], synonyms: Synonyms, *, nearness: float = 0.6) -> str | None:
    """Return the known word that was probably meant; None if none is similar; nearness 1 is equality.

    If a synonym stands for several known words, the first is suggested.
    """
    normalized = _normalize(word[:60])
    candidates = {_normalize(candidate[:60]): candidate for candidate in islice(known, _MOST_COMPARED)}
    if normalized in candidates:
        return candidates[normalized]
    if meant := _meant(normalized, known, synonyms):
        return meant
    similar = difflib.get_close_matches(normalized, candidates, n=1, cutoff=nearness)
    return candidates[similar[0]] if similar else None


def _normalize(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _meant(synonym: str, known: Collection[str], synonyms: Synonyms) -> str | None:
    return next((word for word in synonyms.get(synonym, ()) if word in known), None)
