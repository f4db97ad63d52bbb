"""The entry point of the function app. Its functions are in `functions/`."""

import os

import azure.functions as func

from functions import events, health, mailboxes, maintenance, notifications
from shared import logs, wiring
from shared.worker.common.world import World


def build_app() -> func.FunctionApp:
    """Return a new app with all functions. A host indexes an app once, so each sandbox builds its own."""
    logs.configure("INFO")  # also the lines that are logged before the settings are read are JSON
    new_app = func.FunctionApp()
    for module in (events, health, mailboxes, maintenance, notifications):
        new_app.register_functions(module.blueprint)
    return new_app


wiring.start(wiring.Parts(os.environ, World()))
app = build_app()
