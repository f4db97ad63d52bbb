"""Names other deployments of the same app registration for the doctor."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from shared.desk.findings import Finding, unknown
from shared.domain.mailbox import Subscription
from shared.domain.notification_address import notification_address
from shared.errors import StorageUnavailable
from shared.graph.protocol.subscription_calls import watched_mailbox
from shared.storage.other_deployments import OtherDeployment

_SUBJECT = "other deployments"


def other_deployments(
    read: Callable[[], Iterable[OtherDeployment]], listed: Iterable[Subscription], own_url: str
) -> Iterator[Finding]:
    """Yield a finding for each other deployment.

    `read` returns those that the app's last daily search found, `listed` are subscriptions that Graph lists
    now, which may be few of many.
    """
    own = notification_address(own_url)
    addresses = (
        notification_address(one.notification_url) for one in listed if watched_mailbox(one.resource)
    )
    now = Counter(address for address in addresses if own and address != own)
    try:
        recorded = {one.address: one for one in read()}
    except StorageUnavailable as error:
        recorded = {}
        yield unknown(_SUBJECT, f"the result of the app's last search can't be read ({error})")
    for address in sorted({*now, *recorded}):
        known = recorded.get(address) or OtherDeployment(address)
        yield unknown(_SUBJECT, _in_words(known, max(known.subscriptions, now[address])))


def _in_words(found: OtherDeployment, number: int) -> str:
    subscriptions = "1 subscription" if number == 1 else f"{number} subscriptions"
    facts = f"at least {subscriptions} of this app registration"
    if found.shared:
        facts += f", {found.shared} of them to mailboxes that this one watches, too"
    address = found.address or "an address that is not a URL"
    return (
        f"{address} has {facts}. Joinlink leaves them as they are. Only one deployment may enforce rules in a"
        " mailbox, since each remembers only its own writes"
    )
