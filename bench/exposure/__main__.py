"""The exposure policy against the fixed ladder, on companies and releases it was not trained on.

For every company a history of releases by the fixed ladder (1/5/25/50 % for 10 minutes each), a
policy learnt from it alone, and later releases on which both are compared by simulation with the
judge in the loop. Beside it: what the log of a randomised pilot says the policy would do
(off-policy), against what it then did.

Usage: `python -m bench.exposure [--companies 14] [--history 250] [--later 110] [--seed 1000]`
"""

import argparse
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bench.exposure import offpolicy
from bench.exposure.offpolicy import Estimate
from bench.exposure.ramps import Outcomes
from bench.exposure.study import ARMS, Sizes, Study, longest, study, to_clock
from bench.exposure.world import Flags, Floats
from judge.exposure import Ladder, Prices

RESAMPLES = 2000
_MINUTE = 60.0
Statistic = Callable[[Floats, Flags], float]


def main() -> int:
    """Simulate and print; 1 when show 5 does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=14)
    parser.add_argument("--history", type=int, default=250)
    parser.add_argument("--later", type=int, default=110)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--good", type=int, default=6, help="one in so many good ones is ramped")
    parser.add_argument("--pilot", type=int, default=40, help="logged releases of each company")
    chosen = parser.parse_args()
    sizes = Sizes(chosen.companies, chosen.history, chosen.later, chosen.seed)
    made = study(sizes, Prices())
    _print_sizes(made)
    _print_learning(made, made.risks()[:, 0])
    compared = made.with_fewer_good(chosen.good)
    learnt = compared.paced(compared.risks()[:, 1], seed=100)
    held = _print_comparison(compared, "learnt", learnt)
    blind = np.array([(p.model.bad + 1) / (p.model.releases + 2) for p in compared.policies])
    unlearnt = compared.paced(blind, seed=200)
    _print_comparison(compared, "the history's share for every release", unlearnt)
    _print_offpolicy(made.first(chosen.pilot))
    return int(not held)


def _print_sizes(made: Study) -> None:
    bad = made.bad
    _say(
        f"{len(bad)} releases of {made.company.max() + 1} companies, {bad.sum()} bad; "
        f"time price {made.prices.time:g}; ladder {Ladder().steps} of {Ladder().dwell_s:.0f} s"
    )


def _print_learning(made: Study, said: Floats) -> None:
    """How good the probabilities are, beside saying the history's share of every release."""
    bad = made.bad.astype(float)
    share = np.array([(p.model.bad + 1) / (p.model.releases + 2) for p in made.policies])
    _say("\n| P(bad) before the start | learnt | history's share |\n|---|---|---|")
    _say(f"| Brier score | {_boot(made, (said - bad) ** 2)} | {_boot(made, (share - bad) ** 2)} |")
    _say(f"| log loss | {_boot(made, _loss(said, bad))} | {_boot(made, _loss(share, bad))} |")
    _say(f"| area under ROC | {_area(said, bad):.3f} | {_area(share, bad):.3f} |")
    _say("\n| said | releases | mean said | were bad |\n|---|---|---|---|")
    edges = [0.0, 0.05, 0.1, 0.2, 0.35, 1.0]
    for low, high in itertools.pairwise(edges):
        inside = (said >= low) & (said < high)
        if inside.any():
            were = offpolicy.mean(bad[inside])
            _say(
                f"| {low:.0%}-{high:.0%} | {inside.sum()} | {said[inside].mean():.1%} | "
                f"{were.value:.1%} [{max(were.lower, 0):.1%}, {were.upper:.1%}] |"
            )


def _print_comparison(made: Study, name: str, outcomes: Outcomes) -> bool:
    """The table of show 5; whether it holds."""
    good, bad, ladder = ~made.bad, made.bad, made.ladder
    arrived, by_ladder = good & outcomes.arrived, good & ladder.arrived
    minutes, ladder_minutes = outcomes.seconds / _MINUTE, ladder.seconds / _MINUTE
    time = _ratio(made, (minutes, arrived), (ladder_minutes, by_ladder), _median)
    harm = _ratio(made, (outcomes.all_harmed, bad), (ladder.all_harmed, bad), _mean)
    _say(f"\n| {name} | progressive | ladder | ratio |\n|---|---|---|---|")
    _row("good: median minutes to 100 %", minutes[arrived], ladder_minutes[by_ladder], time)
    means = _ratio(made, (minutes, arrived), (ladder_minutes, by_ladder), _mean)
    _row("good: mean minutes to 100 %", minutes[arrived], ladder_minutes[by_ladder], means, np.mean)
    _say(
        f"| good: stopped by the judge | {_share(outcomes.failed, good)} | "
        f"{_share(ladder.failed, good)} | |"
    )
    _say(f"| not ended after 3 h | {longest(outcomes):.2%} | {longest(ladder):.2%} | |")
    _say(
        f"| bad: stopped before 100 % | {_share(outcomes.failed, bad)} | "
        f"{_share(ladder.failed, bad)} | |"
    )
    for label, of in (
        ("bad: mean requests harmed", _all_harmed),
        ("bad: of these before 100 %", _harmed),
        ("bad: mean requests exposed before 100 %", _exposed),
    ):
        ours, theirs = of(outcomes), of(ladder)
        both = _ratio(made, (ours, bad), (theirs, bad), _mean)
        _row(label, ours[bad], theirs[bad], both, np.mean)
    ours, theirs = to_clock(made, outcomes), to_clock(made, ladder)
    strict = _ratio(made, (ours, bad), (theirs, bad), _mean)
    _row("bad: mean harmed until minute 70", ours[bad], theirs[bad], strict, np.mean)
    return time.value <= 0.5 and harm.value <= 1.0  # noqa: PLR2004 - the show's half


def _print_offpolicy(made: Study) -> None:
    log, logged, wanted = made.pilot(made.risks())
    truth = made.paced(np.array(ARMS)[wanted], seed=900)
    _say(
        f"\n| the policy at one of {len(ARMS)} paces | truth (carried out) | from the pilot's log, "
        "doubly robust | inverse propensity | pilot itself | ladder |\n|---|---|---|---|---|---|"
    )
    for label, of in (
        ("minutes until the end, all releases", _minutes),
        ("requests harmed before 100 %, all releases", _harmed),
        ("requests harmed in all, all releases", _all_harmed),
    ):
        told = replace(log, outcomes=of(logged))
        _say(
            f"| {label} | {offpolicy.mean(of(truth))} | {offpolicy.doubly_robust(told, wanted)} | "
            f"{offpolicy.inverse_propensity(told, wanted)} | {offpolicy.mean(of(logged))} | "
            f"{offpolicy.mean(of(made.ladder))} |"
        )
    agreed = log.arms == wanted
    effective = (agreed / log.propensities).sum() ** 2 / ((agreed / log.propensities) ** 2).sum()
    _say(f"\neffective sample {effective:.0f} of {len(agreed)} logged releases")


def _minutes(outcomes: Outcomes) -> Floats:
    return outcomes.seconds / _MINUTE


def _harmed(outcomes: Outcomes) -> Floats:
    return outcomes.harmed


def _all_harmed(outcomes: Outcomes) -> Floats:
    return outcomes.all_harmed


def _exposed(outcomes: Outcomes) -> Floats:
    return outcomes.exposed


def _ratio(
    made: Study, ours: tuple[Floats, Flags], theirs: tuple[Floats, Flags], statistic: Statistic
) -> Estimate:
    """Ratio of two statistics; the interval resamples companies, for theirs are alike."""
    rng = np.random.default_rng(17)
    count = int(made.company.max()) + 1
    members: list[offpolicy.Ints] = [np.flatnonzero(made.company == n) for n in range(count)]

    def of(which: offpolicy.Ints) -> float:
        up = statistic(ours[0][which], ours[1][which])
        return up / statistic(theirs[0][which], theirs[1][which])

    drawn: list[float] = []
    for _ in range(RESAMPLES):
        chosen: list[int] = rng.integers(count, size=count).tolist()
        drawn.append(of(np.concatenate([members[n] for n in chosen])))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(of(np.arange(len(made.company))), float(low), float(high))


def _boot(made: Study, values: Floats) -> str:
    """The mean, its interval over companies."""
    ones, everybody = np.ones_like(values), np.ones(len(values), dtype=bool)
    found = _ratio(made, (values, everybody), (ones, everybody), _mean)
    return f"{found.value:.4f} [{found.lower:.4f}, {found.upper:.4f}]"


def _median(values: Floats, which: Flags) -> float:
    return float(np.median(values[which]))


def _mean(values: Floats, which: Flags) -> float:
    return float(values[which].mean())


def _share(flags: Flags, among: Flags) -> str:
    return f"{int((flags & among).sum())} of {int(among.sum())}"


def _loss(said: Floats, bad: Floats) -> Floats:
    return -np.log(np.where(bad > 0, said, 1 - said))


def _area(said: Floats, bad: Floats) -> float:
    """Probability that a bad release was given the higher risk than a good one."""
    worse, sound = said[bad > 0], said[bad == 0]
    above = (worse[:, None] > sound).mean()
    return float(above + (worse[:, None] == sound).mean() / 2)


def _row(
    label: str,
    ours: Floats,
    theirs: Floats,
    ratio: Estimate,
    of: Callable[[Floats], Any] = np.median,
) -> None:
    _say(f"| {label} | {of(ours):.1f} | {of(theirs):.1f} | {ratio} |")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
