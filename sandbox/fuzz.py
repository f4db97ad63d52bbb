"""`make fuzz`: load random rule files, chosen by the code that they reach.

Each file must result in a policy or in problems. A traceback, or a file that takes too long, ends the run;
the file is then in `build/fuzz`. Each policy also decides and explains an event.
"""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time

import atheris

from sandbox.bench.hostile import LEAST_SECONDS, allowed_seconds, files
from shared.rule_files.loader import RuleFile as PlainRuleFile, load_policy as load_plainly

# Instrumented code is much slower, so a file that seems slow is measured again without instrumentation.
for name in [name for name in sys.modules if name.startswith("shared.")]:
    del sys.modules[name]

with atheris.instrument_imports(include=["shared.rules", "shared.rule_files"]):
    from shared.domain.event import Attendee, Event
    from shared.rule_files.loader import RuleFile, load_policy
    from shared.rules.explain import explain
    from shared.rules.facts import Facts
    from shared.rules.rule_test_coverage import coverage_gaps
    from shared.rules.rule_tests import run_tests

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
TODAY = date(2026, 11, 23)


def load(content: bytes) -> None:
    """Load one file and use its policy."""
    began = process_time()
    loaded = load_policy([RuleFile("fuzz.yaml", content)], TODAY)
    assert loaded.policy or loaded.problems, "no policy and no problem"
    if process_time() - began > LEAST_SECONDS:
        took, allowed = min(_plainly(content) for _ in range(3)), allowed_seconds(len(content))
        assert took < allowed, f"{len(content)} bytes took {took:.3f} s of {allowed:.3f}"
    if loaded.policy:
        explain(EVENT, loaded.policy, Facts(), NOW)
        coverage_gaps(loaded.policy, run_tests(loaded.policy))


def _plainly(content: bytes) -> float:
    began = process_time()
    load_plainly([PlainRuleFile("fuzz.yaml", content)], TODAY)
    return process_time() - began


def main() -> None:
    """Start with the tests' files and run for a minute; arguments are libFuzzer's options."""
    corpus = OUT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(sorted(ROOT.glob("tests/rule*/data/**/*.yaml"))):
        (corpus / f"{number}.yaml").write_bytes(path.read_bytes())
    for number, (_, content) in enumerate(files()):
        (corpus / f"hostile-{number}.yaml").write_bytes(content[:4096])
    options = ["-max_total_time=60", "-max_len=4096", "-timeout=20", f"-artifact_prefix={OUT}/"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(corpus)], load)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
