"""Results kept chunk by chunk, so that an interrupted measurement goes on where it was."""

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from bench.judge.judges import Judge, sources
from bench.judge.outcome import Outcomes, outcomes
from bench.judge.traffic import Scenario

CHUNK = 250
"""Runs that are simulated side by side: 2,400 ticks of 8 indicators of them take about 1 GiB."""


@dataclass(frozen=True)
class Measurement:
    """How many runs, from which seed, kept where."""

    folder: Path
    runs: int
    seed: int
    workers: int = 1
    """Processes that measure side by side."""

    def of(self, scenario: Scenario, judges: dict[str, Judge]) -> dict[str, Outcomes]:
        """Every judge over the same runs of one scenario, what is there already read back."""
        kept = {name: self._kept(scenario, name, judge) for name, judge in judges.items()}
        tasks = {
            chunk: {name: judge for name, judge in judges.items() if chunk not in kept[name]}
            for chunk in range(len(self._chunks()))
        }
        began = time.perf_counter()
        for chunk, found in self._measured(scenario, {k: v for k, v in tasks.items() if v}):
            for name, result in found.items():
                kept[name][chunk] = result
                self._keep(self._path(scenario, name, judges[name]), chunk, result)
            _progress(f"{scenario.name}: chunk {chunk + 1}, {time.perf_counter() - began:.0f} s")
        whole: dict[str, Outcomes] = {}
        for name in judges:
            parts = [kept[name][chunk] for chunk in range(len(self._chunks()))]
            total = parts[0]
            for part in parts[1:]:
                total += part
            whole[name] = total
        return whole

    def _measured(
        self, scenario: Scenario, tasks: dict[int, dict[str, Judge]]
    ) -> Iterator[tuple[int, dict[str, Outcomes]]]:
        """Chunks as they are done."""
        work = [
            (scenario, self.seed, chunk, self._chunks()[chunk], tasks[chunk]) for chunk in tasks
        ]
        if self.workers == 1:
            yield from (_chunk(*one) for one in work)
            return
        with ProcessPoolExecutor(self.workers) as pool:
            for done in as_completed([pool.submit(_chunk, *one) for one in work]):
                yield done.result()

    def _chunks(self) -> list[int]:
        full, rest = divmod(self.runs, CHUNK)
        return [CHUNK] * full + ([rest] if rest else [])

    def _path(self, scenario: Scenario, name: str, judge: Judge) -> Path:
        told = repr((self.seed, CHUNK, scenario, judge, sources(name)))
        digest = hashlib.sha256(told.encode()).hexdigest()[:12]
        return self.folder / scenario.name / f"{name}-{digest}.jsonl"

    def _kept(self, scenario: Scenario, name: str, judge: Judge) -> dict[int, Outcomes]:
        path = self._path(scenario, name, judge)
        found: dict[int, Outcomes] = {}
        if path.exists():
            sizes = self._chunks()
            for line in path.read_text().splitlines():
                document = json.loads(line)
                chunk = document["chunk"]
                if chunk < len(sizes) and len(document["outcomes"]["stopped"]) == sizes[chunk]:
                    found[chunk] = Outcomes.from_json(document["outcomes"])
        return found

    def _keep(self, path: Path, chunk: int, found: Outcomes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(json.dumps({"chunk": chunk, "outcomes": found.to_json()}) + "\n")


def _chunk(
    scenario: Scenario, seed: int, chunk: int, runs: int, judges: dict[str, Judge]
) -> tuple[int, dict[str, Outcomes]]:
    traffic = scenario.traffic(seed, chunk, runs)
    return chunk, {name: outcomes(traffic, one.watch(traffic)) for name, one in judges.items()}


def _progress(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()
