"""The entry point of the function app; its functions are in `functions/`."""

import os

import azure.functions as func

from functions import events, health, mailboxes, maintenance, notifications
from shared import logs, wiring
from shared.worker.common.world import World


def build_app() -> func.FunctionApp:
    """Return a new app with all functions. A host indexes an app once, so each sandbox builds its own."""
    logs.configure("INFO")  # so that lines before the settings are read are JSON, too
    built = func.FunctionApp()
    for part in (events, health, mailboxes, maintenance, notifications):
        built.register_functions(part.blueprint)
    return built


wiring.start(wiring.Parts(os.environ, World()))
app = build_app()
