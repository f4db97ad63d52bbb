import re

import pytest

from shared.domain.event import Location
from shared.domain.mail_domains import Domains
from shared.rules.event.event_facts import EventFacts
from shared.rules.links.join_links import JoinLink, find_join_link, other_join_link
from shared.rules.links.join_services import PROGRAMS, SERVERS, SERVICES, Service
from shared.rules.links.link_scanners import PROXIES, SCANNERS
from tests.rules.conftest import NOW, MakeEvent

TABLE = (*SERVICES, *SERVERS, *PROGRAMS)
HOSTS = Domains(("meet.contoso.com", "*.video.contoso.com"))


def service_of(text: str) -> str | None:
    found = find_join_link("Hello", text)
    return found.service if found and found.is_certain else None


@pytest.mark.parametrize(
    ("service", "example"),
    [pytest.param(row.name, row.example, id=f"{row.name} {row.example}") for row in TABLE],
)
def test_every_example_of_the_table_is_a_join_link(service: str, example: str) -> None:
    """docs/join-links.md shows these examples."""
    assert service_of(example) == service


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page) for row in (*TABLE, *SCANNERS) for page in row.other_pages.split()]
)
def test_no_other_page_of_the_table_is_a_join_link(page: str) -> None:
    """Such as dial-in pages, help, prices, recordings and downloads."""
    assert find_join_link(page) is None


@pytest.mark.parametrize("row", TABLE + SCANNERS, ids=lambda row: f"{row.name} {row.example}")
def test_every_row_has_its_source(row: Service) -> None:
    """So that it can be checked."""
    assert re.match("https://", row.source)


LINKS = [
    pytest.param("https://zoom.us/j/123456789?pwd=x", "Zoom", id="Zoom"),
    pytest.param("https://contoso.zoom.us/my/bo.berg", "Zoom", id="Zoom, personal room, subdomain"),
    pytest.param("https://contoso.zoomgov.com/j/123", "Zoom", id="Zoom for government"),
    pytest.param("Join: us02web.zoom.us/w/123", "Zoom", id="no scheme"),
    pytest.param("HTTPS://ZOOM.US/J/123", "Zoom", id="capitals"),
    pytest.param("<https://zoom.us/j/123>", "Zoom", id="angle brackets"),
    pytest.param("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F123&data=05", "Zoom", id="Safe Links"),
    pytest.param("https://contoso.webex.com/meet/bo", "Webex", id="Webex, personal room"),
    pytest.param("https://contoso.webex.com/contoso/j.php?MTID=m1", "Webex", id="Webex"),
    pytest.param("https://meet.google.com/abc-defg-hij", "Google Meet", id="Google Meet"),
    pytest.param("https://teams.microsoft.com/l/meetup-join/19%3ameeting_x", "Microsoft Teams", id="Teams"),
    pytest.param("https://teams.microsoft.com/meet/2345678", "Microsoft Teams", id="Teams, short"),
    pytest.param("https://dod.teams.microsoft.us/l/meetup-join/19", "Microsoft Teams", id="Teams for government"),
    pytest.param("https://teams.live.com/meet/93", "Microsoft Teams", id="Teams at home"),
    pytest.param("https://join.skype.com/abcDEF", "Skype", id="Skype"),
    pytest.param("https://meet.lync.com/contoso/bo/ABC123", "Skype for Business", id="Skype for Business"),
    pytest.param("https://global.gotomeeting.com/join/123456789", "GoTo", id="GoTo"),
    pytest.param("https://meet.goto.com/bo", "GoTo", id="GoTo, room"),
    pytest.param("https://meet.jit.si/StandUp", "Jitsi", id="Jitsi"),
    pytest.param("https://bluejeans.com/123456", "BlueJeans", id="BlueJeans"),
    pytest.param("https://chime.aws/1234567890", "Amazon Chime", id="Chime"),
    pytest.param("https://whereby.com/contoso-room", "Whereby", id="Whereby"),
    pytest.param("https://v.ringcentral.com/join/123", "RingCentral", id="RingCentral"),
    pytest.param("https://call.lifesizecloud.com/123", "Lifesize", id="Lifesize"),
    pytest.param("https://pexip.me/meet/bo", "Pexip", id="Pexip"),
    pytest.param("https://events.zoom.us/ev/AbC-1", "Zoom", id="Zoom Events"),
    pytest.param("Zoom:zoom.us/j/12", "Zoom", id="right after a colon"),
    pytest.param("*zoom.us/j/12*", "Zoom", id="in bold"),
    pytest.param("\u201ezoom.us/j/12\u201c", "Zoom", id="in German quotes"),
    pytest.param("https://zoom.us:443/j/1", "Zoom", id="with a port"),
    pytest.param("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fnam02.safelinks.protection.outlook.com%2F%3Furl%3Dhttps%253A%252F%252Fzoom.us%252Fj%252F1", "Zoom", id="Safe Links, twice"),
    pytest.param("https://urldefense.proofpoint.com/v2/url?u=https-3A__zoom.us_j_1-3Fpwd-3Dx&d=Dw", "Zoom", id="Proofpoint, version 2"),
    pytest.param("https://urldefense.com/v3/__https://zoom.us/j/1__;!!x", "Zoom", id="Proofpoint, version 3"),
    pytest.param("https://contoso.webex.com/webappng/sites/contoso/meeting/info/0a1b", "Webex", id="Webex, in the browser"),
    pytest.param("https://contoso.webex.com/m/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f", "Webex", id="Webex, short"),
    pytest.param("https://app.goto.com/meeting/123456789", "GoTo", id="GoTo, app"),
    pytest.param("https://facetime.apple.com/join#v=1&p=x", "FaceTime", id="FaceTime"),
    pytest.param("https://meeting.zoho.eu/join?key=1234", "Zoho", id="Zoho"),
    pytest.param("https://meet.zoho.com/abcd-efg-hij", "Zoho", id="Zoho, short"),
    pytest.param("https://meeting.tencent.com/dm/AbC", "Tencent Meeting", id="Tencent"),
    pytest.param("https://voovmeeting.com/s/AbC", "Tencent Meeting", id="VooV"),
    pytest.param("https://vc.larksuite.com/j/123456789", "Lark", id="Lark"),
    pytest.param("https://vc.feishu.cn/j/123456789", "Lark", id="Feishu"),
    pytest.param("https://whereby.com/blog/remote https://zoom.us/j/1", "Zoom", id="after a page that is not a join link"),
    pytest.param("", None, id="nothing"),
    pytest.param("Room 4.11, bring zoom lenses", None, id="just words"),
    pytest.param("https://notzoom.us/j/123", None, id="another domain"),
    pytest.param("https://zoom.us.evil.com/j/123", None, id="another domain behind it"),
    pytest.param("bo@zoom.us/j/123", None, id="an address"),
    pytest.param("https://zoom.us/pricing", None, id="Zoom's prices"),
    pytest.param("https://zoom.us/", None, id="Zoom's front page"),
    pytest.param("https://www.webex.com/pricing", None, id="Webex' prices"),
    pytest.param("https://meet.google.com/about", None, id="Meet's about page"),
    pytest.param("https://teams.microsoft.com/l/channel/19%3a", None, id="a Teams channel"),
    pytest.param("https://www.webex.com/m/pricing", None, id="Webex' prices, for phones"),
    pytest.param("https://contoso.webex.com/webappng/sites/contoso/dashboard", None, id="Webex' front page"),
    pytest.param("https://whereby.com/blog/remote-work", None, id="Whereby's blog"),
    pytest.param("https://whereby.com/information/tos/", None, id="Whereby's terms"),
    pytest.param("https://meet.goto.com/install", None, id="GoTo's program"),
    pytest.param("https://join.skype.com/download", None, id="Skype's program"),
    pytest.param("https://join.skype.com/invite/AbC", None, id="a chat in Skype"),
    pytest.param("https://meet.jit.si/static/dialInInfo.html?room=x", None, id="Jitsi's phone numbers"),
    pytest.param("https://meeting.tencent.com/download/", None, id="Tencent's program"),
    pytest.param("https://bluejeans.com/features", None, id="BlueJeans' features"),
    # of public lists and reports, and their siblings
    pytest.param("https://contoso.zoom-x.de/j/65194487075", "Zoom", id="Zoom X of Deutsche Telekom"),
    pytest.param("https://zoom.com.cn/j/123", "Zoom", id="Zoom in China"),
    pytest.param("https://app.zoom.us/wc/join/98765432101", "Zoom", id="Zoom in the browser"),
    pytest.param("https://app.zoom.us/wc/98765432101/join?fromPWA=1", "Zoom", id="Zoom in the browser, newer"),
    pytest.param("https://zoom.us/s/98765432101?zak=x", "Zoom", id="Zoom, the host's link"),
    pytest.param("https://zoom.us/webinar/register/WN_abc", "Zoom", id="Zoom webinar"),
    pytest.param("https://events.zoom.us/ejl/abc123", "Zoom", id="Zoom Events, join (Thunderbird's tests)"),
    pytest.param("https://zoom.us/launch/jc/98765432101", "Zoom", id="Zoom launcher"),
    pytest.param("https://zoom.us/join?confno=98765432101", "Zoom", id="Zoom by its number"),
    pytest.param("https://zoom.us./j/123", "Zoom", id="with the root's dot"),
    pytest.param("https://zoom.us//j/123", "Zoom", id="two slashes"),
    pytest.param("https:\\\\zoom.us\\j\\123", "Zoom", id="backslashes"),
    pytest.param('{"url": "https:\\/\\/zoom.us\\/j\\/123"}', "Zoom", id="in JSON"),
    pytest.param("https://teams.microsoft.com/dl/launcher/launcher.html?url=%2F_%23%2Fl%2Fmeetup-join%2F19%3Ameeting_x&type=meetup-join", "Microsoft Teams", id="Teams launcher"),
    pytest.param("https://teams.microsoft.com/dl/launcher/launcher.html?url=%2F_%23%2Fmeet%2F2345&type=meet", "Microsoft Teams", id="Teams launcher of a short link"),
    pytest.param("https://teams.microsoft.com/_#/l/meetup-join/19:meeting_x@thread.v2/0", "Microsoft Teams", id="Teams in the browser"),
    pytest.param("https://teams.microsoft.com/v2/?meetingjoin=true#/l/meetup-join/19:meeting_x", "Microsoft Teams", id="Teams in the browser, newer"),
    pytest.param("https://teams.cloud.microsoft/meet/2345678?p=x", "Microsoft Teams", id="Teams, the new host"),
    pytest.param("https://gov.teams.microsoft.us/l/meetup-join/19", "Microsoft Teams", id="Teams in GCC High"),
    pytest.param("https://teams.microsoftonline.cn/l/meetup-join/19", "Microsoft Teams", id="Teams at 21Vianet"),
    pytest.param("https://events.teams.microsoft.com/event/0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f@c0ffee00-0000-4000-8000-000000000001", "Microsoft Teams", id="Teams town hall"),
    pytest.param("https://teams.microsoft.com/registration/abc,def?mode=read", "Microsoft Teams", id="Teams webinar"),
    pytest.param("Microsoft Teams meeting. Join: teams.microsoft.com/l/meetup-join/19%3ameeting_x", "Microsoft Teams", id="Teams in text"),
    pytest.param("https://meetings.webex.com/collabs/meetings/join?uuid=MAZ1", "Webex", id="Webex of one's own (Thunderbird's tests)"),
    pytest.param("https://contoso.my.webex.com/join/bo", "Webex", id="Webex at home"),
    pytest.param("https://contoso.webex.com/contoso/k2/j.php?MTID=t1", "Webex", id="Webex, k2"),
    pytest.param("https://contoso.webex.com/wbxmjs/joinservice/sites/contoso/meeting/download/0a1b", "Webex", id="Webex, joinservice"),
    pytest.param("https://contoso.webex.com/contoso/onstage/g.php?MTID=e1", "Webex", id="Webex Events"),
    pytest.param("https://contoso.webex.com/weblink/register/r0a1b", "Webex", id="Webex registration"),
    pytest.param("https://stream.meet.google.com/stream/0a1b", "Google Meet", id="Meet stream"),
    pytest.param("https://meet.google.com/_meet/abc-defg-hij", "Google Meet", id="Meet (MeetingBar)"),
    pytest.param("-::~:~::~:~::-\nJoin with Google Meet: https://meet.google.com/abc-defg-hij\nLearn more", "Google Meet", id="Google's conference block"),
    pytest.param("https://global.gotowebinar.com/join/5181893838842431233/123456789", "GoTo Webinar", id="GoTo webinar"),
    pytest.param("https://attendee.gotowebinar.com/register/5181893838842431233", "GoTo Webinar", id="GoTo webinar, registration"),
    pytest.param("https://global.gototraining.com/join/123", "GoTo Webinar", id="GoTo training"),
    pytest.param("https://bbb.fabrikam.example/b/ann-x7k-2pq-abc", "BigBlueButton", id="Greenlight 2, four parts"),
    pytest.param("https://bbb.fabrikam.example/rooms/ann-x7k-2pq-abc/join", "BigBlueButton", id="Greenlight 3"),
    pytest.param("https://demo.bigbluebutton.org/gl/ann-x7k-2pq", "BigBlueButton", id="Greenlight's demo (Itsycal)"),
    pytest.param("https://bbb.fabrikam.example/bigbluebutton/api/join?meetingID=1&checksum=2", "BigBlueButton", id="BigBlueButton's API"),
    pytest.param("https://video.fabrikam.example/webapp/conference/bo", "Pexip", id="Pexip on an own host"),
    pytest.param("https://lyncweb.fabrikam.example/meet/bo.berg/5BXC2KL1", "Skype for Business", id="Skype for Business on an own host"),
    pytest.param("conf:sip:bo@contoso.com;gruu;opaque=app:conf:focus:id:5BXC", "Skype for Business", id="Skype for Business, its program"),
    pytest.param("https://fabrikam.example/b/some-page", None, id="a page under /b/"),
    pytest.param("https://fabrikam.example/rooms/the-big-one-upstairs", None, id="a hotel's rooms"),
    pytest.param("https://zoom.us/rec/play/abc", None, id="a recording of Zoom"),
    pytest.param("https://zoom.us/u/abc123", None, id="Zoom's phone numbers"),
    pytest.param("https://support.zoom.com/hc/en/article?id=zm_kb", None, id="Zoom's help"),
    pytest.param("https://dialin.teams.microsoft.com/usp/pstnconferencing", None, id="Teams' phone numbers"),
    pytest.param("https://teams.microsoft.com/meetingOptions/?organizerId=1", None, id="Teams' meeting options"),
    pytest.param("https://contoso.webex.com/contoso/ldr.php?RCID=0a", None, id="a recording of Webex"),
    pytest.param("https://meet.google.com/tel/abc-defg-hij", None, id="Meet's phone numbers"),
    pytest.param("https://global.gotowebinar.com/recording/123", None, id="a recording of GoTo"),
    pytest.param("https://bit.ly/3abc", None, id="a short link, which is not followed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "service"), LINKS)
def test_host_and_path_identify_a_join_link(text: str, service: str | None) -> None:
    """Other pages of the same service are not join links."""
    assert service_of(text) == service


def test_the_first_link_counts() -> None:
    """Of two services, the first is reported."""
    assert find_join_link("https://meet.jit.si/a", "https://zoom.us/j/1") == JoinLink("Jitsi")


def test_half_an_emoji_does_not_break_the_search() -> None:
    """JSON may contain lone surrogates, which can't be encoded."""
    assert find_join_link("\ud83d https://zoom.us/j/1") == JoinLink("Zoom")


ZOOM = "https://fabrikam.zoom.us/j/98765432101?pwd=Qq1"


@pytest.mark.parametrize(
    ("changes", "look_in_body"),
    [
        pytest.param({"subject": f"Review - {ZOOM}"}, False, id="the subject"),
        pytest.param({"locations": (Location(display_name="Room 4"), Location(display_name=ZOOM))}, False, id="the second place"),
        pytest.param({"locations": (Location(display_name="Zoom", uri=ZOOM),)}, False, id="a place's uri"),
        pytest.param({"body_preview": ZOOM}, False, id="the preview"),
        pytest.param({"online_meeting_url": ZOOM}, False, id="the legacy online meeting URL"),
        pytest.param({"body": f"<p>far down</p><a href='{ZOOM}'>here</a>"}, True, id="the body"),
    ],
)  # fmt: skip
def test_a_link_is_found_in_every_property(
    changes: dict[str, object], look_in_body: bool, make_event: MakeEvent
) -> None:
    """People and tools put links into all of them."""
    assert other_join_link(make_event(**changes), look_in_body=look_in_body) == JoinLink("Zoom")


def test_any_online_meeting_url_is_a_join_link(make_event: MakeEvent) -> None:
    """Only meeting tools set this property."""
    assert other_join_link(make_event(online_meeting_url="https://vc.example/1")) == JoinLink(
        "another service"
    )
    assert other_join_link(make_event(online_meeting_url="none")) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("https://meet.contoso.com/StandUp", True, id="a room"),
        pytest.param("meet.contoso.com/StandUp", True, id="no scheme"),
        pytest.param("https://meet.contoso.com:8443/?room=5", True, id="a port and a query"),
        pytest.param("https://meet.contoso.com#room", True, id="a fragment"),
        pytest.param("https://eu1.video.contoso.com/r", True, id="a subdomain"),
        pytest.param("https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fmeet.contoso.com%2FStandUp", True, id="wrapped"),
        pytest.param("https://meet.contoso.com/", False, id="the front page"),
        pytest.param("https://meet.contoso.com/static/dialInInfo.html?room=x", False, id="phone numbers of Jitsi"),
        pytest.param("https://video.contoso.com/r", False, id="the name above the wildcard"),
        pytest.param("https://www.contoso.com/r", False, id="another host"),
        pytest.param("https://meet.contoso.com.evil.example/r", False, id="another domain behind it"),
    ],
)  # fmt: skip
def test_every_link_to_an_own_host_is_a_join_link(text: str, found: bool) -> None:
    """`other_join_links: hosts` lists the company's own meeting servers."""
    assert find_join_link(text, hosts=HOSTS) == (JoinLink("one of your own hosts") if found else None)


@pytest.mark.parametrize("proxy", [proxy.decode() for proxy in PROXIES])
def test_a_link_behind_a_sign_in_proxy_is_found(proxy: str) -> None:
    """Defender for Cloud Apps and others append their own domain to the host."""
    assert service_of(f"https://fabrikam.zoom.us{proxy}/j/98765432101") == "Zoom"


@pytest.mark.parametrize("row", SCANNERS, ids=lambda row: row.name)
def test_a_link_that_no_one_can_unwrap_is_uncertain(row: Service) -> None:
    """The guard applies then, because a write can't be undone."""
    assert find_join_link(row.example) == JoinLink(row.name, is_certain=False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("https://protect-eu.mimecast.com/s/AbC?domain=fabrikam.zoom.us", JoinLink("Mimecast", is_certain=False), id="a meeting service's host"),
        pytest.param("https://protect-eu.mimecast.com/s/AbC?domain=meet.contoso.com", JoinLink("Mimecast", is_certain=False), id="an own host"),
        pytest.param("https://protect-eu.mimecast.com/s/AbC?domain=www.fabrikam.com", None, id="a host without meetings"),
        pytest.param("https://protect-eu.mimecast.com/s/AbC", JoinLink("Mimecast", is_certain=False), id="no host"),
        pytest.param(f"https://protect-eu.mimecast.com/s/AbC {ZOOM}", JoinLink("Zoom"), id="next to a certain link"),
    ],
)  # fmt: skip
def test_a_scanner_that_shows_the_host_of_the_target_is_certain_about_other_hosts(
    text: str, found: JoinLink | None
) -> None:
    """Mimecast shows the host of the target, but not its path."""
    assert find_join_link(text, hosts=HOSTS) == found


def test_the_condition_on_an_uncertain_link_is_unknown(make_event: MakeEvent) -> None:
    """So an enable rule does not enable, and a skip rule skips."""
    event = make_event(body_preview="https://protect-eu.mimecast.com/s/AbC")

    assert EventFacts(event, internal=None, now=NOW).has_other_join_link is None
