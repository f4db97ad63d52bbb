"""Reads Graph's JSON of users, groups and the tenant.

Pages are read item by item: an unreadable item never affects the others. A property of an unexpected type
counts as missing, so that no user leaves the scope because of it.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from shared.domain.address import ascii_domain, read_address
from shared.domain.ids import is_id
from shared.domain.mailbox import PURPOSES, Group, NoCalendar, User
from shared.errors import Forbidden
from shared.graph.protocol.json_shapes import (
    LenientText,
    Shape,
    null_is,
    page_items,
    parse_moment,
    shape_errors,
)


def _texts_in(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


class _Domain(Shape):
    name: str


class _Organization(Shape):
    verified_domains: Annotated[list[_Domain], null_is([])] = Field(default_factory=list)


class _Organizations(Shape):
    value: list[_Organization]


class _AddressedObject(Shape):
    """A user or a group."""

    id: Annotated[LenientText, AfterValidator(lambda text: text if is_id(text) else "")] = ""
    mail: Any = ""
    #: each with its kind as prefix: `SMTP:` the main address, `smtp:` an alias, others are not for mail
    proxy_addresses: Annotated[list[str], BeforeValidator(_texts_in)] = Field(default_factory=list)

    def addresses(self) -> Iterator[str]:
        """Yield the addresses that an event may show, in canonical form."""
        proxies = (text for text in self.proxy_addresses if text[:5].lower() == "smtp:")
        for text in (*self._names(), *proxies):
            yield read_address(text) or text.lower().removeprefix("smtp:")

    def _names(self) -> Iterator[str]:
        if self.mail and isinstance(self.mail, str):
            yield self.mail


class _User(_AddressedObject):
    user_principal_name: LenientText = ""
    user_type: LenientText = "Member"
    # Missing means enabled: reading the mailbox shows whether that is right.
    account_enabled: Any = True
    #: None where Graph shows none; an answer without the property, or with another type, does not say
    department: Any = False

    def value(self) -> User:
        return User(id=self.id.lower(), no_calendar=self._no_calendar(), name=self.user_principal_name)

    def known_department(self) -> str | None:
        if isinstance(self.department, str) and self.department.strip():
            return self.department
        # A guest's department is in the directory of the guest's own tenant.
        return "" if self.department in (None, "") and not self._is_guest else None

    @property
    def _is_guest(self) -> bool:
        return self.user_type.lower() == "guest"

    @property
    def has_name(self) -> bool:
        """Whether Graph shows more of the user than that the user exists."""
        return any(self._names())

    def _names(self) -> Iterator[str]:
        yield from super()._names()
        if self.user_principal_name:
            yield self.user_principal_name

    def _no_calendar(self) -> NoCalendar | None:
        if self._is_guest:
            return NoCalendar.GUEST
        if self.mail in (None, "") and self.has_name:
            return NoCalendar.NO_ADDRESS
        return NoCalendar.ACCOUNT_DISABLED if self.account_enabled is False else None


class _NamedGroup(_AddressedObject):
    display_name: LenientText = ""
    group_types: Annotated[list[str], BeforeValidator(_texts_in)] = Field(default_factory=list)
    created_date_time: LenientText = ""

    def value(self) -> Group:
        try:
            created = parse_moment(self.created_date_time) if self.created_date_time else None
        except (ValueError, OverflowError):
            created = None
        return Group(
            id=self.id.lower(),
            name=self.display_name,
            address=self.mail if isinstance(self.mail, str) else "",
            kind=", ".join(self.group_types),
            created=created,
        )


_UNREADABLE_USER = _User()


class _MailboxSettings(Shape):
    user_purpose: LenientText = ""


def parse_member_addresses(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the canonical addresses of a page of users: mail, aliases and user principal names.

    Raises:
        Forbidden: a user is listed without a name, so that their addresses are unknown.
    """
    users = [user for user in _users_in(data, call) if user is not _UNREADABLE_USER]
    if not all(user.has_name for user in users):
        raise _names_hidden(call)
    return frozenset(address for user in users for address in user.addresses())


def parse_group_addresses(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read a group's own addresses in canonical form; none where it has no mail."""
    with shape_errors(call):
        return frozenset(_AddressedObject.model_validate(data).addresses())


def parse_group_ids(data: dict[str, Any], call: str) -> tuple[str, ...]:
    """Read the ids of a page of groups, without those that can't be read."""
    items = page_items(data, call)
    groups = (_AddressedObject.model_validate(item) for item in items if isinstance(item, dict))
    return tuple(group.id.lower() for group in groups if group.id)


def parse_groups_addresses(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the canonical addresses of a page of groups."""
    items = page_items(data, call)
    groups = (_AddressedObject.model_validate(item) for item in items if isinstance(item, dict))
    return frozenset(address for group in groups for address in group.addresses())


def parse_named_group(data: dict[str, Any], call: str) -> Group:
    """Read what tells a group from others."""
    with shape_errors(call):
        return _NamedGroup.model_validate(data).value()


def parse_named_groups(data: dict[str, Any], call: str) -> tuple[Group, ...]:
    """Read a page of groups, those with an id."""
    items = (item for item in page_items(data, call) if isinstance(item, dict))
    groups = (_NamedGroup.model_validate(item).value() for item in items)
    return tuple(group for group in groups if group.id)


def parse_users(data: dict[str, Any], call: str) -> tuple[User, ...]:
    """Read a page of users; an empty `id` means that one user could not be read.

    Raises:
        Forbidden: all are listed without their names.
    """
    users = _users_in(data, call)
    if users and not any(user.has_name for user in users):
        raise _names_hidden(call)
    return tuple(user.value() for user in users)


def parse_user(data: dict[str, Any], call: str) -> User:
    """Read one user."""
    with shape_errors(call):
        return _User.model_validate(data).value()


def parse_department(data: dict[str, Any], call: str) -> str | None:
    """Read the department of a user: empty for a member without one, None if it is not known."""
    with shape_errors(call):
        return _User.model_validate(data).known_department()


def parse_mailbox_purpose(data: dict[str, Any], call: str) -> str:
    """Read what a mailbox is for, one of `PURPOSES`; empty where Graph shows none of these."""
    with shape_errors(call):
        purpose = _MailboxSettings.model_validate(data).user_purpose.lower()
    return purpose if purpose in PURPOSES else ""


def parse_verified_domains(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the tenant's verified domains, in lower case."""
    with shape_errors(call):
        organizations = _Organizations.model_validate(data).value
        names = (domain.name for item in organizations for domain in item.verified_domains)
        return frozenset(ascii_domain(name) or name.lower() for name in names)


def _users_in(data: dict[str, Any], call: str) -> list[_User]:
    items = page_items(data, call)
    return [_User.model_validate(item) if isinstance(item, dict) else _UNREADABLE_USER for item in items]


def _names_hidden(call: str) -> Forbidden:
    """Return the error for a list of users that shows only their ids.

    An app that may read groups but not users gets ids instead of a 403 (https://learn.microsoft.com/graph/
    permissions-overview, "Limited information returned for inaccessible member objects").
    """
    detail = "users are listed without their names: User.Read.All is missing"
    return Forbidden(call, status=HTTPStatus.OK, detail=detail)
