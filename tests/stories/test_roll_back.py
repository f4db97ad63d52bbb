"""After a roll-back of the code, the rows, messages and rules of the later code do not stop the earlier one.

Rules come first (docs/upgrade.md). The earlier code is not part of a checkout, so these tests use what it reads:
the columns, keys and words of release 0.2.0.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.deadline import deadline
from shared.domain.meeting import MeetingState
from shared.domain.messages import MAILBOX_TASKS, Source, TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox, MailboxState
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.test_calendars import OWNED, fill, row, searched, sweep_once
from tests.stories.test_old_data import rows
from tests.stories.test_rules_in_force import restart
from tests.stories.test_sweep import GUEST, NOW, sweep

#: columns and their types, words, and keys, written by the code of that release
RELEASE: Mapping[str, Any] = json.loads((Path(__file__).parent / "release_0_2_0.json").read_text())
TYPES = {"str": str, "int": int, "datetime": datetime}
COLUMNS = {name: TYPES[kind] for name, kind in RELEASE["mailbox_columns"].items()}
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def story(start_story: StartStory) -> Story:
    """Return a story in which the later code left as much as it can in a mailbox's row."""
    story = start_story(OWNED, JOINLINK_CALENDAR_SUBSCRIPTIONS="on")
    ada = story.add_person("Ada", watched=False)
    project = story.stage.graph.add_calendar(ada.id, "Project")
    fill(story, ada, project, 1200, 1)  # more than the first part of the first sweep has room for
    story.enqueue_task(TaskKind.SUBSCRIBE, ada, TaskReason.NEW)
    story.wait(NOW)
    known = row(ada)
    assert known.calendars_due
    assert known.calendars.subscriptions
    return story


def test_with_rows_of_the_later_code_and_earlier_rules_the_app_writes_and_sweeps_on(story: Story) -> None:
    """It forgets the further calendars; a change and a sweep of the default calendar work."""
    ada = story.people["Ada"]
    (story.rules / "rules.yaml").write_text(RULES)
    for _ in range(3):
        wiring.joinlink().policies.current()
        story.wait(timedelta(minutes=1))
    story.restart(JOINLINK_CALENDAR_SUBSCRIPTIONS="")
    notified = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    story.stage.graph.people.create(ada.id, subject="Internal", **tomorrow())
    before = len(searched(story, ada))
    sweep(story, ada)

    assert story.has_link(ada, notified)
    assert searched(story, ada)[before:] == [""]
    assert row(ada).unclear == ""
    assert story.poison_messages(MAILBOX_TASKS) == []


def test_the_earlier_code_reads_the_rows(story: Story) -> None:
    """Its columns have their types; it leaves the others, and takes none of them for a subscription."""
    [values] = rows(story, "mailboxes")
    known = {name: value for name, value in values.items() if name in COLUMNS and value != ""}

    assert {name: type(value) for name, value in known.items() if not isinstance(value, COLUMNS[name])} == {}
    assert (known["v"], known["state"] in RELEASE["mailbox_states"]) == (1, True)
    others = values.keys() - COLUMNS.keys()
    assert {"calendars", "calendars_due"} <= others
    assert not any(name.startswith("subscription") for name in others)
    assert COLUMNS.keys() - {"PartitionKey", "RowKey", "v"} <= set(Mailbox.__dataclass_fields__)


def test_the_earlier_code_reads_the_messages(story: Story) -> None:
    """A sweep that the later code began in a further calendar: its words, and a mark that can be read."""
    ada = story.people["Ada"]
    story.wait(timedelta(hours=1))
    story.stage.graph.faults.add(Fault(path="/calendars/", status=503, count=None))
    with deadline(timedelta(seconds=19)):
        sweep_once(story, ada)
    story.stage.clock.advance(timedelta(minutes=2))
    [message] = story.visible_messages(MAILBOX_TASKS)
    mark = json.loads(message["mark"])

    assert message.keys() <= set(RELEASE["task_keys"])
    assert (message["v"], message["task"], message["reason"]) == (1, "sweep", "schedule")
    assert mark["calendar"]
    assert {type(mark[name]) for name in RELEASE["mark_texts"]} == {str}
    assert {type(mark[name]) for name in RELEASE["mark_numbers"]} == {int}


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (TaskKind, "tasks"),
        (TaskReason, "task_reasons"),
        (Source, "sources"),
        (MailboxState, "mailbox_states"),
        (MeetingState, "meeting_states"),
    ],
)
def test_the_earlier_code_knows_every_word(words: Iterable[str], known: str) -> None:
    """In messages and rows: it keeps what it can't read, but does not work on it."""
    assert set(words) - set(RELEASE[known]) == set()


def test_the_upgrade_page_names_the_rule_keys_that_the_earlier_code_refuses() -> None:
    """They must be gone before a roll-back."""
    [sentence] = re.findall(r"Version 0\.2\.0 does not know ([^.]*)\.", (DOCS / "upgrade.md").read_text())
    named = set(re.findall(r"`([a-z_]+)`", sentence))

    assert keys_in(json.loads((DOCS / "rules.schema.json").read_text())) - set(RELEASE["rule_keys"]) == named


def keys_in(schema: Any) -> set[str]:
    """Return the names of all properties in a JSON Schema."""
    if isinstance(schema, list):
        return set().union(*map(keys_in, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*map(keys_in, schema.values()))


@pytest.mark.parametrize(
    ("unknown", "name"),
    [
        pytest.param(RULES.replace("rules:\n", "tomorrow: yes\nrules:\n"), "tomorrow", id="at the top"),
        pytest.param(
            RULES.replace("rules:\n", "sweep: {every: 6h, gently: yes}\nrules:\n"), "gently", id="in a block"
        ),
        pytest.param(RULES.replace("mode: report", "mood: report"), "mood", id="in a rule"),
    ],
)
def test_files_with_keys_of_a_later_code_are_refused_by_name(
    start_story: StartStory, unknown: str, name: str
) -> None:
    """The last good rules are in force, after a restart, too."""
    story = start_story()
    ada = story.add_person("Ada")
    story.create_meeting(ada, GUEST)
    story.run_until_idle()
    (story.rules / "rules.yaml").write_text(unknown)
    app = restart(story)
    second = story.create_meeting(ada, GUEST)
    story.run_until_idle()
    app.close()

    assert story.has_link(ada, second)
    refused = story.log_lines("rules.refused")[0]
    assert f'unknown key "{name}"' in str(refused["problems"])
    assert refused["policy"] == story.log_lines("rules.loaded")[0]["policy"]


def tomorrow() -> dict[str, Any]:
    at = {"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"}
    return {"start": at, "end": {**at, "dateTime": "2026-11-24T10:00:00"}}
