import pytest

from shared.rule_files.files.conditions import CONDITIONS as CONDITION_BLOCK
from shared.rule_files.files.file import FILE, KEY_PLACES
from shared.rule_files.files.rule import RULE
from shared.rule_files.files.rule_blocks import PROVIDERS
from shared.rule_files.reading.suggestions import _SYNONYMS, advice, suggest
from shared.rule_files.vocabulary.catalogue import SYNONYMS

CONDITIONS, RULE_KEYS, FILE_KEYS = tuple(CONDITION_BLOCK.by_name), tuple(RULE.by_name), tuple(FILE.by_name)
OPERATORS = ("contains", "starts_with", "equals", "matches")

MEANT = [
    pytest.param("isAllDay", CONDITIONS, "is_all_day", id="Graph's spelling"),
    pytest.param("external-attendees", CONDITIONS, "external_attendees", id="hyphens"),
    pytest.param("SUBJECT", CONDITIONS, "subject", id="capitals"),
    pytest.param("durration", CONDITIONS, "duration", id="a slip of the finger"),
    pytest.param("and", CONDITIONS, "all", id="a word of other languages"),
    pytest.param("or", CONDITIONS, "any", id="another word of other languages"),
    pytest.param("conditions", RULE_KEYS, "when", id="a word of Conditional Access"),
    pytest.param("title", CONDITIONS, "subject", id="a title of an event"),
    pytest.param("title", RULE_KEYS, "description", id="a title of a rule"),
    pytest.param("teams", tuple(PROVIDERS), "teamsForBusiness", id="a name that is no name of Graph's"),
    pytest.param("banana", CONDITIONS, None, id="nothing"),
]  # fmt: skip
ADVISED = [
    pytest.param("not_contains", OPERATORS, "put the condition under not", id="the opposite of the nearest"),
    pytest.param("ends_with", OPERATORS, "use a pattern", id="something else than the nearest"),
    pytest.param("isOnlineMeeting", CONDITIONS, "no rule needs this condition", id="what a guard sees to"),
    pytest.param("subject", RULE_KEYS, "it belongs under when or unless", id="a condition in a rule"),
    pytest.param("mode", CONDITIONS, "it belongs in a rule", id="a key of a rule in a condition"),
    pytest.param("drafts", RULE_KEYS, "it belongs at the top of the file", id="a key of the file in a rule"),
    pytest.param("per_hour", RULE_KEYS, "it belongs under limits", id="a key of a key"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "known", "meant"), MEANT)
def test_what_was_probably_meant_is_suggested(word: str, known: tuple[str, ...], meant: str | None) -> None:
    """By what a word means in its place, then by its letters."""
    assert suggest(word, known, synonyms=SYNONYMS) == meant


@pytest.mark.parametrize(("word", "known", "said"), ADVISED)
def test_where_a_suggestion_would_mislead_there_is_advice(
    word: str, known: tuple[str, ...], said: str
) -> None:
    """Following it leads to a file that does what was meant."""
    assert said in (advice(word, known, KEY_PLACES) or "")


@pytest.mark.parametrize("word", [pytest.param(word, id=word) for word in _SYNONYMS])
def test_what_people_say_is_never_a_word_of_that_place(word: str) -> None:
    """Else it would not be unknown, and nobody would be told."""
    for place in (RULE_KEYS, CONDITIONS, FILE_KEYS):
        if word in place:
            assert not set(place) & set(_SYNONYMS[word].split())


@pytest.mark.parametrize(("name", "synonyms"), [pytest.param(*row, id=row[0]) for row in SYNONYMS.items()])
def test_a_synonym_of_a_condition_is_not_a_condition(name: str, synonyms: tuple[str, ...]) -> None:
    """Otherwise it would not be unknown, and there would be nothing to suggest."""
    assert not set(CONDITIONS) & set(synonyms)
    for synonym in synonyms:
        assert suggest(synonym, (name,), synonyms=SYNONYMS) == name
