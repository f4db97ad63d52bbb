"""Invitations with links to meeting services and to other pages."""

from tests.rules.realistic.builders import GUEST, Case, case, each, location

_PAD = "Agenda: 1. Welcome and introductions. 2. Review of the last quarter. 3. Plans for the next one. " * 3
_TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_MjAx%40thread.v2/0?context=%7b%22Tid%22%3a%2200%22%7d"
_LINE = "_" * 80

_SERVICES = [
    ("Zoom: invitation of the add-in", "Hi there,\n\nAl is inviting you to a scheduled Zoom meeting.\n\nJoin Zoom Meeting\nhttps://us02web.zoom.us/j/81234567890?pwd=UEFTUw09\n\nMeeting ID: 812 3456 7890\nPasscode: 123456"),
    ("Zoom: German invitation", "Al lädt Sie zu einem geplanten Zoom-Meeting ein.\nZoom Meeting beitreten\nhttps://contoso.zoom.us/j/91234567890?pwd=abc\nMeeting-ID: 912 3456 7890\nKenncode: 123456"),
    ("Zoom: Japanese invitation", "AlさんがあなたをスケジュールされたZoomミーティングに招待しています。\nZoomミーティングに参加する\nhttps://us06web.zoom.us/j/81234567890?pwd=abc\nミーティングID: 812 3456 7890"),
    ("Zoom: personal room", "Join from PC, Mac, Linux, iOS or Android: https://fabrikam.zoom.us/my/al.smith"),
    ("Zoom: for Government", "Join ZoomGov Meeting https://www.zoomgov.com/j/1612345678?pwd=abc"),
    ("Zoom: Telekom's Zoom X", "Zoom Meeting beitreten https://telekom.zoom-x.de/j/61234567890?pwd=abc"),
    ("Zoom: webinar for panelists", "You are invited to a Zoom webinar. Click to join: https://us02web.zoom.us/w/81234567890?tk=abc&pwd=x"),
    ("Zoom: start link of the host", "Start the meeting: https://us02web.zoom.us/s/81234567890?zak=abc"),
    ("Zoom: registration", "Register in advance for this meeting: https://us02web.zoom.us/meeting/register/tZ0vcu2hqT8iGd"),
    ("Teams: invitation until 2024", f"{_LINE}\nMicrosoft Teams meeting\nJoin on your computer, mobile app or room device\nClick here to join the meeting<{_TEAMS}>\nMeeting ID: 212 345 678 90\nPasscode: abCdEf"),
    ("Teams: invitation of today", f"{_LINE}\nMicrosoft Teams Need help?<https://aka.ms/JoinTeamsMeeting?omkt=en-US>\nJoin the meeting now<{_TEAMS}>\nMeeting ID: 212 345 678 90"),
    ("Teams: short link", "Join: https://teams.microsoft.com/meet/21234567890?p=AbCdEfGh"),
    ("Teams: German invitation", f"Microsoft Teams-Besprechung\nNehmen Sie auf dem Computer teil\nHier klicken, um an der Besprechung teilzunehmen<{_TEAMS}>"),
    ("Teams: personal account", "Join the meeting: https://teams.live.com/meet/9312345678901?p=AbCd"),
    ("Teams: US government", "Join the meeting: https://gov.teams.microsoft.us/l/meetup-join/19%3ameeting_x%40thread.v2/0"),
    ("Teams: town hall", "Join the event: https://events.teams.microsoft.com/event/4e1f3b3a-0000-4000-8000-0123456789ab@72f988bf-0000-4000-8000-000000000001"),
    ("Teams: webinar registration", "Register: https://events.teams.microsoft.com/event/4e1f3b3a-0000-4000-8000-0123456789ac@72f988bf-0000-4000-8000-000000000001/registration"),
    ("Teams: launcher", "https://teams.microsoft.com/dl/launcher/launcher.html?url=%2F_%23%2Fl%2Fmeetup-join%2F19%3Ameeting_x%40thread.v2%2F0&type=meetup-join"),
    ("Webex: invitation", "Join from the meeting link\nhttps://fabrikam.webex.com/fabrikam/j.php?MTID=m0123456789abcdef\nMeeting number: 2345 678 9012"),
    ("Webex: personal room", "Join my Personal Room: https://fabrikam.webex.com/meet/al.smith"),
    ("Webex: web app", "https://fabrikam.webex.com/webappng/sites/fabrikam/meeting/info/0123456789abcdef"),
    ("Webex: webinar", "https://fabrikam.webex.com/weblink/register/r0123456789abcdef"),
    ("Google Meet: invitation", "Join with Google Meet: https://meet.google.com/abc-defg-hij\nOr dial: (US) +1 234-567-8901 PIN: 123456789#"),
    ("Google Meet: German invitation", "Über Google Meet teilnehmen: https://meet.google.com/abc-defg-hij?hs=224"),
    ("Google Meet: Arabic invitation", "الانضمام باستخدام Google Meet\u200f: https://meet.google.com/abc-defg-hij"),
    ("GoTo Meeting: invitation", "Please join my meeting from your computer, tablet or smartphone.\nhttps://meet.goto.com/123456789\nYou can also dial in using your phone."),
    ("GoTo Meeting: older invitation", "Please join my meeting. https://global.gotomeeting.com/join/123456789"),
    ("GoTo Webinar: registration", "Register: https://attendee.gotowebinar.com/register/1234567890123456789"),
    ("GoTo Webinar: join", "https://attendee.gotowebinar.com/join/1234567890123456789/9876543210"),
    ("Skype for Business: invitation", "Join Skype Meeting\nhttps://meet.lync.com/fabrikam/al/ABCD1234"),
    ("Skype: group call", "https://join.skype.com/AbCdEfGhIjKl"),
    ("Amazon Chime", "You have been invited to a meeting, powered by Amazon Chime. https://chime.aws/1234567890"),
    ("RingCentral Video", "Join the RingCentral video meeting: https://v.ringcentral.com/join/123456789?pw=abc"),
    ("BlueJeans", "Meeting URL https://bluejeans.com/123456789/4321?src=calendarLink"),
    ("Whereby", "Join: https://whereby.com/al-smith"),
    ("Jitsi Meet", "Join the meeting: https://meet.jit.si/QuarterlyReviewFabrikam"),
    ("Jitsi as a service", "https://8x8.vc/vpaas-magic-cookie-0123/QuarterlyReview"),
    ("Lifesize", "https://call.lifesizecloud.com/1234567"),
    ("Dialpad", "https://meetings.dialpad.com/room/alsmith"),
    ("Slack huddle", "https://app.slack.com/huddle/T01ABCDEF/C02ABCDEF"),
    ("Zoho Meeting", "https://meeting.zoho.com/meeting/join?key=1234567890"),
    ("Lark", "Join: https://vc.larksuite.com/j/123456789"),
    ("Tencent Meeting", "点击链接入会 https://meeting.tencent.com/dm/AbCdEfGhIj"),
    ("VooV", "https://voovmeeting.com/dm/AbCdEfGhIj"),
    ("Yandex Telemost", "https://telemost.yandex.ru/j/12345678901234"),
    ("BigBlueButton behind Greenlight", "Raum: https://bbb.uni-fabrikam.example/b/ala-abc-def-ghi"),
]  # fmt: skip

_OTHER_PAGES = [
    ("A recording of Zoom", "Last week's recording: https://us02web.zoom.us/rec/share/AbCdEfGhIj"),
    ("A help page of Zoom", "How to join: https://support.zoom.us/hc/en-us/articles/201362193"),
    ("Download of Zoom", "Please install first: https://zoom.us/download"),
    ("Dial-in numbers of Teams", "Local numbers: https://dialin.teams.microsoft.com/0123abcd?id=123456789"),
    ("A channel of Teams", "See https://teams.microsoft.com/l/channel/19%3aabc%40thread.tacv2/General?groupId=00"),
    ("A message of Teams", "See https://teams.microsoft.com/l/message/19%3aabc%40thread.v2/1612345678901"),
    ("A document in SharePoint", "Slides: https://contoso.sharepoint.com/:p:/s/sales/EabcDEF"),
    ("A document of Google", "Notes: https://docs.google.com/document/d/1AbCdEf/edit"),
    ("A map", "We meet here: https://maps.app.goo.gl/AbCdEfGh"),
    ("A poll for a date", "Please vote: https://doodle.com/meeting/participate/id/AbCdEf"),
    ("Download of Webex", "https://www.webex.com/downloads.html"),
    ("A video", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
    ("A text about Zoom without a link", "We decided to use Zoom next year; let us talk about it."),
]  # fmt: skip

_WRAPPED = [
    ("Zoom behind Safe Links", "Join: https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fus02web.zoom.us%2Fj%2F81234567890%3Fpwd%3Dabc&data=05%7C01&sdata=x&reserved=0"),
    ("Zoom behind Safe Links, twice", "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fnam12.safelinks.protection.outlook.com%2F%3Furl%3Dhttps%253A%252F%252Fus02web.zoom.us%252Fj%252F81234567890&data=05"),
    ("Webex behind Proofpoint v2", "https://urldefense.proofpoint.com/v2/url?u=https-3A__fabrikam.webex.com_meet_al.smith&d=DwMFaQ&c=x"),
    ("Zoom behind Proofpoint v3", "https://urldefense.com/v3/__https://us02web.zoom.us/j/81234567890?pwd=abc__;!!AbCd!x$"),
    ("Meet behind Google's redirect", "https://www.google.com/url?q=https%3A%2F%2Fmeet.google.com%2Fabc-defg-hij&sa=D&usg=x"),
    ("Zoom behind Barracuda", "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fus02web.zoom.us%2fj%2f81234567890&c=E,1,x"),
    ("Zoom in angle brackets with a full stop", "Please join <https://us02web.zoom.us/j/81234567890>."),
    ("Zoom in a sentence", "See you at https://us02web.zoom.us/j/81234567890, tomorrow."),
    ("Zoom in capitals", "HTTPS://US02WEB.ZOOM.US/J/81234567890"),
    ("Zoom without a scheme", "us02web.zoom.us/j/81234567890"),
    ("Zoom with its own scheme", "zoommtg://zoom.us/join?action=join&confno=81234567890"),
    ("Teams with entities", f"Join &lt;{_TEAMS.replace('?', '&#63;')}&gt;"),
]  # fmt: skip

_ZOOM = "https://us02web.zoom.us/j/81234567890?pwd=abc"
_ELSEWHERE = [
    case("Zoom in the location", "other_join_link", GUEST, place=_ZOOM),
    case("Webex in one of two locations", "other_join_link", GUEST, place="Café; https://fabrikam.webex.com/meet/al"),
    case("Meet as the address of a location", "other_join_link", GUEST, location=location("Online", uri="https://meet.google.com/abc-defg-hij")),
    case("Call at https://us02web.zoom.us/j/81234567890", "other_join_link", GUEST),
    case("Zoom as onlineMeetingUrl of an older client", "other_join_link", GUEST, onlineMeetingUrl=_ZOOM),
    case("Zoom behind a long agenda, out of the preview", "other_join_link", GUEST, body=f"{_PAD}\n{_ZOOM}"),
    case("A forwarded Zoom invitation", "other_join_link", GUEST, subject="FW: Zoom", body=f"-----Original Appointment-----\nFrom: Bo <bo@fabrikam.com>\nWhen: Tuesday\nWhere: {_ZOOM}"),
    case("A location that says Microsoft Teams Meeting", "link_added", GUEST, place="Microsoft Teams Meeting"),
    case("A location that says Zoom", "link_added", GUEST, place="Zoom"),
    case("A phone number for a location", "link_added", GUEST, place="+49 89 1234567, PIN 4711#"),
]  # fmt: skip


def links() -> list[Case]:
    """Return the events."""
    return [
        *each("other_join_link", _SERVICES),
        *each("link_added", _OTHER_PAGES),
        *each("other_join_link", _WRAPPED),
        *_ELSEWHERE,
    ]
