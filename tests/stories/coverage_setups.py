"""What rows of the coverage table have in common: rules and settings, and results. For coverage_rows.py."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageSetup:
    """What rows have in common: `rules` are `calendars` and the scope; `reports_calendars` is a habit of Graph."""

    name: str
    rules: str
    has_calendar_subscriptions: bool = False
    reports_calendars: bool = True


OWNED = CoverageSetup(name="owned", rules="calendars: owned\nmailboxes: {include: all}")
DEFAULT = CoverageSetup(name="default", rules="calendars: default\nmailboxes: {include: all}")
SHARED = CoverageSetup(
    name="kinds", rules="calendars: owned\nmailboxes: {include: all, kinds: [user, shared]}"
)
NAMED = CoverageSetup(
    name="named", rules="calendars: owned\nmailboxes: {include: [{user: number0@contoso.com}]}"
)
SUBSCRIBED = CoverageSetup(name="subscribed", rules=OWNED.rules, has_calendar_subscriptions=True)
SILENT = replace(SUBSCRIBED, name="silent", reports_calendars=False)
SETUPS = (OWNED, DEFAULT, SHARED, NAMED, SUBSCRIBED, SILENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCoverage:
    """What Joinlink does about an event."""

    #: A notification leads to a decision.
    notified: bool
    #: A sweep reads the calendar.
    swept: bool
    #: A backfill reads the calendar.
    backfilled: bool
    #: The event gets its link.
    written: bool


ALL = EventCoverage(notified=True, swept=True, backfilled=True, written=True)
NOT_NOTIFIED = EventCoverage(notified=False, swept=True, backfilled=True, written=True)
NOT_WRITTEN = EventCoverage(notified=True, swept=True, backfilled=True, written=False)
NONE = EventCoverage(notified=False, swept=False, backfilled=False, written=False)
