"""Two host processes run the app at the same time; one is killed and restarted."""

from datetime import timedelta
from pathlib import Path

from tests.stories.conftest import RULES, StartStory

GUEST = "bo@fabrikam.com"
TIMEOUT_SECONDS = 60


def test_a_killed_host_neither_loses_nor_repeats_a_write(start_story: StartStory, tmp_path: Path) -> None:
    """Its messages are visible again after ten minutes; every meeting gets one write."""
    story = start_story(RULES)
    graph, clock = story.stage.graph, story.stage.clock
    one = story.stage.host_process(tmp_path / "one.jsonl")
    with one, story.stage.host_process(tmp_path / "two.jsonl") as two:
        ada = story.add_person("Ada", watched=False)
        story.stage.watch(ada, url=one.address("notifications"))
        meetings = [story.create_meeting(ada, GUEST) for _ in range(4)]
        graph.deliver()
        clock.advance(timedelta(seconds=20))
        one.kill()
        one.start()
        for _ in range(30):
            graph.deliver()
            clock.advance(timedelta(minutes=1))
            assert one.quiet(TIMEOUT_SECONDS)
            assert two.quiet(TIMEOUT_SECONDS)

    effects = [call.event for call in graph.calls if call.method == "PATCH" and call.took_effect]
    assert sorted(effects) == sorted(meetings)
    assert all(story.has_link(ada, meeting) for meeting in meetings)
    assert any("event.decided" in line["message"] for line in [*one.lines(), *two.lines()])
