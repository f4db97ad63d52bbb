"""Output formats of problems, test results and other answers: for people and for tools."""

from enum import StrEnum


class Format(StrEnum):
    """The formats of `--format`."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    JUNIT = "junit"
    SARIF = "sarif"
