"""What a person's client does with online meetings, through Microsoft's Graph SDK.

https://learn.microsoft.com/graph/outlook-calendar-online-meetings
"""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.attendee_type import AttendeeType
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType

from sandbox.contract.sdk_clients import GivenToken, asking, client, refused, same

TEAMS = OnlineMeetingProviderType.TeamsForBusiness
_ONLINE = ["isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting"]


class PersonCalls:
    """Calls of Ada's client; `event` is the id of the event that it created."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        ada = facts["users"][0]
        self._mail = ada["mail"]
        self._me = client(facts, GivenToken(ada["token"])).me
        self._reader = client(facts, GivenToken(ada["read_only_token"])).me
        self._stranger = client(facts, GivenToken("not a token")).me
        self._app = client(facts, GivenToken(facts["app_token"])).me
        self.event = ""

    async def who_am_i(self) -> None:
        """GET /me."""
        same((await self._me.get()).mail, self._mail)

    async def my_calendar(self) -> None:
        """GET /me/calendar: the providers that the calendar allows."""
        calendar = await self._me.calendar.get()
        same(calendar.default_online_meeting_provider, TEAMS)
        same(calendar.allowed_online_meeting_providers, [TEAMS])

    async def create_online(self) -> None:
        """POST /me/events with isOnlineMeeting and provider."""
        created = await self._me.events.post(meeting("Review", is_online_meeting=True))
        same((created.is_online_meeting, created.online_meeting_provider), (True, TEAMS))
        self.event = created.id

    async def read_the_link(self) -> None:
        """GET /me/events/{id}?$select=isOnlineMeeting,onlineMeetingProvider,onlineMeeting."""
        builder = self._me.events.by_event_id(self.event)
        found = await builder.get(asking(builder, select=_ONLINE))
        same((found.is_online_meeting, found.online_meeting_provider), (True, TEAMS))
        same(found.online_meeting.join_url.startswith("https://teams.microsoft.com/"), True)
        same(found.subject, None)

    async def change_the_subject(self) -> None:
        """PATCH /me/events/{id}."""
        changed = await self._me.events.by_event_id(self.event).patch(Event(subject="Review 2"))
        same((changed.subject, changed.is_online_meeting), ("Review 2", True))

    async def switch_off_is_ignored(self) -> None:
        """PATCH of isOnlineMeeting to false: 200, and the meeting stays."""
        changed = await self._me.events.by_event_id(self.event).patch(Event(is_online_meeting=False))
        same((changed.is_online_meeting, changed.online_meeting is not None), (True, True))

    async def other_provider_is_ignored(self) -> None:
        """PATCH of onlineMeetingProvider: 200, and the provider stays."""
        skype = Event(online_meeting_provider=OnlineMeetingProviderType.SkypeForBusiness)
        changed = await self._me.events.by_event_id(self.event).patch(skype)
        same((changed.is_online_meeting, changed.online_meeting_provider), (True, TEAMS))

    async def enable_later(self) -> None:
        """POST without a meeting, then PATCH of isOnlineMeeting and provider."""
        created = await self._me.events.post(meeting("Later"))
        same((created.is_online_meeting, created.online_meeting), (False, None))
        online = Event(is_online_meeting=True, online_meeting_provider=TEAMS)
        changed = await self._me.events.by_event_id(created.id).patch(online)
        same(changed.online_meeting.join_url.startswith("https://"), True)

    async def unknown_property_in_body(self) -> None:
        """POST with a property that events do not have: 400."""
        odd = meeting("Odd")
        odd.additional_data = {"isOnline": True}
        await refused(self._me.events.post(odd), 400, "RequestBodyRead")

    async def unknown_property_in_select(self) -> None:
        """GET with a property that events do not have in $select: 400."""
        builder = self._me.events
        await refused(builder.get(asking(builder, select=["isOnline"])), 400, "RequestBroker--ParseUri")

    async def malformed_id(self) -> None:
        """GET of an id that is none: 400."""
        await refused(self._me.events.by_event_id("not-an-id").get(), 400, "ErrorInvalidIdMalformed")

    async def view_too_long(self) -> None:
        """GET /me/calendarView over more than 1,825 days: 400."""
        builder = self._me.calendar_view
        window = {"start_date_time": "2027-01-01T00:00:00Z", "end_date_time": "2032-01-01T00:00:00Z"}
        await refused(builder.get(asking(builder, **window)), 400, "ErrorInvalidRequest")

    async def missing_scope(self) -> None:
        """POST with a token that may only read: 403."""
        same((await self._reader.calendar.get()).is_default_calendar, True)
        await refused(self._reader.events.post(meeting("No")), 403, "ErrorAccessDenied")

    async def wrong_token(self) -> None:
        """GET with a token of nobody: 401."""
        await refused(self._stranger.calendar.get(), 401, "InvalidAuthenticationToken")

    async def me_needs_a_person(self) -> None:
        """GET /me/calendar with the app's token: 400."""
        await refused(self._app.calendar.get(), 400, "BadRequest")


def meeting(subject: str, *, is_online_meeting: bool | None = None) -> Event:
    """Return an event with a guest, in a year that is far away."""
    start, end = (
        DateTimeTimeZone(date_time=f"2030-11-26T{hour}:00:00", time_zone="UTC") for hour in (10, 11)
    )
    guest = EmailAddress(address="bo@contoso.com", name="Bo")
    return Event(
        subject=subject,
        start=start,
        end=end,
        attendees=[Attendee(email_address=guest, type=AttendeeType.Required)],
        is_online_meeting=is_online_meeting,
        online_meeting_provider=TEAMS if is_online_meeting else None,
    )
