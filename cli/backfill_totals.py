"""What a backfill comes to: by mailbox, by rule and in all."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from shared.desk.backfill import Found, Planned, Standing


@dataclass(slots=True)
class Sum:
    """So many links, which may mail so many attendees."""

    links: int = 0
    mails: int = 0

    def add(self, mails: int) -> None:
        """Add a link that may mail so many."""
        self.links += 1
        self.mails += mails


@dataclass(slots=True)
class Totals:
    """Sums of the links that are planned, and everything beside them that an admin should know."""

    standings: Counter[Standing] = field(default_factory=Counter)
    rules: dict[str, Sum] = field(default_factory=dict)
    #: by mailbox, those with links alone; id and user principal name
    mailboxes: dict[tuple[str, str], Sum] = field(default_factory=dict)
    total: Sum = field(default_factory=Sum)
    #: attempts without an end, which the worker only settles
    unsettled: int = 0
    #: links that do not fit into this run
    later: int = 0
    would_enable: Counter[str] = field(default_factory=Counter)
    #: events that can't be read, and so were not judged
    unreadable: int = 0
    #: mailboxes that could not be searched, each with the reason
    left: dict[str, str] = field(default_factory=dict)
    last: datetime | None = None

    def add(self, found: Found, planned: Planned | None) -> None:
        """Add a mailbox; `planned` is None where nothing is to come in it."""
        self.standings[found.standing] += 1
        self.would_enable.update(found.would_enable)
        self.unreadable += found.unreadable
        if found.standing is Standing.LEFT:
            self.left[found.mailbox] = found.why
        if found.standing is Standing.UNDER_WAY and found.booked_until:
            self.last = max(self.last or found.booked_until, found.booked_until)
        if planned is None:
            return
        self.later += len(planned.later)
        for wanted, at in planned.changes:
            self.last = max(self.last or at, at)
            if wanted.rule is None:
                self.unsettled += 1
                continue
            of_mailbox = self.mailboxes.setdefault((found.mailbox, found.name), Sum())
            for each in (self.total, of_mailbox, self.rules.setdefault(wanted.rule, Sum())):
                each.add(wanted.mails)
