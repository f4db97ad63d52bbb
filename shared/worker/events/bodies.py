"""Reads the body of an event, where a decision depends on it. Bodies are neither kept nor logged."""

from dataclasses import replace

from shared.domain.event import Event
from shared.errors import BodyTooLarge
from shared.graph.client import Graph


def read_with_body(graph: Graph, mailbox: str, event: Event) -> Event:
    """Read an event once more, with its body; what the new read shows decides, and its ETag counts.

    What is known of the occurrences of a series stays.

    If the body is larger than Joinlink reads, return the event as it was, marked so.

    Raises:
        GraphError: the event can't be read now.
    """
    try:
        return replace(graph.event_with_body(mailbox, event.id), occurrence_end=event.occurrence_end)
    except BodyTooLarge:
        return replace(event, is_body_too_large=True)
