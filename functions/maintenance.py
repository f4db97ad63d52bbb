"""The timer: who is in scope, whose subscription is due, who is due a sweep."""

import azure.functions as func

from shared import wiring
from shared.errors import SettingsError
from shared.logs import logger

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="0 */15 * * * *")
def maintenance(timer: func.TimerRequest) -> None:
    """Put the tasks that are due on their queue; the next run makes up for one that failed."""
    del timer  # being late changes nothing: the rows tell what is due
    try:
        wiring.joinlink().maintenance().run()
    except SettingsError as error:
        logger().error("maintenance.failed", reason="settings_refused", detail=str(error))
