import tracemalloc

from tests.sandbox.graph.world import GraphWorld


def test_an_unused_user_needs_less_than_a_kilobyte(world: GraphWorld) -> None:
    """So a simulation can have 100,000 users."""
    tracemalloc.start()
    try:
        for n in range(5_000):
            world.graph.add_user(f"User {n}", f"user{n}@contoso.com")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken / 5_000 < 1_000
