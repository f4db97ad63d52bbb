from datetime import date, timedelta
from pathlib import Path

import pytest

from shared.domain.decision import Action, Mode
from shared.domain.mailbox import MailboxKind
from shared.rule_files.loader import LoadResult, RuleFile, load_policy
from shared.rule_files.problems import Severity
from shared.rule_files.reading.session import MAX_PROBLEMS
from shared.rules.mailbox_scope import GroupSelector, MailboxScope, UserSelector
from shared.rules.policy import AUTO, CalendarScope, RuleLimits, RuleProvider, Sweep
from shared.rules.rule_tests import run_tests

DATA = Path(__file__).parent / "data"
BAD = sorted((DATA / "bad").glob("*.yaml"))
QUESTIONABLE = sorted((DATA / "questionable").glob("*.yaml"))
GOOD = sorted((DATA / "good").glob("*.yaml"))
TODAY = date(2026, 6, 1)
RULE = "version: 1\nrules:\n  - id: {id}\n    when: {{}}\n"


def load(*files: tuple[str, str | bytes]) -> LoadResult:
    encoded = ((name, text.encode() if isinstance(text, str) else text) for name, text in files)
    return load_policy([RuleFile(*each) for each in encoded])


def messages(loaded: LoadResult) -> list[str]:
    return [str(problem) for problem in loaded.problems]


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in BAD])
def test_a_mistake_is_reported_at_its_place(file: Path) -> None:
    """The first line of each bad file lists all expected problems."""
    content = file.read_bytes()
    expected = content.decode().splitlines()[0].removeprefix("# expect: ").split(" || ")

    loaded = load_policy([RuleFile("x.yaml", content)])

    assert messages(loaded) == [f"x.yaml:{line}" for line in expected]
    assert loaded.policy is None


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in QUESTIONABLE])
def test_what_is_probably_not_intended_is_a_warning(file: Path) -> None:
    """The first line of each questionable file lists the expected warnings; there is still a policy."""
    content = file.read_bytes()
    expected = content.decode().splitlines()[0].removeprefix("# expect: ").split(" || ")

    loaded = load_policy([RuleFile("x.yaml", content)], TODAY)

    assert messages(loaded) == [f"x.yaml:{line}" for line in expected]
    assert {problem.severity for problem in loaded.problems} == {Severity.WARNING}
    assert loaded.policy is not None


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in GOOD])
def test_a_good_file_has_no_problems_and_passes_its_tests(file: Path) -> None:
    """There is no message, and every test in the file passes."""
    loaded = load_policy([RuleFile(file.name, file.read_bytes())], TODAY)

    assert messages(loaded) == []
    assert loaded.policy is not None
    for result in run_tests(loaded.policy):
        assert result.passed, (result.test.name, result.decision)


def test_the_corpus_is_large() -> None:
    """There are over 200 bad files, and over 20 good files with tests."""
    assert len(BAD) > 200
    assert len([file for file in GOOD if "tests:" in file.read_text()]) > 20


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(
            "{id: b, when: {subject: x}, unless: {has_room: true}, mode: enforce, action: skip}",
            id="other conditions",
        ),
        pytest.param("{id: b, when: {has_room: true}, mode: off}", id="off"),
        pytest.param(
            "{id: b, when: {any: [{has_room: true}, {subject: x}]}, mode: enforce, action: skip}",
            id="one of two alternatives is reached",
        ),
    ],
)
@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param("{id: a, when: {has_room: true, subject: x}, mode: enforce, action: skip}", id="two conditions"),
        pytest.param("{id: a, when: {}, action: skip}", id="report mode"),
        pytest.param("{id: a, when: {}, mode: enforce, action: skip, active: {from: 2026-01-01}}", id="limited in time"),
    ],
)  # fmt: skip
def test_a_rule_that_can_be_reached_gets_no_warning(earlier: str, later: str) -> None:
    """The warning is only for rules that are certainly never reached."""
    assert messages(load(("x.yaml", f"version: 1\nrules:\n  - {earlier}\n  - {later}\n"))) == []


def test_without_a_date_no_rule_has_expired() -> None:
    """The loader reads no clock."""
    assert messages(load(("over.yaml", (DATA / "questionable" / "over.yaml").read_bytes()))) == []


def test_a_list_can_be_used_in_all_files() -> None:
    """A list may be in a file that comes after the file with the rule."""
    user = "version: 1\nrules: [{id: a, when: {attendee: {domain_in: partners}}}]"
    loaded = load(("a.yaml", user), ("b.yaml", "version: 1\nlists: {partners: [fabrikam.com]}"))

    assert messages(loaded) == []


def test_a_rule_that_is_never_reached_names_the_other_file() -> None:
    """Rules are evaluated in the order of their files."""
    first = "version: 1\nrules: [{id: a, when: {}, mode: enforce, action: skip}]"
    loaded = load(("a.yaml", first), ("b.yaml", RULE.format(id="b")))

    assert messages(loaded) == [
        (
            'b.yaml:3:5: warning: rule "b": the rule is never reached: '
            'rule "a" (a.yaml:2) is before it and decides about every event that it matches'
        )
    ]


def test_settings_are_in_the_policy() -> None:
    """Every setting of the file has its value."""
    text = """
version: 1
internal_domains: [contoso.com, sisters]
mailboxes:
  include: [{group: 5F0C9A4E-8B1D-4C52-9F7E-2D6A1B3C4D5E}, {user: CEO@contoso.com}]
  exclude: [{user: boardroom@contoso.com}]
  kinds: [user, shared]
other_join_links: {action: skip, look_in: preview}
drafts: ignore
sweep: {every: 12h}
calendars: owned
lists: {sisters: [fabrikam.com, bo@adatum.com]}
"""
    policy = load(("a.yaml", text)).policy
    assert policy is not None

    assert policy.internal_domains == ("contoso.com", "fabrikam.com")
    assert policy.mailboxes == MailboxScope(
        include=(GroupSelector("5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"), UserSelector("ceo@contoso.com")),
        exclude=(UserSelector("boardroom@contoso.com"),),
        kinds=frozenset(MailboxKind),
    )
    assert (policy.skip_other_join_links, policy.look_in_body, policy.skip_drafts) == (True, False, False)
    assert (policy.sweep, policy.calendars) == (Sweep(every=timedelta(hours=12)), CalendarScope.OWNED)
    assert policy.lists == {"sisters": ("fabrikam.com", "bo@adatum.com")}


def test_the_keys_of_a_rule_are_in_its_value() -> None:
    """Every key of the rule has its value."""
    loaded = load_policy([RuleFile("e.yaml", (DATA / "good" / "every-key.yaml").read_bytes())])
    assert loaded.policy is not None
    rule = loaded.policy.rule("every-key")

    assert (rule.mode, rule.action) == (Mode.ENFORCE, Action.ENABLE)
    assert rule.provider == RuleProvider(name="teamsForBusiness", is_fallback=True)
    assert rule.limits == RuleLimits(per_hour=200, per_mailbox_per_day=20)
    assert rule.retry_on_missing
    assert (rule.file, rule.line) == ("e.yaml", 3)
    assert [child.expected for child in rule.when.children] == ["3"]


def test_a_rule_without_a_mode_is_in_report_mode() -> None:
    """The other keys that are left out have their defaults, too."""
    policy = load(("a.yaml", RULE.format(id="a"))).policy
    assert policy is not None

    assert policy.rule("a").mode is Mode.REPORT
    assert (policy.internal_domains, policy.needs_tenant_domains) == (AUTO, True)
    assert policy.skip_drafts
    assert (policy.skip_other_join_links, policy.calendars) == (True, CalendarScope.DEFAULT)


def test_an_unknown_rule_id_is_a_key_error() -> None:
    """A policy has only the rules of its files."""
    policy = load(("a.yaml", RULE.format(id="a"))).policy
    assert policy is not None

    with pytest.raises(KeyError):
        policy.rule("b")


def test_files_are_merged_in_the_order_of_their_names() -> None:
    """The order in which they are passed does not matter."""
    loaded = load(("b.yaml", RULE.format(id="second")), ("a.yaml", RULE.format(id="first")))
    assert loaded.policy is not None

    assert [rule.id for rule in loaded.policy.rules] == ["first", "second"]


def test_an_id_is_unique_over_all_files() -> None:
    """The problem is at the second place and names the first."""
    loaded = load(("a.yaml", RULE.format(id="x")), ("b.yaml", RULE.format(id="x")))

    assert messages(loaded) == ['b.yaml:3:9: rule "x": the id is already used, by the rule in a.yaml:3']


def test_a_setting_may_be_in_one_file_only() -> None:
    """A setting holds for all files, so two files could contradict each other."""
    loaded = load(("a.yaml", "version: 1\ndrafts: skip\n"), ("b.yaml", "version: 1\ndrafts: ignore\n"))

    assert messages(loaded) == ["b.yaml:2:1: drafts is already set, in a.yaml:2; it holds for all files, so remove one of them"]  # fmt: skip


def test_all_problems_of_all_files_are_returned_in_order() -> None:
    """An admin can fix all of them before the next try."""
    loaded = load(("b.yaml", "version: 2\ndraft: x\n"), ("a.yaml", "rules: 3\n"))

    assert [(problem.file, problem.line, problem.column) for problem in loaded.problems] == [
        ("a.yaml", 1, 1), ("a.yaml", 1, 8), ("b.yaml", 1, 10), ("b.yaml", 2, 1),
    ]  # fmt: skip


def test_one_bad_file_prevents_a_policy() -> None:
    """A policy has all files, or there is none."""
    assert load(("a.yaml", RULE.format(id="a")), ("b.yaml", "version: 9")).policy is None


def test_the_list_of_problems_is_bounded() -> None:
    """The last problem says that there are more."""
    loaded = load(("a.yaml", "version: 1\n" + "".join(f"k{number}: 1\n" for number in range(150))))

    assert len(loaded.problems) == MAX_PROBLEMS + 1
    assert loaded.problems[-1].text == "there are more problems than these; fix these first"


ENFORCED = "version: 1\nrules:\n" + "".join(
    f"  - {{id: r{n}, mode: enforce, when: {{subject: x{n}}}}}\n" for n in range(60)
)


def test_too_many_warnings_are_still_warnings() -> None:
    """The problem about the rest has the highest severity of the rest."""
    loaded = load(("a.yaml", ENFORCED))

    assert loaded.policy is not None
    assert {problem.severity for problem in loaded.problems} == {Severity.WARNING}
    assert (
        messages(loaded)[-1] == "a.yaml:52:21: warning: there are more problems than these; fix these first"
    )


def test_an_error_is_never_left_out_for_warnings() -> None:
    """The error is reported even after more than the maximum of warnings."""
    loaded = load(("a.yaml", ENFORCED), ("b.yaml", "version: 9\n"))

    assert loaded.policy is None
    assert "b.yaml:1:10: version is 1, but this is the number 9" in messages(loaded)
    assert loaded.problems[-1].severity is Severity.WARNING


def test_no_files_are_an_error() -> None:
    """A wrong folder does not result in an empty policy."""
    assert messages(load()) == ["rules:1:1: there are no rule files here; a rule file is named *.yaml"]


def test_a_policy_without_rules_is_a_warning() -> None:
    """It is allowed, but probably not intended."""
    loaded = load(("a.yaml", "version: 1\nrules: []\n"))

    assert messages(loaded) == [
        "a.yaml:1:1: warning: there are no rules in any file, so Joinlink does nothing"
    ]
    assert loaded.problems[0].severity is Severity.WARNING
    assert loaded.policy is not None
