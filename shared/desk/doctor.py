"""What an admin checks before the first run and when something is odd: each thing by itself, with its remedy.

Towards Graph it only reads; in the storage account it makes things of its own and takes them away again.
Secrets are never told, and neither is the key in the notification URL.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.desk.findings import Finding, untold, well, wrong
from shared.desk.permissions import needed, roles_of
from shared.desk.storage_trial import StorageTrial
from shared.errors import GraphError, StorageUnavailable
from shared.graph.advice import advice_on
from shared.graph.client import Graph
from shared.rule_files.loader import load_policy
from shared.rules.policy import Policy
from shared.settings import Settings
from shared.worker.common.memory import MISSING_MEMORY, MemoryState
from shared.worker.common.policies import RuleSource, unreadable

#: Two clocks of which one tells when a change was heard of and the other when it was read.
CLOCKS_APART = timedelta(seconds=60)
_CALENDARS = "Calendars."

_STORAGE_ROLES = {
    "queue": "Storage Queue Data Contributor",
    "table": "Storage Table Data Contributor",
    "blob": "Storage Blob Data Contributor",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the doctor looks with, of an app whose settings are sound."""

    settings: Settings
    graph: Graph
    #: asks for a token, and returns it
    token: Callable[[], str]
    rules: RuleSource
    #: posts a handshake to our own address and returns what is wrong with the answer
    echo: Callable[[str], str]


class Doctor:
    """Looks at one thing after the other. Nothing is raised for what is wrong."""

    def __init__(self, parts: Parts, now: Callable[[], datetime]) -> None:
        self._parts = parts
        self._now = now

    def look(self, mailbox: str) -> Iterator[Finding]:
        """Yield what is found; `mailbox`, an object id or address, may be empty."""
        policy, told = self._rules()
        yield from told
        try:
            token = self._parts.token()
        except GraphError as error:
            yield self._no_token(error)
        else:
            yield well("token", "given")
            yield from self._in_graph(token, policy, mailbox)
        yield self._notification_url()

    def _rules(self) -> tuple[Policy | None, list[Finding]]:
        try:
            loaded = load_policy(self._parts.rules.read(), today=self._now().date())
        except (OSError, StorageUnavailable) as error:
            return None, [wrong("rules", f"they can't be read: {unreadable(error)}", "check JOINLINK_RULES")]
        policy = loaded.policy
        if policy is None:
            remedy = "joinlink validate shows all problems"
            return None, [wrong("rules", str(loaded.errors[0]), remedy)]
        warnings = [untold("rules", str(problem)) for problem in loaded.problems]
        return policy, [well("rules", f"policy {policy.hash}, {len(policy.rules)} of them"), *warnings]

    def _no_token(self, error: GraphError) -> Finding:
        settings = self._parts.settings
        if settings.client_secret or settings.client_certificate:
            return _refused("token", error)
        remedy = (
            "a managed identity answers in Azure alone; at a desk, set the secret or certificate of an app"
        )
        return wrong("token", str(error), remedy)

    def _in_graph(self, token: str, policy: Policy | None, mailbox: str) -> Iterator[Finding]:
        seen = self._mailbox(mailbox)
        yield from self._permissions(token, policy, is_mailbox_read=bool(seen.is_well))
        yield self._subscriptions()
        yield seen
        yield clocks("clock of Graph", self._now(), _moment(self._parts.graph.tally.date))

    def _permissions(self, token: str, policy: Policy | None, *, is_mailbox_read: bool) -> Iterator[Finding]:
        roles = roles_of(token)
        if roles is None:
            yield untold("permissions", "not in the token; the checks below show them")
            return
        for one in needed(policy, report_only=self._parts.settings.report_only):
            what = f"permission {one.name}"
            if one.is_in(roles):
                yield well(what, "given")
            elif is_mailbox_read and one.name.startswith(_CALENDARS):
                yield untold(what, "not in the token; the mailbox was read, so Exchange may have given it")
            else:
                yield wrong(
                    what,
                    f"missing; it is there {one.why}",
                    "add it as an application permission, with admin consent",
                )

    def _subscriptions(self) -> Finding:
        try:
            page, more = self._parts.graph.subscriptions_page("")
        except GraphError as error:
            return _refused("subscriptions", error)
        ours = sum(one.notification_url == self._parts.settings.notification_url for one in page)
        some = "at least " if more else ""
        return well("subscriptions", f"{some}{len(page)} of the app's, {ours} of them to this address")

    def _mailbox(self, mailbox: str) -> Finding:
        if not mailbox:
            return untold("mailbox", "not checked; name one with --mailbox")
        try:
            calendar = self._parts.graph.default_calendar(mailbox)
        except GraphError as error:
            return _refused("mailbox", error)
        if not calendar.allowed_online_meeting_providers:
            remedy = "without a Teams licence it gets no links"
            return wrong("mailbox", "its calendar allows no provider of online meetings", remedy)
        allowed = ", ".join(calendar.allowed_online_meeting_providers)
        return well(
            "mailbox",
            f"by default {calendar.default_online_meeting_provider or 'no provider'}; allows {allowed}",
        )

    def _notification_url(self) -> Finding:
        url = self._parts.settings.notification_url
        if url is None:
            remedy = "set it to https://<app>.azurewebsites.net/api/notifications?code=<function key>"
            return wrong("notification URL", "JOINLINK_NOTIFICATION_URL is missing", remedy)
        shown = url.partition("?")[0]
        problem = self._parts.echo("Joinlink asks itself")
        if problem:
            remedy = "Graph must reach it over the internet, with a function key in ?code="
            return wrong("notification URL", f"{shown}: {problem}", remedy)
        return well("notification URL", f"{shown} echoes")


def look_at_storage(trial: StorageTrial, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Yield whether queues, tables and blobs can be written and read, and how its clock stands to ours."""
    date: datetime | None = None
    for what, attempt in (("queue", trial.queue), ("table", trial.table), ("blob", trial.blob)):
        try:
            told = attempt()
            date = date or told
        except StorageUnavailable as error:
            remedy = f"give the identity the role {_STORAGE_ROLES[what]}, or check key and firewall"
            yield wrong(f"storage {what}", f"it can't be written and read ({error})", remedy)
        else:
            yield well(f"storage {what}", "written, read and taken away again")
    yield clocks("clock of storage", now(), date)


def look_at_memory(read: Callable[[], MemoryState]) -> Finding:
    """Return whether the record of past writes is whole."""
    what = "memory of writes"
    try:
        state = read()
    except StorageUnavailable as error:
        return untold(what, f"it can't be read ({error})")
    if state is MemoryState.MISSING:
        return wrong(what, MISSING_MEMORY)
    if state is MemoryState.NOT_STARTED:
        return untold(what, "not started yet: the first maintenance of the app begins it")
    return well(what, "whole")


def clocks(what: str, ours: datetime, theirs: datetime | None) -> Finding:
    """Return how far two clocks are apart; both moments are aware."""
    if theirs is None:
        return untold(what, "it did not tell")
    apart = ours - theirs
    told = f"{abs(apart).total_seconds():.0f} s {'behind' if apart > timedelta(0) else 'ahead of'} ours"
    if abs(apart) <= CLOCKS_APART:
        return well(what, told)
    return wrong(what, told, "set this machine's clock: who heard and who read is told by it")


def _refused(what: str, error: GraphError) -> Finding:
    return wrong(what, str(error), advice_on(error).remedy)


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, TypeError):
        return None
