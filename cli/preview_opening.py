"""Opens what a preview needs: its mailboxes, the facts of the directory, and the journal of what was read."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cli.output import Failed, Refused
from cli.preview_options import CONFIGURED, read_window
from cli.preview_session import PreviewSession
from shared.desk.preview.journal import PreviewJournal
from shared.desk.preview.mailbox_reader import HeldSet
from shared.desk.preview.parallel_reading import StopSignal
from shared.desk.preview.preview_scope import PreviewScope
from shared.desk.preview.rule_set import RuleSet
from shared.desk.sign_in.token_file import cache_folder
from shared.desk.wiring import Desk
from shared.rules.mailbox_scope import MailboxSelector, UserSelector
from shared.settings import is_brake_on
from shared.version import VERSION

_NO_MAILBOX = "there is no mailbox to read"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewChoice:
    """What an admin asks for; `most_listed` is how many meetings are listed, None is all."""

    selector: MailboxSelector | None
    sample: int | None
    since: str
    until: str
    with_subjects: bool
    most_listed: int | None


@contextmanager
def open_session(desk: Desk, sets: tuple[RuleSet, ...], choice: PreviewChoice) -> Iterator[PreviewSession]:
    """Yield the session, ready to read.

    Raises:
        Refused: no mailbox is in scope, or the window is wrong.
        Failed: there is no such mailbox.
        PreviewRunning: another command reads the same.
        GraphError, StorageUnavailable: what can't be read.
    """
    read_window(choice.since, choice.until, desk.world.now())
    part = desk.preview()
    writes = part.writes_known()
    with PreviewScope() as scope:
        doubts = part.read_scope(sets, choice.selector, scope)
        if not len(scope):
            _refuse_empty_scope(choice.selector, doubts)
        with PreviewJournal(_folder(), _purpose(desk, sets, choice), desk.world.now()) as journal:
            window = read_window(choice.since, choice.until, journal.started)
            held, signal = part.hold(sets, window), StopSignal()
            yield PreviewSession(
                sets=sets,
                window=window,
                scope=scope,
                sample=choice.sample,
                journal=journal,
                reader=part.reader(
                    held, window, writes, with_subjects=choice.with_subjects, wait=signal.wait
                ),
                signal=signal,
                most_listed=choice.most_listed,
                with_subjects=choice.with_subjects,
                memory_unknown=writes.why,
                notes=(*doubts, *_notes(desk, sets, journal), *_missing_facts(held)),
            )


def _refuse_empty_scope(selector: MailboxSelector | None, doubts: Sequence[str]) -> NoReturn:
    """Raise why no mailbox is in scope."""
    match selector:
        case UserSelector(name) if doubts:
            raise Failed(f"{_NO_MAILBOX}: no user has the object id or address {name}")
        case UserSelector(name):
            raise Refused(f"{_NO_MAILBOX}: the rules do not include {name}")
        case _:
            raise Refused(f"{_NO_MAILBOX}: {'; '.join(doubts) or 'the rules include none'}")


def _folder() -> Path:
    try:
        home = Path.home()
    except RuntimeError:  # this user has none
        home = Path.cwd()
    return cache_folder(os.environ, home)


def _purpose(desk: Desk, sets: tuple[RuleSet, ...], choice: PreviewChoice) -> str:
    """Return a text that is the same for a command that resumes."""
    hashes = [each.policy.hash for each in sets]
    tenant = desk.environ.get("JOINLINK_TENANT_ID", "")
    asked = (choice.selector, choice.sample, choice.since, choice.until, choice.with_subjects)
    return repr((VERSION, tenant, desk.has_storage, hashes, *asked))


def _notes(desk: Desk, sets: tuple[RuleSet, ...], journal: PreviewJournal) -> Iterator[str]:
    if journal.is_resumed:
        yield f"resumed: decided for {journal.started:%Y-%m-%d %H:%M} UTC, when the reading began"
    if not journal.is_kept:
        yield f"{_folder()} can't be written, so Ctrl-C loses what was read"
    is_brake = is_brake_on(desk.environ)
    if is_brake:
        yield "JOINLINK_MODE=report is set: the app writes nothing now, whatever the rules say"
    if desk.has_storage:
        policy = sets[0].policy.hash if sets[0].name == CONFIGURED else ""
        yield from desk.in_force().differences(policy=policy, report_only=is_brake, version=VERSION)


def _missing_facts(held: Sequence[HeldSet]) -> Iterator[str]:
    if any(each.rules.policy.needs_tenant_domains and each.facts.tenant_domains is None for each in held):
        yield "the tenant's verified domains can't be read, so it is not known who is external"
    missing = {group for each in held for group in each.rules.policy.groups - each.facts.members.keys()}
    for group in sorted(missing):
        yield f"the members of group {group} can't be read, so conditions with it are unknown"
