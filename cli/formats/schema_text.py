"""The keys of the rule language as a list, by subject."""

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from cli import lines
from cli.editor import plain_text
from cli.lines import Line
from cli.output import console
from shared.rule_files.files.conditions import COMBINING_KEYS, CONDITION_KEYS
from shared.rule_files.files.event_sketch import EVENT
from shared.rule_files.files.file import FILE
from shared.rule_files.files.rule import RULE
from shared.rule_files.files.rule_tests import TEST
from shared.rule_files.vocabulary.keys import Key

#: conditions by what they are about
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "who is invited, and who organizes": ("attendees", "external_attendees", "attendee", "organizer"),
    "words": ("subject", "location", "categories"),
    "time": ("duration", "starts_between", "starts_on", "starts_in", "is_all_day", "is_recurring", "type"),
    "place": ("has_room", "has_location"),
    "how the event is marked": ("sensitivity", "show_as", "importance"),
    "other join links": ("has_other_join_link",),
    "a step-by-step roll-out": ("rollout",),
}


def show() -> None:
    """Print every key with the first sentence of its description."""
    out = console()
    for number, (title, keys) in enumerate(_sections()):
        if number:
            out.print()
        out.print(Text(title, "bold"))
        rows = [Line(Text(key.name, "rule"), Text(_first_sentence(key.description))) for key in keys]
        lines.show(out, rows, indent=2)
    out.print()
    out.print("joinlink schema KEY explains a key, with an example.")
    out.print("joinlink schema > rules.schema.json writes the JSON Schema for editors.")


def _sections() -> Iterator[tuple[str, Sequence[Key]]]:
    by_name = {key.name: key for key in CONDITION_KEYS}
    for subject, names in SUBJECTS.items():
        yield f"Conditions: {subject}", [by_name[name] for name in names]
    yield "Conditions: combined", COMBINING_KEYS
    yield "Keys of a rule", RULE.keys
    yield "Keys of a rule file", FILE.keys
    yield "Keys of a test", TEST.keys
    yield "Keys of a test's event", EVENT.keys


def _first_sentence(text: str) -> str:
    return plain_text(text).split(". ")[0].rstrip(".") + "."
