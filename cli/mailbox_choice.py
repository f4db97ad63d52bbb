"""The options that choose which mailboxes a command reads."""

from typing import Annotated

import typer

from cli.ids import checked, checked_group
from cli.output import Refused
from shared.rules.mailbox_scope import GroupSelector, MailboxSelector, UserSelector

MailboxOption = Annotated[
    str, typer.Option("--mailbox", "-m", metavar="MAILBOX", help="One mailbox, by object id or address.")
]
GroupOption = Annotated[
    str, typer.Option("--group", "-g", metavar="ID", help="The members of a group, nested groups too.")
]
AllOption = Annotated[bool, typer.Option("--all", help="All mailboxes in the scope of the rules.")]


def read_selector(mailbox: str, group: str, *, everybody: bool) -> MailboxSelector | None:
    """Return which mailboxes to read; None is all. Raises Refused."""
    if bool(mailbox) + bool(group) + everybody != 1:
        raise Refused("name the calendars: use one of --mailbox, --group and --all")
    if mailbox:
        return UserSelector(checked("--mailbox", mailbox).lower())
    return GroupSelector(checked_group("--group", group)) if group else None
