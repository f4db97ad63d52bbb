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
#: why Entra refuses a token (https://learn.microsoft.com/entra/identity-platform/reference-error-codes)
_BY_CODE_OF_ENTRA = {
    "AADSTS90002": Advice("Entra knows no such tenant", "check JOINLINK_TENANT_ID and JOINLINK_CLOUD"),
    "AADSTS700016": Advice(
        "the tenant has no app with this client id", "check JOINLINK_CLIENT_ID and JOINLINK_TENANT_ID"
    ),
    "AADSTS7000112": Advice("the app is disabled in Entra", "enable its enterprise application"),
    "AADSTS7000215": Advice("the client secret is wrong", "use the value of the secret, not its id"),
    "AADSTS7000222": Advice("the client secret has expired", "create another, and set it"),
    "AADSTS700027": Advice(
        "Entra does not accept the certificate", "upload it to the app's registration, and check its expiry"
    ),
    "AADSTS53003": Advice(
        "Conditional Access blocks the sign-in", "change the policy, or sign in as it requires"
    ),
    "AADSTS65001": Advice(
        "nobody has consented to the app's permissions", "let an administrator grant consent"
    ),
}
_OTHER = Advice("Graph refuses the call", "check that mailbox and event id are complete")


def advice_on(error: GraphError) -> Advice:
    """Return the advice for an error, by its class; for a token that Entra refuses, by Entra's code."""
    if isinstance(error, Unauthorized) and error.detail in _BY_CODE_OF_ENTRA:
        return _BY_CODE_OF_ENTRA[error.detail]
    return next((advice for kind, advice in _ADVICE.items() if isinstance(error, kind)), _OTHER)
