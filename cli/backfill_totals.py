"""The totals of a backfill: by mailbox, by rule and overall."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from shared.desk.backfill import MailboxSchedule, MailboxSearch, SearchStatus


@dataclass(slots=True)
class LinkCount:
    """A number of links, and of attendees that they may mail."""

    links: int = 0
    mails: int = 0

    def add(self, mails: int) -> None:
        """Add a link that may mail this many attendees."""
        self.links += 1
        self.mails += mails


@dataclass(slots=True)
class BackfillTotals:
    """Numbers of scheduled links, and everything else that an admin should know."""

    statuses: Counter[SearchStatus] = field(default_factory=Counter)
    rules: dict[str, LinkCount] = field(default_factory=dict)
    #: by object id and user principal name, only mailboxes with links
    mailboxes: dict[tuple[str, str], LinkCount] = field(default_factory=dict)
    total: LinkCount = field(default_factory=LinkCount)
    #: writes with an unknown result, which the worker only settles
    unsettled: int = 0
    #: links that do not fit into this run
    later: int = 0
    would_enable: Counter[str] = field(default_factory=Counter)
    #: events that can't be read and were not decided
    unreadable: int = 0
    #: calendars, or lists of them, that can't be read
    unread_calendars: int = 0
    #: mailboxes that could not be searched, each with the reason
    left: dict[str, str] = field(default_factory=dict)
    last: datetime | None = None

    def add(self, search: MailboxSearch, schedule: MailboxSchedule | None) -> None:
        """Add a mailbox; `schedule` is None if nothing is due in it."""
        self.statuses[search.status] += 1
        self.would_enable.update(search.would_enable)
        self.unreadable += search.unreadable
        self.unread_calendars += search.unread_calendars
        if search.status is SearchStatus.LEFT:
            self.left[search.mailbox] = search.why
        if search.status is SearchStatus.UNDER_WAY and search.booked_until:
            self.last = max(self.last or search.booked_until, search.booked_until)
        if schedule is None:
            return
        self.later += len(schedule.later)
        for link, at in schedule.changes:
            self.last = max(self.last or at, at)
            if link.rule is None:
                self.unsettled += 1
                continue
            of_mailbox = self.mailboxes.setdefault((search.mailbox, search.name), LinkCount())
            for count in (self.total, of_mailbox, self.rules.setdefault(link.rule, LinkCount())):
                count.add(link.mails)
