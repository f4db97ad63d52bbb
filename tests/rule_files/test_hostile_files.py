import pytest
from hypothesis import given, settings, strategies as st

from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.yaml_tree.parser import MAX_DEPTH
from shared.rule_files.yaml_tree.text import MAX_BYTES
from shared.rules.rule_test_coverage import coverage_gaps
from shared.rules.rule_tests import run_tests
from tests.rule_files.test_loader import BAD, GOOD, QUESTIONABLE, TODAY, load, messages


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", '1:1: the file is empty; a rule file begins with "version: 1"', id="empty"),
        pytest.param(b"version: 1\n# \xff", "2:3: the file is not UTF-8 text; save it as UTF-8", id="not UTF-8"),
        pytest.param("version: 1".encode("utf-16"), "1:1: the file is UTF-16 text; save it as UTF-8", id="UTF-16"),
        pytest.param("version: 1".encode("utf-16-le"), "1:1: the file is UTF-16 text; save it as UTF-8", id="UTF-16 without a byte order mark"),
        pytest.param("version: 1".encode("utf-16-be"), "1:1: the file is UTF-16 text; save it as UTF-8", id="UTF-16, big endian"),
        pytest.param("规则会议".encode("utf-16"), "1:1: the file is UTF-16 text; save it as UTF-8", id="UTF-16 without a zero byte"),
        pytest.param("version: 1".encode("utf-32"), "1:1: the file is UTF-32 text; save it as UTF-8", id="UTF-32"),
        pytest.param("version: 1".encode("utf-32-be"), "1:1: the file is UTF-32 text; save it as UTF-8", id="UTF-32 without a byte order mark"),
        pytest.param(b"PK\x03\x04\x14\0\x06\0", "1:1: the file is a ZIP archive or an Office document; save it as UTF-8", id="Office document"),
        pytest.param(b"\x1f\x8b\x08\0\0\0", "1:1: the file is compressed data; save it as UTF-8", id="compressed"),
        pytest.param(b"{\\rtf1\\ansi version: 1}", "1:1: the file is a document in Rich Text Format; save it as UTF-8", id="rich text"),
        pytest.param(b"version: 1\0", "1:11: this is a NUL byte; remove it", id="NUL"),
        pytest.param(b"version: 1 \x1b", "1:12: this is an invisible control character; remove it", id="escape"),
        pytest.param(b"#" * (MAX_BYTES + 1), "1:1: the file is larger than 256 KiB; split it into several", id="large"),
        pytest.param(b"[" * 100_000, "1:51: this is nested more than 50 levels deep", id="deep"),
        pytest.param(b"version: 1\nrules: [{id: a, when: {subject: [" + b"a," * 2_001 + b"]}}]", '2:34: rule "a": subject: these are more than 2,000 words, and every event is searched for them', id="words"),
        pytest.param(b"[" + b"1," * 60_000 + b"]", "1:100000: the file has more than 50,000 values; split it into several", id="many"),
    ],
)  # fmt: skip
def test_a_hostile_file_has_one_problem(content: bytes, expected: str) -> None:
    """Size, depth and number of values are bounded, and other formats are refused."""
    assert messages(load(("x.yaml", content))) == [f"x.yaml:{expected}"]


def test_anchors_are_not_expanded() -> None:
    """Aliases of aliases would need exponential memory."""
    bomb = "version: 1\na: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(30))

    assert load(("x.yaml", bomb)).policy is None


def test_the_deepest_allowed_nesting_is_read() -> None:
    """The bound on depth is inclusive."""
    nots = "".join("{not: " for _ in range(MAX_DEPTH - 6))
    text = f"version: 1\nrules:\n  - id: a\n    when: {nots}{{has_room: true}}{'}' * (MAX_DEPTH - 6)}\n"

    assert messages(load(("x.yaml", text))) == []


_WORDS = st.sampled_from([
    "version: 1\n", "rules:\n", "  - id: a\n", "    when: ", "{", "}", "[", "]", "- ", ": ", "\n", "    ", "subject",
    "external_attendees", "{at_least: 1}", "any", "not", "&a ", "*a", "!!str ", "<<: ", "'", '"', "|", ">", "? ", "\t",
    "# x", "---\n", "%YAML 1.2\n", "2026-12-01", "mode: enforce\n", "matches: '(a'", "\\U0010FFFF", "true", "~", ",", "é",
    "    tests:\n", "      - name: n\n", "        event: ", "        expect: enable\n", "lists: {x: [a.b]}\n", "domain_in", "member_of",
    "starts_between: {from: 22:00, timezone: UTC}", "rollout: 5%", "mailboxes: {include: all}\n", "start: mon 09:00", "0x1F", "010",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode()), st.lists(_WORDS, max_size=30).map(lambda words: "".join(words).encode())))  # fmt: skip
def test_any_bytes_result_in_a_policy_or_problems(content: bytes) -> None:
    """No content raises; without a policy there is a problem, in one line."""
    loaded = load_policy([RuleFile("x.yaml", content)], TODAY)

    assert loaded.policy is not None or loaded.problems
    for problem in loaded.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in str(problem)


HOSTILE = [
    pytest.param("rules: [{id: a, when: {any: [{all: [" + "{has_room: true}," * 6_500 + "]}]}, unless: {any: [" + "{is_all_day: true}," * 6_000 + "]}}]", id="all alternatives compared with all others"),
    pytest.param("rules:\n- id: a\n  when:\n    subject: |\n      " + "x.*" * 60_000 + "\n      y", id="a text that looks like a pattern"),
    pytest.param("lists: {" + "a" * 200_000 + ": [a.b]}\nrules: [{id: a, when: {attendee: {domain_in: [" + "x," * 95 + "]}}}]", id="a list with a very long name"),
    pytest.param("rules: [{id: a, when: {}, tests: [{name: n, expect: skip, event: {start: \u017fat 09:00}}]}]", id="a letter whose capital is another letter"),
    pytest.param("rules: [{id: a, when: {subject: {matches: [" + "'" + r"\pL" * 330 + "'," + "]}}}]", id="classes of Unicode"),
    pytest.param("rules:\n- id: a\n  when: " + "{all: [" * 20 + "{has_room: true}," * 12_000 + "]}" * 20, id="conditions twenty levels deep"),
    pytest.param("rules: " + "[],{a:b}," * 20_000 + "\n- x", id="a long line that is not YAML"),
    pytest.param("rules: [{id: a, when: {attendee: {address_in: '<" + "@" * 200_000 + "'}}}]", id="a very long address"),
    pytest.param("rules:\n" + "".join(f"- {{id: a{n}, when: {{subject: x{n}}}}}\n" for n in range(6_000)), id="rules that are all compared"),
    pytest.param("rules:\n  - id: a\n    when: {subject: {matches: [" + r"'(\pL{25}){30}'," * 10_000 + "]}}", id="patterns that are too large"),
    pytest.param("".join(f"rulez{number}: 1\n" for number in range(18_000)), id="many misspelt keys"),
    pytest.param("lists: {a: [" + "".join(f"a.b{n}," for n in range(12_000)) + "]}\nrules: [{id: a, when: {attendee: {domain_in: [" + "a," * 20_000 + "]}}}]", id="a large list used often"),
    pytest.param("lists: {" + "".join(f"l{n}: [a.b]," for n in range(8_000)) + "}\nrules: [{id: a, when: {attendee: {domain_in: [" + "x," * 5_000 + "]}}}]", id="many lists and an unknown name"),
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_file_takes_long(text: str) -> None:
    """Work is bounded, not only size: each of these files once took minutes."""
    loaded = load(("x.yaml", "version: 1\n" + text))

    assert loaded.problems or loaded.policy is not None


_CORPUS = [file.read_bytes() for file in (*BAD, *QUESTIONABLE, *GOOD)]
_LINES = [line for content in _CORPUS for line in content.splitlines()]


@settings(max_examples=300, deadline=None)
@given(content=st.sampled_from(_CORPUS), edits=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(_LINES)), max_size=4))  # fmt: skip
def test_a_file_with_lines_of_others_results_in_a_policy_or_problems(
    content: bytes, edits: list[tuple[int, bytes]]
) -> None:
    """Files that are almost right reach more code than noise; a policy can run its tests."""
    lines = content.splitlines()
    for place, line in edits:
        lines.insert(place, line)
    loaded = load_policy([RuleFile("x.yaml", b"\n".join(lines))], TODAY)

    assert loaded.policy is not None or loaded.problems
    if loaded.policy is not None:
        coverage_gaps(loaded.policy, run_tests(loaded.policy))
