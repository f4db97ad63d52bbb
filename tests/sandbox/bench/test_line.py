"""Many changes of one mailbox: the bench plays 500 of them, this a smaller line."""

from sandbox.bench.line import drain

CHANGES = 40


def test_two_hosts_share_a_mailbox() -> None:
    """They meet its limit, use fewer places from then on, and lose no time; another mailbox does not wait."""
    one, two = (drain(hosts=hosts, changes=CHANGES) for hosts in (1, 2))

    assert (one.online, one.refused, one.poisoned) == (CHANGES, 0, 0)
    assert (two.online, two.poisoned) == (CHANGES, 0)
    assert 0 < two.refused <= 10
    assert two.seconds <= 2 * one.seconds
    assert two.other_seconds <= one.other_seconds + 5
