"""Ticks of made-up traffic, seeded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from judge.config import parse
from judge.observation import Buckets, Counts, NoData, Pair, Samples, Tick

if TYPE_CHECKING:
    from judge.config import Config

ERRORS: Config = parse({"indicators": [{"name": "errors", "kind": "ratio"}]})
EIGHT: Config = parse(
    {
        "indicators": [
            {"name": "errors", "kind": "ratio", "objective": 0.05},
            {"name": "timeouts", "kind": "ratio"},
            {"name": "orders", "kind": "ratio", "direction": "decrease"},
            {"name": "rejections", "kind": "ratio", "direction": "either"},
            {"name": "latency", "kind": "histogram"},
            {"name": "upstream", "kind": "histogram"},
            {"name": "memory", "kind": "gauge"},
            {"name": "cpu", "kind": "gauge", "direction": "either"},
        ]
    }
)
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, float("inf"))


def ratio_tick(
    t: float, baseline: tuple[int, int], candidate: tuple[int, int], users: int | None = None
) -> Tick:
    """A tick of `errors`, each side as bad and total."""
    both = [Counts(int(bad), int(total)) for bad, total in (baseline, candidate)]
    share = candidate[1] / max(baseline[1] + candidate[1], 1)
    return Tick(t, float(share), {"errors": Pair(*both)}, users)


@dataclass
class Traffic:
    """Poisson requests, split by the share; the candidate has `times` the errors."""

    seed: int
    share: float
    rate: float = 0.005
    times: float = 1.0
    requests: float = 200.0
    outage: str = ""
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def tick(self, t: float) -> Tick:
        """One second of `errors`."""
        return Tick(t, self.share, {"errors": self._ratio(*self._requests())})

    def eight(self, t: float) -> Tick:
        """One second of all of `EIGHT`."""
        requests = self._requests()
        pairs: dict[str, Pair | NoData] = {
            name: self._ratio(*requests) for name in ("errors", "timeouts", "orders", "rejections")
        }
        for name in ("latency", "upstream"):
            pairs[name] = Pair(*(self._buckets(count) for count in requests))
        for name in ("memory", "cpu"):
            pairs[name] = Pair(*(Samples((float(self.rng.normal(0.5, 0.02)),)) for _ in range(2)))
        return Tick(t, self.share, pairs)

    def _requests(self) -> tuple[int, int]:
        baseline = self.rng.poisson(self.requests * (1 - self.share))
        return int(baseline), int(self.rng.poisson(self.requests * self.share))

    def _ratio(self, baseline: int, candidate: int) -> Pair:
        bad_b = baseline if self.outage == "both" else self.rng.binomial(baseline, self.rate)
        bad_c = candidate if self.outage else self.rng.binomial(candidate, self.rate * self.times)
        return Pair(Counts(int(bad_b), baseline), Counts(int(bad_c), candidate))

    def _buckets(self, count: int) -> Buckets:
        seconds = np.exp(self.rng.normal(-2.5, 0.5, count))
        return Buckets(BOUNDS, tuple(int((seconds <= bound).sum()) for bound in BOUNDS))
