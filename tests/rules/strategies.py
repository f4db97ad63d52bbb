"""Hypothesis strategies for events, facts and policies."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, strategies as st

from shared.domain.event import Attendee, Event, Location, Recurrence
from shared.domain.meeting import Meeting, MeetingState
from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rules.event_sketch import EventSketch, TimeOfDay
from shared.rules.facts import Facts
from shared.rules.policy import Policy

GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
MOMENTS = st.datetimes(timezones=st.just(UTC))
ADDRESSES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["bo@fabrikam.com", "al@contoso.com", "/o=Exchange/cn=x", "bo_x#EXT#@contoso.com", "@", "a@b@c"]
    ),
)
ANY_TEXT = st.text(st.characters(), max_size=30) | st.just("\ud83d") | st.just("https://zoom.us/j/1 %")
RECURRENCES = st.builds(
    Recurrence,
    pattern=st.sampled_from(
        ["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly", "lunar"]
    ),
    interval=st.integers(-1, 10**9),
    days_of_week=st.lists(st.sampled_from(["monday", "sunday", "someday"]), max_size=3).map(tuple),
    day_of_month=st.integers(-1, 40),
    month=st.integers(-1, 14),
    index=st.sampled_from(["first", "last", "fifth"]),
    range_end=st.none() | st.dates(),
    occurrences=st.none() | st.integers(-1, 10**12),
    time_zone=st.sampled_from(
        ["UTC", "Europe/Berlin", "Pacific Standard Time", "tzone://Microsoft/Custom", "", "\0"]
    ),
)
EVENTS = st.builds(
    Event,
    id=st.just("e"),
    etag=st.just("w"),
    type=st.sampled_from(["singleInstance", "occurrence", "exception", "seriesMaster", "other"]),
    subject=ANY_TEXT,
    organizer=ADDRESSES,
    is_draft=st.booleans(),
    is_all_day=st.booleans(),
    start=MOMENTS,
    end=MOMENTS,
    recurrence=st.none() | RECURRENCES,
    attendees=st.lists(
        st.builds(Attendee, address=ADDRESSES, type=st.sampled_from(["required", "optional", "resource"])),
        max_size=4,
    ).map(tuple),
    locations=st.lists(st.builds(Location, display_name=ANY_TEXT, uri=ANY_TEXT), max_size=2).map(tuple),
    body_preview=ANY_TEXT,
    body=st.none() | ANY_TEXT,
    categories=st.lists(ANY_TEXT, max_size=2).map(tuple),
    sensitivity=ANY_TEXT,
)
FACTS = st.builds(
    Facts,
    meeting=st.none()
    | st.builds(
        Meeting, state=st.sampled_from(MeetingState), at=st.just(datetime(2026, 1, 1, tzinfo=UTC)), attempts=st.integers(0, 4)
    ),
    tenant_domains=st.none() | st.just(frozenset({"contoso.com"})),
    members=st.sampled_from([{}, {GROUP: frozenset({"al@contoso.com", "bo@fabrikam.com"})}]),
    department=st.sampled_from([None, "", " legal", "Sales"]),
)  # fmt: skip
PEOPLE = st.sampled_from(
    ["al", "cy@contoso.com", "bo@fabrikam.com", "/o=ExchangeLabs/cn=x", "dee@sub.contoso.com"]
)
WORDS = st.text(max_size=12) | st.sampled_from(["Review", "https://zoom.us/j/1", "o", "x"])
SKETCHES = st.builds(
    EventSketch,
    organizer=st.sampled_from(["al", "dee@contoso.com"]),
    department=st.sampled_from(["", "Legal", "Sales"]),
    attendees=st.lists(PEOPLE, max_size=4).map(tuple),
    rooms=st.lists(st.just("boardroom"), max_size=1).map(tuple),
    subject=WORDS,
    body=WORDS,
    location=st.lists(WORDS.filter(str.strip), max_size=2, unique=True).map(tuple),
    start=st.builds(
        TimeOfDay, st.timedeltas(timedelta(0), timedelta(hours=23)), st.none() | st.integers(0, 6)
    )
    | st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    duration=st.none() | st.timedeltas(timedelta(minutes=5), timedelta(days=2)),
    all_day=st.booleans(),
    recurring=st.booleans(),
    categories=st.lists(WORDS, max_size=2).map(tuple),
    sensitivity=st.sampled_from(["normal", "private"]),
    draft=st.booleans(),
    cancelled=st.booleans(),
    online=st.booleans(),
)
#: the example of each condition, and some more that often hold or are unknown
LEAF_TEXTS = [
    *(f"{{{kind.example}}}" for kind in CATALOGUE.values()),
    "{attendees: {at_most: 3}}", "{external_attendees: 0}", "{subject: o}",
    "{subject: {matches: '^[a-z]'}}", "{has_room: false}", "{sensitivity: private}",
    "{location: {equals: x}}", "{starts_in: {at_least: 1h}}",
    "{attendee: {domain_in: [partners, x.com]}}", "{organizer: {address_in: al@contoso.com}}",
    "{organizer: {department_in: [Legal]}}", "{organizer: {department_in: sales, domain_in: contoso.com}}",
    f"{{attendee: {{member_of: {GROUP}, domain_in: partners}}}}",
    "{starts_between: {from: '22:00', to: '06:00', days: [mon, sun], timezone: Europe/Berlin}}", "{rollout: 50%}",
]  # fmt: skip
LEAVES = st.sampled_from(LEAF_TEXTS)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda condition: f"{{not: {condition}}}"),
        st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda join: f"{{{join[0]}: [{', '.join(join[1])}]}}"
        ),
    ),
    max_leaves=5,
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a policy with a few rules, read by the loader."""
    lines = [
        "version: 1",
        f"internal_domains: {draw(st.sampled_from(['auto', '[contoso.com]', '[contoso.com, partners]']))}",
        f"drafts: {draw(st.sampled_from(['skip', 'ignore']))}",
        "lists: {partners: [fabrikam.com, bo@northwind.com]}",
        "rules:",
    ]
    for number in range(draw(st.integers(1, 4))):
        lines += [
            f"  - id: r{number}",
            f"    mode: {draw(st.sampled_from(['off', 'report', 'enforce']))}",
            f"    action: {draw(st.sampled_from(['enable', 'skip']))}",
            f"    when: {draw(CONDITIONS)}",
            *([f"    unless: {draw(CONDITIONS)}"] if draw(st.booleans()) else []),
            *draw(st.sampled_from([[], ["    active: {from: 2026-01-01, until: 2026-06-01}"]])),
            f"    on_missing: {draw(st.sampled_from(['skip', 'retry']))}",
        ]
    return loaded("\n".join(lines))


def loaded(text: str) -> Policy:
    """Return the policy of a drawn rule file; draw another one if the loader refuses it."""
    policy = load_policy([RuleFile("rules/rules.yaml", text.encode())]).policy
    assume(policy is not None)  # random conditions may contradict each other
    assert policy is not None
    return policy
