"""Graph's JSON for users, the tenant and subscriptions, checked and turned into our values.

Pages are read item by item: an odd item never costs the others. A property of a user that has not its
shape counts as not told, so that nobody leaves the scope for it.
"""

from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from shared.domain.address import ascii_domain, read_address
from shared.domain.ids import is_id
from shared.domain.mailbox import NoCalendar, Subscription, User
from shared.errors import Forbidden, GraphUnavailable
from shared.graph.shapes import ItemId, Shape, Text, items_from, moment, or_, understood


def _texts_in(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


#: text; anything else counts as not told
_Told = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]


class _Domain(Shape):
    name: str


class _Organization(Shape):
    verified_domains: Annotated[list[_Domain], or_([])] = Field(default_factory=list)


class _Organizations(Shape):
    value: list[_Organization]


class _Addressed(Shape):
    id: Annotated[_Told, AfterValidator(lambda text: text if is_id(text) else "")] = ""
    mail: Any = ""
    #: each behind its kind: `SMTP:` the main address, `smtp:` an alias, and others that are not for mail
    proxy_addresses: Annotated[list[str], BeforeValidator(_texts_in)] = Field(default_factory=list)

    def addresses(self) -> Iterator[str]:
        """Yield the addresses that an event may show, in canonical form."""
        mailed = (text for text in self.proxy_addresses if text[:5].lower() == "smtp:")
        for text in (*self._names(), *mailed):
            yield read_address(text) or text.lower().removeprefix("smtp:")

    def _names(self) -> Iterator[str]:
        if self.mail and isinstance(self.mail, str):
            yield self.mail


class _User(_Addressed):
    user_principal_name: _Told = ""
    user_type: _Told = "Member"
    # Not told, it is enabled: the mailbox itself will say.
    account_enabled: Any = True

    def value(self) -> User:
        return User(id=self.id.lower(), no_calendar=self._no_calendar(), name=self.user_principal_name)

    @property
    def is_named(self) -> bool:
        """Whether more is told of the user than that they are there."""
        return any(self._names())

    def _names(self) -> Iterator[str]:
        yield from super()._names()
        if self.user_principal_name:
            yield self.user_principal_name

    def _no_calendar(self) -> NoCalendar | None:
        if self.user_type.lower() == "guest":
            return NoCalendar.GUEST
        if self.account_enabled is False:
            return NoCalendar.ACCOUNT_DISABLED
        return NoCalendar.NO_ADDRESS if self.mail in (None, "") and self.is_named else None


_NOBODY = _User()


class _MailboxSettings(Shape):
    user_purpose: _Told = ""


class _Subscription(Shape):
    id: ItemId
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


def addresses_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the canonical addresses of a page of users: mail, aliases, and the name they sign in with.

    Raises:
        Forbidden: somebody is listed without a name, so that their addresses are not known.
    """
    users = [user for user in _users_in(data, call) if user is not _NOBODY]
    if not all(user.is_named for user in users):
        raise _without_names(call)
    return frozenset(address for user in users for address in user.addresses())


def group_addresses_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read a group's own addresses in canonical form; none where it has no mail."""
    with understood(call):
        return frozenset(_Addressed.model_validate(data).addresses())


def groups_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the canonical addresses of a page of groups."""
    groups = (_Addressed.model_validate(item) for item in items_from(data, call) if isinstance(item, dict))
    return frozenset(address for group in groups for address in group.addresses())


def users_from(data: dict[str, Any], call: str) -> tuple[User, ...]:
    """Read a page of users; `id` is empty where it can't be read: then somebody is missing.

    Raises:
        Forbidden: all are listed without their names.
    """
    users = _users_in(data, call)
    if users and not any(user.is_named for user in users):
        raise _without_names(call)
    return tuple(user.value() for user in users)


def _users_in(data: dict[str, Any], call: str) -> list[_User]:
    """Read the users of a page; an item that is no object tells of nobody."""
    items = items_from(data, call)
    return [_User.model_validate(item) if isinstance(item, dict) else _NOBODY for item in items]


def _without_names(call: str) -> Forbidden:
    """Return the error for users of whom is only told that they are there.

    Who may read groups and not users gets a list of ids, and no 403 (https://learn.microsoft.com/graph/
    permissions-overview, "Limited information returned for inaccessible member objects").
    """
    detail = "users are listed without their names: User.Read.All is missing"
    return Forbidden(call, status=HTTPStatus.OK, detail=detail)


def user_from(data: dict[str, Any], call: str) -> User:
    """Read one user."""
    with understood(call):
        return _User.model_validate(data).value()


def purpose_from(data: dict[str, Any], call: str) -> str:
    """Read what a mailbox is for, such as `user` or `room`; empty where Graph does not tell."""
    with understood(call):
        return _MailboxSettings.model_validate(data).user_purpose


def subscription_from(data: object, call: str) -> Subscription:
    """Read one subscription.

    Raises:
        GraphUnavailable: it does not have its shape; if it was just created, the next try finds it.
    """
    with understood(call, GraphUnavailable):
        return _Subscription.model_validate(data).value()


def subscriptions_from(data: dict[str, Any], call: str) -> tuple[Subscription, ...]:
    """Read a page of subscriptions; what has not their shape is passed over."""
    found = []
    for item in items_from(data, call):
        with suppress(GraphUnavailable):
            found.append(subscription_from(item, call))
    return tuple(found)


def domains_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the lower-case verified domains out of the answer of GET /organization."""
    with understood(call):
        organizations = _Organizations.model_validate(data).value
        names = (domain.name for item in organizations for domain in item.verified_domains)
        return frozenset(ascii_domain(name) or name.lower() for name in names)
