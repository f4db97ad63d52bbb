"""The calls that Joinlink itself sends, through Microsoft's Graph SDK with the app's token."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.event import Event
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.models.user_purpose import UserPurpose

from sandbox.contract.person_calls import TEAMS, meeting
from sandbox.contract.sdk_clients import IMMUTABLE, WrongAnswer, app_client, asking, refused, same

_EVENT_FIELDS = ["id", "subject", "isOrganizer", "attendees", "isOnlineMeeting", "onlineMeeting", "changeKey"]
_WINDOW = {"start_date_time": "2030-11-01T00:00:00Z", "end_date_time": "2030-12-01T00:00:00Z"}


class AppCalls:
    """Calls of the app; `events` has the ids of the events that it created."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts
        self._ada = facts["users"][0]
        self._graph = app_client(facts)
        self._mailbox = self._graph.users.by_user_id(self._ada["id"])
        self._subscription = ""
        self.events: list[str] = []

    async def directory(self) -> None:
        """GET /users, /users/{id}, /organization and /groups."""
        users, groups = self._graph.users, self._graph.groups
        chosen = asking(users, select=["id", "mail", "userPrincipalName", "accountEnabled"], top=999)
        same("ada@contoso.com" in [one.mail for one in (await users.get(chosen)).value], True)
        same((await self._mailbox.get()).mail, self._ada["mail"])
        organization = self._graph.organization
        [tenant] = (await organization.get(asking(organization, select=["id", "verifiedDomains"]))).value
        same(tenant.verified_domains[0].name, "contoso.com")
        found = await groups.get(asking(groups, filter="mail eq 'sales@contoso.com'", select=["id", "mail"]))
        same([one.id for one in found.value], self._facts["groups"])

    async def members(self) -> None:
        """GET /groups/{id}/transitiveMembers/microsoft.graph.user, an advanced query."""
        builder = self._graph.groups.by_group_id(self._facts["groups"][0]).transitive_members.graph_user
        configuration = asking(builder, count=True, select=["id", "mail"], top=999)
        await refused(builder.get(configuration), 400, "Request_UnsupportedQuery")
        configuration.headers.add("ConsistencyLevel", "eventual")
        same(
            [one.id for one in (await builder.get(configuration)).value],
            [u["id"] for u in self._facts["users"]],
        )

    async def mailbox(self) -> None:
        """GET /users/{id}/mailboxSettings, /calendar and /calendars."""
        settings = self._mailbox.mailbox_settings
        same((await settings.get(asking(settings, select=["userPurpose"]))).user_purpose, UserPurpose.User)
        same((await self._mailbox.calendar.get()).default_online_meeting_provider, TEAMS)
        same(len((await self._mailbox.calendars.get()).value), 1)

    async def create_events(self) -> None:
        """POST /users/{id}/events with immutable ids."""
        for number in range(5):
            configuration = asking(None, IMMUTABLE)
            created = await self._mailbox.events.post(meeting(f"Meeting {number}"), configuration)
            self.events.append(created.id)
        same(self.events[0].startswith("AAkALg"), True)

    async def read_event(self) -> None:
        """GET /users/{id}/events/{id} with $select, and its calendar."""
        builder = self._mailbox.events.by_event_id(self.events[0])
        found = await builder.get(asking(builder, IMMUTABLE, 'outlook.timezone="UTC"', select=_EVENT_FIELDS))
        same((found.id, found.is_organizer), (self.events[0], True))
        same((await builder.calendar.get()).allowed_online_meeting_providers, [TEAMS])

    async def enable_if_unchanged(self) -> None:
        """PATCH with If-Match: 412 for another version, then 200 for this one."""
        builder = self._mailbox.events.by_event_id(self.events[0])
        tag = (await builder.get()).additional_data["@odata.etag"]
        online = Event(is_online_meeting=True, online_meeting_provider=TEAMS)
        for value, is_current in (('W/"another"', False), (tag, True)):
            configuration = asking(None)
            configuration.headers.add("If-Match", value)
            call = builder.patch(online, configuration)
            if is_current:
                same((await call).online_meeting.join_url.startswith("https://"), True)
            else:
                await refused(call, 412, "ErrorIrresolvableConflict")

    async def page_through_view(self) -> None:
        """GET calendarView in pages of two, with immutable ids; also of a calendar by id."""
        builder = self._mailbox.calendar_view
        configuration = asking(builder, IMMUTABLE, "odata.maxpagesize=2", select=_EVENT_FIELDS, **_WINDOW)
        page, found = await builder.get(configuration), []
        while page:
            found += [one.id for one in page.value]
            following = page.odata_next_link
            configuration.query_parameters = None
            page = await builder.with_url(following).get(configuration) if following else None
        same(set(self.events) <= set(found), True)
        same(len(found), len(set(found)))
        calendar = await self._mailbox.calendar.get()
        further = self._mailbox.calendars.by_calendar_id(calendar.id).calendar_view
        same(len((await further.get(asking(further, top=100, **_WINDOW))).value), len(found))

    async def further_calendar(self) -> None:
        """POST and DELETE of a calendar."""
        created = await self._mailbox.calendars.post(Calendar(name="Project"))
        same(len((await self._mailbox.calendars.get()).value), 2)
        await self._mailbox.calendars.by_calendar_id(created.id).delete()

    async def subscribe(self) -> None:
        """POST /subscriptions; a second one is refused with 409, one that is too long with 400."""
        created = await self._graph.subscriptions.post(
            self._wanted(timedelta(days=6)), asking(None, IMMUTABLE)
        )
        same((created.resource, created.client_state), (f"users/{self._ada['id']}/events", None))
        self._subscription = created.id
        again = self._graph.subscriptions.post(self._wanted(timedelta(days=6)))
        await refused(again, 409, "Conflict")
        await refused(self._graph.subscriptions.post(self._wanted(timedelta(days=8))), 400, "ExtensionError")

    async def keep_subscribed(self) -> None:
        """GET, list, PATCH and reauthorize a subscription."""
        builder = self._graph.subscriptions.by_subscription_id(self._subscription)
        later = datetime.now(UTC) + timedelta(days=6, hours=1)
        same((await builder.get()).id, self._subscription)
        same([one.id for one in (await self._graph.subscriptions.get()).value], [self._subscription])
        renewed = await builder.patch(Subscription(expiration_date_time=later))
        if abs(renewed.expiration_date_time - later) > timedelta(seconds=1):
            raise WrongAnswer(f"{later} was expected, found {renewed.expiration_date_time}")
        await builder.reauthorize.post()

    async def unsubscribe(self) -> None:
        """DELETE a subscription; then it is not found."""
        builder = self._graph.subscriptions.by_subscription_id(self._subscription)
        await builder.delete()
        await refused(builder.get(), 404, "ResourceNotFound")

    async def wrong_ids(self) -> None:
        """GET of users, events and groups that do not exist."""
        nobody = self._graph.users.by_user_id("nobody@contoso.com")
        await refused(nobody.events.get(), 404, "ErrorInvalidUser")
        await refused(nobody.get(), 404, "Request_ResourceNotFound")
        bo = self._graph.users.by_user_id(self._facts["users"][1]["id"])
        await refused(bo.events.by_event_id(self.events[0]).get(), 404, "ErrorItemNotFound")
        group = self._graph.groups.by_group_id(self._ada["id"])
        await refused(group.transitive_members.get(), 404, "Request_ResourceNotFound")

    async def delete_events(self) -> None:
        """DELETE events; then they are not found."""
        for event in self.events:
            await self._mailbox.events.by_event_id(event).delete()
        gone = self._mailbox.events.by_event_id(self.events[0])
        await refused(gone.get(), 404, "ErrorItemNotFound")

    def _wanted(self, life: timedelta) -> Subscription:
        return Subscription(
            change_type="created,updated",
            resource=f"users/{self._ada['id']}/events",
            notification_url=self._facts["notification_url"],
            lifecycle_notification_url=self._facts["notification_url"],
            expiration_date_time=datetime.now(UTC) + life,
            client_state="a secret",
        )
