"""The product in host processes of its own: two at once, killed and started again, on one clock."""

from datetime import timedelta
from pathlib import Path

from tests.stories.conftest import RULES, StartStory

GUEST = "bo@fabrikam.com"
PATIENCE_SECONDS = 60


def test_two_hosts_one_of_them_killed_give_every_meeting_its_link_once(
    start_story: StartStory, tmp_path: Path
) -> None:
    """What the killed one had leased comes back after ten minutes; no event is written twice."""
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
            assert one.quiet(PATIENCE_SECONDS)
            assert two.quiet(PATIENCE_SECONDS)

    effects = [call.event for call in graph.calls if call.method == "PATCH" and call.took_effect]
    assert sorted(effects) == sorted(meetings)
    assert all(story.has_link(ada, meeting) for meeting in meetings)
    assert any("event.decided" in line["message"] for line in [*one.lines(), *two.lines()])
