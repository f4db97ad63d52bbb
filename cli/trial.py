"""What the commands share that create items in a mailbox: the app's log, and the end."""

import sys

from cli.output import Failed, Refused, note
from cli.workspace import WORKSPACE, workspace_id
from shared.desk.trial.decision_log import DecisionLog
from shared.desk.trial.trial_mailbox import TrialMailbox
from shared.desk.wiring import Desk
from shared.errors import LogUnavailable, SignInFailed


def check_can_ask(*, yes: bool, as_json: bool, hint: str) -> None:
    """Return if the command may ask, or need not.

    Raises:
        Refused: there is no terminal, or a question would spoil the JSON.
    """
    if not yes and (as_json or not sys.stdin.isatty()):
        raise Refused(f"there is no terminal to ask on; {hint}")


def found_log(desk: Desk, workspace: str) -> DecisionLog | None:
    """Return the app's log; None if neither the option nor the settings name a workspace.

    Raises:
        Refused: the workspace's id is not a GUID.
        Failed: the log can't be read.
    """
    if not workspace and not desk.environ.get(WORKSPACE):
        return None
    log = desk.decision_log(workspace_id(workspace, desk.environ))
    try:
        log.decisions("no event", desk.world.now())  # before anything is created
    except (LogUnavailable, SignInFailed) as error:
        raise Failed(f"nothing is created: {error}") from error
    return log


def clean_up(trial: TrialMailbox) -> tuple[str, ...]:
    """Delete what was created, and return what is left; both are shown on stderr."""
    try:
        note("deleting what was created")
        left = trial.clean_up()
    except KeyboardInterrupt:
        note("stopped while deleting")
        left = trial.remaining()
    for sentence in left:
        note(sentence)
    return left
