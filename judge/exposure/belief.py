"""What the ramp has shown so far, for the policy: how likely each size of regression has become.

The judge decides on e-values; this is a belief, and it only ever paces. It holds a few sums, is
added to like a counter, and goes through JSON, so that a controller may die between two looks.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from judge.exposure import detection

RATIOS = (1.2, 1.35, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
"""Sizes that a regression may have: the candidate's error rate over the baseline's."""
SHARES = (0.03, 0.06, 0.13, 0.25, 0.21, 0.14, 0.09, 0.05, 0.04)
"""How probable each size is in a bad release: most break something part of the time, some all."""

_RATIOS = np.array(RATIOS)
_LOG_SHARES = np.log(np.array(SHARES))
_NOTHING = (0.0,) * len(RATIOS)


@dataclass(frozen=True, slots=True)
class Belief:
    """Sums over the counts of both sides since the release began."""

    log_likelihood: tuple[float, ...] = _NOTHING
    """Of each ratio, over that of no change."""
    reach: tuple[float, ...] = _NOTHING
    """Mean evidence in nats that each ratio would have given, per unit of the error rate."""
    most: tuple[float, ...] = _NOTHING
    """The most that the judge's bets can have won in the time, in nats."""
    bad_baseline: float = 0.0
    baseline: float = 0.0
    """Requests of the baseline while both had traffic."""
    bad_candidate: float = 0.0
    candidate: float = 0.0
    """Requests of the candidate."""

    def add(
        self,
        bad_baseline: float,
        baseline: float,
        bad_candidate: float,
        candidate: float,
        seconds: float,
    ) -> "Belief":
        """With the counts of one stretch of time over which the weight did not change.

        Args:
            bad_baseline: bad answers of the baseline.
            baseline: all its answers.
            bad_candidate: bad answers of the candidate.
            candidate: all its answers.
            seconds: what the counts cover.

        Raises:
            ValueError: more bad requests than requests, or what is no count or no time.
        """
        pairs = ((bad_baseline, baseline), (bad_candidate, candidate))
        if not all(0 <= bad <= total < math.inf for bad, total in (*pairs, (seconds, seconds))):
            raise ValueError(
                f"{bad_baseline} bad of {baseline} and {bad_candidate} bad of {candidate} in "
                f"{seconds} s: no counts, so no evidence; give increments, bad among total"
            )
        if not (baseline and candidate):
            return self  # with one side alone there is nothing to compare
        total, share = baseline + candidate, candidate / (baseline + candidate)
        bad = bad_baseline + bad_candidate
        likelihood = detection.log_likelihood_ratio(_RATIOS, share, bad_candidate, bad)
        known = (self.bad_baseline + bad_baseline + 1) / (self.baseline + baseline)
        errors = known * total / seconds if seconds else 0.0
        reach = total * detection.nats_per_error(_RATIOS, share)
        return Belief(
            log_likelihood=_sum(self.log_likelihood, likelihood),
            reach=_sum(self.reach, reach),
            most=_sum(self.most, seconds * detection.most_per_second(_RATIOS, share, errors)),
            bad_baseline=self.bad_baseline + bad_baseline,
            baseline=self.baseline + baseline,
            bad_candidate=self.bad_candidate + bad_candidate,
            candidate=self.candidate + candidate,
        )

    @property
    def log_factor(self) -> float:
        """Log of the Bayes factor: how much the counts favour "bad" over "no change"."""
        return float(np.logaddexp.reduce(_LOG_SHARES + np.array(self.log_likelihood)))

    @property
    def sizes(self) -> detection.Array:
        """How probable each ratio is now, were the release bad; shape of `RATIOS`, sums to 1."""
        return np.exp(_LOG_SHARES + np.array(self.log_likelihood) - self.log_factor)

    def collected(self, error_rate: float) -> detection.Array:
        """Mean evidence in nats that each ratio would have given by now; shape of `RATIOS`."""
        return np.minimum(error_rate * np.array(self.reach), self.most)

    def collected_for(self, ratio: float, error_rate: float) -> float:
        """The same for any ratio between the smallest and the largest, by interpolation."""
        known = np.log(np.maximum(self.collected(error_rate), 1e-300))
        return float(np.exp(np.interp(math.log(ratio), np.log(_RATIOS), known)))

    def dump(self) -> str:
        """As compact JSON text."""
        sides = [self.bad_baseline, self.baseline, self.bad_candidate, self.candidate]
        content = {
            "ratios": RATIOS,
            "logLikelihood": self.log_likelihood,
            "reach": self.reach,
            "most": self.most,
            "counts": sides,
        }
        return json.dumps(content, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> "Belief":
        """Read what `dump` wrote.

        Raises:
            ValueError: not such a text, or of a version with other ratios.
        """
        try:
            content = cast("dict[str, Any]", json.loads(text))
            same = tuple(content["ratios"]) == RATIOS
            sums = [tuple(map(float, content[key])) for key in ("logLikelihood", "reach", "most")]
            counts = [float(count) for count in content["counts"]]
            if same and {len(values) for values in sums} == {len(RATIOS)}:
                likelihood, reach, most = sums
                return cls(likelihood, reach, most, *counts)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"evidence {text[:80]!r} cannot be read: what the ramp has shown is lost; start "
                "again from Belief(), the pace will be the more cautious for it"
            ) from error
        raise ValueError(
            "evidence over other sizes of regression, of another version: sums over them cannot be "
            "carried on; start again from Belief(), the pace will be the more cautious for it"
        )


def _sum(before: tuple[float, ...], more: detection.Array) -> tuple[float, ...]:
    return tuple(a + float(b) for a, b in zip(before, more, strict=True))
