"""The stand-in for Microsoft Graph: one WSGI app that holds a tenant and behaves as Graph does."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from werkzeug import Request, Response

from sandbox.graph import identity, posting
from sandbox.graph.authorizations import Authorizations
from sandbox.graph.directory import TenantDirectory
from sandbox.graph.directory_routes import DirectoryRoutes
from sandbox.graph.endpoints import EndpointState
from sandbox.graph.event import EventCopy
from sandbox.graph.faults import Faults
from sandbox.graph.gateway import Gateway
from sandbox.graph.handshakes import Handshakes
from sandbox.graph.identity import Identity
from sandbox.graph.ids import Ids
from sandbox.graph.limits import ThrottlingLimits
from sandbox.graph.mail_routes import MailRoutes
from sandbox.graph.mailboxes import HostedMailboxes
from sandbox.graph.notifier import NotificationDelivery, Notifier
from sandbox.graph.outlook import Mail, Outlook
from sandbox.graph.people import PeopleActions
from sandbox.graph.permissions import Permissions
from sandbox.graph.posting import Post, Reply
from sandbox.graph.recorder import Exchange, Recorder, as_json, masked, masked_headers
from sandbox.graph.routes import Router
from sandbox.graph.subscription_routes import SubscriptionRoutes
from sandbox.graph.subscriptions import HostedSubscriptions
from sandbox.graph.tenant import Tenant
from sandbox.graph.user import DirectoryUser


class StandIn(Tenant):
    """A tenant behind Graph's calls.

    `now` returns the tenant's aware UTC time and may jump; `seed` makes ids and chance repeatable. `post`
    sends notifications and `validate` makes the subscription handshake, both over HTTP unless given;
    `sleep` (seconds) carries out the delay of a fault, `stopwatch` (seconds) measures answers to `post`.
    `record` False keeps no traffic and only counts calls, for tenants and weeks that no memory would hold.
    Safe to serve from many threads.

    Attributes: `faults`, `people`, `identity`, `directory`, `subscriptions`, `handshakes` and
    `authorizations` are the parts to play with; `limits` tells how near to Graph's limits the app has come,
    and `mails` lists the mails that changes of existing events sent to attendees.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        tenant_id: str,
        domains: tuple[str, ...] = ("contoso.com",),
        seed: int = 7,
        post: Post = posting.over_http,
        validate: Callable[[str], Reply] = posting.validate_over_http,
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
        record: bool = True,
    ) -> None:
        ids, directory = Ids(seed), TenantDirectory(tenant_id=tenant_id, domains=domains)
        super().__init__(
            directory=directory, mailboxes=HostedMailboxes(ids, directory), ids=ids, lock=RLock()
        )
        self._now = now
        self._recorder = Recorder(keeps=record)
        self._post, self._validate = post, validate
        self.faults = Faults(seed)
        self._permissions = Permissions()
        self.limits = ThrottlingLimits(now)
        self.handshakes = Handshakes(self._recorded_validate)
        self.subscriptions = HostedSubscriptions(
            directory=self.directory,
            mailboxes=self._mailboxes,
            permissions=self._permissions,
            handshakes=self.handshakes,
            ids=self._ids,
            now=now,
            lock=self._lock,
        )
        self.authorizations = Authorizations(self.subscriptions, self._permissions, now)
        self.identity = Identity(self._ids, self.subscriptions.application_id)
        self._notifier = Notifier(
            subscriptions=self.subscriptions,
            authorizations=self.authorizations,
            tenant_id=tenant_id,
            is_default_calendar=self._is_in_default_calendar,
            now=now,
            seed=seed,
            lock=self._lock,
            post=self._recorded_post,
            stopwatch=stopwatch,
        )
        self._outlook = outlook = Outlook(
            directory=self.directory,
            mailboxes=self._mailboxes,
            ids=self._ids,
            now=now,
            on_change=self._notifier.publish,
        )
        self.mails: list[Mail] = outlook.mails
        self.people = PeopleActions(
            directory=self.directory, mailboxes=self._mailboxes, outlook=outlook, lock=self._lock
        )
        self._mail = mail = MailRoutes(
            directory=self.directory, mailboxes=self._mailboxes, outlook=outlook, now=now
        )
        entra = DirectoryRoutes(self.directory, self._permissions)
        others = [*entra.routes(), *SubscriptionRoutes(self.subscriptions).routes()]
        self._gateway = Gateway(
            router=Router([*mail.routes(), *others]),
            identity=self.identity,
            directory=self.directory,
            faults=self.faults,
            permissions=self._permissions,
            limits=self.limits,
            recorder=self._recorder,
            lock=self._lock,
            now=now,
            sleep=sleep,
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as a WSGI app: Graph below `/v1.0`, the managed identity endpoint at `/msi/token`."""
        request = Request(environ)
        response = self._token(request) if request.path == identity.PATH else self._gateway.answer(request)
        return response(environ, start_response)

    def as_user(self, user: DirectoryUser) -> dict[str, str]:
        """Return the headers of a user's own client, good for that user's mailbox.

        Its calls are recorded, but are no part of `calls`, and meet neither faults nor limits.
        """
        with self._lock:
            return self.identity.headers_for(user)

    @property
    def honors_if_match(self) -> bool:
        """Whether a write to an event is refused (412) unless `If-Match` names its version; True at first."""
        return self._mail.honors_if_match

    @honors_if_match.setter
    def honors_if_match(self, honors: bool) -> None:
        self._mail.honors_if_match = honors

    @property
    def stale_for(self) -> timedelta:
        """How long after a write the app still reads an event as it was before; nothing at first."""
        return self._outlook.stale_for

    @stale_for.setter
    def stale_for(self, time: timedelta) -> None:
        self._outlook.stale_for = time

    @property
    def delivery(self) -> NotificationDelivery:
        """The habits of delivering notifications; they hold for the changes that follow."""
        return self._notifier.delivery

    @delivery.setter
    def delivery(self, habits: NotificationDelivery) -> None:
        self._notifier.delivery = habits

    def endpoint_state(self, url: str) -> EndpointState:
        """Return what Graph thinks of a notification URL, whose slow answers have their price."""
        with self._lock:
            return self._notifier.endpoints.state(url)

    @property
    def undelivered(self) -> int:
        """How many notifications wait for delivery, now or at a later try."""
        return self._notifier.pending

    def deliver(self) -> int:
        """Send all notifications that are due, in the caller's thread; return the number of POSTs."""
        return self._notifier.deliver()

    def start_delivery(self) -> None:
        """Deliver from a thread of its own until `stop_delivery`."""
        self._notifier.start()

    def stop_delivery(self) -> None:
        """End the thread of `start_delivery`."""
        self._notifier.stop()

    def send_lifecycle(
        self,
        subscription_id: str,
        lifecycle_event: Literal["missed", "reauthorizationRequired"],
    ) -> None:
        """Queue a lifecycle notification.

        Raises:
            Refusal: there is no such subscription.
        """
        with self._lock:
            self._notifier.tell(self.subscriptions.get(subscription_id), lifecycle_event)

    def remove_subscription(self, subscription_id: str, *, tell: bool = True) -> None:
        """Remove a subscription as Graph does by itself, with a `subscriptionRemoved` or without a word.

        Raises:
            Refusal: there is no such subscription.
        """
        with self._lock:
            subscription = self.subscriptions.get(subscription_id)
            self.subscriptions.delete(subscription_id)
            if tell:
                self._notifier.tell(subscription, "subscriptionRemoved")

    def revoke_permission(self, permission: str, mailbox: str | None = None) -> None:
        """Take a permission from the app: everywhere, or for one mailbox, named by its user's object id.

        Calls that need it are 403. Reading calendars takes `Calendars.Read` or `Calendars.ReadWrite`,
        subscribing the former. While that is missing notifications wait, four hours at most.
        """
        with self._lock:
            self._permissions.revoke(permission, mailbox)

    def restore_permission(self, permission: str, mailbox: str | None = None) -> None:
        """Give back what was revoked alike."""
        with self._lock:
            self._permissions.restore(permission, mailbox)

    @property
    def calls(self) -> list[Exchange]:
        """The app's own calls so far, in the order of their ends."""
        with self._lock:
            return self._recorder.calls()

    @property
    def counted(self) -> Counter[tuple[str, str]]:
        """How many calls the app made, by method and path pattern, such as `/users/<user>/events`."""
        with self._lock:
            return self._recorder.counted.copy()

    @property
    def posts(self) -> list[Exchange]:
        """The POSTs to notification URLs so far: handshakes and notifications, tried again ones too."""
        with self._lock:
            return self._recorder.posts()

    def har(self) -> dict[str, Any]:
        """Return all traffic, notifications included, as HAR 1.2; secrets are masked."""
        with self._lock:
            return self._recorder.har()

    def write_har(self, path: Path | str) -> None:
        """Write `har()` to a file."""
        Path(path).write_text(json.dumps(self.har(), indent=1), encoding="utf-8")

    def _token(self, request: Request) -> Response:
        """Answer the managed identity endpoint; this is no Graph traffic and never recorded."""
        with self._lock:
            status, body = self.identity.answer(request.args, request.headers.get("X-IDENTITY-HEADER", ""))
        return Response(as_json(body), status=status, content_type="application/json")

    def _is_in_default_calendar(self, copy: EventCopy) -> bool:
        return self._mailboxes.of(copy.mailbox).default_calendar.id == copy.calendar

    def _recorded_post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        began = time.monotonic()
        status = self._post(url, body, headers)
        self._record(url, body.decode(), headers, Reply(status, "text/plain", b""), began)
        return status

    def _recorded_validate(self, url: str) -> Reply:
        began = time.monotonic()
        reply = self._validate(url)
        self._record(url, "", {"Content-Type": "text/plain; charset=utf-8"}, reply, began)
        return reply

    def _record(self, url: str, body: str, headers: Mapping[str, str], reply: Reply, began: float) -> None:
        if not self._recorder.keeps:
            return
        exchange = Exchange(
            by="graph",
            method="POST",
            path=url.partition("?")[0],
            url=masked(url),
            request_headers=masked_headers(headers),
            request_body=masked(body),
            status=reply.status,
            response_headers={"Content-Type": reply.content_type},
            response_body=reply.body.decode(errors="replace"),
            started=self._now(),
            took_seconds=time.monotonic() - began,
        )
        with self._lock:
            self._recorder.exchanges.append(exchange)
