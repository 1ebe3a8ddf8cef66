"""Progress of the yard's steps: what begins, what ended, and how long it took."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

Progress = Callable[[str], None]
"""Takes one line for people; ``print`` is one."""


def silent(_line: str) -> None:
    """Say nothing."""


class Steps:
    """Tells a ``Progress`` of every step, with the step's time and the whole time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begun = time.monotonic()

    @contextmanager
    def step(self, what: str) -> Generator[None]:
        """Announce the end of a step, or that it failed; the error travels on."""
        begun = time.monotonic()
        try:
            yield
        except BaseException:
            self._say("✗", what, begun)
            raise
        self._say("✓", what, begun)

    def _say(self, mark: str, what: str, begun: float) -> None:
        now = time.monotonic()
        self._progress(f"{mark} {what}  {now - begun:.1f} s  (after {now - self._begun:.1f} s)")
