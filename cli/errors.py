"""Expected failures: each names the value, the consequence and the fix, and has its exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How `switchyard` ends; one line of meaning each."""

    OK = 0
    """The answer is good news."""
    BAD_NEWS = 1
    """It worked, and the answer is bad news: release rejected, problems or drift found."""
    INVALID = 2
    """Usage or input is invalid; nothing was changed."""
    UNREACHABLE = 3
    """The cluster or the engine cannot be reached."""
    TIMED_OUT = 4
    """What was waited for did not come in time; it may still come."""
    INTERRUPTED = 130
    """Ctrl-C; what was already asked of the cluster stays asked."""


class Failure(Exception):  # noqa: N818 - expected, so not called an error
    """An expected failure of a command.

    Args:
        value: what was found, named as the user knows it.
        consequence: what follows from it.
        fix: what to do about it, exact commands included.
    """

    code = ExitCode.BAD_NEWS

    def __init__(self, *, value: str, consequence: str, fix: str) -> None:
        super().__init__(f"{value}: {consequence}; {fix}")
        self.value = value
        self.consequence = consequence
        self.fix = fix


class BadNews(Failure):
    """The command worked and found that what was asked cannot be had."""


class Invalid(Failure):
    """Usage or input is invalid; nothing was changed."""

    code = ExitCode.INVALID


class Unreachable(Failure):
    """The cluster or the engine cannot be reached."""

    code = ExitCode.UNREACHABLE


class TimedOut(Failure):
    """What was waited for did not come in time."""

    code = ExitCode.TIMED_OUT


def first_line(error: Exception) -> str:
    """What an exception says, without the advice that some libraries add below it."""
    return (str(error).splitlines() or [""])[0]
