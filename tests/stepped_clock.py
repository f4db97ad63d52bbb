"""A clock that a test moves."""


class SteppedClock:
    """Counts seconds, and stands still unless a test moves it."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds
