"""Opens what commands use: the app's settings from the environment, with this machine's time."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from cli.output import Refused
from shared.desk.wiring import Desk
from shared.wiring.parts import Parts
from shared.worker.common.world import World


@contextmanager
def open_desk(*, writes: bool = False) -> Iterator[Desk]:
    """Yield the desk; a command that `writes` to the app's storage account needs a correct clock.

    Only the command's own output is shown: the app's log lines would be noise there.

    Raises:
        Refused: this machine's clock is wrong, so what the command writes would mislead the app.
        StorageUnavailable: the storage account does not answer.
    """
    with closing(Desk(Parts({**os.environ, "JOINLINK_LOG_LEVEL": "error"}, World()))) as desk:
        if writes and (problem := desk.clock_problem()):
            raise Refused(problem)
        yield desk
