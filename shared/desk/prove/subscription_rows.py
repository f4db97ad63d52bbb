"""Rows about subscriptions. Each is deleted at once; the app accepts what they notify meanwhile."""

from datetime import timedelta

from shared.desk.prove.proof import NoAnswer, Proof, RowAnswer, fails, holds
from shared.domain.mailbox import Subscription
from shared.errors import Forbidden, NotValidated, SubscriptionExists, SubscriptionTooLong
from shared.graph.protocol.subscription_calls import CHANGE_TYPES
from shared.worker.mailboxes.lifetimes import LIFETIME

_READ = "Calendars.Read"
#: Graph raises a shorter life to 45 minutes.
_SHORT = timedelta(hours=1)
#: the app subscribes to other types, so Graph does not refuse this one as a duplicate
_DELETED = "deleted"
_TOLERANCE = timedelta(minutes=5)


def exchange_grants(proof: Proof) -> RowAnswer:
    """Subscribe with a token in which Entra grants no access to calendars."""
    if proof.rights is None:
        raise NoAnswer("the token does not show its rights")
    if _READ in proof.rights:
        raise NoAnswer(f"Entra grants {_READ} as well: only an app with --mode exchange can show it")
    proof.trial.default_calendar()  # Exchange grants the read
    try:
        _subscribe(proof, _DELETED, _SHORT)
    except Forbidden as error:
        return fails(f"Graph reads the mailbox, and refuses the subscription ({error})")
    return holds(f"a subscription was created without {_READ} in the token")


def subscription_length(proof: Proof) -> RowAnswer:
    """Subscribe for as long as the app does."""
    wanted = proof.trial.waiting.now() + LIFETIME
    hours = LIFETIME // timedelta(hours=1)
    try:
        created = _subscribe(proof, _DELETED, LIFETIME)
    except SubscriptionTooLong as error:
        named = f", and allows {error.longest / timedelta(hours=1):g}" if error.longest else ""
        return fails(f"Graph refuses a subscription for {hours} hours{named} ({error})")
    if created.expires < wanted - _TOLERANCE:
        return fails(f"Graph shortened {hours} hours to an expiry at {created.expires:%Y-%m-%d %H:%M} UTC")
    return holds(f"Graph granted {hours} hours")


def two_subscriptions(proof: Proof) -> RowAnswer:
    """Have a subscription with each of the app's two changeTypes; one may be the app's own."""
    found: set[str] = set()
    for change_type in CHANGE_TYPES:
        try:
            found.add(_subscribe(proof, change_type, _SHORT).id)
        except SubscriptionExists as error:
            if not error.subscription:
                raise NoAnswer(
                    "Graph refuses a subscription as a duplicate of one that it does not name"
                ) from error
            found.add(error.subscription.lower())
    if len(found) == len(CHANGE_TYPES):
        return holds("both exist beside each other")
    return fails("Graph refuses the second one as a duplicate of the first")


def subscribe_to_calendar(proof: Proof, calendar: str) -> None:
    """Subscribe to one calendar as the app would. Raises GraphError, NoAnswer."""
    _subscribe(proof, CHANGE_TYPES[0], _SHORT, calendar)


def _subscribe(proof: Proof, change_type: str, life: timedelta, calendar: str = "") -> Subscription:
    assert proof.url
    try:
        return proof.trial.create_subscription(
            change_type=change_type,
            url=proof.url,
            client_state=proof.client_state(proof.trial.mailbox),
            expires=proof.trial.waiting.now() + life,
            calendar=calendar,
        )
    except NotValidated as error:
        raise NoAnswer(f"Graph can't reach the notification URL: joinlink doctor ({error})") from error
