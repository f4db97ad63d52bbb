"""The stand-in for Microsoft Graph: a WSGI app that holds a tenant and behaves as Graph does."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from werkzeug import Request, Response

from sandbox.graph import identity
from sandbox.graph.authorizations import Authorizations
from sandbox.graph.calendar_routes import CalendarRoutes
from sandbox.graph.directory_routes import DirectoryRoutes
from sandbox.graph.endpoints import EndpointState
from sandbox.graph.faults import Faults
from sandbox.graph.gateway import Gateway
from sandbox.graph.handshakes import Handshakes
from sandbox.graph.identity import Identity
from sandbox.graph.limits import ThrottlingLimits
from sandbox.graph.mail_routes import MailRoutes
from sandbox.graph.message_routes import MessageRoutes
from sandbox.graph.notification_delivery import NotificationFate
from sandbox.graph.notifier import Notifier
from sandbox.graph.outlook import Outlook
from sandbox.graph.people import PeopleActions
from sandbox.graph.recorder import Exchange, Recorder, as_json, masked, masked_headers
from sandbox.graph.routes import Router
from sandbox.graph.subscription_routes import SubscriptionRoutes
from sandbox.graph.subscriptions import HostedSubscriptions
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.user import DirectoryUser
from sandbox.graph.webhook_client import Post, Reply, post_over_http


class StandIn(GraphTenant):
    """A tenant behind Graph's HTTP interface. Safe to serve from many threads.

    Args:
        now: returns the tenant's aware UTC time, which may jump.
        seed: makes ids and random choices repeatable.
        post: sends notifications and validation requests to notification URLs.
        sleep: waits for a number of seconds, for faults that delay an answer.
        stopwatch: a clock in seconds that measures how fast notification URLs answer.
        record: False keeps no requests and only counts them, which saves memory in long simulations.

    Attributes:
        faults, people, identity, directory, subscriptions, handshakes, authorizations: the parts that tests
            and demos control.
        limits: how close the app came to Graph's throttling limits.
        mails: the mails that changes of existing events sent to attendees.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        tenant_id: str,
        domains: tuple[str, ...] = ("contoso.com",),
        seed: int = 7,
        post: Post = post_over_http,
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
        record: bool = True,
    ) -> None:
        super().__init__(tenant_id=tenant_id, domains=domains, seed=seed, now=now)
        self._recorder = Recorder(keeps=record)
        self._post = post
        self.faults = Faults(seed)
        self.limits = ThrottlingLimits(now)
        self.handshakes = Handshakes(self._recorded_post)
        self.subscriptions = HostedSubscriptions(self, self.handshakes)
        self.authorizations = Authorizations(self.subscriptions, self.permissions, now)
        self.identity = Identity(self.ids, self.subscriptions.application_id)
        self._notifier = Notifier(
            self,
            subscriptions=self.subscriptions,
            authorizations=self.authorizations,
            seed=seed,
            post=self._recorded_post,
            stopwatch=stopwatch,
        )
        outlook = Outlook(self, on_change=self._notifier.publish)
        self.mails = outlook.post_office.mails
        self.people = PeopleActions(self, outlook)
        routes = [
            *MailRoutes(self, outlook).routes(),
            *CalendarRoutes(self).routes(),
            *MessageRoutes(self, outlook.post_office).routes(),
            *DirectoryRoutes(self.directory, self.permissions).routes(),
            *SubscriptionRoutes(self.subscriptions).routes(),
        ]
        self._gateway = Gateway(
            self,
            router=Router(routes),
            identity=self.identity,
            faults=self.faults,
            limits=self.limits,
            recorder=self._recorder,
            sleep=sleep,
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as a WSGI app: Graph below `/v1.0`, the managed identity endpoint at `/msi/token`."""
        request = Request(environ)
        response = self._token(request) if request.path == identity.PATH else self._gateway.answer(request)
        return response(environ, start_response)

    def as_user(self, user: DirectoryUser, scopes: Iterable[str] | None = None) -> dict[str, str]:
        """Return the headers of a user's own client, which may call that user's mailbox, also as `/me`.

        `scopes` are its delegated permissions, None: all. Its calls are recorded but not listed in `calls`;
        faults and limits do not apply to them.
        """
        with self.lock:
            return {"Authorization": f"Bearer {self.identity.token_for(user, scopes)}"}

    def endpoint_state(self, url: str) -> EndpointState:
        """Return whether Graph delays or drops notifications to a URL because it answers slowly."""
        with self.lock:
            return self._notifier.endpoints.state(url)

    @property
    def undelivered(self) -> int:
        """How many notifications wait for delivery, now or at a later attempt."""
        return self._notifier.pending

    @property
    def notifications(self) -> Counter[NotificationFate]:
        """How many notifications were sent, lost, doubled and so on."""
        return self._notifier.counted.copy()

    def deliver(self) -> int:
        """Send all notifications that are due, in the caller's thread; return the number of POSTs."""
        return self._notifier.deliver()

    def start_delivery(self) -> None:
        """Deliver from a separate thread until `stop_delivery`."""
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
        with self.lock:
            self._notifier.notify_lifecycle(self.subscriptions.get(subscription_id), lifecycle_event)

    def remove_subscription(self, subscription_id: str, *, notify: bool = True) -> None:
        """Remove a subscription as Graph does by itself; `notify` with a `subscriptionRemoved`.

        Raises:
            Refusal: there is no such subscription.
        """
        with self.lock:
            subscription = self.subscriptions.get(subscription_id)
            self.subscriptions.delete(subscription_id)
            if notify:
                self._notifier.notify_lifecycle(subscription, "subscriptionRemoved")

    def revoke_permission(self, permission: str, mailbox: str | None = None) -> None:
        """Revoke a permission of the app: everywhere, or for one mailbox, given by its user's object id.

        Calls that need it get a 403. Reading calendars needs `Calendars.Read` or `Calendars.ReadWrite`,
        subscribing needs the former. While that is missing notifications wait, four hours at most.
        """
        with self.lock:
            self.permissions.revoke(permission, mailbox)

    def restore_permission(self, permission: str, mailbox: str | None = None) -> None:
        """Restore what was revoked with the same arguments."""
        with self.lock:
            self.permissions.restore(permission, mailbox)

    @property
    def calls(self) -> list[Exchange]:
        """The app's own calls so far, in the order in which they ended."""
        with self.lock:
            return self._recorder.by("app")

    @property
    def counted(self) -> Counter[tuple[str, str]]:
        """How many calls the app made, by method and path pattern, such as `/users/<user>/events`."""
        with self.lock:
            return self._recorder.counted.copy()

    @property
    def posts(self) -> list[Exchange]:
        """The POSTs to notification URLs so far: validation requests and notifications, retries too."""
        with self.lock:
            return self._recorder.by("graph")

    def har(self) -> dict[str, Any]:
        """Return all traffic, notifications included, as HAR 1.2; secrets are masked."""
        with self.lock:
            return self._recorder.har()

    def write_har(self, path: Path | str) -> None:
        """Write `har()` to a file."""
        Path(path).write_text(json.dumps(self.har(), indent=1), encoding="utf-8")

    def _token(self, request: Request) -> Response:
        """Answer the managed identity endpoint; this is not Graph traffic and is never recorded."""
        with self.lock:
            status, body = self.identity.answer(request.args, request.headers.get("X-IDENTITY-HEADER", ""))
        return Response(as_json(body), status=status, content_type="application/json")

    def _recorded_post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        began = time.monotonic()
        reply = self._post(url, body, headers)
        if self._recorder.keeps:
            exchange = Exchange(
                by="graph",
                method="POST",
                path=url.partition("?")[0],
                url=masked(url),
                request_headers=masked_headers(headers),
                request_body=masked(body.decode()),
                status=reply.status,
                response_headers={"Content-Type": reply.content_type},
                response_body=reply.body.decode(errors="replace"),
                started=self.now(),
                took_seconds=time.monotonic() - began,
            )
            with self.lock:
                self._recorder.exchanges.append(exchange)
        return reply
