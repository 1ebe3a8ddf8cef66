"""What a preview of the whole stack costs, against an empty program's, in one run.

Both are the real engine with the same environment, run in turns, so that whatever else the machine
does falls on both. The figure is the ratio of the medians of the wall times.

Usage: `python -m bench.preview [--stack local] [--pairs 5] [--json]`
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cli.engine import PROJECT, of_stack

LIMIT = 2.5
"""Most that a preview of the whole stack may cost, in previews of an empty program."""

_EMPTY = """name: empty
runtime: python
"""


@dataclass(frozen=True)
class Result:
    """Wall times in seconds, pair by pair."""

    empty: list[float]
    whole: list[float]

    @property
    def ratio(self) -> float:
        """Median of the whole stack's times over the median of the empty program's."""
        return statistics.median(self.whole) / statistics.median(self.empty)


def measure(stack: str, pairs: int) -> Result:
    """Preview the empty program and the stack in turns; one unmeasured turn warms the caches.

    Raises:
        RuntimeError: a preview failed; with what it printed.
    """
    engine = of_stack(stack)
    env = engine.environment()
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as scratch:
        empty_env = _empty_project(Path(scratch), env)
        empty = [engine.command()[0], "preview", "--stack", "empty", "--non-interactive"]
        whole = engine.command("preview")
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(pairs + 1):
            taken = _timed(empty, Path(scratch), empty_env), _timed(whole, PROJECT, env)
            if turn:
                times[0].append(taken[0])
                times[1].append(taken[1])
    return Result(*times)


def _empty_project(folder: Path, env: dict[str, str]) -> dict[str, str]:
    (folder / "Pulumi.yaml").write_text(_EMPTY)
    (folder / "__main__.py").write_text('"""Nothing."""\n\nimport pulumi\n')
    state = folder / "state"
    state.mkdir()
    own = {**env, "PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": "empty"}
    _run(["pulumi", "stack", "init", "empty"], folder, own)
    return own


def _timed(command: Sequence[str], folder: Path, env: dict[str, str]) -> float:
    start = time.perf_counter()
    _run(command, folder, env)
    return time.perf_counter() - start


def _run(command: Sequence[str], folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Measure and print; 1 when the ratio passes the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default="local")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    result = measure(chosen.stack, chosen.pairs)
    if chosen.json:
        print(json.dumps({**asdict(result), "ratio": result.ratio, "limit": LIMIT}))  # noqa: T201
    else:
        empty, whole = statistics.median(result.empty), statistics.median(result.whole)
        print(  # noqa: T201 - the answer
            f"empty program {empty:.2f} s, stack {chosen.stack} {whole:.2f} s"
            f" (medians of {chosen.pairs}): ratio {result.ratio:.2f}, limit {LIMIT}"
        )
    return int(result.ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
