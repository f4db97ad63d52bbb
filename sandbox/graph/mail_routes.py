"""The calls about events, calendars and mailbox settings."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.graph import graph_json, ids, zones
from sandbox.graph.calendar_views import CalendarViews
from sandbox.graph.call import GraphAnswer, IncomingCall, entity, page
from sandbox.graph.errors import Refusal
from sandbox.graph.event import EventCopy
from sandbox.graph.outlook import Outlook
from sandbox.graph.permissions import CALENDARS, MAILBOX_SETTINGS, WRITE_CALENDARS
from sandbox.graph.routes import Route
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.user import DirectoryUser

_LIST_OPTIONS = ("$select", "$top", "$skip")
_VIEW_OPTIONS = ("startDateTime", "endDateTime", *_LIST_OPTIONS)
_CALENDARS = ("/users/<user>", "/users/<user>/calendar", "/users/<user>/calendars/<calendar>")

#: https://learn.microsoft.com/graph/api/calendar-list-calendarview; the text is from
#: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6284
LONGEST_VIEW = timedelta(days=1825)
_VIEW_TOO_LONG = (
    "Your request can't be completed. The range between the start and end dates is greater than the allowed"
    " range. Maximum number of days: 1825"
)

_Show = Callable[[IncomingCall, EventCopy], dict[str, Any]]


class MailRoutes:
    """Answers for Exchange. A call is refused if the user is unknown or has no mailbox."""

    def __init__(self, tenant: GraphTenant, outlook: Outlook) -> None:
        self._tenant = tenant
        self._outlook = outlook
        self._views = CalendarViews(tenant.mailboxes)

    def routes(self) -> list[Route]:
        """Return the calls that this class answers."""
        events = [route for prefix in _CALENDARS for route in self._event_routes(prefix)]
        return [
            *events,
            Route("GET", "/users/<user>/calendar", self.get_calendar, CALENDARS),
            Route("GET", "/users/<user>/calendars", self.list_calendars, CALENDARS),
            Route("GET", "/users/<user>/calendars/<calendar>", self.get_calendar, CALENDARS),
            Route("GET", "/users/<user>/mailboxSettings", self.get_settings, MAILBOX_SETTINGS),
        ]

    def _event_routes(self, prefix: str) -> list[Route]:
        return [
            Route("GET", f"{prefix}/events", self.list_events, CALENDARS),
            Route("POST", f"{prefix}/events", self.create_event, WRITE_CALENDARS),
            Route("GET", f"{prefix}/events/<event>", self.get_event, CALENDARS),
            Route("PATCH", f"{prefix}/events/<event>", self.update_event, WRITE_CALENDARS),
            Route("DELETE", f"{prefix}/events/<event>", self.delete_event, WRITE_CALENDARS),
            Route("GET", f"{prefix}/events/<event>/instances", self.list_instances, CALENDARS),
            Route("GET", f"{prefix}/events/<event>/calendar", self.get_event_calendar, CALENDARS),
            Route("GET", f"{prefix}/calendarView", self.view_calendar, CALENDARS),
        ]

    def get_event(self, call: IncomingCall) -> GraphAnswer:
        """Answer one event; a series master with its exceptions, if the call selects and expands them."""
        call.allow_options("$select", "$expand")
        copy = self._as_read(call, self._find(call))
        answer = self._event(call, copy)
        if not graph_json.wants_exceptions(call.select(), call.query.get("$expand", "")):
            return answer
        exceptions = [self._shown(call, one) for one in self._tenant.mailboxes.exceptions(copy)]
        return replace(answer, body={**(answer.body or {}), "exceptionOccurrences": exceptions})

    def list_events(self, call: IncomingCall) -> GraphAnswer:
        """Answer single events and series masters, of one calendar or of the whole mailbox."""
        call.allow_options(*_LIST_OPTIONS, "$filter")
        owner = self._owner(call)
        calendar_id = self._calendar_id(call) if self._names_calendar(call) else None
        uid = _filtered_uid(call)
        copies = self._tenant.mailboxes.in_calendar(owner.id, calendar_id)
        return self._events(call, (copy for copy in copies if uid is None or copy.uid == uid))

    def create_event(self, call: IncomingCall) -> GraphAnswer:
        """Create an event."""
        call.allow_options()
        copy = self._outlook.create(self._owner(call), self._calendar_id(call), call.json())
        return self._event(call, copy, status=201)

    def update_event(self, call: IncomingCall) -> GraphAnswer:
        """Update an event if it still has the version in `If-Match`."""
        call.allow_options()
        copy = self._find(call)
        self._check_version(call, copy)
        self._outlook.update(copy, call.json())
        return self._event(call, copy)

    def delete_event(self, call: IncomingCall) -> GraphAnswer:
        """Delete an event if it still has the version in `If-Match`."""
        copy = self._find(call)
        self._check_version(call, copy)
        self._outlook.delete(copy)
        return GraphAnswer(204)

    def list_instances(self, call: IncomingCall) -> GraphAnswer:
        """Answer the occurrences and exceptions of a series in a time window."""
        call.allow_options(*_VIEW_OPTIONS)
        begin, until = _time_window(call)
        master = self._find(call)
        if master.type != "seriesMaster":
            raise Refusal(400, "ErrorInvalidRequest", "The event is not the master of a series.")
        return self._events(call, self._tenant.mailboxes.instances(master, begin, until))

    def view_calendar(self, call: IncomingCall) -> GraphAnswer:
        """Answer the events of a calendar, or of the default one, in a time window; series are expanded."""
        call.allow_options(*_VIEW_OPTIONS)
        begin, until = _time_window(call)
        if until - begin > LONGEST_VIEW:
            raise Refusal(400, "ErrorInvalidRequest", _VIEW_TOO_LONG)
        owner = self._owner(call)
        if not self._tenant.mailboxes.is_used(owner.id):
            return self._events(call, ())
        inside = self._views.view(owner.id, self._calendar_id(call), begin, until)
        return self._events(call, inside, show=self._shown_in_view)

    def get_calendar(self, call: IncomingCall) -> GraphAnswer:
        """Answer a calendar; the default one if none is given."""
        return self._calendar(call, self._owner(call), self._calendar_id(call))

    def get_event_calendar(self, call: IncomingCall) -> GraphAnswer:
        """Answer the calendar of an event."""
        return self._calendar(call, self._owner(call), self._find(call).calendar)

    def list_calendars(self, call: IncomingCall) -> GraphAnswer:
        """Answer all calendars of a mailbox."""
        call.allow_options(*_LIST_OPTIONS)
        owner = self._owner(call)
        calendars = list(self._tenant.mailboxes.of(owner.id).calendars.values())
        return page(
            call,
            f"users('{owner.id}')/calendars",
            calendars,
            lambda one: _chosen(graph_json.calendar(one, owner), call.select(), "calendar"),
        )

    def get_settings(self, call: IncomingCall) -> GraphAnswer:
        """Answer the settings of a mailbox."""
        call.allow_options("$select")
        owner = self._owner(call)
        context = f"{call.root}/$metadata#users('{owner.id}')/mailboxSettings"
        settings = _chosen(graph_json.mailbox_settings(owner), call.select(), "mailboxSettings")
        return GraphAnswer(200, {"@odata.context": context, **settings})

    def _owner(self, call: IncomingCall) -> DirectoryUser:
        return self._tenant.directory.owner(call.args["user"])

    def _names_calendar(self, call: IncomingCall) -> bool:
        return "calendar" in call.args or "/calendar/" in call.path.lower()

    def _calendar_id(self, call: IncomingCall) -> str:
        mailbox = self._tenant.mailboxes.of(self._owner(call).id)
        named = call.args.get("calendar")
        return mailbox.calendar(named).id if named else mailbox.default_calendar.id

    def _find(self, call: IncomingCall) -> EventCopy:
        return self._tenant.mailboxes.find(self._owner(call).id, call.args["event"])

    def _as_read(self, call: IncomingCall, copy: EventCopy) -> EventCopy:
        return copy if call.is_own else self._outlook.as_read(copy)

    def _check_version(self, call: IncomingCall, copy: EventCopy) -> None:
        if self._tenant.honors_if_match and call.if_match not in {None, "*", ids.etag(copy.version)}:
            raise Refusal(
                412,
                "ErrorIrresolvableConflict",
                "The send or update operation could not be performed because the change key passed in the"
                " request does not match the current change key for the item.",
            )

    def _event(self, call: IncomingCall, copy: EventCopy, status: int = 200) -> GraphAnswer:
        graph_json.check_select(call.select())
        context = f"users('{copy.mailbox}')/events"
        answer = entity(call, context, self._shown(call, copy), status)
        return GraphAnswer(answer.status, answer.body, {"ETag": ids.etag(copy.version)})

    def _events(
        self, call: IncomingCall, copies: Iterable[EventCopy], *, show: _Show | None = None
    ) -> GraphAnswer:
        graph_json.check_select(call.select())
        shown = show or self._shown
        return page(
            call,
            f"users('{self._owner(call).id}')/events",
            list(copies),
            lambda copy: shown(call, self._as_read(call, copy)),
        )

    def _shown_in_view(self, call: IncomingCall, copy: EventCopy) -> dict[str, Any]:
        """Show an event without the time of its last change, which a view does not support in `$select`.

        It comes as the smallest date: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1655
        """
        return _without_change_time(call, self._shown(call, copy))

    def _shown(self, call: IncomingCall, copy: EventCopy) -> dict[str, Any]:
        options = graph_json.ReadOptions(
            zone=call.prefer.zone,
            text_body=call.prefer.text_body,
            immutable_ids=call.prefer.immutable_ids,
            now=self._tenant.now(),
            habits=self._tenant.habits,
            hides_private=not (call.is_own or self._tenant.habits.shows_private),
        )
        organizer = self._organizer(copy).email_address()
        shown = graph_json.event(
            copy, owner=self._tenant.directory.user(copy.mailbox), organizer=organizer, options=options
        )
        chosen = graph_json.selected(shown, copy, call.select())
        return chosen if self._tenant.habits.shows_modified else _without_change_time(call, chosen)

    def _organizer(self, copy: EventCopy) -> DirectoryUser:
        return self._tenant.directory.user(copy.organizer)

    def _calendar(self, call: IncomingCall, owner: DirectoryUser, calendar_id: str) -> GraphAnswer:
        call.allow_options("$select")
        shown = graph_json.calendar(self._tenant.mailboxes.of(owner.id).calendars[calendar_id], owner)
        return entity(call, f"users('{owner.id}')/calendars", _chosen(shown, call.select(), "calendar"))


def _chosen(shown: dict[str, Any], select: tuple[str, ...], of: str) -> dict[str, Any]:
    graph_json.check_names(select, shown, of)
    return {name: value for name, value in shown.items() if not select or name in {"id", *select}}


def _without_change_time(call: IncomingCall, shown: dict[str, Any]) -> dict[str, Any]:
    if "lastModifiedDateTime" in call.select():
        shown["lastModifiedDateTime"] = graph_json.UNKNOWN_TIME
    return shown


def _filtered_uid(call: IncomingCall) -> str | None:
    """Return the iCalUId of a `$filter`, the only one that the stand-in supports; None without a filter."""
    condition = call.query.get("$filter")
    if condition is None:
        return None
    found = re.fullmatch(r"iCalUId eq '((?:[^']|'')*)'", condition)
    if found is None:
        raise Refusal(400, "ErrorInvalidUrlQueryFilter", "The query filter contains an invalid operator.")
    return found[1].replace("''", "'")


def _time_window(call: IncomingCall) -> tuple[datetime, datetime]:
    """Read the required time window."""
    for name in ("startDateTime", "endDateTime"):
        if name not in call.query:
            raise Refusal(400, "ErrorInvalidParameter", f"This request requires the parameter {name}.")
    begin, until = (zones.instant(call.query[name], name) for name in ("startDateTime", "endDateTime"))
    if until < begin:
        raise Refusal(400, "ErrorInvalidParameter", "The end of the window is before its start.")
    return begin, until
