"""One run: two bare functions and the webhook under load, the largest bodies, and the queue afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter

from sandbox.azurite import Azurite
from sandbox.host import HostProcess
from sandbox.load.bodies import Bodies, Posted
from sandbox.load.generator import ACCEPTED, NO_ANSWER, Answers, generate
from sandbox.load.queue_check import missing
from sandbox.stage import Stage, stage

#: as in the cloud: see docs/contributing.md, host.json
_THREADS = "64"
_WARM_UP_REQUESTS = 5
TOO_LARGE, TRY_AGAIN = 413, 503
RULES = "version: 1\nrules: [{id: all, mode: report, when: {attendees: {at_least: 1}}}]"


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How to load: for how many seconds, from how many connections, with how many notifications in a POST.

    `large_posts` is how often each kind of large body is posted.
    """

    seconds: float
    connections: int = 32
    items: int = 1
    large_posts: int = 3


@dataclass(frozen=True, slots=True)
class Run:
    """The answers of one server, and how long it was loaded in seconds."""

    name: str
    answers: Answers
    took_seconds: float

    @property
    def per_second(self) -> float:
        """How many requests a second were answered with 202."""
        return self.answers.statuses[ACCEPTED] / self.took_seconds


@dataclass(frozen=True, slots=True)
class LargeBody:
    """The answers to one kind of body at or beyond a limit, and which answers are right."""

    name: str
    bytes: int
    items: int
    right: frozenset[int]
    answers: Answers


@dataclass(frozen=True, slots=True)
class WebhookLoad:
    """What one run shows; `acknowledged` counts events, `missing` those that are not in the queue."""

    bare: Run
    one_send: Run
    webhook: Run
    large: tuple[LargeBody, ...]
    acknowledged: int
    missing: frozenset[str]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The three servers."""
        return self.bare, self.one_send, self.webhook

    @property
    def problems(self) -> list[str]:
        """What must not happen, as sentences; empty if all is well."""
        found = [f"{len(self.missing)} acknowledged events are not in the queue."] if self.missing else []
        for run in self.runs:
            if not run.answers.statuses[ACCEPTED]:
                found.append(f"{run.name}: no request was accepted.")
            if lost := run.answers.statuses[NO_ANSWER]:
                found.append(f"{run.name}: {lost} requests had no answer.")
            if odd := set(run.answers.statuses) - {ACCEPTED, TRY_AGAIN, NO_ANSWER}:
                found.append(f"{run.name}: unexpected statuses {sorted(odd)}.")
        found += [
            f"{one.name}: answered with {sorted(one.answers.statuses)}."
            for one in self.large
            if not set(one.answers.statuses) <= one.right
        ]
        return found


def run_load(storage: Azurite, folder: Path, plan: LoadPlan) -> WebhookLoad:
    """Load the bare functions, then the webhook; find every acknowledged event. `folder` gets the logs."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "rules.yaml").write_text(RULES, encoding="utf-8")
    # With the longest settle time no message is visible, so the app's own queue function takes none.
    settings = {"JOINLINK_SETTLE": "1h", "PYTHON_THREADPOOL_THREAD_COUNT": _THREADS}
    bodies = Bodies()
    with stage(storage, rules, settings, ticks=True) as everything:
        with _host(everything, "sandbox.load.bare:bare", folder / "bare.jsonl") as url:
            bare, _ = _loaded("a bare function", url, bodies, plan)
        with _host(everything, "sandbox.load.bare:one_send", folder / "one_send.jsonl") as url:
            one_send, _ = _loaded("a function that queues one message", url, bodies, plan)
        with _host(everything, "sandbox.apps:joinlink", folder / "webhook.jsonl") as url:
            webhook, warm = _loaded("the webhook", url, bodies, plan)
            large = tuple(_post_large(url, bodies, plan.large_posts))
        accepted = [*warm.accepted, *webhook.answers.accepted]
        accepted += [event for one in large for event in one.answers.accepted]
        absent = frozenset(missing(everything, accepted))
    return WebhookLoad(bare, one_send, webhook, large, len(accepted), absent)


@contextmanager
def _host(everything: Stage, app: str, log: Path) -> Iterator[str]:
    """Run an app in a host and a worker process of its own; yield the URL of its webhook."""
    log.unlink(missing_ok=True)
    settings = dict(everything.settings)
    with HostProcess(app, settings, everything.clock.shared, log=log) as host:
        yield host.address("notifications")


def _loaded(name: str, url: str, bodies: Bodies, plan: LoadPlan) -> tuple[Run, Answers]:
    """Return the run under load, and the answers of the requests before it, which load what is needed."""
    warm = generate(
        url,
        lambda: bodies.of(plan.items),
        connections=plan.connections,
        goes_on=lambda sent: sent < _WARM_UP_REQUESTS,
    )
    end = monotonic() + plan.seconds
    began = perf_counter()
    answers = generate(
        url,
        lambda: bodies.of(plan.items),
        connections=plan.connections,
        goes_on=lambda sent: sent == 0 or monotonic() < end,
    )
    return Run(name, answers, perf_counter() - began), warm


def _post_large(url: str, bodies: Bodies, posts: int) -> Iterator[LargeBody]:
    """Post each kind of large body so many times, one after the other."""
    taken = frozenset({ACCEPTED, TRY_AGAIN})
    kinds: tuple[tuple[str, Callable[[], Posted], frozenset[int]], ...] = (
        ("5,000 events, each as short as possible", bodies.most_items, taken),
        ("1 MiB of notifications as Graph sends them", bodies.most_bytes, taken),
        ("one notification more than 5,000", bodies.too_many_items, frozenset({TOO_LARGE})),
        ("one byte more than 1 MiB", bodies.too_many_bytes, frozenset({TOO_LARGE})),
    )
    for name, body, right in kinds if posts else ():
        example = body()
        answers = generate(url, body, connections=1, goes_on=lambda sent: sent < posts)
        yield LargeBody(name, len(example.body), len(example.events), right, answers)
