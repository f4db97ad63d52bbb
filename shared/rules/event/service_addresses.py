"""Addresses that are nobody's: other services give them to rooms, calendars, bridges, channels and robots.

One row a kind. None of them ever counts as a person from outside. To add a kind is to add a row; its example
is a test, its source says where the form of the address is published.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from re import Pattern

from shared.domain.mail_domains import Domains


class Nobody(Enum):
    """What such an address is."""

    #: a room or device: no person, and a room for `has_room`
    RESOURCE = "resource"
    #: something that people may or may not stand behind: it can't be told
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of address: its domains, and where not everybody there is meant, the form of its name."""

    what: str
    kind: Nobody
    domains: tuple[str, ...] = ()
    name: str = ""
    example: str
    source: str
    _domains: Domains = field(init=False, repr=False, compare=False)
    _name: Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_domains", Domains(self.domains))
        object.__setattr__(self, "_name", re.compile(self.name) if self.name else None)

    def holds(self, name: str, domain: str) -> bool:
        """Return whether the address is of this kind; it is in canonical form."""
        is_there = not self.domains or domain in self._domains
        return is_there and (self._name is None or self._name.fullmatch(name) is not None)


def _row(what: str, example: str, *domains: str, source: str, name: str = "") -> Row:
    return Row(what=what, kind=Nobody.UNKNOWN, domains=domains, name=name, example=example, source=source)


ROWS: tuple[Row, ...] = (
    Row(
        what="a room or other resource of Google Workspace",
        kind=Nobody.RESOURCE,
        domains=("resource.calendar.google.com",),
        example="c_188abcdefghijklmnopqrstuvwxyz@resource.calendar.google.com",
        source="https://developers.google.com/workspace/calendar/api/concepts/domain",
    ),
    _row(
        "a shared calendar of Google",
        "7cnlmnds2t57oqvr1g57iahaip@group.calendar.google.com",
        "group.calendar.google.com",
        source="https://github.com/lfos/calcurse/issues/475",
    ),
    _row(
        "a calendar that Google subscribes to",
        "e1jb65cfvjhh94efv69vd03tj5unhli0@import.calendar.google.com",
        "import.calendar.google.com",
        source="https://github.com/lfos/calcurse/issues/475",
    ),
    _row(
        "a holiday calendar of Google",
        "en.usa#holiday@group.v.calendar.google.com",
        "group.v.calendar.google.com",
        source="https://github.com/randomBrainstormer/MMM-GoogleCalendar/issues/90",
    ),
    _row(
        "Google's placeholder for an organizer that it does not know",
        "unknownorganizer@calendar.google.com",
        "calendar.google.com",
        source="https://github.com/AnandChowdhary/calendar-link/issues/403",
    ),
    _row(
        "a channel of Microsoft Teams, by its mail address",
        "1df8f174.teamsgraph.onmicrosoft.com@amer.teams.ms",
        "teams.ms",
        "*.teams.ms",
        source="https://learn.microsoft.com/graph/api/channel-provisionemail",
    ),
    _row(
        "a chat or channel of Microsoft Teams, by its thread",
        "19_561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2",
        "thread.tacv2",
        "thread.v2",
        "thread.skype",
        "unq.gbl.spaces",
        source="https://learn.microsoft.com/graph/api/channel-provisionemail",
    ),
    _row(
        "a meeting of Zoom, as video systems dial it",
        "89234567890.112233@global.zoomcrc.com",
        "zoomcrc.com",
        "*.zoomcrc.com",
        source="https://developers.zoom.us/docs/video-sdk/web/sip/",
    ),
    _row(
        "a video system that is reached through Poly's cloud",
        "7357@test.plcm.vc",
        "plcm.vc",
        "*.plcm.vc",
        source="https://developers.zoom.us/docs/video-sdk/web/sip/",
    ),
    _row(
        "Webex's bridge into meetings of Teams",
        "contoso@m.webex.com",
        "m.webex.com",
        source="https://help.webex.com/article/nffx8kj/",
    ),
    _row(
        "a meeting or device of Webex, as video systems dial it",
        "2551234567@contoso.webex.com",
        "*.webex.com",
        source="https://help.webex.com/article/3ew2zeb/",
    ),
    _row(
        "a personal bridge of Webex",
        "bo.mybridge@webex.com",
        "webex.com",
        name=r".+\.mybridge",
        source="https://community.cisco.com/t5/small-business-support-documents/webex-telepresence-portal-key-terms/ta-p/3129099",
    ),
    _row(
        "a workspace of Webex, by the address that its setup makes up",
        "wt_886821663180@contoso.com",
        name=r"wt_[0-9]{9,}",
        source="https://documentation.voss-solutions.com/release_21.1/html/src/user/concepts-webex-teams-workspaces.html",
    ),
    _row(
        "the note taker of Fireflies",
        "fred@fireflies.ai",
        "fireflies.ai",
        name="fred",
        source="https://guide.fireflies.ai/articles/9554534786-how-fireflies-joins-and-records-your-meetings-faqs",
    ),
    _row(
        "a scheduling assistant of CalendarBridge",
        "assistant@ai.calendarbridge.com",
        "ai.calendarbridge.com",
        source="https://help.calendarbridge.com/help/ai-assistant.html",
    ),
    _row(
        "a channel of Slack, by its mail address",
        "sales-aaaafabrikam@fabrikam.slack.com",
        "*.slack.com",
        source="https://slack.com/help/articles/360053335433",
    ),
    _row(
        "a channel of Slack that takes in mail through MailClark",
        "proj-acme-website@wowagency.mailclark.ai",
        "*.mailclark.ai",
        source="https://mailclark.ai/help/article/RKW8na8HbE-what-is-an-email-group",
    ),
    _row(
        "an inbox of Asana",
        "x@mail.asana.com",
        "mail.asana.com",
        source="https://help.asana.com/hc/articles/14111999838363",
    ),
    _row(
        "a board of Businessmap",
        "support_example@kanbanize.com",
        "kanbanize.com",
        name=r"[^@]+_[^@]+",
        source="https://knowledgebase.businessmap.io/hc/en-us/articles/115003740345-How-to-Create-and-Update-Cards-via-Email",
    ),
    _row(
        "a sender that reads no mail",
        "no-reply@fabrikam.com",
        name=r"(?:no|do-?not|donot)[-_.]?reply(?:[-_.+].*)?",
        source="https://github.com/markuspoerschke/iCal/issues/501",
    ),
    _row(
        "a mail server",
        "mailer-daemon@fabrikam.com",
        name="mailer-daemon|postmaster",
        source="https://www.rfc-editor.org/rfc/rfc2142",
    ),
    _row(
        "a domain that the internet does not have, such as one of a network's own directory",
        "bo@contoso.local",
        *("*.local", "*.internal", "*.localhost", "*.invalid", "*.lan"),
        source="https://www.rfc-editor.org/rfc/rfc6762#appendix-G",
    ),
)


@lru_cache(maxsize=4_096)
def nobody(address: str) -> Nobody | None:
    """Return what an address in canonical form is if it is nobody's; None where a person may have it."""
    name, _, domain = address.rpartition("@")
    return next((row.kind for row in ROWS if row.holds(name, domain)), None)
