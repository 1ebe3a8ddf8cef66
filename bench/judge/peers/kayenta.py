"""Kayenta's NetflixACAJudge, and the cadence at which Spinnaker's canary stage asks it.

Each metric's two series of points are cleaned, compared by the rank-sum interval at 98 %
confidence, and labelled: High when the interval's lower end lies above a quarter of the estimated
shift and the ratio of the means is at least `allowedIncrease`, Low the other way round, otherwise
Pass. The score is the share of Pass among the labelled, in percent. The stage asks again at every
interval and ends at the first score that is not above `marginal`; the last score must reach `pass`.

Sources, read for the rules (github.com/spinnaker/kayenta and orca):
`kayenta-judge/src/main/scala/com/netflix/kayenta/judge/NetflixACAJudge.scala`,
`.../classifiers/metric/MannWhitneyClassifier.scala`, `.../detectors/IQRDetector.scala`,
`.../scorers/WeightedSumScorer.scala`, `.../stats/EffectSizes.scala`; `orca-kayenta`
`MonitorCanaryTask` and `AggregateCanaryResultsTask` (the same in
`kayenta-standalone-canary-analysis`).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from bench.judge.latency import quantile
from bench.judge.peers.mann_whitney import Shift, shift
from bench.judge.ramp import Counts, Floats, Marks
from bench.judge.traffic import MINUTE, Histograms, Pair, Ratios, Traffic

TOO_MANY_MISSING = 0.5
"""Share of metrics without data from which the whole score is zero."""
FENCE = 3.0
"""Interquartile ranges beyond which a point is an outlier, if outside p1 to p99 too."""
NOISE = 1e-5
"""Relative Gaussian noise added to two constant series, so that they can be ranked."""


class Label(IntEnum):
    """What Kayenta calls a metric."""

    PASS = 0
    HIGH = 1
    LOW = 2
    NODATA = 3
    ERROR = 4


class Direction(IntEnum):
    """Which change of a metric can fail it."""

    EITHER = 0
    INCREASE = 1
    DECREASE = 2


@dataclass(frozen=True)
class Classifier:
    """How one metric is labelled."""

    direction: Direction = Direction.EITHER
    tolerance: float = 0.25
    confidence: float = 0.98
    allowed_increase: float = 1.0
    """Ratio of the means from which High may be said."""
    allowed_decrease: float = 1.0
    replace_nan: bool = False
    """Replace NaN by zero; otherwise drop it."""
    remove_outliers: bool = False

    def label(self, control: Floats, experiment: Floats) -> Label:
        """Of one metric: the points of the baseline and of the canary."""
        x, y = self.clean(experiment), self.clean(control)
        if not len(x) or not len(y):
            return Label.PASS if self.replace_nan else Label.NODATA
        return Label(self._labels(y[None, :], x[None, :])[0])

    def labels(self, control: Floats, experiment: Floats) -> Counts:
        """Of many runs of one metric: points of (points, runs) each; labels (runs,)."""
        found = np.full(control.shape[1], Label.PASS, dtype=np.int64)
        whole = ~(np.isnan(control).any(axis=0) | np.isnan(experiment).any(axis=0))
        if self.remove_outliers:
            whole = np.zeros(len(found), dtype=np.bool_)
        if whole.any():
            found[whole] = self._labels(control.T[whole], experiment.T[whole])
        for run in np.flatnonzero(~whole):
            found[run] = self.label(control[:, run], experiment[:, run])
        return found

    def clean(self, points: Floats) -> Floats:
        """The points that are compared: without NaN, and without outliers where asked."""
        missing = np.isnan(points)
        kept = np.where(missing, 0.0, points) if self.replace_nan else points[~missing]
        if not self.remove_outliers or not len(kept):
            return kept
        first, lower, upper, last = np.percentile(kept, (1, 25, 75, 99))
        width = FENCE * (upper - lower)
        return kept[(kept >= min(first, lower - width)) & (kept <= max(last, upper + width))]

    def _labels(self, control: Floats, experiment: Floats) -> Counts:
        same = _same(control, experiment)
        x, y = _with_noise(experiment, control)
        found = shift(x, y, self.confidence)
        means = y.mean(axis=1), x.mean(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(means[1] == 0.0, np.nan, means[1] / means[0])
        ratio = np.where(means[0] == 0.0, 1.0, ratio)
        labels = np.full(len(x), Label.PASS, dtype=np.int64)
        labels[self._low(found, ratio)] = Label.LOW
        labels[self._high(found, ratio)] = Label.HIGH
        labels[np.isnan(found.estimate)] = Label.ERROR
        labels[same] = Label.PASS
        return labels

    def _high(self, found: Shift, ratio: Floats) -> Marks:
        asked = self.direction is not Direction.DECREASE
        over = found.lower > self.tolerance * np.abs(found.estimate)
        return over & (ratio >= self.allowed_increase) & asked

    def _low(self, found: Shift, ratio: Floats) -> Marks:
        asked = self.direction is not Direction.INCREASE
        under = found.upper < -self.tolerance * np.abs(found.estimate)
        return under & (ratio <= self.allowed_decrease) & asked


@dataclass(frozen=True)
class Kayenta:
    """The stage: one point a minute, growing lookback, one group of equal weight."""

    name: str = "Kayenta"
    interval: int = 10
    """Minutes between judgements."""
    first: int = 10
    """Minutes until the first of them."""
    marginal: float = 75.0
    """A score at or below this ends the analysis at once."""
    passing: float = 95.0
    """What the last score must reach."""
    classifier: Classifier = Classifier(direction=Direction.INCREASE)

    def stops(self, traffic: Traffic) -> Floats:
        """Seconds until each run was stopped, NaN where the stage succeeded."""
        series = [points(pair) for pair in traffic.indicators.values()]
        stopped = np.full(traffic.runs, np.nan)
        minutes = range(self.first, traffic.minutes + 1, self.interval)
        for minute in minutes:
            open_ = np.flatnonzero(np.isnan(stopped))
            if not len(open_):
                break
            scores = self.scores([(c[:minute, open_], e[:minute, open_]) for c, e in series])
            enough = self.marginal if minute + self.interval <= traffic.minutes else None
            failed = scores <= enough if enough is not None else scores < self.passing
            stopped[open_[failed]] = minute * MINUTE
        return stopped

    def scores(self, series: list[tuple[Floats, Floats]]) -> Floats:
        """0 to 100 of each run, from (control, experiment) points of every metric."""
        labels = np.stack([self.classifier.labels(c, e) for c, e in series])
        labelled = (labels <= Label.LOW).sum(axis=0)
        share = (labels == Label.PASS).sum(axis=0) / np.maximum(labelled, 1)
        scores = np.round(np.where(labelled == 0, 1.0, share) * 100, 2)
        missing = (labels == Label.NODATA).mean(axis=0) >= TOO_MANY_MISSING
        return np.where(missing, 0.0, scores)


def points(pair: Pair) -> tuple[Floats, Floats]:
    """What the stage reads of an indicator: (control, experiment), (minutes, runs) each.

    Errors in percent of the requests, the 99th percentile of the latency in milliseconds, a gauge's
    mean.
    """
    minutes = pair.by_minute
    if isinstance(minutes, Ratios):
        with np.errstate(divide="ignore", invalid="ignore"):
            return (
                100 * minutes.bad[0] / minutes.totals[0],
                100 * minutes.bad[1] / minutes.totals[1],
            )
    if isinstance(minutes, Histograms):
        return 1000 * quantile(minutes.counts[0], 0.99), 1000 * quantile(minutes.counts[1], 0.99)
    return minutes.values


def _same(control: Floats, experiment: Floats) -> Marks:
    if control.shape == experiment.shape:
        equal = (np.sort(control, axis=1) == np.sort(experiment, axis=1)).all(axis=1)
    else:
        equal = np.zeros(len(control), dtype=np.bool_)
    everything = np.concatenate((control, experiment), axis=1)
    return equal | (everything == everything[:, :1]).all(axis=1)


def _with_noise(experiment: Floats, control: Floats) -> tuple[Floats, Floats]:
    """Two constant series get a little noise each, seeded; all others stay as they are."""
    constant = (experiment == experiment[:, :1]).all(axis=1) & (control == control[:, :1]).all(
        axis=1
    )
    if not constant.any():
        return experiment, control
    rng = np.random.default_rng(0)
    noisy = [
        np.where(constant[:, None], v + rng.standard_normal(v.shape) * NOISE * np.abs(v[:, :1]), v)
        for v in (experiment, control)
    ]
    return noisy[0], noisy[1]
