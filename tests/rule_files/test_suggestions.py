import pytest

from shared.rule_files.files.conditions import CONDITIONS as CONDITION_BLOCK
from shared.rule_files.files.file import FILE
from shared.rule_files.files.hints import KEY_PLACES, SYNONYMS
from shared.rule_files.files.rule import RULE
from shared.rule_files.files.rule_blocks import PROVIDERS
from shared.rule_files.reading.suggestions import advice, suggest

CONDITIONS, RULE_KEYS, FILE_KEYS = tuple(CONDITION_BLOCK.by_name), tuple(RULE.by_name), tuple(FILE.by_name)
OPERATORS = ("contains", "starts_with", "equals", "matches")

MEANT = [
    pytest.param("isAllDay", CONDITIONS, "is_all_day", id="Graph's spelling"),
    pytest.param("external-attendees", CONDITIONS, "external_attendees", id="hyphens"),
    pytest.param("SUBJECT", CONDITIONS, "subject", id="capitals"),
    pytest.param("durration", CONDITIONS, "duration", id="a typing mistake"),
    pytest.param("and", CONDITIONS, "all", id="a word of other rule languages"),
    pytest.param("or", CONDITIONS, "any", id="another word of other rule languages"),
    pytest.param("conditions", RULE_KEYS, "when", id="a word of Conditional Access"),
    pytest.param("title", CONDITIONS, "subject", id="a title of an event"),
    pytest.param("title", RULE_KEYS, "description", id="a title of a rule"),
    pytest.param("teams", tuple(PROVIDERS), "teamsForBusiness", id="a product name"),
    pytest.param("banana", CONDITIONS, None, id="no similar word"),
]  # fmt: skip
ADVISED = [
    pytest.param("not_contains", OPERATORS, "put the condition under not", id="the opposite of the most similar word"),
    pytest.param("ends_with", OPERATORS, "use a pattern", id="something else than the most similar word"),
    pytest.param("isOnlineMeeting", CONDITIONS, "no rule needs this condition", id="a guard handles it"),
    pytest.param("subject", RULE_KEYS, "it belongs under when or unless", id="a condition in a rule"),
    pytest.param("mode", CONDITIONS, "it belongs in a rule", id="a key of a rule in a condition"),
    pytest.param("drafts", RULE_KEYS, "it belongs at the top of the file", id="a key of the file in a rule"),
    pytest.param("per_hour", RULE_KEYS, "it belongs under limits", id="a key of an inner block"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "known", "meant"), MEANT)
def test_the_word_that_was_probably_meant_is_suggested(
    word: str, known: tuple[str, ...], meant: str | None
) -> None:
    """Synonyms in the place come first, then similar words."""
    assert suggest(word, known, SYNONYMS) == meant


@pytest.mark.parametrize(("word", "known", "said"), ADVISED)
def test_advice_replaces_a_misleading_suggestion(word: str, known: tuple[str, ...], said: str) -> None:
    """The most similar word would mean something else."""
    assert said in (advice(word, known, KEY_PLACES, SYNONYMS) or "")


ALL_SYNONYMS = [
    pytest.param(synonym, words, id=f"{synonym}-{'-'.join(words)}") for synonym, words in SYNONYMS.items()
]


@pytest.mark.parametrize(("synonym", "words"), ALL_SYNONYMS)
def test_a_synonym_leads_to_each_of_its_words(synonym: str, words: tuple[str, ...]) -> None:
    """If only one of the words is allowed, it is suggested."""
    for word in words:
        assert suggest(synonym, (word,), SYNONYMS) == word


@pytest.mark.parametrize(("synonym", "words"), ALL_SYNONYMS)
def test_a_synonym_is_never_allowed_next_to_its_word(synonym: str, words: tuple[str, ...]) -> None:
    """Otherwise the synonym would be known, and no one would see the suggestion."""
    for place in (RULE_KEYS, CONDITIONS, FILE_KEYS):
        assert not (synonym in place and set(words) & set(place))
