"""A gauge such as memory or CPU: one reading a second of each colour."""

from dataclasses import dataclass

import numpy as np

from bench.judge.ramp import Floats

HOUR = 3600.0


@dataclass(frozen=True)
class Gauge:
    """A level with noise of its own in each colour, and a swing that both share."""

    level: float = 200.0
    """In the indicator's unit, say MiB."""
    noise: float = 4.0
    """Standard deviation of each colour's own noise."""
    autocorrelation: float = 0.0
    """Lag-1 autocorrelation of that noise (a Gaussian AR(1))."""
    swing: float = 0.0
    """Amplitude of what both colours share over the hour, in the indicator's unit."""
    leak: float = 0.0
    """What the candidate gains an hour, in the indicator's unit."""
    times: float = 1.0
    """What the candidate multiplies its level by."""

    def draw(self, ticks: int, runs: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Readings of baseline and candidate, (ticks, runs) each."""
        moments = np.arange(ticks)[:, None] / HOUR
        shared = self.swing * np.sin(2 * np.pi * (moments + rng.random(runs)))
        baseline = self.level + shared + self._noise(ticks, runs, rng)
        level = self.level * self.times + self.leak * moments
        return baseline, level + shared + self._noise(ticks, runs, rng)

    def _noise(self, ticks: int, runs: int, rng: np.random.Generator) -> Floats:
        fresh = rng.standard_normal((ticks, runs))
        noise = np.empty_like(fresh)
        noise[0] = fresh[0]
        weight = np.sqrt(1 - self.autocorrelation**2)
        for tick in range(1, ticks):
            noise[tick] = self.autocorrelation * noise[tick - 1] + weight * fresh[tick]
        return self.noise * noise
