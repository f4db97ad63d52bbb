"""What an admin reads about a Graph error: what is wrong, and what to do. The one table for all commands."""

from typing import NamedTuple

from shared.errors import (
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    GroupNotFound,
    MailboxFull,
    MailboxUnusable,
    SubscriptionLimit,
    SubscriptionTooLong,
    Throttled,
    Unauthorized,
)


class Advice(NamedTuple):
    """What is wrong, and what to do; neither begins with a capital letter unless it is a name."""

    problem: str
    remedy: str


#: a subclass comes before its parent
_ADVICE: dict[type[GraphError], Advice] = {
    EventNotFound: Advice(
        "Graph finds no such event in this mailbox",
        "check the mailbox, and use the id of the event, as in the log, or its link",
    ),
    MailboxUnusable: Advice(
        "Graph has no usable mailbox of this name",
        "name a user with a mailbox in Exchange Online, by object id or user principal name",
    ),
    GroupNotFound: Advice(
        "the tenant has no group with this object id",
        "copy the Object ID from the group's page at entra.microsoft.com; the rules may name a group that was"
        " deleted",
    ),
    MailboxFull: Advice("the mailbox is over its quota", "free space in it, or raise its quota"),
    SubscriptionLimit: Advice(
        "Graph allows no more subscriptions", "delete subscriptions that the app no longer needs"
    ),
    SubscriptionTooLong: Advice(
        "Graph refuses every length of a subscription",
        "check the clock of this machine, and Microsoft 365 service health",
    ),
    Forbidden: Advice(
        "Graph denies access",
        "grant the app its permissions, or check its application access policies;"
        " either takes up to two hours to apply",
    ),
    Unauthorized: Advice(
        "the token is refused", "renew the secret or certificate, or check the managed identity"
    ),
    Throttled: Advice("Graph throttles the app", "try again in a minute"),
    GraphUnavailable: Advice(
        "Graph can't be reached, or fails",
        "try again, and check the network and Microsoft 365 service health",
    ),
}
_OTHER = Advice("Graph refuses the call", "check that mailbox and event id are complete")


def advice_on(error: GraphError) -> Advice:
    """Return the advice for an error, by its class."""
    return next((advice for kind, advice in _ADVICE.items() if isinstance(error, kind)), _OTHER)
