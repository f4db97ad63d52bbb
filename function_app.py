"""The entry point of the function app: its functions are in `functions/`."""

import os

import azure.functions as func

from functions import events, health, mailboxes, maintenance, notifications
from shared import logs, wiring
from shared.worker.common.world import World


def build_app() -> func.FunctionApp:
    """Return a new app with all functions. The host indexes an app once, so each sandbox takes its own."""
    logs.configure("INFO")  # what is said before the settings are read is JSON, too
    built = func.FunctionApp()
    for part in (events, health, mailboxes, maintenance, notifications):
        built.register_functions(part.blueprint)
    return built


wiring.start(wiring.Parts(os.environ, World()))
app = build_app()
