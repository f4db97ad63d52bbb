"""The mailboxes of a preview, on disk: memory does not grow with the tenant."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest
from itertools import groupby
from types import TracebackType
from typing import Self

from shared.desk.chosen_scope import read_chosen_scope
from shared.graph.client import Graph
from shared.rules.mailbox_scope import MailboxScope, MailboxSelector
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.mailboxes.scope import why_unusable


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    """A mailbox.

    `texts` has for each rule set the mailbox's text in the scope of its rules, as `read_scope` writes it;
    None if its rules do not include the mailbox.
    """

    mailbox: str
    texts: tuple[str | None, ...]

    @property
    def no_calendar(self) -> str:
        """Why the mailbox has no calendar, according to the directory; empty if it may have one."""
        unusable = [why_unusable(text) for text in self.texts if text is not None]
        return unusable[0] if all(unusable) else ""


class PreviewScope:
    """The mailboxes that at least one rule set includes. Call `read` first."""

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._all = self._stack.enter_context(SortedIdFile())
        self._by_set: list[SortedIdFile] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __len__(self) -> int:
        return len(self._all)

    def read(
        self, scopes: Sequence[MailboxScope], selector: MailboxSelector | None, graph: Graph
    ) -> tuple[str, ...]:
        """Read the mailboxes that the selector names and each set's scope includes; None names all.

        Returns the reasons why mailboxes may be missing. Raises GraphError.
        """
        doubts: dict[str, None] = {}
        for scope, equal in groupby(scopes):
            file = self._stack.enter_context(SortedIdFile())
            doubts |= dict.fromkeys(read_chosen_scope(scope, selector, graph, file))
            self._by_set += [file for _scope in equal]
            self._all.add(file)
        return tuple(doubts)

    def entries(self, sample: int | None) -> Iterator[ScopeEntry]:
        """Yield all mailboxes, or as many as the sample has: the same ones each time."""
        found: Iterator[tuple[str, str]] = iter(self._all)
        if sample is not None:
            found = iter(nsmallest(sample, found, key=lambda each: sha256(each[0].encode()).digest()))
        for mailbox, _text in found:
            yield ScopeEntry(mailbox, tuple(file.text(mailbox) for file in self._by_set))
