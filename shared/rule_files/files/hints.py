"""Hints about unknown words, from the tables of keys: where a key belongs, and its synonyms."""

from shared.rule_files.files.file import FILE
from shared.rule_files.reading.suggestions import CHOICE_SYNONYMS, by_synonym
from shared.rule_files.vocabulary.keys import blocks_in


def _key_places() -> dict[str, str]:
    places: dict[str, str] = {}
    for block in blocks_in(FILE):
        for key in block.keys if block.place else ():
            places.setdefault(key.name, f"it belongs {block.place}")
    return places


#: where each key belongs, for messages about a key in the wrong place
KEY_PLACES = _key_places()
#: what people write -> the words of rule files that they may mean
SYNONYMS = by_synonym(
    [
        *((key.name, key.synonyms) for block in blocks_in(FILE) for key in block.keys),
        *CHOICE_SYNONYMS.items(),
    ]
)
