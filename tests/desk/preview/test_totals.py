"""The totals of a preview are sums over its meetings, and do not grow with them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from hypothesis import given, settings, strategies as st

from shared.desk.preview.encoding import decode, encode
from shared.desk.preview.limit_ledger import LimitLedger
from shared.desk.preview.meeting_file import MeetingFile
from shared.desk.preview.previewed import PreviewedMailbox
from shared.desk.preview.rule_set import Stance
from shared.desk.preview.totals import PreviewTotals
from tests.desk.preview.samples import SET, WINDOW, mailboxes, seeded

CHANCES = st.integers(0, 2**64).map(Random)


def folded(read: Iterable[PreviewedMailbox], listed: int = 10) -> PreviewTotals:
    totals = PreviewTotals.of((SET,), WINDOW, listed=listed)
    for each in read:
        totals.add(each)
    return totals


@settings(max_examples=30, deadline=None)
@given(chance=CHANCES)
def test_totals_are_sums_over_the_meetings(chance: Random) -> None:
    """Counted here once more, in the plainest way."""
    read = mailboxes(chance, 6)
    promoted = folded(read).counts[0][Stance.PROMOTED]
    every = [(box, each) for box in read for each in box.meetings]
    linked = [
        (box, each, each.decisions[0][Stance.PROMOTED][0])
        for box, each in every
        if each.decisions[0][Stance.PROMOTED][0].adds_link
    ]

    assert sum(count.meetings for count in promoted.results.values()) == len(every)
    assert promoted.links.meetings == len(linked) == promoted.sizes.total() == promoted.days.total()
    assert promoted.links.mailboxes == len({box.mailbox for box, _each, _decision in linked})
    assert promoted.links.attendees == sum(each.mails for _box, each, _decision in linked)
    assert promoted.links.other_links == sum(decision.rule == "others" for _box, _each, decision in linked)
    for rule, count in Counter(decision.rule for _box, _each, decision in linked).items():
        assert promoted.of_rule(rule or "").meetings == count
    assert promoted.links.to_add == sum(
        not each.is_past and not each.is_added for _box, each, _decision in linked
    )
    assert [each.links for each in promoted.most] == sorted(
        Counter(box.mailbox for box, _each, _decision in linked).values(), reverse=True
    )


@settings(max_examples=30, deadline=None)
@given(chance=CHANCES)
def test_in_any_order_no_limit_is_passed(chance: Random) -> None:
    """And a limit is used up before a meeting is refused because of it."""
    ledger, policy = LimitLedger(SET.policy), SET.policy
    added: list[tuple[str, str]] = []
    refused: Counter[str] = Counter()
    read = mailboxes(chance, 5)
    chance.shuffle(read)
    for box in read:
        for each in chance.sample(list(box.meetings), len(box.meetings)):
            decision = ledger.decide(box.mailbox, each.decisions[0][Stance.PROMOTED])
            if decision.adds_link:
                added.append((box.mailbox, decision.rule or ""))
            refused[decision.reason] += 1
    by_rule, by_day = Counter(rule for _mailbox, rule in added), Counter(added)

    for rule in policy.rules:
        most_of_hour, most_of_day = rule.limits.per_hour, rule.limits.per_mailbox_per_day
        assert most_of_hour is None or by_rule[rule.id] <= most_of_hour
        assert most_of_day is None or all(
            n <= most_of_day for (_m, each), n in by_day.items() if each == rule.id
        )
    if refused["limit_reached"]:
        is_hour_full = any(by_rule[each.id] == each.limits.per_hour for each in policy.rules)
        assert is_hour_full or 2 in by_day.values()


@settings(max_examples=20, deadline=None)
@given(chance=CHANCES)
def test_what_was_read_survives_an_interruption_unchanged(chance: Random) -> None:
    """Each mailbox is written to a file as JSON."""
    for box in mailboxes(chance, 3):
        meetings = MeetingFile()
        for each in box.meetings:
            meetings.add(each)
        assert (list(meetings), len(meetings)) == (list(box.meetings), len(box.meetings))
        assert replace(decode(encode(box), meetings), meetings=box.meetings) == box
        meetings.close()


def test_the_size_of_the_totals_has_a_bound() -> None:
    """It depends on rules, days and hours, not on meetings or mailboxes."""
    totals = folded(mailboxes(seeded(1), 1500))
    rules, days, hours = 3, 61, 721

    assert totals.meetings > 8000
    assert totals.listed.left_out == totals.meetings - 10
    for counts in totals.counts[0].values():
        assert len(counts.results) <= 12
        assert len(counts.days) <= rules * days
        assert len(counts.hours) <= rules * hours
        assert len(counts.busiest_days) <= rules
        assert len(counts.most) == 20


def test_the_most_interesting_meetings_are_listed_in_the_order_of_their_start() -> None:
    """Links come first, so that the list has them even if it is short."""
    totals = folded(mailboxes(seeded(3), 10), listed=8)
    listed = [each.meeting for each in totals.listed.meetings()]

    assert len(listed) == 8
    assert all(each.decisions[0][Stance.PROMOTED][0].adds_link for each in listed)
    assert [each.start for each in listed] == sorted(each.start for each in listed)
    assert totals.listed.left_out == totals.meetings - 8
