"""After a roll-back of the code, the rows, messages and rules of the later code do not stop the earlier one.

Rules come first (docs/upgrade.md). The earlier code can't run here, so these tests use what it reads: the
columns, keys and words of release 0.2.0.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.graph import Fault
from shared import wiring
from shared.deadline import deadline
from shared.domain.messages import MAILBOX_TASKS, TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox
from tests.stories.conftest import RULES, StartStory, Story
from tests.stories.test_calendars import OWNED, fill, row, searched, sweep_once
from tests.stories.test_old_data import rows
from tests.stories.test_rules_in_force import restart
from tests.stories.test_sweep import GUEST, NOW, sweep

#: the columns of a mailbox in release 0.2.0, and their types
COLUMNS: Mapping[str, type] = {
    **dict.fromkeys(("PartitionKey", "RowKey", "state", "why", "subscription", "endpoint", "held"), str),
    **dict.fromkeys(("making_endpoint", "suspected_as", "purpose", "unreadable"), str),
    **dict.fromkeys(("v", "page_size"), int),
    **dict.fromkeys(("state_since", "expires", "renew_at", "renewed_at", "watched_since"), datetime),
    **dict.fromkeys(("last_notification", "last_sweep", "asked_until", "making_until"), datetime),
    **dict.fromkeys(("absent_since", "suspected_since", "purpose_missed", "page_until"), datetime),
}
STATES = {"active", "unusable", "forbidden", "removed"}
TASKS = {"subscribe", "renew", "sweep", "unsubscribe"}
TASK_KEYS = {"v", "mailbox", "task", "reason", "attempt", "trace", "waits", "returns", "errors", "mark"}
#: the keys of a sweep's mark: texts, and numbers
MARK_TEXTS = {"start", "page", "seen"}
MARK_NUMBERS = {"pages", "events", "queued", "would_enable", "unreadable", "again"}


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
    assert (known["v"], known["state"] in STATES) == (1, True)
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

    assert message.keys() <= TASK_KEYS
    assert (message["v"], message["task"] in TASKS, message["reason"]) == (1, True, "schedule")
    assert mark["calendar"]
    assert {name: type(mark[name]) for name in MARK_TEXTS} == dict.fromkeys(MARK_TEXTS, str)
    assert {name: type(mark[name]) for name in MARK_NUMBERS} == dict.fromkeys(MARK_NUMBERS, int)


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
