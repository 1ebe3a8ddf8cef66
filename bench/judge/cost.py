"""What judging costs: ticks a minute through `switchyard judge`, a tick in process, the import.

Times are of the processor, so that what else the machine does falls out of them; beside them the
command's time by the clock.

Usage: `python -m bench.judge.cost [--ticks 6000] [--repeats 5] [--json]`
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import yaml

from bench.judge import ticks
from bench.judge.scenarios import SCENARIOS
from bench.judge.traffic import Scenario
from cli.errors import ExitCode
from judge.session import Session

PROJECT = Path(__file__).resolve().parents[2]
VERDICTS = (ExitCode.OK, ExitCode.BAD_NEWS, ExitCode.TIMED_OUT)
"""What `switchyard judge` ends with when it judged: PASS, FAIL, HOLD."""
COMMAND = (str(Path(sys.executable).parent / "switchyard"), "judge", "--json", "--config")


@dataclass(frozen=True)
class Cost:
    """Medians over the repeats; 8 indicators are 4 ratios, 2 histograms and 2 gauges."""

    ticks_a_minute: float
    """8 indicators through the command line, JSON lines in and out, its start included."""
    ticks_a_minute_by_the_clock: float
    """The same, on the machine as busy as it was."""
    first_answer_s: float
    """From the start of the command to its end on a single tick."""
    tick_ms: float
    """One tick of 8 indicators in process, with its report."""
    indicator_ms: dict[str, float]
    """One tick of one indicator in process, by kind."""
    import_s: float
    """`import judge.session`, in a fresh Python."""
    snapshot_bytes: int
    """What a session of 8 indicators keeps after those ticks."""


def measure(count: int, repeats: int) -> Cost:
    """Run the command, the session and the import, each `repeats` times."""
    scenario = SCENARIOS["aa-8"]
    tick_seconds, session = in_process(scenario, count, repeats)
    commanded = [command(scenario, count) for _ in range(repeats)]
    return Cost(
        ticks_a_minute=60 * count / statistics.median(busy for busy, _ in commanded),
        ticks_a_minute_by_the_clock=60 * count / statistics.median(clock for _, clock in commanded),
        first_answer_s=median_of(lambda: command(scenario, 1)[0], repeats),
        tick_ms=1000 * tick_seconds,
        indicator_ms={
            kind: 1000 * in_process(SCENARIOS[name], count, repeats)[0]
            for kind, name in (
                ("ratio", "errors-1.5x"),
                ("histogram", "aa-latency"),
                ("gauge", "aa-gauge"),
            )
        },
        import_s=median_of(importing, repeats),
        snapshot_bytes=len(session.snapshot().encode()),
    )


def median_of(once: Callable[[], float], repeats: int) -> float:
    """Median of several measurements, in seconds."""
    return statistics.median(once() for _ in range(repeats))


def in_process(scenario: Scenario, count: int, repeats: int) -> tuple[float, Session]:
    """Seconds a tick, median over the repeats, and the last session."""
    fed = _ticks(scenario, count)
    taken: list[float] = []
    session = Session(ticks.config(scenario))
    for _ in range(repeats):
        session = Session(ticks.config(scenario))
        began = time.process_time()
        for tick in fed:
            session.tick(tick)
        taken.append((time.process_time() - began) / count)
    return statistics.median(taken), session


def command(scenario: Scenario, count: int) -> tuple[float, float]:
    """Seconds that `switchyard judge` takes for some ticks: of the processor, and by the clock.

    Raises:
        RuntimeError: it failed, or answered another number of lines than ticks.
    """
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        config, lines = Path(folder, "judge.yaml"), Path(folder, "ticks.jsonl")
        config.write_text(yaml.safe_dump(ticks.block(ticks.config(scenario))))
        fed = (json.dumps(ticks.line(tick)) for tick in _ticks(scenario, count))
        lines.write_text("\n".join(fed) + "\n")
        began, busy = time.perf_counter(), _children()
        with lines.open() as stream:
            done = subprocess.run(
                [*COMMAND, str(config)], stdin=stream, capture_output=True, text=True, check=False
            )
        taken = _children() - busy, time.perf_counter() - began
    answers = len(done.stdout.splitlines())
    if done.returncode not in VERDICTS or answers != count:
        raise RuntimeError(f"{answers} answers to {count} ticks: {done.stderr[-2000:]}")
    return taken


def _children() -> float:
    """Processor seconds of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def importing() -> float:
    """Seconds of `import judge.session`, numpy included, in a fresh Python."""
    code = (
        "from time import process_time as t; began = t(); import judge.session; print(t() - began)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _ticks(scenario: Scenario, count: int) -> list[ticks.Tick]:
    traffic = scenario.traffic(4, 0, 1)
    whole = list(ticks.ticks(traffic, 0))
    return [replace(whole[at % len(whole)], t=at + 1.0) for at in range(count)]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.judge.cost", description=__doc__)
    parser.add_argument("--ticks", type=int, default=2400)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    cost = asdict(measure(asked.ticks, asked.repeats))
    print(json.dumps(cost) if asked.json else yaml.safe_dump(cost, sort_keys=False))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
