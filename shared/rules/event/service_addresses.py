"""Addresses that belong to a service instead of a person: rooms, calendars, bridges, channels, robots.

None of them counts as an external person. Each kind is one row. To add a kind, add a row: a test checks its
example, and its source documents the form of the address.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from re import Pattern

from shared.domain.mail_domains import Domains


class ServiceAddressKind(Enum):
    """What a service uses an address for."""

    #: a room or a device, which `has_room` counts as a room
    RESOURCE = "resource"
    #: something else: there may be people behind it or not
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class ServiceAddress:
    """One form of address: its domains, and if not all addresses there are meant, the form of the name."""

    what: str
    kind: ServiceAddressKind = ServiceAddressKind.OTHER
    domains: tuple[str, ...] = ()
    #: pattern of the part before the "@"
    name: str = ""
    example: str
    source: str

    def matches(self, name: str, domain: str) -> bool:
        """Return whether the canonical address `name@domain` has this form."""
        has_domain = not self.domains or domain in self._domains
        return has_domain and (not self.name or self._name.fullmatch(name) is not None)

    @cached_property
    def _domains(self) -> Domains:
        return Domains(self.domains)

    @cached_property
    def _name(self) -> Pattern[str]:
        return re.compile(self.name)


#: in the order in which they are checked
SERVICE_ADDRESSES = (
    ServiceAddress(
        what="a room or other resource of Google Workspace",
        kind=ServiceAddressKind.RESOURCE,
        domains=("resource.calendar.google.com",),
        example="c_188abcdefghijklmnopqrstuvwxyz@resource.calendar.google.com",
        source="https://developers.google.com/workspace/calendar/api/concepts/domain",
    ),
    ServiceAddress(
        what="a shared calendar of Google",
        domains=("group.calendar.google.com",),
        example="7cnlmnds2t57oqvr1g57iahaip@group.calendar.google.com",
        source="https://github.com/lfos/calcurse/issues/475",
    ),
    ServiceAddress(
        what="a calendar that Google subscribes to",
        domains=("import.calendar.google.com",),
        example="e1jb65cfvjhh94efv69vd03tj5unhli0@import.calendar.google.com",
        source="https://github.com/lfos/calcurse/issues/475",
    ),
    ServiceAddress(
        what="a holiday calendar of Google",
        domains=("group.v.calendar.google.com",),
        example="en.usa#holiday@group.v.calendar.google.com",
        source="https://github.com/randomBrainstormer/MMM-GoogleCalendar/issues/90",
    ),
    ServiceAddress(
        what="Google's placeholder for an organizer that it does not know",
        domains=("calendar.google.com",),
        example="unknownorganizer@calendar.google.com",
        source="https://github.com/AnandChowdhary/calendar-link/issues/403",
    ),
    ServiceAddress(
        what="a channel of Microsoft Teams, by its mail address",
        domains=(
            "teams.ms",
            "*.teams.ms",
        ),
        example="1df8f174.teamsgraph.onmicrosoft.com@amer.teams.ms",
        source="https://learn.microsoft.com/graph/api/channel-provisionemail",
    ),
    ServiceAddress(
        what="a chat or channel of Microsoft Teams, by its thread",
        domains=(
            "thread.tacv2",
            "thread.v2",
            "thread.skype",
            "unq.gbl.spaces",
        ),
        example="19_561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2",
        source="https://learn.microsoft.com/graph/api/channel-provisionemail",
    ),
    ServiceAddress(
        what="a meeting of Zoom, as video systems dial it",
        domains=(
            "zoomcrc.com",
            "*.zoomcrc.com",
        ),
        example="89234567890.112233@global.zoomcrc.com",
        source="https://developers.zoom.us/docs/video-sdk/web/sip/",
    ),
    ServiceAddress(
        what="a video system that is reached through Poly's cloud",
        domains=(
            "plcm.vc",
            "*.plcm.vc",
        ),
        example="7357@test.plcm.vc",
        source="https://developers.zoom.us/docs/video-sdk/web/sip/",
    ),
    ServiceAddress(
        what="Webex's bridge into meetings of Teams",
        domains=("m.webex.com",),
        example="contoso@m.webex.com",
        source="https://help.webex.com/article/nffx8kj/",
    ),
    ServiceAddress(
        what="a meeting or device of Webex, as video systems dial it",
        domains=("*.webex.com",),
        example="2551234567@contoso.webex.com",
        source="https://help.webex.com/article/3ew2zeb/",
    ),
    ServiceAddress(
        what="a personal bridge of Webex",
        domains=("webex.com",),
        name=r".+\.mybridge",
        example="bo.mybridge@webex.com",
        source="https://community.cisco.com/t5/small-business-support-documents/webex-telepresence-portal-key-terms/ta-p/3129099",
    ),
    ServiceAddress(
        what="a workspace of Webex, by the address that its setup makes up",
        name=r"wt_[0-9]{9,}",
        example="wt_886821663180@contoso.com",
        source="https://documentation.voss-solutions.com/release_21.1/html/src/user/concepts-webex-teams-workspaces.html",
    ),
    ServiceAddress(
        what="the note taker of Fireflies",
        domains=("fireflies.ai",),
        name="fred",
        example="fred@fireflies.ai",
        source="https://guide.fireflies.ai/articles/9554534786-how-fireflies-joins-and-records-your-meetings-faqs",
    ),
    ServiceAddress(
        what="a scheduling assistant of CalendarBridge",
        domains=("ai.calendarbridge.com",),
        example="assistant@ai.calendarbridge.com",
        source="https://help.calendarbridge.com/help/ai-assistant.html",
    ),
    ServiceAddress(
        what="a channel of Slack, by its mail address",
        domains=("*.slack.com",),
        example="sales-aaaafabrikam@fabrikam.slack.com",
        source="https://slack.com/help/articles/360053335433",
    ),
    ServiceAddress(
        what="a channel of Slack that takes in mail through MailClark",
        domains=("*.mailclark.ai",),
        example="proj-acme-website@wowagency.mailclark.ai",
        source="https://mailclark.ai/help/article/RKW8na8HbE-what-is-an-email-group",
    ),
    ServiceAddress(
        what="an inbox of Asana",
        domains=("mail.asana.com",),
        example="x@mail.asana.com",
        source="https://help.asana.com/hc/articles/14111999838363",
    ),
    ServiceAddress(
        what="a board of Businessmap",
        domains=("kanbanize.com",),
        name=r"[^@]+_[^@]+",
        example="support_example@kanbanize.com",
        source="https://knowledgebase.businessmap.io/hc/en-us/articles/115003740345-How-to-Create-and-Update-Cards-via-Email",
    ),
    ServiceAddress(
        what="a sender that reads no mail",
        name=r"(?:no|do-?not|donot)[-_.]?reply(?:[-_.+].*)?",
        example="no-reply@fabrikam.com",
        source="https://github.com/markuspoerschke/iCal/issues/501",
    ),
    ServiceAddress(
        what="a mail server",
        name="mailer-daemon|postmaster",
        example="mailer-daemon@fabrikam.com",
        source="https://www.rfc-editor.org/rfc/rfc2142",
    ),
    ServiceAddress(
        what="a domain that the internet does not have, such as one of a network's own directory",
        domains=(
            "*.local",
            "*.internal",
            "*.localhost",
            "*.invalid",
            "*.lan",
        ),
        example="bo@contoso.local",
        source="https://www.rfc-editor.org/rfc/rfc6762#appendix-G",
    ),
)


def service_address_kind(address: str) -> ServiceAddressKind | None:
    """Return the kind of a service's address (in canonical form); None if a person may have the address."""
    name, _, domain = address.rpartition("@")
    return next((row.kind for row in SERVICE_ADDRESSES if row.matches(name, domain)), None)
