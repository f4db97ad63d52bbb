from shared.rule_files.loader import RuleFile, load_policy

A, B = (f"version: 1\nrules:\n  - id: {name}\n    when: {{}}\n" for name in "ab")


def policy_hash(*files: tuple[str, str]) -> str:
    policy = load_policy([RuleFile(name, text.encode()) for name, text in files]).policy
    assert policy is not None
    return policy.hash


def test_the_hash_follows_the_content() -> None:
    """Equal files have equal hashes, in any order; another comment changes the hash."""
    first, second = ("a.yaml", A), ("b.yaml", B)

    assert policy_hash(first, second) == policy_hash(second, first)
    assert policy_hash(first, second) != policy_hash(first, ("b.yaml", B + "#"))
    assert len(policy_hash(first)) == 12


def test_the_hash_ignores_the_folder() -> None:
    """The same rules have the same hash in a folder, in the package and in a container; file names count."""
    names = ("rules/a.yaml", "policy/a.yaml", "a.yaml", "rules/b.yaml")
    hashes = [policy_hash((name, A)) for name in names]

    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]
