"""The meeting services whose join links Joinlink recognizes: one row each.

A row has the hosts of a service, the paths of its join links, an example, and pages on the same hosts that
are not join links. Tests check all of these, and docs/join-links.md lists them. The rows were compared on
2026-11-26 with the lists of MeetingBar (2026-07-14), Itsycal (2026-04-04) and GNOME Calendar (2026-08-22), and
with the tests of Thunderbird's JoinLinkParser.
"""

from dataclasses import dataclass

from shared.domain.ids import GUID

MEETINGBAR = "https://github.com/leits/MeetingBar"
ITSYCAL = "https://github.com/sfsam/Itsycal"
GNOME = "https://gitlab.gnome.org/GNOME/gnome-calendar"
_ZOOM = "https://developers.zoom.us/docs/"
_DFN = "https://www.conf.dfn.de/"


@dataclass(frozen=True, slots=True)
class Service:
    """One row. Patterns are RE2, ignore case, and match from the first character after the host."""

    name: str
    #: host names, separated by spaces; each includes its subdomains. Empty: any host.
    hosts: str
    #: pattern of the path of a join link
    path: str
    #: a join link
    example: str
    #: pages on these hosts that are not join links, separated by spaces
    other_pages: str = ""
    #: pattern of paths that are not join links although `path` matches
    excluded: str = ""
    #: the documentation of the links
    source: str = MEETINGBAR


_ROOM = r"/[\w%.-]+"
#: the end of a path segment; some link scanners end a link with two underscores
_END = r"(?:[/?#.]|__|$|[^\w-])"
#: first path segments that are pages, for services where any other first segment is the name of a room
_PAGES = (
    r"/(?:about|account|api|apps?|blog|careers?|company|contact|customers?|developers?|docs?|downloads?|en|"
    r"enterprise|features|help|information|install|invite|jobs|legal|login|logout|news|org|plans|press|"
    r"pricing|privacy|products?|security|sign-?in|sign-?up|solutions?|static|status|support|terms|tos|"
    rf"user){_END}"
)

# fmt: off
#: More specific rows for a host come first.
SERVICES = (
    Service("Zoom", "zoom.us zoom.com zoom.com.cn zoomgov.com zoom-x.de zhumu.com zoom.de",
            r"/(?:(?:j|my|s|w|ev|ejl)/[\w.-]+|wc/(?:join/)?[0-9]+|(?:meeting|webinar)/register/[\w.-]+|launch/j[cp]/[0-9]+|"
            r"(?:join|start|j)\?[\w=&.-]{0,200}?confno=)",
            "https://fabrikam.zoom.us/j/98765432101?pwd=Qq1",
            "https://zoom.us/pricing https://zoom.us/u/abc123 https://zoom.us/rec/share/abc https://zoom.us/download "
            "https://support.zoom.us/hc/en-us/articles/201362033 https://zoom.us/meeting/98765432101 "
            "https://zoom.us/wc/home https://zoom.us/zoomconference https://zoom.us/test", source=_ZOOM),
    Service("Zoom", "zm.page", r"/?", "https://bo.zm.page/"),
    Service("Zoom, by YouCanBook.me", "youcanbook.me", r"/zoom/[\w-]+", "https://youcanbook.me/zoom/abc", source=ITSYCAL),
    Service("Microsoft Teams",
            "teams.microsoft.com teams.microsoft.us teams.live.com teams.cloud.microsoft teams.microsoftonline.cn "
            "teams.microsoft.scloud teams.eaglex.ic.gov",
            r"/(?:(?:_|v2/?)?[?#][^\s\"'<>]{0,200}?/)?(?:l/meetup-join|meet|event|registration|l/webinar)/[\w%.@,:-]+"
            r"|/(?:dl/launcher/launcher\.html|light-meetings/launch)\?[^\s\"'<>]{0,300}?(?:meetup-join|(?:%2f|/)meet(?:%2f|/)|coords=)",
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Njlj%40thread.v2/0?context=%7b%7d",
            "https://teams.microsoft.com/l/channel/19%3aabc https://teams.microsoft.com/l/chat/0/0?users=bo "
            "https://teams.microsoft.com/meetingOptions/?organizerId=1 https://teams.microsoft.com/l/meeting/new?subject=x "
            "https://dialin.teams.microsoft.com/usp/pstnconferencing https://teams.microsoft.com/downloads "
            "https://teams.microsoft.com/l/file/0a1b https://aka.ms/JoinTeamsMeeting",
            source="https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-links"),
    Service("Webex", "webex.com webex.com.cn webexgov.us ciscospark.com",
            r"/(?:(?:meet|join)/[\w.@-]+|(?:[\w.-]+/){1,3}(?:[jem]\.php\b|onstage/)|wbxmjs/|webappng/sites/[\w.-]+/(?:meeting|webinar)/|"
            rf"m/{GUID.pattern}|collabs/meetings/join\?|weblink/register/|(?:[\w-]+/)?mywebex/(?:personalroom|meetinginfo|meetingcenter)|"
            r"(?:[\w-]+/)?(?:ec|tc|eventcenter)[0-9]*/[\w./-]{0,100}?(?:enroll|join)|webinar/[\w-]+)",
            "https://contoso.webex.com/contoso/j.php?MTID=m1",
            "https://www.webex.com/pricing https://contoso.webex.com/contoso/globalcallin.php?MTID=m1 "
            "https://contoso.webex.com/contoso/lsr.php?RCID=0a https://help.webex.com/en-us/article/nrwjpg "
            "https://www.webex.com/downloads.html https://contoso.webex.com/recordingservice/sites/contoso/recording/0a"),
    Service("Google Meet", "meet.google.com", r"/(?:(?:_meet/)?[a-z]{3}-[a-z]{4}-[a-z]{3}\b|(?:_meet/)?lookup/[\w-]+|stream/[\w-]+)",
            "https://meet.google.com/abc-defg-hij",
            "https://meet.google.com/about https://meet.google.com/tel/abc-defg-hij https://tel.meet/abc-defg-hij?pin=1 "
            "https://support.google.com/meet https://meet.google.com/landing"),
    Service("Google Meet", "g.co", r"/meet/[\w-]+", "https://g.co/meet/standup", "https://g.co/help"),
    Service("Google Hangouts", "hangouts.google.com plus.google.com",
            r"/(?:hangouts/_/|call/|_/)[\w.-]+", "https://hangouts.google.com/hangouts/_/contoso.com/review",
            "https://hangouts.google.com/chat", source=ITSYCAL),
    Service("Google Duo", "duo.app.goo.gl", _ROOM, "https://duo.app.goo.gl/abc"),
    Service("Skype", "join.skype.com", _ROOM, "https://join.skype.com/abcDEF",
            "https://join.skype.com/download https://join.skype.com/invite/AbC", rf"/(?:download|invite){_END}"),
    Service("Skype for Business", "meet.lync.com", r"/[\w.-]+/[\w.-]+/[\w-]+", "https://meet.lync.com/contoso/bo/ABC123",
            "https://dialin.lync.com/usp"),
    Service("GoTo", "gotomeeting.com gotomeet.com gotomeet.me", r"/(?:meeting/)?(?:join/)?[0-9]+",
            "https://global.gotomeeting.com/join/123456789", "https://www.gotomeeting.com/pricing"),
    Service("GoTo", "gotomeet.me meet.goto.com", _ROOM, "https://meet.goto.com/bo", "https://meet.goto.com/install", _PAGES),
    Service("GoTo", "app.goto.com", r"/(?:meeting|webinar)/[\w-]+", "https://app.goto.com/meeting/123456789", "https://app.goto.com/recordings"),
    Service("GoTo Webinar", "gotowebinar.com gototraining.com", r"/(?:join|register|rt|r|s)/[\w-]+|/(?:attend|start)\b",
            "https://global.gotowebinar.com/join/5181893838842431233/123456789",
            "https://attendee.gotowebinar.com/recording/123 https://global.gotowebinar.com/viewrecording/123"),
    Service("join.me", "join.me", r"/[\w.-]+", "https://join.me/123-456-789", "https://join.me/pricing", _PAGES),
    Service("Jitsi", "meet.jit.si 8x8.vc", r"/[\w%/-]+", "https://meet.jit.si/StandUp",
            "https://meet.jit.si/static/dialInInfo.html?room=x", _PAGES),
    Service("GNOME Meet", "meet.gnome.org meet.gnome.com", r"/(?:b|rooms)/[\w-]+", "https://meet.gnome.org/b/ann-x7k",
            "https://meet.gnome.org/signin", source=GNOME),
    Service("BlueJeans", "bluejeans.com", r"/(?:meet/|a2m/live-event/)?[0-9]+|/[0-9]+[a-z]+[\w]*", "https://bluejeans.com/123456",
            "https://bluejeans.com/features https://support.bluejeans.com/s/article"),
    Service("Amazon Chime", "chime.aws", r"/(?:meetings/)?[0-9]+[\w-]*", "https://chime.aws/1234567890", "https://chime.aws/dialinnumbers/"),
    Service("Whereby", "whereby.com", r"/[\w-]+", "https://whereby.com/contoso-room",
            "https://whereby.com/blog/remote-work https://whereby.com/information/tos/ https://docs.whereby.com/reference", _PAGES),
    Service("RingCentral", "ringcentral.com meetings.officeathand.att.com video.unifyoffice.com video.cloudoffice.avaya.com",
            r"/(?:join|j)/[0-9]+|/join\?mid=|/meeting/register/", "https://v.ringcentral.com/join/123",
            "https://v.ringcentral.com/teleconference/ https://www.ringcentral.com/office"),
    Service("Lifesize", "call.lifesizecloud.com guest.lifesize.com", r"/[0-9]+", "https://call.lifesizecloud.com/123",
            "https://call.lifesizecloud.com/numbers"),
    Service("Pexip", "pexip.me pexip.com", r"/meet/[\w.-]+", "https://pexip.me/meet/bo", "https://www.pexip.com/blog/meet"),
    Service("DFNconf", "conf.dfn.de", r"/(?:webapp|stream)/[\w/.-]+", "https://conf.dfn.de/webapp/conference/979123",
            "https://www.conf.dfn.de/anleitungen", source=_DFN),
    Service("FaceTime", "facetime.apple.com", r"/join\b", "https://facetime.apple.com/join#v=1&p=x", "https://facetime.apple.com/help"),
    Service("Zoho", "zoho.com zoho.eu zoho.in zoho.jp zoho.com.au zoho.uk zoho.sa zohocloud.ca",
            r"/(?:join\b|[a-z]{3,4}(?:-[a-z]{3,4}){2}\b|meetings/[\w-]+|meeting/(?:join|register)\b|webinar/register)",
            "https://meeting.zoho.eu/join?key=1234", "https://www.zoho.com/meeting/pricing.html https://www.zoho.com/meeting/"),
    Service("Tencent Meeting", "meeting.tencent.com voovmeeting.com", r"/(?:dm|dw|p|s)/[\w-]+", "https://meeting.tencent.com/dm/AbC",
            "https://meeting.tencent.com/download/"),
    Service("Lark", "vc.larksuite.com vc.feishu.cn", r"/j/[0-9]+", "https://vc.larksuite.com/j/123456789", "https://vc.feishu.cn/help"),
    Service("Dialpad", "meetings.dialpad.com uberconference.com", _ROOM, "https://meetings.dialpad.com/room/contoso",
            "https://www.uberconference.com/pricing", _PAGES, GNOME),
    Service("TeamViewer", "go.teamviewer.com go.blizz.com", r"/[\w/-]+", "https://go.teamviewer.com/m123", "https://www.teamviewer.com/m123"),
    Service("StarLeaf", "meet.starleaf.com", r"/[0-9]+", "https://meet.starleaf.com/4123", "https://meet.starleaf.com/app"),
    Service("Workplace", "workplace.com", r"/(?:groupcall|meet)/[\w:%-]+", "https://contoso.workplace.com/groupcall/LINK:1",
            "https://www.workplace.com/help"),
    Service("Messenger", "m.me messenger.com msngr.com", r"/(?:groupcall|room|call|v)/[\w-]+",
            "https://www.messenger.com/groupcall/LINK1", "https://m.me/contoso",
            source="https://www.facebook.com/help/messenger-app"),
    Service("WhatsApp", "call.whatsapp.com", r"/(?:video|voice)/[\w-]+", "https://call.whatsapp.com/video/AbC", "https://call.whatsapp.com/",
            source="https://faq.whatsapp.com"),
    Service("Signal", "signal.link", r"/call/?#key=", "https://signal.link/call/#key=abcd", "https://signal.link/", source="https://support.signal.org"),
    Service("Vonage", "meetings.vonage.com", r"/[0-9]+", "https://meetings.vonage.com/123456789", "https://meetings.vonage.com/help"),
    Service("Around", "around.co", r"/r/[\w-]+|/[a-z]+-[a-z]+-[a-z]+", "https://meet.around.co/r/bo", "https://www.around.co/download"),
    Service("Jam", "jam.systems", _ROOM, "https://jam.systems/standup", "https://jam.systems/about", _PAGES),
    Service("Blackboard Collaborate", "bbcollab.com", r"/(?:guest/|invite/|launch/|collab/ui/session/(?:guest|join)\b)[\w/-]*|/\w{6,}",
            "https://us.bbcollab.com/guest/0a1b2c", "https://us.bbcollab.com/recording/0a1b", r"/recording"),
    Service("CoScreen", "join.coscreen.co", _ROOM, "https://join.coscreen.co/team/1", "https://www.coscreen.co/pricing"),
    Service("Vowel", "vowel.com", r"/(?:#/)?g/[\w-]+", "https://contoso.vowel.com/#/g/abc", "https://www.vowel.com/blog"),
    Service("WeLink", "welink.zhumu.com meeting.huaweicloud.com", r"/(?:j|wc/join)/[0-9]+|/#/j/[0-9]+",
            "https://welink.zhumu.com/j/123456789", "https://welink.zhumu.com/download"),
    Service("oVice", "ovice.in ovice.com", r"/[\w@/-]*", "https://contoso.ovice.in/lobby", "https://www.ovice.com/pricing", _PAGES),
    Service("Luma", "lu.ma luma.com", r"/join/[\w-]+", "https://lu.ma/join/g-abc", "https://lu.ma/discover"),
    Service("Teemyco", "app.teemyco.com", r"/room/[\w-]+", "https://app.teemyco.com/room/1", "https://app.teemyco.com/login"),
    Service("Demodesk", "demodesk.com", _ROOM, "https://demodesk.com/abc123", "https://demodesk.com/pricing", _PAGES),
    Service("Slack huddle", "app.slack.com", r"/huddle/[\w/]+", "https://app.slack.com/huddle/T1/C1", "https://app.slack.com/client/T1"),
    Service("Gather", "app.gather.town app.v2.gather.town", r"/app/[\w-]+/[\w%\\-]+", "https://app.gather.town/app/AbC/office",
            "https://app.gather.town/settings"),
    Service("Pop", "pop.com", r"/j/[0-9-]+", "https://pop.com/j/123-456", "https://pop.com/home"),
    Service("Chorus", "go.chorus.ai", _ROOM, "https://go.chorus.ai/123", "https://www.chorus.ai/blog"),
    Service("Gong", "join.gong.io", r"/[\w/.-]+", "https://contoso.join.gong.io/contoso/bo", "https://app.gong.io/call?id=1"),
    Service("Livestorm", "livestorm.co livestorm.com", r"/(?:p/[\w-]+|[\w-]+/[\w-]+/live\b)", "https://app.livestorm.com/p/0a1b",
            "https://livestorm.co/blog"),
    Service("Tuple", "tuple.app", r"/c/[\w-]+", "https://tuple.app/c/abc", "https://tuple.app/pricing"),
    Service("Pumble", "meet.pumble.com", r"/[a-z-]+", "https://meet.pumble.com/abc-def", "https://meet.pumble.com/help", _PAGES),
    Service("iSTE Suit", "conference.istesuit.com", r"/[\w/.-]+", "https://conference.istesuit.com/room", "https://www.istesuit.com/a"),
    Service("Doxy", "doxy.me", r"/[\w.-]+", "https://doxy.me/dr-bo", "https://doxy.me/en/features", _PAGES),
    Service("VSee", "vsee.com", r"/(?:c|room|u)/[\w-]+", "https://vsee.com/c/bo", "https://vsee.com/blog"),
    Service("Cal.com", "cal.com", r"/video/[\w./-]+", "https://app.cal.com/video/abc", "https://cal.com/bo"),
    Service("LiveKit", "livekit.io", r"/rooms/[\w#-]+", "https://meet.livekit.io/rooms/abc-1", "https://docs.livekit.io/rooms/x"),
    Service("Meetecho", "meetecho.com", r"/(?:conference|onsite\d*|[\w-]+)/\?", "https://meetings.conf.meetecho.com/ietf120/?session=1",
            "https://www.meetecho.com/blog/"),
    Service("StreamYard", "streamyard.com", r"/(?:guest/)?[a-z0-9]{8,13}(?:[^\w-]|$)", "https://streamyard.com/abcd1234ef",
            "https://streamyard.com/pricing", _PAGES),
    Service("Riverside", "riverside.fm riverside.com", r"/studio/[\w-]+", "https://riverside.fm/studio/bo", "https://riverside.fm/blog"),
    Service("Venue", "app.venue.live", r"/app/[\w-]+", "https://app.venue.live/app/abc", "https://app.venue.live/login"),
    Service("Reclaim", "reclaim.ai", r"/z/[\w./-]+", "https://reclaim.ai/z/abc", "https://reclaim.ai/blog"),
    Service("Proton Meet", "meet.proton.me", r"/(?:\w+/)?join/[\w-]+", "https://meet.proton.me/join/id-ABC#pwd-x", "https://meet.proton.me/"),
    Service("Demio", "event.demio.com my.demio.com", _ROOM + r"/?", "https://event.demio.com/ref/abc", "https://www.demio.com/pricing"),
    Service("Calendly", "calendly.com", rf"/events/{GUID.pattern}/[\w]+", "https://calendly.com/events/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/google_meet",
            "https://calendly.com/bo/30min", source="https://help.calendly.com"),
    Service("VK Calls", "vk.com vk.ru", r"/call/[\w/-]+", "https://vk.com/call/join/abc", "https://vk.com/contoso", source=ITSYCAL),
    Service("Telemost", "telemost.yandex.ru telemost.yandex.com telemost.360.yandex.ru", r"/(?:j|live)/[0-9]+", "https://telemost.yandex.ru/j/12345",
            "https://telemost.yandex.ru/", source="https://yandex.ru/support/telemost/"),
    Service("Daily", "daily.co", r"/[\w-]+", "https://contoso.daily.co/standup", "https://www.daily.co/pricing https://docs.daily.co/guides",
            _PAGES, "https://docs.daily.co"),
    Service("ClickMeeting", "clickmeeting.com", r"/[\w-]+(?:/register)?", "https://contoso.clickmeeting.com/review",
            "https://clickmeeting.com/pricing", _PAGES, "https://knowledge.clickmeeting.com"),
    Service("Adobe Connect", "adobeconnect.com", r"/[\w-]+/?", "https://contoso.adobeconnect.com/review/",
            "https://contoso.adobeconnect.com/p9x8c7v6b5/ https://contoso.adobeconnect.com/admin", rf"/(?:admin|common|content|system|p[0-9a-z]{{8,}}){_END}",
            "https://helpx.adobe.com/adobe-connect"),
    Service("ON24", "on24.com", r"/(?:wcc/r|eventRegistration|event)/[\w./]+", "https://event.on24.com/wcc/r/123/0A1B", "https://www.on24.com/blog/",
            source="https://on24support.force.com"),
    Service("Alfaview", "alfaview.com", r"/(?:#/)?join/[\w/.-]+", "https://app.alfaview.com/#/join/contoso/0a1b", "https://alfaview.com/en/prices",
            source="https://support.alfaview.com"),
    Service("Vidyo", "vidyocloud.com vidyo.com", r"/(?:join|flex\.html)\b", "https://contoso.vidyocloud.com/join/abc", "https://www.vidyo.com/help",
            source="https://support.vidyocloud.com"),
    Service("kMeet", "kmeet.infomaniak.com", r"/[\w-]{6,}", "https://kmeet.infomaniak.com/abcdefgh", "https://kmeet.infomaniak.com/",
            source="https://www.infomaniak.com/en/kmeet"),
    Service("Brave Talk", "talk.brave.com", r"/[\w-]{8,}", "https://talk.brave.com/abcdefghij", "https://talk.brave.com/privacy", _PAGES,
            "https://brave.com/talk/"),
    Service("collocall, Senfcall", "collocall.de senfcall.de", r"/[\w-]+", "https://public.senfcall.de/abc-def", "https://www.senfcall.de/en/faq", rf"/(?:en|de|help){_END}", ITSYCAL),
    Service("3CX", "3cx.net", r"/(?:meet|webrtc|join)/[\w./-]+", "https://contoso.3cx.net/meet/bo", "https://www.3cx.net/blog/", source="https://www.3cx.com/docs/"),
)
#: Meeting servers that companies run on their own hosts. Only the path identifies them.
SERVERS = (
    Service("BigBlueButton", "", r"/(?:b|gl|rooms)/[a-z0-9]{3}(?:-[a-z0-9]{3}){2,3}(?:/join)?(?:[^\w/-]|/?$|/[^\w])"
            r"|/(?:bigbluebutton/api|html5client)/join\?",
            "https://bbb.fabrikam.example/b/ann-x7k-2pq",
            "https://bbb.fabrikam.example/playback/presentation/2.3/0a1b-1 https://bbb.fabrikam.example/rooms/ann-x7k-2pq-abc/public_recordings",
            source="https://docs.bigbluebutton.org/greenlight/v3/install"),
    Service("Pexip", "", r"/webapp[23]?/(?:(?:#/)?(?:m|conference)/[\w.@-]+|(?:#/|home/?)?\?\S*?conference=)",
            "https://video.fabrikam.example/webapp3/m/bo", "https://video.fabrikam.example/webapp/help",
            source="https://docs.pexip.com"),
    Service("Skype for Business", "", r"/(?:[a-z0-9.-]+/)?meet/[\w.-]+/[A-Z0-9]{6,10}/*(?:[^\w/-]|$)",
            "https://join.fabrikam.example/fabrikam.example/meet/bo/5BXC2KL1", "https://fabrikam.example/meet/the-team",
            source=MEETINGBAR),
    Service("Jitsi", "", r"/[\w%/-]+(?:\?[^\s#]*)?#(?:(?:config|userInfo|interfaceConfig)\.[a-z]|jitsi_meet_external_api_id)",
            "https://video.fabrikam.example/StandUp#config.prejoinConfig.enabled=false", "https://video.fabrikam.example/docs#config",
            source="https://jitsi.github.io/handbook/docs/dev-guide/dev-guide-iframe"),
    Service("Nextcloud Talk", "", r"/index\.php/call/[a-z0-9]{8,}", "https://cloud.fabrikam.example/index.php/call/x7k2pq9a",
            "https://cloud.fabrikam.example/index.php/apps/files", source="https://nextcloud-talk.readthedocs.io"),
    Service("OpenTalk", "", rf"/room/{GUID.pattern}\b", "https://video.fabrikam.example/room/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
            "https://fabrikam.example/room/4.11", source="https://docs.opentalk.eu"),
)
#: Links that open a program instead of a page: patterns of the scheme and what follows.
PROGRAMS = (
    Service("Zoom", "", r"(?:zoommtg|zoomus)://[^\s\"'<>]*?(?:join|confno=|/j/|start)", "zoommtg://zoom.us/join?action=join&confno=98765432101",
            "zoommtg://zoom.us/settings", source=ITSYCAL),
    Service("Microsoft Teams", "", r"msteams:/{0,3}[^\s\"'<>]*?(?:l/meetup-join|meet)/", "msteams:/l/meetup-join/19%3ameeting_Njlj",
            "msteams:/l/chat/0/0", source=ITSYCAL),
    Service("Amazon Chime", "", r"chime://meeting\?pin=", "chime://meeting?pin=1234567890", "chime://settings", source=ITSYCAL),
    Service("Webex", "", r"webex(?:teams)?://(?:meet|join)\b", "webex://meet?sip=bo@contoso.webex.com", "webex://im?email=bo@contoso.com",
            source="https://help.webex.com"),
    Service("Skype for Business", "", r"(?:conf:sip|lync15|lync|meet):sips?:|conf:sip:", "conf:sip:bo@contoso.com;gruu;opaque=app:conf", "sip:bo@contoso.com",
            source="https://learn.microsoft.com/skype-sdk"),
)
# fmt: on
#: First labels of hosts that have no meetings, for all services.
OTHER_HOSTS = frozenset(
    b"api blog careers community dev developer developers dialin docs download downloads help investors "
    b"learn learning marketplace partners press status success support trust tel".split()
)
