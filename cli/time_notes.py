"""What an admin should know of an event's times: zones that are not known, and what follows."""

from collections.abc import Iterator

from cli.clean import flat
from shared.domain.ending import has_whole_days, is_endless, zone_of_days, zone_of_series
from shared.domain.event import Event
from shared.domain.timezones import find_zone
from shared.rule_files.yaml_tree.nodes import shorten


def time_notes(event: Event) -> Iterator[str]:
    """Yield a sentence for each time zone that a decision needs and that is not known."""
    if event.unknown_zone:
        yield (
            f"the time zone of start and end, {_named(event.unknown_zone)}, is not known: times are shown as "
            "they stand, starts_between and starts_in can't be told, and the event counts as ended only "
            "when it is over in every zone"
        )
    if has_whole_days(event):
        if zone_of_days(event) is None:
            yield (
                f"the organizer's time zone, {_named(event.original_zone)}, is not known: the event counts "
                "as ended when its last day is over in every zone"
            )
    elif event.recurrence is not None and not is_endless(event):
        zone = event.recurrence.time_zone
        if zone_of_series(event, event.recurrence) is None:
            yield (
                f"the time zone of the series, {_named(zone)}, is not known: the series counts as ended when "
                "its last day is over in every zone"
            )
        elif zone and find_zone(zone) is None:
            yield (
                f"the time zone of the series, {_named(zone)}, is not known: the event's own, "
                f"{_named(event.original_zone)}, counts"
            )


def _named(zone: str) -> str:
    return f'"{flat(shorten(zone))}"' if zone else "which the event does not say"
