"""The text of a first rule file, with comments for whoever opens it next."""

from dataclasses import dataclass
from itertools import chain, count

#: domains of guests in examples; more are made of `.example`, which is nobody's (RFC 2606)
_GUESTS = ("fabrikam.com", "northwindtraders.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the admin wants to begin with; without domains, the tenant's verified ones are taken."""

    domains: tuple[str, ...] = ()
    #: meetings with people from outside only, or else all with anybody invited
    external_only: bool = True
    #: whether a meeting in a room gets a link, too
    rooms: bool = False
    #: whether organizers can mark an event to keep it without a link
    opt_out: bool = True


def text(wishes: Wishes, schema: str) -> str:
    """Return the file; `schema` is where editors find the JSON Schema, from there."""
    others = chain(_GUESTS, (f"guest{number}.example" for number in count(1)))
    guest = next(f"bo@{domain}" for domain in others if domain not in wishes.domains)
    rules = [_opt_out(guest)] if wishes.opt_out else []
    rules.append(_meetings(wishes, guest))
    head = f"# yaml-language-server: $schema={schema}\n{_HEAD}"
    return f"{head}\n{_domains(wishes.domains)}\n{_SETTINGS}\nrules:\n" + "\n".join(rules)


_HEAD = """\
# Rules of Joinlink: which calendar events get a join link.
#
# Rules are asked from top to bottom; the first one that matches an event decides. Nothing is written to any
# calendar as long as the rule that adds links says "mode: report": the log then tells what would have been
# done. When you like what you see there, change "report" to "enforce".
#
#   joinlink validate    is this file right?
#   joinlink test        does it do what the tests below expect?
#   joinlink explain     why does an event get a link, or none?
#   joinlink schema      what else can be said here?
version: 1
"""
_SETTINGS = """\
# Events that carry a Zoom, Webex, Google Meet … link already, and drafts, are left alone.
other_join_links: skip
drafts: skip
"""


def _domains(domains: tuple[str, ...]) -> str:
    if not domains:
        return (
            "# Whose mail domains are yours: the verified domains of your Microsoft 365 tenant.\n"
            '# To name them yourself:  internal_domains: [contoso.com, "*.contoso.com"]\n'
            "internal_domains: auto\n"
        )
    told = ", ".join(f'{domain}, "*.{domain}"' for domain in domains)
    return f"# Whose mail domains are yours; everybody else is external.\ninternal_domains: [{told}]\n"


def _opt_out(guest: str) -> str:
    return f"""\
  # Organizers have the last word: these marks keep an event without a link. This rule is enforced from the
  # start, so that it protects from all rules below.
  - id: opted-out
    description: The organizer asked for no link
    mode: enforce
    when:
      any:
        - subject: {{contains: "[no link]"}}
        - categories: [In person, No link]
    action: skip
    tests:
      - {{name: marked in the subject, event: {{subject: "Lunch [No Link]"}}, expect: skip}}
      - {{name: marked by a category, event: {{categories: [In person]}}, expect: skip}}
      - {{name: not marked, event: {{attendees: [{guest}]}}, expect: enable}}
"""


def _meetings(wishes: Wishes, guest: str) -> str:
    rule, comment = ("external-meetings", _EXTERNAL) if wishes.external_only else ("meetings", _ALL)
    what = "Meetings with people outside the company" if wishes.external_only else "Meetings"
    condition = "external_attendees" if wishes.external_only else "attendees"
    nobody = "colleagues among themselves" if wishes.external_only else "time for oneself"
    alone = "[cy, di]" if wishes.external_only else "[]"
    room = "" if wishes.rooms else "        - has_room: true\n"
    in_room = "enable" if wishes.rooms else "skip"
    return f"""\
{comment}
  - id: {rule}
    description: {what} get a join link
    mode: report
    when:
      {condition}: {{at_least: 1}}
      duration: {{at_most: 24h}}
    unless:
      any:
{room}        - sensitivity: [private, confidential]
        - is_all_day: true
    action: enable
    # Used only where a calendar names no provider of its own and allows this one.
    provider: {{fallback: teamsForBusiness}}
    # A net under mistakes: above these numbers the rule adds no more links and says so in the log.
    limits: {{per_hour: 200, per_mailbox_per_day: 20}}
    # Events, and what shall become of them. A name without "@" is a colleague.
    tests:
      - {{name: a call of half an hour, event: {{attendees: [{guest}]}}, expect: enable}}
      - {{name: {nobody}, event: {{attendees: {alone}}}, expect: skip}}
      - {{name: in a room, event: {{attendees: [{guest}], rooms: [boardroom]}}, expect: {in_room}}}
      - {{name: a private matter, event: {{attendees: [{guest}], sensitivity: private}}, expect: skip}}
      - {{name: a whole day, event: {{attendees: [{guest}], all_day: true}}, expect: skip}}
      - {{name: a trip of days, event: {{attendees: [{guest}], duration: 3d}}, expect: skip}}
"""


_EXTERNAL = """\
  # Meetings with at least one person from outside get the link that their guests need, unless the event is
  # one of those below."""
_ALL = """\
  # Meetings to which anybody is invited get a link, unless the event is one of those below."""
