"""Notes on time zones of an event that are not known, and on the effect on the decision."""

from collections.abc import Iterator

from cli.clean import flat
from shared.domain.ending import has_whole_days, is_endless, zone_of_days, zone_of_series
from shared.domain.event import Event
from shared.domain.timezones import find_zone
from shared.rule_files.yaml_tree.nodes import shorten


def time_notes(event: Event) -> Iterator[str]:
    """Yield a note for each time zone that a decision needs and that is not known."""
    if event.unknown_zone:
        yield (
            f"the time zone of start and end, {_quoted(event.unknown_zone)}, is not known: times are shown "
            "without conversion, starts_between and starts_in are unknown, and the event counts as ended "
            "only when it has ended in every zone"
        )
    if has_whole_days(event):
        if zone_of_days(event) is None:
            yield (
                f"the organizer's time zone, {_quoted(event.original_zone)}, is not known: the event counts "
                "as ended when its last day has ended in every zone"
            )
    elif event.recurrence is not None and not is_endless(event):
        zone = event.recurrence.time_zone
        if zone_of_series(event, event.recurrence) is None:
            yield (
                f"the time zone of the series, {_quoted(zone)}, is not known: the series counts as ended "
                "when its last day has ended in every zone"
            )
        elif zone and find_zone(zone) is None:
            yield (
                f"the time zone of the series, {_quoted(zone)}, is not known: the event's own zone, "
                f"{_quoted(event.original_zone)}, is used"
            )


def _quoted(zone: str) -> str:
    return f'"{flat(shorten(zone))}"' if zone else "which is not in the event"
