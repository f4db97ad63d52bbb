"""The timer of maintenance, which keeps subscriptions and sweeps up to date."""

import azure.functions as func

from shared import wiring
from shared.errors import SettingsError
from shared.logs import logger

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="0 */15 * * * *")
def maintenance(timer: func.TimerRequest) -> None:
    """Queue the tasks that are due; if a run fails, the next one does its work."""
    del timer  # a late run needs nothing else: the rows show what is due
    try:
        wiring.joinlink().maintenance().run()
    except SettingsError as error:
        logger().error("maintenance.failed", reason="settings_refused", detail=str(error))
