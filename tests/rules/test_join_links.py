import pytest

from shared.rules.join_links import find_join_link

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
    pytest.param("https://meet.lync.com/contoso/bo/ABC123", "Skype", id="Skype for Business"),
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
    pytest.param("https://meeting.zoho.eu/join?key=1234", "Zoho Meeting", id="Zoho"),
    pytest.param("https://meet.zoho.com/abcd-efg-hij", "Zoho Meeting", id="Zoho, short"),
    pytest.param("https://meeting.tencent.com/dm/AbC", "Tencent Meeting", id="Tencent"),
    pytest.param("https://voovmeeting.com/s/AbC", "Tencent Meeting", id="VooV"),
    pytest.param("https://vc.larksuite.com/j/123456789", "Lark", id="Lark"),
    pytest.param("https://vc.feishu.cn/j/123456789", "Lark", id="Feishu"),
    pytest.param("https://whereby.com/blog/remote https://zoom.us/j/1", "Zoom", id="behind a page that is no link"),
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
]  # fmt: skip


@pytest.mark.parametrize(("text", "service"), LINKS)
def test_a_join_link_is_known_by_host_and_path(text: str, service: str | None) -> None:
    """Pages of the same service that nobody joins a meeting through are not join links."""
    assert find_join_link("Hello", text) == service


def test_the_first_link_counts() -> None:
    """Two services in one event are told by the first."""
    assert find_join_link("https://meet.jit.si/a", "https://zoom.us/j/1") == "Jitsi"


def test_half_an_emoji_does_not_break_the_search() -> None:
    """JSON can carry text that no encoding can."""
    assert find_join_link("\ud83d https://zoom.us/j/1") == "Zoom"
