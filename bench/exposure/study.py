"""Companies that release by the ladder for a while, and then by the policy that learnt from it.

Each company has habits of its own; its policy learns from its own ladder releases alone and is
then shown releases that come later. Companies on which the price of time was chosen (`TUNED`) are
never reported on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

import numpy as np

from bench.exposure import offpolicy
from bench.exposure.ramps import BOUNDS, LONGEST, Choose, Outcomes, ramp
from bench.exposure.world import Flags, Floats, Release, company
from judge.exposure import Features, Ladder, Past, Policy, Prices, RampState, Step, parse_history

TUNED = range(100)
"""Seeds of the companies on which the price of time was chosen."""
ARMS = (0.02, 0.1, 0.3, 0.6)
"""Paces that the pilot draws from: what the policy does with releases bad with that probability;
the ladder is one more."""
PROPENSITIES = (0.2, 0.15, 0.15, 0.1, 0.4)
"""How often the pilot draws each, the ladder last."""


@dataclass(frozen=True)
class Sizes:
    """How much is simulated."""

    companies: int
    history: int
    """Releases by the ladder that each company's policy learns from."""
    later: int
    """Releases of each company after that, on which everything is compared."""
    seed: int

    def __post_init__(self) -> None:
        """Refuse companies that were tuned on."""
        if self.seed in TUNED and self.seed + self.companies > len(TUNED):
            raise ValueError(
                f"seeds {self.seed} and on run out of the tuned ones; choose 100 or more"
            )


@dataclass(frozen=True)
class Study:
    """Releases to compare on, what is known of them, and how the ladder fared with them."""

    releases: list[Release]
    company: offpolicy.Ints
    features: list[Features]
    policies: list[Policy]
    """Of each release's company."""
    ladder: Outcomes
    prices: Prices
    seed: int

    @property
    def bad(self) -> Flags:
        """The truth."""
        return np.array([release.bad for release in self.releases])

    def with_fewer_good(self, one_in: int) -> "Study":
        """All bad releases and one in so many good ones, for figures about either kind."""
        nth = np.arange(len(self.releases))
        kept = np.flatnonzero(self.bad | (nth % one_in == 0)).tolist()
        return self._of(kept)

    def first(self, of_each: int) -> "Study":
        """The first releases of each company: the mixture as it is."""
        kept: list[int] = []
        for number in range(int(self.company.max()) + 1):
            kept += np.flatnonzero(self.company == number)[:of_each].tolist()
        return self._of(kept)

    def _of(self, kept: list[int]) -> "Study":
        return Study(
            releases=[self.releases[n] for n in kept],
            company=self.company[kept],
            features=[self.features[n] for n in kept],
            policies=[self.policies[n] for n in kept],
            ladder=_some(self.ladder, kept),
            prices=self.prices,
            seed=self.seed,
        )

    def risks(self) -> Floats:
        """What each policy says of its release: shape (releases, 2), mean and cautious."""
        said = [p.explain(f) for p, f in zip(self.policies, self.features, strict=True)]
        return np.array([(risk.probability, risk.cautious) for risk in said])

    def paced(self, probabilities: Floats, seed: int) -> Outcomes:
        """The policy's ramps of releases that it takes for bad with these probabilities."""
        policy = Policy.learn((), prices=self.prices)

        def choose(index: int, state: RampState) -> Step:
            return policy.pace(float(probabilities[index]), state, BOUNDS)

        return self.played(choose, seed)

    def played(self, choose: Choose, seed: int) -> Outcomes:
        """Ramps at a pace, under traffic of their own."""
        return ramp(self.releases, choose, seed=self.seed + seed, notice_s=self.prices.notice_s)

    def pilot(self, risks: Floats) -> tuple[offpolicy.Log, Outcomes, offpolicy.Ints]:
        """A log of releases at random paces; and the paces that the policy would have taken."""
        rng = np.random.default_rng([11, self.seed])
        arms = rng.choice(len(PROPENSITIES), len(self.releases), p=PROPENSITIES)
        assumed = np.array([*ARMS, np.nan])[arms]
        policy, ladder = Policy.learn((), prices=self.prices), Ladder()

        def choose(index: int, state: RampState) -> Step:
            if np.isnan(assumed[index]):
                return ladder.choose(self.features[index], state, BOUNDS)
            return policy.pace(float(assumed[index]), state, BOUNDS)

        outcomes = self.played(choose, seed=500)
        wanted = np.minimum(np.searchsorted(ARMS, risks[:, 1]), len(ARMS) - 1)
        said, load = risks[:, 0], [1 / (r.rps * r.error_rate) for r in self.releases]
        contexts = np.column_stack([np.ones(len(said)), said, load])
        log = offpolicy.Log(contexts, arms, np.array(PROPENSITIES)[arms], np.zeros(len(said)))
        return log, outcomes, wanted.astype(np.int64)


def study(sizes: Sizes, prices: Prices) -> Study:
    """Let the companies release by the ladder, and learn."""
    whole = sizes.history + sizes.later
    companies = [company(sizes.seed + n, whole) for n in range(sizes.companies)]
    every = [release for one in companies for release in one]
    ladder = Ladder()
    anything = Features(hour=0.0, weekday=0)

    def choose(_: int, state: RampState) -> Step:
        return ladder.choose(anything, state, BOUNDS)

    outcomes = ramp(every, choose, seed=sizes.seed, notice_s=prices.notice_s)
    lines = [_line(release, outcomes, n) for n, release in enumerate(every)]
    later = [n for n in range(len(every)) if n % whole >= sizes.history]
    policies: list[Policy] = []
    features: list[Features] = []
    for n in range(sizes.companies):
        past = parse_history(lines[n * whole : (n + 1) * whole])
        learnt = Policy.learn(past[: sizes.history], prices=prices)
        policies += [learnt] * sizes.later
        features += [_known(release, past) for release in companies[n][sizes.history :]]
    return Study(
        releases=[every[n] for n in later],
        company=np.array([n // whole for n in later]),
        features=features,
        policies=policies,
        ladder=_some(outcomes, later),
        prices=prices,
        seed=sizes.seed,
    )


def _known(release: Release, past: Sequence[Past]) -> Features:
    return Features.of(
        past,
        twin=release.twin,
        at=release.at,
        change_size=release.change_size,
        services=release.services,
        budget_left=release.budget_left,
    )


def _line(release: Release, outcomes: Outcomes, n: int) -> str:
    """As the controller writes it; a promoted bad release is logged as what it seemed, good."""
    arrived = bool(outcomes.arrived[n])
    return json.dumps(
        {
            "release": release.name,
            "twin": release.twin,
            "at": release.at.astimezone(UTC).isoformat(),
            "changeSize": release.change_size,
            "services": list(release.services),
            "hour": release.hour,
            "outcome": "promoted" if arrived else "rolledBack",
            "verdicts": {"errors": "hold" if arrived else "fail"},
            "budgetLeft": release.budget_left,
            "requestsExposed": float(outcomes.exposed[n]),
            "timeTo100": float(outcomes.seconds[n]) if arrived else None,
        }
    )


def _some(outcomes: Outcomes, which: list[int]) -> Outcomes:
    chosen = {name: getattr(outcomes, name)[which] for name in outcomes.__dataclass_fields__}
    return Outcomes(**chosen)


def to_clock(study: Study, outcomes: Outcomes) -> Floats:
    """Bad answers until one fixed moment, half an hour after the ladder's end, for all alike.

    Stricter to whoever is quick: a regression that nobody saw then harms for the time won, too.
    """
    ladder_s = 4 * Ladder().dwell_s
    notice = study.prices.notice_s
    left = np.maximum(ladder_s + notice - outcomes.seconds, 0.0) / notice
    return outcomes.harmed + outcomes.harmed_after * left


def longest(outcomes: Outcomes) -> float:
    """Share of ramps that had not ended after `LONGEST`."""
    return float((outcomes.seconds >= LONGEST).mean())
