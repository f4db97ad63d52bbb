import pytest

from shared.rule_files.files.file import FILE_KEYS
from shared.rule_files.files.key_places import HOMES
from shared.rule_files.files.rule import JOINS, PROVIDERS, RULE_KEYS
from shared.rule_files.reading import suggestions as slips
from shared.rule_files.reading.suggestions import advice, suggest
from shared.rule_files.vocabulary.catalogue import CATALOGUE

CONDITIONS = (*CATALOGUE, *JOINS)
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
    pytest.param("teams", PROVIDERS, "teamsForBusiness", id="a name that is no name of Graph's"),
    pytest.param("banana", CONDITIONS, None, id="nothing"),
]  # fmt: skip
ADVISED = [
    pytest.param("not_contains", OPERATORS, "put the whole condition under not", id="the opposite of the nearest"),
    pytest.param("ends_with", OPERATORS, "a pattern does it", id="something else than the nearest"),
    pytest.param("isOnlineMeeting", CONDITIONS, "no rule needs it", id="what a guard sees to"),
    pytest.param("subject", RULE_KEYS, "it is a condition and stands under when", id="a condition in a rule"),
    pytest.param("mode", CONDITIONS, "it is a key of a rule", id="a key of a rule in a condition"),
    pytest.param("drafts", RULE_KEYS, "it holds for all rules", id="a key of the file in a rule"),
    pytest.param("per_hour", RULE_KEYS, "it stands under limits", id="a key of a key"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "known", "meant"), MEANT)
def test_what_was_probably_meant_is_suggested(word: str, known: tuple[str, ...], meant: str | None) -> None:
    """By what a word means in its place, then by its letters."""
    assert suggest(word, known) == meant


@pytest.mark.parametrize(("word", "known", "said"), ADVISED)
def test_where_a_suggestion_would_mislead_there_is_advice(
    word: str, known: tuple[str, ...], said: str
) -> None:
    """Following it leads to a file that does what was meant."""
    assert said in (advice(word, known, HOMES) or "")


@pytest.mark.parametrize("word", [pytest.param(word, id=word) for word in slips._SAID])
def test_what_people_say_is_never_a_word_of_that_place(word: str) -> None:
    """Else it would not be unknown, and nobody would be told."""
    for place in (RULE_KEYS, CONDITIONS, FILE_KEYS):
        if word in place:
            assert not set(place) & set(slips._SAID[word].split())
