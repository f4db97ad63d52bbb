"""Prepares a preview: its mailboxes, the facts of the directory, and what is known of past writes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.desk.preview.mailbox_reader import HeldSet, MailboxReader, PreviewWindow
from shared.desk.preview.preview_scope import PreviewScope
from shared.desk.preview.rule_set import RuleSet
from shared.graph.client import Graph
from shared.rules.mailbox_scope import MailboxSelector
from shared.storage.meetings import Meetings
from shared.worker.events.directory_cache import DirectoryCache


@dataclass(frozen=True, slots=True)
class WritesKnown:
    """The memory of past writes; `meetings` is None if it is unknown, and `why` says so."""

    meetings: Meetings | None
    why: str = ""


class Preview:
    """Reads for a preview. Writes nothing to Graph or storage."""

    def __init__(
        self,
        *,
        graph: Callable[[], Graph],
        directory: DirectoryCache,
        writes_known: Callable[[], WritesKnown],
        known_purpose: Callable[[str], str],
    ) -> None:
        """`known_purpose` returns what the app knows of a mailbox's purpose, empty if nothing."""
        self._graph = graph
        self._directory = directory
        self._writes_known = writes_known
        self._known_purpose = known_purpose

    def writes_known(self) -> WritesKnown:
        """Return what is known of past writes.

        Raises:
            StorageUnavailable: a storage account is named, and does not answer.
        """
        return self._writes_known()

    def read_scope(
        self, sets: Sequence[RuleSet], selector: MailboxSelector | None, scope: PreviewScope
    ) -> tuple[str, ...]:
        """Read which mailboxes to preview; None names all. Returns why some may be missing.

        Raises:
            GraphError: the directory can't be read.
        """
        return scope.read([each.policy.mailboxes for each in sets], selector, self._graph())

    def hold(self, sets: Sequence[RuleSet], window: PreviewWindow) -> tuple[HeldSet, ...]:
        """Return the rule sets with the facts of the directory, which one preview reads once.

        Raises:
            GraphError: facts are not available at the moment.
        """
        return tuple(
            HeldSet(rules=each, policies=each.policies(window.now), facts=self._directory.facts(each.policy))
            for each in sets
        )

    def reader(
        self,
        held: tuple[HeldSet, ...],
        window: PreviewWindow,
        writes: WritesKnown,
        *,
        with_subjects: bool,
        wait: Callable[[timedelta], None],
    ) -> MailboxReader:
        """Return the reader of mailboxes; `wait` waits, or raises to stop."""
        return MailboxReader(
            sets=held,
            window=window,
            graph=self._graph,
            memory=writes.meetings,
            known_purpose=self._known_purpose,
            department=self._directory.department,
            with_subjects=with_subjects,
            wait=wait,
        )
