"""Builds the product's function app in a host process."""

from collections.abc import Callable, Mapping
from datetime import datetime

import azure.functions as func

from function_app import build_app
from shared import wiring
from shared.worker.common.world import World


def joinlink(settings: Mapping[str, str], now: Callable[[], datetime]) -> func.FunctionApp:
    """Build the app with these settings and this clock."""
    app = build_app()
    wiring.start(wiring.Parts(settings, World(now=now)))
    return app
