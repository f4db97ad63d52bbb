from dataclasses import replace
from pathlib import Path

from sandbox.azurite import Azurite
from sandbox.chaos.draw import draw
from sandbox.chaos.judge import Breach, judge
from sandbox.chaos.plan import ChaosPlan, Deed, Happening, PlannedMeeting
from sandbox.chaos.play import play


def test_two_hosts_keep_the_law_under_faults(azurite: Azurite, tmp_path: Path) -> None:
    """Refusals after the effect, lost answers, kills, no If-Match: nothing doubled, re-added, lost or poisoned."""
    verdict = judge(play(draw(2, meetings=16), azurite, tmp_path))

    assert verdict.others == ()
    broken = [event for event in verdict.events if event.breaches]
    assert not broken, "\n".join(
        f"{each.meeting} {each.breaches}\n" + "\n".join(each.story) for each in broken
    )


def test_an_app_that_forgets_is_found_out(azurite: Azurite, tmp_path: Path) -> None:
    """With its memory of writes gone, a removed link comes back without any fault; the judge sees it."""
    verdict = judge(play(replace(REMOVED, forgets_every=20), azurite, tmp_path))

    assert [event.breaches for event in verdict.events] == [(Breach.RE_ADDED,)]


def test_an_app_that_remembers_is_not(azurite: Azurite, tmp_path: Path) -> None:
    """The same life, with the memory left alone."""
    verdict = judge(play(REMOVED, azurite, tmp_path))

    assert (verdict.is_kept, verdict.writes) == (True, 1)


REMOVED = ChaosPlan(
    seed=1,
    people=1,
    skews=(0, 30),
    honors_if_match=False,
    busy=900,
    quiet=3600,
    meetings=(
        PlannedMeeting(
            name="m",
            owner=0,
            wanted=True,
            happenings=(
                Happening(at=120, deed=Deed.CREATE),
                Happening(at=400, deed=Deed.REMOVE_LINK),
                Happening(at=500, deed=Deed.EDIT),
            ),
        ),
    ),
    outbreaks=(),
)
