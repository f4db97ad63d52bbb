"""Counts how often the habits of Graph, hosts and clocks had an effect in a run."""

from collections import Counter

from sandbox.chaos.record import ChaosRecord, WriteSent
from sandbox.faults import habits
from sandbox.graph.notification_delivery import NotificationFate


def habit_hits(record: ChaosRecord) -> Counter[str]:
    """Return the counts by the kind of the habit."""
    plan, sent = record.plan, record.graph.notifications
    owners = {meeting.name: meeting.owner for meeting in plan.meetings}
    writes = [entry for entry in record.entries if isinstance(entry, WriteSent) and entry.was_accepted]
    return Counter(
        {
            habits.LOST: sent.get(NotificationFate.LOST, 0),
            habits.DOUBLED: sent.get(NotificationFate.DOUBLED, 0),
            habits.LATE: sent.get(NotificationFate.LATE, 0),
            habits.DROPPED: sent.get(NotificationFate.DROPPED, 0),
            habits.REORDERED: sent.get(NotificationFate.SENT, 0),
            habits.STALE: len(writes) if plan.stale_for else 0,
            habits.JOIN_URL_LATE: sum(owners[one.meeting] in plan.late_join_urls for one in writes),
            habits.NO_LINK: sum(owners[one.meeting] in plan.without_links for one in writes),
            habits.KILLED: len(record.processes.kills) - record.processes.stops,
            habits.STOPPED: record.processes.stops,
            habits.STORAGE_KILLED: len(record.processes.storage_crashes),
            habits.SKEW: sum(map(bool, plan.clock_skews)),
        }
    )
