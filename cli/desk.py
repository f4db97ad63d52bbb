"""Opens what commands use: the app's settings, an identity for this desk, and this machine's time."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cli.found_settings import find_settings, without_desk_app
from cli.output import Failed, Refused, console, note
from shared.desk.sign_in.desk_sign_in import DeskSignIn
from shared.desk.sign_in.token_file import cache_folder
from shared.desk.wiring import Desk
from shared.errors import QueueUnavailable, StorageUnavailable
from shared.settings import STORAGE
from shared.storage.errors import lacks_right
from shared.wiring.parts import Parts
from shared.worker.common.world import World


@contextmanager
def open_desk(settings: Path | None, *, writes: bool = False, as_app: bool = False) -> Iterator[Desk]:
    """Yield the desk; a command that `writes` to the app's storage account needs a correct clock.

    `settings` is the file that --settings names. On stderr it shows where the settings come from, and each
    identity when it is first used. The app's log lines are not shown: they would be noise there. With
    `as_app`, Graph sees the app's own identity.

    Raises:
        Refused: the settings can't be read, or have no secret of the app for `as_app`; or this machine's
            clock is wrong, so what the command writes would mislead the app.
        SignInFailed: there is no identity for the storage account.
        Failed: the identity lacks a right in the storage account.
        StorageUnavailable: the storage account does not answer.
    """
    found = find_settings(settings, os.environ, Path.cwd())
    has_key = bool(found.environ.get(STORAGE))
    note(f"settings from {found.place}{'; storage with its connection string' if has_key else ''}")
    world = World()
    environ = without_desk_app(found.environ) if as_app else found.environ
    sign_in = DeskSignIn(
        environ,
        now=world.now,
        say=note,
        ask_to_sign_in=_ask_to_sign_in,
        folder=cache_folder(os.environ, Path.home()),
    )
    if as_app and not sign_in.is_the_app:
        raise Refused(
            "--as-app needs the app's own secret or certificate: set JOINLINK_CLIENT_ID with"
            " JOINLINK_CLIENT_SECRET or JOINLINK_CLIENT_CERTIFICATE. The token of a managed identity can't"
            " leave Azure"
        )
    parts = Parts({**environ, "JOINLINK_LOG_LEVEL": "error"}, world, sign_in=sign_in)
    try:
        desk = Desk(
            parts,
            identity=sign_in.identity,
            environ=found.environ,
            log_tokens=sign_in.log_tokens,
        )
        with closing(desk):
            if writes and (problem := desk.clock_problem()):
                raise Refused(problem)
            yield desk
    except (StorageUnavailable, QueueUnavailable) as error:
        if lacks_right(error):
            raise Failed(str(error)) from error
        raise


def _ask_to_sign_in(message: str) -> None:
    """Show where to enter which code."""
    if not sys.stderr.isatty():
        raise Refused(
            "there is no terminal to show the code of the sign-in on: run joinlink doctor in a terminal once,"
            " or set JOINLINK_DESK_CERTIFICATE"
        )
    console(sys.stderr).print(message, style="warn")
