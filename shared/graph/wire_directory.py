"""Graph's JSON for users, the tenant and subscriptions, checked and turned into our values."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from shared.domain.mailbox import NoCalendar, Subscription, User
from shared.errors import Forbidden
from shared.graph.shapes import Shape, Text, moment, or_, understood


class _Domain(Shape):
    name: str


class _Organization(Shape):
    verified_domains: Annotated[list[_Domain], or_([])] = Field(default_factory=list)


class _Organizations(Shape):
    value: list[_Organization]


class _User(Shape):
    id: Text = ""
    mail: Text = ""
    user_principal_name: Text = ""
    #: each behind its kind: `SMTP:` the main address, `smtp:` an alias, and others that are not for mail
    proxy_addresses: Annotated[list[str], or_([])] = Field(default_factory=list)
    user_type: Text = "Member"
    # Not told, it is enabled: the mailbox itself will say.
    account_enabled: Annotated[bool, or_(default=True)] = True

    def value(self) -> User:
        return User(id=self.id.lower(), no_calendar=self._no_calendar(), name=self.user_principal_name)

    def addresses(self) -> Iterator[str]:
        """Yield the addresses that an event may show, in lower case."""
        yield from (name.lower() for name in (self.mail, self.user_principal_name) if name)
        for proxy in self.proxy_addresses:
            kind, _, address = proxy.lower().partition(":")
            if kind == "smtp":
                yield address

    def _no_calendar(self) -> NoCalendar | None:
        if self.user_type.lower() == "guest":
            return NoCalendar.GUEST
        if not self.account_enabled:
            return NoCalendar.ACCOUNT_DISABLED
        return None if self.mail else NoCalendar.NO_ADDRESS


class _MailboxSettings(Shape):
    user_purpose: Text = ""


class _Users(Shape):
    value: list[_User]


class _Subscription(Shape):
    id: str
    resource: Text = ""
    change_type: Text = ""
    notification_url: Text = ""
    lifecycle_notification_url: Text = ""
    expiration_date_time: str

    def value(self) -> Subscription:
        return Subscription(
            id=self.id,
            resource=self.resource,
            change_type=self.change_type.replace(" ", ""),
            notification_url=self.notification_url,
            lifecycle_url=self.lifecycle_notification_url,
            expires=moment(self.expiration_date_time),
        )


class _Subscriptions(Shape):
    value: list[_Subscription]


def addresses_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the lower-case addresses of a page of users: mail, aliases, and the name they sign in with."""
    return frozenset(address for user in _readable(data, call) for address in user.addresses())


def users_from(data: dict[str, Any], call: str) -> tuple[User, ...]:
    """Read a page of users."""
    return tuple(user.value() for user in _readable(data, call))


def _readable(data: dict[str, Any], call: str) -> list[_User]:
    """Read a page of users of whom more is told than that they are there.

    Who may read groups and not users gets a list of ids, and no 403 (https://learn.microsoft.com/graph/
    permissions-overview, "Limited information returned for inaccessible member objects").
    """
    with understood(call):
        users = _Users.model_validate(data).value
    if all(user.mail or user.user_principal_name for user in users):
        return users
    detail = "users are listed without their names: User.Read.All is missing"
    raise Forbidden(call, status=HTTPStatus.OK, detail=detail)


def user_from(data: dict[str, Any], call: str) -> User:
    """Read one user."""
    with understood(call):
        return _User.model_validate(data).value()


def purpose_from(data: dict[str, Any], call: str) -> str:
    """Read what a mailbox is for, such as `user` or `room`; empty where Graph does not tell."""
    with understood(call):
        return _MailboxSettings.model_validate(data).user_purpose


def subscription_from(data: dict[str, Any], call: str) -> Subscription:
    """Read one subscription."""
    with understood(call):
        return _Subscription.model_validate(data).value()


def subscriptions_from(data: dict[str, Any], call: str) -> tuple[Subscription, ...]:
    """Read a page of subscriptions."""
    with understood(call):
        return tuple(one.value() for one in _Subscriptions.model_validate(data).value)


def domains_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the lower-case verified domains out of the answer of GET /organization."""
    with understood(call):
        organizations = _Organizations.model_validate(data).value
        return frozenset(domain.name.lower() for item in organizations for domain in item.verified_domains)
