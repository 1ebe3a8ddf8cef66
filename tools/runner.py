"""Runs the programs that obtain tools: output to a log, killable as a whole, never a shell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import Interrupted, SourceFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

_TAIL_LINES = 6
_GRACE_SECONDS = 5.0


class Runner:
    """Starts programs in sessions of their own, so that stopping one stops its children."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._guard = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def wait(self, seconds: float) -> None:
        """Sleep, or raise Interrupted as soon as the run is being stopped."""
        if self._stopped.wait(seconds):
            raise Interrupted

    def stop(self) -> None:
        """End every program that runs here; those who wait for one see Interrupted."""
        self._stopped.set()
        with self._guard:
            running = tuple(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        for process in running:
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)

    def run(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        each_line: Callable[[str], None] | None = None,
    ) -> str:
        """Run to the end and return standard output and error, as they came.

        Raises:
            SourceFailed: it could not be started or ended with an error; names the log.
            Interrupted: the run is being stopped.
        """
        if self.stopped:
            raise Interrupted
        log.parent.mkdir(parents=True, exist_ok=True)
        lines: list[str] = []
        with log.open("a") as sink:
            sink.write(f"$ {' '.join(command)}\n")
            try:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env={**os.environ, **(environment or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
            except OSError as error:
                raise SourceFailed(f"{command[0]} could not be started: {error}") from error
            with process, self._registered(process):
                for line in process.stdout or ():
                    sink.write(line)
                    sink.flush()
                    lines.append(line)
                    if each_line is not None:
                        each_line(line.rstrip())
        if self.stopped:
            raise Interrupted
        if process.returncode:
            tail = "".join(lines[-_TAIL_LINES:]).rstrip()
            raise SourceFailed(
                f"{Path(command[0]).name} {command[1] if command[1:] else ''} ended with "
                f"{process.returncode}; log: {log}\n{tail}"
            )
        return "".join(lines)

    @contextlib.contextmanager
    def _registered(self, process: subprocess.Popen[str]) -> Generator[None]:
        """Have `stop` know this program for as long as it runs."""
        with self._guard:
            self._running.add(process)
        if self.stopped:
            _signal(process, signal.SIGTERM)
        try:
            yield
        finally:
            process.wait()
            with self._guard:
                self._running.discard(process)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Signal a program and its children; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
