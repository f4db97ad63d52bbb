"""Checks everything that Joinlink needs, one finding each, with what to do.

It only reads from Graph. In the storage account it creates objects of its own and deletes them again. It
never shows secrets, nor the key in the notification URL.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.desk.desk_check import CLOCKS_APART
from shared.desk.findings import Finding, failed, passed, unknown
from shared.desk.in_force import AppInForce
from shared.desk.other_deployments import other_deployments
from shared.desk.permissions import (
    APP_GRANT_COMMAND,
    DESK_GRANT_COMMAND,
    granted_rights,
    needed_permissions,
)
from shared.desk.storage_trial import StorageTrial
from shared.domain.mailbox import Subscription
from shared.domain.notification_address import notification_address
from shared.errors import GraphError, SignInFailed, StorageUnavailable
from shared.graph.advice import advice_on
from shared.graph.client import Graph
from shared.rule_files.loader import load_policy
from shared.rules.policy import Policy
from shared.settings import Settings
from shared.storage.errors import lacks_right
from shared.storage.other_deployments import OtherDeployment
from shared.version import VERSION
from shared.worker.common.rule_ports import RuleSource, read_problem
from shared.worker.mailboxes.write_memory import IN_WORDS, WHEN_MISSING, MemoryState

_CALENDARS = "Calendars."
_STORAGE_ROLES = {
    "queue": "Storage Queue Data Contributor",
    "table": "Storage Table Data Contributor",
    "blob": "Storage Blob Data Contributor",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Checks an app whose settings are valid. It reports what is wrong and raises nothing."""

    settings: Settings
    #: whether Graph sees the app's own identity; a desk may have another one, which only reads
    is_the_app: bool
    #: returns a new client
    graph: Callable[[], Graph]
    #: gets a token, and returns it
    token: Callable[[], str]
    rules: RuleSource
    #: where they are, for people
    rules_place: str
    #: reads what the app has in force
    in_force: Callable[[], AppInForce]
    #: reads the other deployments that the app found
    others: Callable[[], Iterable[OtherDeployment]]
    #: posts a handshake with this token to our own URL, and returns what is wrong with the answer
    endpoint_problem: Callable[[str], str]
    now: Callable[[], datetime]

    def check(self, mailbox: str) -> Iterator[Finding]:
        """Yield the findings; `mailbox` is an object id or an address, or empty."""
        policy, findings = self._rules()
        yield from findings
        yield from self._in_force(policy)
        try:
            token = self.token()
        except SignInFailed as error:
            yield failed("token", str(error))
        except GraphError as error:
            yield self._no_token(error)
        else:
            yield passed("token", "given")
            yield from self._in_graph(token, policy, mailbox)
        yield self._notification_url()

    def _rules(self) -> tuple[Policy | None, list[Finding]]:
        try:
            loaded = load_policy(self.rules.read(), today=self.now().date())
        except (OSError, StorageUnavailable) as error:
            return None, [
                failed("rules", f"they can't be read: {read_problem(error)}", "check JOINLINK_RULES")
            ]
        policy = loaded.policy
        if policy is None:
            remedy = "joinlink validate shows all problems"
            return None, [failed("rules", str(loaded.errors[0]), remedy)]
        warnings = [unknown("rules", str(problem)) for problem in loaded.problems]
        found = f"policy {policy.hash}, {len(policy.rules)} of them, in {self.rules_place}"
        return policy, [passed("rules", found), *warnings]

    def _in_force(self, policy: Policy | None) -> Iterator[Finding]:
        """Yield what the app has in force, and how it differs from what is here."""
        try:
            in_force = self.in_force()
        except StorageUnavailable as error:
            yield unknown("in force", f"what the app has can't be read ({error})")
            return
        if in_force.app is None:
            yield unknown("in force", "not known before the app's first maintenance")
        else:
            yield passed("in force", in_force.in_words())
        here = policy.hash if policy else ""
        for difference in in_force.differences(
            policy=here, report_only=self.settings.report_only, version=VERSION
        ):
            yield unknown("difference", difference)

    def _no_token(self, error: GraphError) -> Finding:
        if self.settings.client_secret or self.settings.client_certificate or not self.is_the_app:
            return _refused("token", error)
        remedy = (
            "a managed identity gets tokens only in Azure; elsewhere, set the secret or certificate of an app"
        )
        return failed("token", str(error), remedy)

    def _in_graph(self, token: str, policy: Policy | None, mailbox: str) -> Iterator[Finding]:
        graph = self.graph()
        mailbox_finding = _mailbox(graph, mailbox)
        yield from self._permissions(token, policy, is_mailbox_read=bool(mailbox_finding.is_ok))
        yield from self._subscriptions(graph)
        yield mailbox_finding
        yield clock_finding("clock of Graph", self.now(), _moment(graph.tally.date))

    def _permissions(self, token: str, policy: Policy | None, *, is_mailbox_read: bool) -> Iterator[Finding]:
        rights = granted_rights(token)
        if rights is None:
            yield unknown("permissions", "not in the token; the checks below show them")
            return
        report_only = self.settings.report_only or not self.is_the_app
        for permission in needed_permissions(policy, report_only=report_only):
            subject = f"permission {permission.name}"
            if permission.is_granted(rights):
                yield passed(subject, "granted")
            elif is_mailbox_read and permission.name.startswith(_CALENDARS):
                yield unknown(
                    subject, "not in the token; the mailbox was read, so Exchange may have granted it"
                )
            else:
                yield failed(
                    subject,
                    f"missing; Joinlink needs it {permission.purpose}",
                    f"a Privileged Role Administrator grants it: {self._grant_command}",
                )

    @property
    def _grant_command(self) -> str:
        return APP_GRANT_COMMAND if self.is_the_app else f"{DESK_GRANT_COMMAND} certificate"

    def _subscriptions(self, graph: Graph) -> Iterator[Finding]:
        try:
            page, more = graph.subscriptions_page("") if self.is_the_app else ((), "")
        except GraphError as error:
            page = ()
            yield _refused("subscriptions", error)
        else:
            yield self._own_subscriptions(page, has_more=bool(more))
        yield from other_deployments(self.others, page, self.settings.notification_url or "")

    def _own_subscriptions(self, page: tuple[Subscription, ...], *, has_more: bool) -> Finding:
        if not self.is_the_app:
            return unknown("subscriptions", "only the app can list its own; joinlink status counts mailboxes")
        own = notification_address(self.settings.notification_url or "")
        ours = sum(notification_address(one.notification_url) == own for one in page)
        number = f"{'at least ' if has_more else ''}{len(page)} of the app's"
        return passed("subscriptions", f"{number}, {ours} of them to this address")

    def _notification_url(self) -> Finding:
        url = self.settings.notification_url
        if url is None:
            remedy = "set it to https://<app>.azurewebsites.net/api/notifications?code=<function key>"
            return failed("notification URL", "JOINLINK_NOTIFICATION_URL is missing", remedy)
        shown = url.partition("?")[0]
        problem = self.endpoint_problem("Joinlink asks itself")
        if problem:
            remedy = "Graph must reach it over the internet, with a function key in ?code="
            return failed("notification URL", f"{shown}: {problem}", remedy)
        return passed("notification URL", f"{shown} answers the handshake")


def check_storage(trial: StorageTrial, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Yield whether queues, tables and blobs can be written and read, and how far the clocks differ."""
    date: datetime | None = None
    for kind, attempt in (("queue", trial.queue), ("table", trial.table), ("blob", trial.blob)):
        try:
            time = attempt()
            date = date or time
        except StorageUnavailable as error:
            remedy = f"give the identity the role {_STORAGE_ROLES[kind]}, or check key and firewall"
            text = f"it can't be written and read ({error})"
            yield failed(f"storage {kind}", text, "" if lacks_right(error) else remedy)
        else:
            yield passed(f"storage {kind}", "created, written, read and deleted")
    yield clock_finding("clock of storage", now(), date)


def check_memory(read: Callable[[], MemoryState]) -> Finding:
    """Return whether the record of past writes is complete."""
    subject = "memory of writes"
    try:
        state = read()
    except StorageUnavailable as error:
        return unknown(subject, f"it can't be read ({error})")
    match state:
        case MemoryState.MISSING:
            return failed(subject, IN_WORDS[state], WHEN_MISSING)
        case MemoryState.NOT_STARTED:
            return unknown(subject, IN_WORDS[state])
        case MemoryState.WHOLE:
            return passed(subject, IN_WORDS[state])


def clock_finding(subject: str, ours: datetime, theirs: datetime | None) -> Finding:
    """Return how far two clocks differ; both times are aware."""
    if theirs is None:
        return unknown(subject, "its answer has no time")
    apart = ours - theirs
    text = f"{abs(apart).total_seconds():.0f} s {'behind' if apart > timedelta(0) else 'ahead of'} ours"
    if abs(apart) <= CLOCKS_APART:
        return passed(subject, text)
    return failed(subject, text, "set this machine's clock; commands that write are refused until then")


def _refused(subject: str, error: GraphError) -> Finding:
    return failed(subject, str(error), advice_on(error).remedy)


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _mailbox(graph: Graph, mailbox: str) -> Finding:
    if not mailbox:
        return unknown("mailbox", "not checked; name one with --mailbox")
    try:
        calendar = graph.default_calendar(mailbox)
    except GraphError as error:
        return _refused("mailbox", error)
    if not calendar.allowed_online_meeting_providers:
        remedy = "without a Teams licence it gets no links"
        return failed("mailbox", "its calendar allows no provider of online meetings", remedy)
    allowed = ", ".join(calendar.allowed_online_meeting_providers)
    return passed(
        "mailbox",
        f"by default {calendar.default_online_meeting_provider or 'no provider'}; allows {allowed}",
    )
