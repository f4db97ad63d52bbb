"""Builds the product's function app in a host process."""

from collections.abc import Callable, Mapping
from datetime import datetime

import azure.functions as func

from function_app import build_app
from shared import wiring
from shared.worker.common.world import World

#: modules that the app imports on first use; a fork server imports them once
MODULES = (
    "azure.data.tables",
    "azure.storage.blob",
    "msal",
    "shared.graph.client",
    "shared.storage.last_good_rules",
    "shared.storage.rule_container",
    "shared.worker.events.messages",
    "shared.worker.mailboxes.maintenance",
    "shared.worker.mailboxes.messages",
    "shared.worker.mailboxes.subscriptions",
    "shared.worker.mailboxes.sweep",
)


def joinlink(settings: Mapping[str, str], now: Callable[[], datetime]) -> func.FunctionApp:
    """Build the app with these settings and this clock."""
    app = build_app()
    wiring.start(wiring.Parts(settings, World(now=now)))
    return app
