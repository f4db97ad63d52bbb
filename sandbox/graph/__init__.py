"""A stand-in for Microsoft Graph: directory, calendars, subscriptions and notifications of a tenant."""

from sandbox.graph.app import StandIn
from sandbox.graph.endpoints import EndpointState
from sandbox.graph.event_habits import EventHabits
from sandbox.graph.faults import Drop, Fault
from sandbox.graph.notification_delivery import BAD_HABITS, NotificationDelivery
from sandbox.graph.post_office import Mail
from sandbox.graph.recorder import Exchange
from sandbox.graph.subscription import LengthLimit
from sandbox.graph.subscriptions import SubscriptionHabits
from sandbox.graph.user import DirectoryUser
from sandbox.graph.webhook_client import Reply

__all__ = [
    "BAD_HABITS",
    "DirectoryUser",
    "Drop",
    "EndpointState",
    "EventHabits",
    "Exchange",
    "Fault",
    "LengthLimit",
    "Mail",
    "NotificationDelivery",
    "Reply",
    "StandIn",
    "SubscriptionHabits",
]
