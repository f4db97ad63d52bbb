from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module, imported from the hooks' folder."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "infra" / "hooks"))
    import app_health  # noqa: PLC0415 -- found by the line above

    return app_health


class HealthPage:
    """Answers one after the other, on a clock that moves as it is slept."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self._answers = list(answers)
        self.now = 0.0

    def read(self) -> dict[str, Any]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_hook_waits_for_the_first_maintenance(waiting: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Says once what it waits for, and shows what is still wrong then."""
    health = HealthPage(
        waiting.AzureError("https://x", "the app does not answer"),
        waiting.AzureError("https://x", "the app does not answer"),
        {"maintenance": None, "problems": ["maintenance has never finished"]},
        {"maintenance": {"last": "now"}, "problems": ["no valid rules are in force"], "healthy": False},
    )
    waiting.wait_for_health(health.read, lambda: health.now, health.sleep)

    assert capsys.readouterr().out.splitlines() == [
        "  wait  the app does not answer",
        "  wait  maintenance has never finished",
        "  done  maintenance has finished",
        "  note  no valid rules are in force",
    ]


def test_the_hook_does_not_wait_for_ever(waiting: Any) -> None:
    """Twenty minutes, then the reason and what to do."""
    health = HealthPage({"maintenance": None, "problems": ["Graph refuses the token"]})
    with pytest.raises(
        waiting.Stop, match=r"within 20 minutes: Graph refuses the token\. Run joinlink doctor"
    ):
        waiting.wait_for_health(health.read, lambda: health.now, health.sleep)

    assert health.now == 1200
