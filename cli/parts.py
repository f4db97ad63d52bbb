"""The app's own parts at the desk: by its settings, with the time of this machine."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from cli.output import Refused
from shared.wiring import Joinlink
from shared.worker.common.world import World


@contextmanager
def opened() -> Iterator[tuple[Joinlink, World]]:
    """Yield the parts, put together by the environment's settings, and the world that they live in.

    What an admin should know stands in the answer; the app's own log lines would only be in its way.
    """
    world = World()
    with closing(Joinlink({**os.environ, "JOINLINK_LOG_LEVEL": "error"}, world)) as parts:
        yield parts, world


@contextmanager
def opened_to_write() -> Iterator[tuple[Joinlink, World]]:
    """Yield the same for a command that writes to the app's storage account.

    Raises:
        Refused: this machine's clock is wrong; what it wrote would mislead the app.
        StorageUnavailable: the storage account does not answer.
    """
    with opened() as (joinlink, world):
        if problem := joinlink.clock_problem():
            raise Refused(problem)
        yield joinlink, world
