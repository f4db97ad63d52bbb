"""Runs maintenance every quarter of an hour: it queues the tasks that mailboxes need."""

import azure.functions as func

from shared import wiring
from shared.errors import SettingsError
from shared.logs import logger

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="0 */15 * * * *")
def maintenance(timer: func.TimerRequest) -> None:
    """Run maintenance. If a run fails, the next one does its work."""
    del timer  # whether it is late does not matter: the rows in storage show what is due
    try:
        wiring.joinlink().maintenance().run()
    except SettingsError as error:
        logger().error("maintenance.failed", reason="settings_refused", detail=str(error))
