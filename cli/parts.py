"""The app's own parts at the desk: by its settings, with the time of this machine."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from shared.wiring import Joinlink
from shared.worker.world import World


@contextmanager
def opened() -> Iterator[tuple[Joinlink, World]]:
    """Yield the parts, put together by the environment's settings, and the world that they live in.

    What an admin should know stands in the answer; the app's own log lines would only be in its way.
    """
    world = World()
    with closing(Joinlink({**os.environ, "JOINLINK_LOG_LEVEL": "error"}, world)) as parts:
        yield parts, world
