"""The scope beside the rows: two lists in the order of ids become one. Pure."""

from collections.abc import Iterable, Iterator

from shared.storage.mailboxes import Mailbox


def meet(scope: Iterable[tuple[str, str]], rows: Iterable[Mailbox]) -> Iterator[tuple[Mailbox, str | None]]:
    """Merge two lists that are in the order of ids.

    Yields each mailbox with its word in the scope: why it can't be watched, empty where it can, None outside.
    """
    entries, known = iter(scope), iter(rows)
    entry, row = next(entries, None), next(known, None)
    while entry or row:
        if row is None or (entry and entry[0] < row.id):
            assert entry
            yield Mailbox(id=entry[0]), entry[1]
            entry = next(entries, None)
        elif entry is None or row.id < entry[0]:
            yield row, None
            row = next(known, None)
        else:
            yield row, entry[1]
            entry, row = next(entries, None), next(known, None)
