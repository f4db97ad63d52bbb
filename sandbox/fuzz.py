"""`make fuzz`: rule files that nobody would write, thrown at the loader, guided by the code they reach.

A file ends in a policy or in problems; a traceback or a file that takes too long ends the run, and lies in
`build/fuzz` then. Whatever loads is asked to decide and to explain, too.
"""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import atheris

with atheris.instrument_imports(include=["shared.rules"]):
    from shared.domain.event import Attendee, Event
    from shared.rules.explain import explain
    from shared.rules.facts import Facts
    from shared.rules.loader import RuleFile, load_policy
    from shared.rules.testing import run_tests

ROOT = Path(__file__).parent.parent
OUT = ROOT / "build" / "fuzz"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EVENT = Event(
    id="AAMk=",
    etag='W/"1"',
    subject="Quarterly review",
    organizer="ada@contoso.com",
    start=NOW + timedelta(days=1),
    end=NOW + timedelta(days=1, hours=1),
    attendees=(Attendee(address="bo@fabrikam.com"), Attendee(address="room@contoso.com", type="resource")),
)
#: a file has at most 256 KiB, and instrumented code runs at a fraction of its speed
LONGEST_SECONDS = 5.0


def load(content: bytes) -> None:
    """Load one file, and use what it holds."""
    began = perf_counter()
    loaded = load_policy([RuleFile("fuzz.yaml", content)], date(2026, 11, 23))
    took = perf_counter() - began
    assert loaded.policy or loaded.problems, "neither a policy nor a problem"
    assert took < LONGEST_SECONDS, f"{len(content)} bytes took {took:.1f} s"
    if loaded.policy:
        explain(EVENT, loaded.policy, Facts(), NOW)
        run_tests(loaded.policy)


def main() -> None:
    """Begin with the files of the tests and go on for a minute; libFuzzer's own options come behind."""
    corpus = OUT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(sorted((ROOT / "tests" / "rules" / "data").rglob("*.yaml"))):
        (corpus / f"{number}.yaml").write_bytes(path.read_bytes())
    habits = ["-max_total_time=60", "-max_len=4096", "-timeout=20", f"-artifact_prefix={OUT}/"]
    atheris.Setup([sys.argv[0], *habits, *sys.argv[1:], str(corpus)], load)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
