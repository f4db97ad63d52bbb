from datetime import date, timedelta
from pathlib import Path

import pytest

from shared.domain.decision import Action, Mode
from shared.rule_files.loader import LoadResult, RuleFile, load_policy
from shared.rule_files.problems import Severity
from shared.rule_files.reading.session import MAX_PROBLEMS
from shared.rules.mailboxes import Group, Mailboxes, User
from shared.rules.policy import AUTO, Limits, Sweep
from shared.rules.rule_tests import run_tests

DATA = Path(__file__).parent / "data"
BAD = sorted((DATA / "bad").glob("*.yaml"))
QUESTIONABLE = sorted((DATA / "questionable").glob("*.yaml"))
GOOD = sorted((DATA / "good").glob("*.yaml"))
TODAY = date(2026, 6, 1)
RULE = "version: 1\nrules:\n  - id: {id}\n    when: {{}}\n"


def load(*files: tuple[str, str | bytes]) -> LoadResult:
    return load_policy(
        [RuleFile(name, content.encode() if isinstance(content, str) else content) for name, content in files]
    )


def told(loaded: LoadResult) -> list[str]:
    return [str(problem) for problem in loaded.problems]


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in BAD])
def test_a_mistake_is_told_in_plain_words_at_its_place(file: Path) -> None:
    """The first line of each bad file says what is told, and nothing else is."""
    content = file.read_bytes()
    expected = content.decode().splitlines()[0].removeprefix("# expect: ").split(" || ")

    loaded = load_policy([RuleFile("x.yaml", content)])

    assert told(loaded) == [f"x.yaml:{line}" for line in expected]
    assert loaded.policy is None


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in QUESTIONABLE])
def test_what_is_hardly_meant_is_a_warning(file: Path) -> None:
    """The first line of each questionable file says what is told; the policy is taken all the same."""
    content = file.read_bytes()
    expected = content.decode().splitlines()[0].removeprefix("# expect: ").split(" || ")

    loaded = load_policy([RuleFile("x.yaml", content)], TODAY)

    assert told(loaded) == [f"x.yaml:{line}" for line in expected]
    assert {problem.severity for problem in loaded.problems} == {Severity.WARNING}
    assert loaded.policy is not None


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in GOOD])
def test_a_good_file_has_no_problems_and_decides_as_it_says(file: Path) -> None:
    """A file that is right is taken without a word, and every test in it is met."""
    loaded = load_policy([RuleFile(file.name, file.read_bytes())], TODAY)

    assert told(loaded) == []
    assert loaded.policy is not None
    for result in run_tests(loaded.policy):
        assert result.passed, (result.test.name, result.decision)


def test_the_corpus_is_large() -> None:
    """A hundred mistakes and more, and twenty good files whose decisions are written down."""
    assert len(BAD) > 200
    assert len([file for file in GOOD if "tests:" in file.read_text()]) > 20


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(
            "{id: b, when: {subject: x}, unless: {has_room: true}, mode: enforce, action: skip}",
            id="it asks for less",
        ),
        pytest.param("{id: b, when: {has_room: true}, mode: off}", id="it is off"),
        pytest.param(
            "{id: b, when: {any: [{has_room: true}, {subject: x}]}, mode: enforce, action: skip}",
            id="one of two ways is free",
        ),
    ],
)
@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param("{id: a, when: {has_room: true, subject: x}, mode: enforce, action: skip}", id="narrow"),
        pytest.param("{id: a, when: {}, action: skip}", id="in report mode"),
        pytest.param("{id: a, when: {}, mode: enforce, action: skip, active: {from: 2026-01-01}}", id="for a time"),
    ],
)  # fmt: skip
def test_a_rule_that_can_be_reached_is_no_problem(earlier: str, later: str) -> None:
    """Only what is certain is told."""
    assert told(load(("x.yaml", f"version: 1\nrules:\n  - {earlier}\n  - {later}\n"))) == []


def test_without_a_date_no_rule_is_over() -> None:
    """The loader reads no clock."""
    assert told(load(("over.yaml", (DATA / "questionable" / "over.yaml").read_bytes()))) == []


def test_lists_serve_all_files() -> None:
    """A list may stand in one file and be used in another, whatever their names."""
    user = "version: 1\nrules: [{id: a, when: {attendee: {domain_in: partners}}}]"
    loaded = load(("a.yaml", user), ("b.yaml", "version: 1\nlists: {partners: [fabrikam.com]}"))

    assert told(loaded) == []


def test_a_rule_that_is_never_reached_names_the_other_file() -> None:
    """Rules are asked in the order of their files."""
    first = "version: 1\nrules: [{id: a, when: {}, mode: enforce, action: skip}]"
    loaded = load(("a.yaml", first), ("b.yaml", RULE.format(id="b")))

    assert told(loaded) == [
        (
            'b.yaml:3:5: warning: rule "b": the rule is never reached: '
            'rule "a" (a.yaml:2) is before it and decides about every event that it matches'
        )
    ]


def test_settings_arrive_in_the_policy() -> None:
    """Every setting has its field."""
    text = """
version: 1
internal_domains: [contoso.com, sisters]
mailboxes:
  include: [{group: 5F0C9A4E-8B1D-4C52-9F7E-2D6A1B3C4D5E}, {user: CEO@contoso.com}]
  exclude: [{user: boardroom@contoso.com}]
other_join_links: {action: skip, look_in: body}
drafts: ignore
sweep: {every: 12h}
lists: {sisters: [fabrikam.com, bo@adatum.com]}
"""
    policy = load(("a.yaml", text)).policy
    assert policy is not None

    assert policy.internal_domains == ("contoso.com", "fabrikam.com")
    assert policy.mailboxes == Mailboxes(
        include=(Group("5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"), User("ceo@contoso.com")),
        exclude=(User("boardroom@contoso.com"),),
    )
    assert (policy.skip_other_join_links, policy.look_in_body, policy.skip_drafts) == (True, True, False)
    assert policy.sweep == Sweep(every=timedelta(hours=12))
    assert policy.lists == {"sisters": ("fabrikam.com", "bo@adatum.com")}


def test_a_rule_says_what_its_file_says() -> None:
    """Every key of a rule arrives in its value."""
    loaded = load_policy([RuleFile("e.yaml", (DATA / "good" / "every-key.yaml").read_bytes())])
    assert loaded.policy is not None
    rule = loaded.policy.rule("every-key")

    assert (rule.mode, rule.action, rule.provider_fallback) == (
        Mode.ENFORCE,
        Action.ENABLE,
        "teamsForBusiness",
    )
    assert rule.limits == Limits(per_hour=200, per_mailbox_per_day=20)
    assert rule.retry_on_missing
    assert (rule.file, rule.line) == ("e.yaml", 3)
    assert [child.expected for child in rule.when.children] == ["3"]


def test_a_rule_that_says_little_reports_only() -> None:
    """Without a mode, nothing is ever written."""
    policy = load(("a.yaml", RULE.format(id="a"))).policy
    assert policy is not None

    assert policy.rule("a").mode is Mode.REPORT
    assert (policy.internal_domains, policy.needs_tenant_domains) == (AUTO, True)
    assert policy.skip_drafts
    assert policy.skip_other_join_links


def test_an_unknown_rule_id_is_a_key_error() -> None:
    """A policy does not make rules up."""
    policy = load(("a.yaml", RULE.format(id="a"))).policy
    assert policy is not None

    with pytest.raises(KeyError):
        policy.rule("b")


def test_files_are_merged_in_the_order_of_their_names() -> None:
    """Which file was found first does not matter."""
    loaded = load(("b.yaml", RULE.format(id="second")), ("a.yaml", RULE.format(id="first")))
    assert loaded.policy is not None

    assert [rule.id for rule in loaded.policy.rules] == ["first", "second"]


def test_an_id_is_unique_over_all_files() -> None:
    """The second place names the first."""
    loaded = load(("a.yaml", RULE.format(id="x")), ("b.yaml", RULE.format(id="x")))

    assert told(loaded) == ['b.yaml:3:9: rule "x": the id is already used, by the rule in a.yaml:3']


def test_a_setting_stands_in_one_file() -> None:
    """What holds for all files can't be said twice."""
    loaded = load(("a.yaml", "version: 1\ndrafts: skip\n"), ("b.yaml", "version: 1\ndrafts: ignore\n"))

    assert told(loaded) == ["b.yaml:2:1: drafts is already set, in a.yaml:2; it holds for all files"]


def test_all_problems_of_all_files_come_at_once_in_order() -> None:
    """An admin mends everything in one round."""
    loaded = load(("b.yaml", "version: 2\ndraft: x\n"), ("a.yaml", "rules: 3\n"))

    assert [(problem.file, problem.line, problem.column) for problem in loaded.problems] == [
        ("a.yaml", 1, 1), ("a.yaml", 1, 8), ("b.yaml", 1, 10), ("b.yaml", 2, 1),
    ]  # fmt: skip


def test_one_bad_file_keeps_all_out_of_force() -> None:
    """A policy is taken whole or not at all."""
    assert load(("a.yaml", RULE.format(id="a")), ("b.yaml", "version: 9")).policy is None


def test_the_list_of_problems_is_bounded() -> None:
    """The last line tells that there are more, which nobody would read."""
    loaded = load(("a.yaml", "version: 1\n" + "".join(f"k{number}: 1\n" for number in range(150))))

    assert len(loaded.problems) == MAX_PROBLEMS + 1
    assert loaded.problems[-1].text == "there are more problems than these; fix these first"


ENFORCED = "version: 1\nrules:\n" + "".join(
    f"  - {{id: r{n}, mode: enforce, when: {{subject: x{n}}}}}\n" for n in range(60)
)


def test_warnings_without_number_stay_warnings() -> None:
    """The line that tells of the rest weighs as much as the worst of the rest."""
    loaded = load(("a.yaml", ENFORCED))

    assert loaded.policy is not None
    assert {problem.severity for problem in loaded.problems} == {Severity.WARNING}
    assert told(loaded)[-1] == "a.yaml:52:21: warning: there are more problems than these; fix these first"


def test_warnings_never_crowd_out_the_error() -> None:
    """However many warnings stand before it, what keeps the policy out of force is told."""
    loaded = load(("a.yaml", ENFORCED), ("b.yaml", "version: 9\n"))

    assert loaded.policy is None
    assert "b.yaml:1:10: version is 1, but this is the number 9" in told(loaded)
    assert loaded.problems[-1].severity is Severity.WARNING


def test_no_files_are_a_problem() -> None:
    """A wrong folder is not taken for "no rules"."""
    assert told(load()) == ["rules:1:1: there are no rule files here; a rule file is named *.yaml"]


def test_a_policy_without_rules_is_a_warning() -> None:
    """It does no harm, but is hardly meant."""
    loaded = load(("a.yaml", "version: 1\nrules: []\n"))

    assert told(loaded) == ["a.yaml:1:1: warning: there are no rules in any file, so Joinlink does nothing"]
    assert loaded.problems[0].severity is Severity.WARNING
    assert loaded.policy is not None


def test_the_hash_follows_the_content() -> None:
    """Equal files have equal hashes, in any order; a comment more makes another."""
    first, second = ("a.yaml", RULE.format(id="a")), ("b.yaml", RULE.format(id="b"))
    hashes = [
        loaded.policy.hash
        for loaded in (load(first, second), load(second, first), load(first, ("b.yaml", second[1] + "#")))
        if loaded.policy is not None
    ]

    assert hashes[0] == hashes[1] != hashes[2]
    assert len(hashes[0]) == 12


def test_the_hash_knows_files_by_their_own_names() -> None:
    """At the desk, in the package and in a container the same rules have the same hash; their own names count."""
    hashes = [
        loaded.policy.hash
        for name in ("rules/a.yaml", "policy/a.yaml", "a.yaml", "rules/b.yaml")
        if (loaded := load((name, RULE.format(id="a")))).policy
    ]

    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]
