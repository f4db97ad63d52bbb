"""The text of a first rule file, with comments for its readers."""

from dataclasses import dataclass
from itertools import chain, count

#: domains of guests in examples; further ones use `.example`, which is reserved (RFC 2606)
_GUEST_DOMAINS = ("fabrikam.com", "northwindtraders.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterOptions:
    """What the rules begin with; without domains, they use the tenant's verified domains."""

    domains: tuple[str, ...] = ()
    #: only meetings with people from outside; otherwise all meetings with at least one person invited
    external_only: bool = True
    #: whether meetings in rooms get a link, too
    rooms: bool = False
    #: whether organizers can mark an event to keep it without a link
    opt_out: bool = True


def text(options: StarterOptions, schema: str) -> str:
    """Return the file; `schema` is the path of the JSON Schema, relative to the file."""
    domains = chain(_GUEST_DOMAINS, (f"guest{number}.example" for number in count(1)))
    guest = next(f"bo@{domain}" for domain in domains if domain not in options.domains)
    rules = [_opt_out_rule(guest)] if options.opt_out else []
    rules.append(_meetings_rule(options, guest))
    head = f"# yaml-language-server: $schema={schema}\n{_HEAD}"
    return f"{head}\n{_domains(options.domains)}\n{_SETTINGS}\nrules:\n" + "\n".join(rules)


_HEAD = """\
# Joinlink rules: which calendar events get a join link.
#
# Joinlink evaluates the rules from top to bottom; the first rule that matches an event decides. As long as
# the rule that adds links has "mode: report", Joinlink writes to no calendar: the log shows what it would do.
# When you agree with what you see there, change "report" to "enforce".
#
#   joinlink validate    Are there mistakes in this file?
#   joinlink test        Do the rules do what the tests below expect?
#   joinlink explain     Why does an event get a link, or not?
#   joinlink schema      Which other keys are there?
version: 1
"""
_SETTINGS = """\
# Joinlink searches all calendars that a mailbox owns, not only its default one.
calendars: owned

# Events that already have a link of Zoom, Webex, Google Meet and the like stay as they are, and so do drafts.
other_join_links: skip
drafts: skip
"""


def _domains(domains: tuple[str, ...]) -> str:
    if not domains:
        return (
            "# Your mail domains: the verified domains of your Microsoft 365 tenant.\n"
            '# To list them yourself:  internal_domains: [contoso.com, "*.contoso.com"]\n'
            "internal_domains: auto\n"
        )
    listed = ", ".join(f'{domain}, "*.{domain}"' for domain in domains)
    return f"# Your mail domains; people with other domains are external.\ninternal_domains: [{listed}]\n"


def _opt_out_rule(guest: str) -> str:
    return f"""\
  # Organizers can opt out: with one of these marks an event gets no link. This rule is in enforce mode from
  # the start, so that it protects events from all rules below.
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


def _meetings_rule(options: StarterOptions, guest: str) -> str:
    rule, comment = ("external-meetings", _EXTERNAL) if options.external_only else ("meetings", _ALL)
    meetings = "Meetings with people outside the company" if options.external_only else "Meetings"
    condition = "external_attendees" if options.external_only else "attendees"
    no_match = "only colleagues" if options.external_only else "no one invited"
    attendees = "[cy, di]" if options.external_only else "[]"
    room = "" if options.rooms else "        - has_room: true\n"
    in_room = "enable" if options.rooms else "skip"
    return f"""\
{comment}
  - id: {rule}
    description: {meetings} get a join link
    mode: report
    when:
      {condition}: {{at_least: 1}}
      duration: {{at_most: 24h}}
    unless:
      any:
{room}        - sensitivity: [private, confidential]
        - is_all_day: true
    action: enable
    # Used only where a calendar has no default provider and allows this one.
    provider: {{fallback: teamsForBusiness}}
    # A protection against mistakes: above these numbers the rule adds no more links and logs that.
    limits: {{per_hour: 200, per_mailbox_per_day: 20}}
    # Events with their expected results. A name without "@" is a colleague.
    tests:
      - {{name: a call of half an hour, event: {{attendees: [{guest}]}}, expect: enable}}
      - {{name: {no_match}, event: {{attendees: {attendees}}}, expect: skip}}
      - {{name: in a room, event: {{attendees: [{guest}], rooms: [boardroom]}}, expect: {in_room}}}
      - {{name: a private event, event: {{attendees: [{guest}], sensitivity: private}}, expect: skip}}
      - {{name: an all-day event, event: {{attendees: [{guest}], all_day: true}}, expect: skip}}
      - {{name: a trip of three days, event: {{attendees: [{guest}], duration: 3d}}, expect: skip}}
"""


_EXTERNAL = """\
  # Meetings with at least one person from outside get a link, except for the events under unless."""
_ALL = """\
  # Meetings with at least one person invited get a link, except for the events under unless."""
