"""The load generator, built from `examples/shop/load` and run against loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import tools
from cli.engine import PROJECT
from cli.errors import BadNews
from cli.flips import Sample

if TYPE_CHECKING:
    from collections.abc import Generator

POLL = 0.1
"""Seconds between two looks at the samples file."""
FIRST_ANSWER_BOUND = 30.0
"""Seconds until the first answers must be in; they are there within one."""
STOP_TIMEOUT = 30.0
"""Seconds within which the generator writes its report once interrupted."""


@dataclass(frozen=True)
class Plan:
    """How much load, how fast, and for how long at the most.

    Attributes:
        target: URL of the gateway; loopback only, the generator refuses anything else.
        rate: requests a second, the floor of the day's shape.
        requests: how many at the most.
        seed: makes the run repeatable.
        day: real time in which the shape of a day is replayed, again and again.
        peak: greatest rate of the day, as a multiple of `rate`.
    """

    target: str = "http://127.0.0.1:8080"
    rate: int = 500
    requests: int = 100_000
    seed: int = 7
    day: str = "60s"
    peak: float = 1.1


class Load:
    """A running load generator."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._samples = folder / "samples.ndjson"

    @property
    def running(self) -> bool:
        """Whether requests are still being sent."""
        return self._process.poll() is None

    def wait(self, seconds: float) -> None:
        """Wait for the end of the load, `seconds` at most."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)

    def wait_for_answers(self) -> None:
        """Return once answers come in, so that what follows is measured from its first moment.

        Raises:
            BadNews: the load ended, or nothing answered in time.
        """
        deadline = time.monotonic() + FIRST_ANSWER_BOUND
        while not self._samples.exists() or not self._samples.stat().st_size:
            if not self.running or time.monotonic() > deadline:
                raise BadNews(
                    value=f"load generator: {self.progress()}",
                    consequence="nothing would be measured, so the release was not begun",
                    fix="see whether the gateway answers: `switchyard doctor`",
                )
            self.wait(POLL)

    def progress(self) -> str:
        """The generator's own last line."""
        lines = (self._folder / "log").read_text().splitlines()
        return lines[-1] if lines else "starting"

    def stop(self) -> None:
        """End the load early; its report is still written."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def report(self) -> dict[str, Any]:
        """Wait for the end and return the generator's report.

        Raises:
            BadNews: the generator ended without a report.
        """
        self._process.wait()
        path = self._folder / "report.json"
        if not path.exists():
            raise BadNews(
                value=f"load generator ended with {self._process.returncode}",
                consequence="there are no figures for this release",
                fix=f"read its output: {self._folder / 'log'}",
            )
        return cast("dict[str, Any]", json.loads(path.read_text()))

    def samples(self) -> list[Sample]:
        """Every answered request, in the order in which they were sent."""
        with self._samples.open() as lines:
            rows = [json.loads(line) for line in lines]
        rows.sort(key=itemgetter("sent_ns"))
        return [
            Sample(
                _moment(row["sent_ns"]),
                _moment(row["due_ns"] + row["latency_ns"]),  # latency counts from the schedule
                row["colour"],
            )
            for row in rows
        ]


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def build() -> Path:
    """Compile the generator; Go's own cache makes the second time instant."""
    binary = tools.cache_dir() / "load" / "shop-load"
    binary.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [str(tools.path("go")), "build", "-trimpath", "-o", str(binary), "./load"],
        cwd=PROJECT / "examples" / "shop",
        env=os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=readonly"},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise BadNews(
            value=f"go build ./load ended with {done.returncode}",
            consequence="there is no load generator",
            fix=f"mend what the compiler says:\n{done.stderr.strip()}",
        )
    return binary


@contextmanager
def running(plan: Plan) -> Generator[Load]:
    """Load from the moment the first answers are in until the block ends."""
    binary = build()
    with tempfile.TemporaryDirectory(prefix="switchyard-load-") as scratch:
        folder = Path(scratch)
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    str(binary),
                    *("--target", plan.target, "--rate", str(plan.rate)),
                    *("--requests", str(plan.requests), "--seed", str(plan.seed)),
                    *("--day", plan.day, "--peak", str(plan.peak)),
                    *("--report", str(folder / "report.json")),
                    *("--samples", str(folder / "samples.ndjson")),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                # Ctrl-C reaches us first: we end the release in order, then the load
                start_new_session=True,
            )
        load = Load(process, folder)
        try:
            yield load
        finally:
            load.stop()
            try:
                process.wait(timeout=STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
