"""What a stack says of the way traffic moves and of what judges it; used by `settings` alone."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from settings_rules import Duration, Name, PositiveDuration, refused

_COOKIE = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)?(\{[^{}]*\})?")


class Strict(BaseModel):
    """Refuses what it does not know; camelCase outside."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


def _steps(value: object) -> object:
    """Rising whole percents."""
    plain: list[Any] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] - as it was written
    percents = all(type(step) is int and 1 <= step <= 100 for step in plain)  # noqa: PLR2004
    if not plain or not percents or sorted(set(plain)) != plain:
        raise refused(
            f"{value!r} are no steps",
            "the ramp would stand still, go back, or give a share that no route can hold",
            "write whole percents from 1 to 100, each larger than the one before: [1, 5, 25, 50]",
        )
    return plain


def _sticky(value: object) -> object:
    if isinstance(value, dict) and "header" in value:
        raise refused(
            f"{value!r} names a header",
            "Envoy Gateway hashes a header over the endpoints of both colours without regard to "
            "their weights, so 1 % would be half of the users",
            "write `stickyBy: {cookie: <name>}`: the gateway sets it, and the weights hold",
        )
    return value  # pyright: ignore[reportUnknownVariableType] - as it was written


def _cookie(value: object) -> object:
    if not isinstance(value, str) or not _COOKIE.fullmatch(value):
        raise refused(
            f"{value!r} is no name of a cookie",
            "no browser would send it back, and users would change colour at every request",
            "write letters, digits, `_`, `-` and `.`, such as switchyard-colour",
        )
    return value


def _selector(value: object) -> object:
    text = str(value)
    if not isinstance(value, str) or not text or not _SELECTOR.fullmatch(text):
        raise refused(
            f"{text!r} is no selector of series",
            "raw samples can be read of a selector alone, and there would never be data",
            'write a name with labels: requests_total{twin="shop"}; sums and rates are made later',
        )
    return text


def _share(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise refused(
            f"{value!r} is no share between 0 and 1",
            "the judge would stop every release or none",
            "write it as a number, such as 0.01",
        )
    return value


def _positive(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise refused(
            f"{value!r} is no relative change above zero",
            "no amount of traffic could exclude it, and no release would ever pass",
            "write what you could live with, such as 0.1 for a tenth",
        )
    return value


def _factor(value: object) -> object:
    least, most = 1.2, 100.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise refused(
            f"{value!r} is no factor from {least:g} to {most:g}",
            "the ramp would wait for evidence that cannot come, or for none at all",
            "write how many times as many errors must have been noticeable, such as 5",
        )
    return value


Steps = Annotated[list[int], BeforeValidator(_steps)]
Selector = Annotated[str, BeforeValidator(_selector)]
Share = Annotated[float, BeforeValidator(_share)]
Positive = Annotated[float, BeforeValidator(_positive)]
Factor = Annotated[float, BeforeValidator(_factor)]


class Sticky(Strict):
    """By what a user is known."""

    cookie: Annotated[str, BeforeValidator(_cookie)]
    """Name of a cookie that the gateway sets: whoever has it keeps the pod, and so the colour."""


class Strategy(Strict):
    """How traffic moves."""

    kind: Literal["blueGreen", "canary", "progressive"] = "blueGreen"
    """`blueGreen`: all of it at once, after the candidate was seen healthy; `canary`: by fixed
    steps, the judge watching; `progressive`: by steps that the exposure policy chooses."""
    steps: Steps = [1, 5, 25, 50, 100]
    """Percent of the traffic that the candidate gets, step by step; 100 comes last in any case."""
    dwell: PositiveDuration = "10m"
    """For how long each step is judged at least; longer where traffic is low."""
    sticky_by: Annotated[Sticky | None, BeforeValidator(_sticky)] = None
    """By what a user is known, to keep them on their colour; default: each request for itself."""
    rollback_window: Duration = "1h"
    """How long after a release `switchyard abort` still returns to the former colour."""
    health_timeout: PositiveDuration = "5m"
    """How long a candidate may take to become healthy before it is given up."""

    @property
    def ramps(self) -> bool:
        """Whether traffic moves step by step under judgement."""
        return self.kind != "blueGreen"


class Query(Strict):
    """Selectors of one indicator's raw series, each of which carries the label `colour`."""

    bad: Selector | None = None
    """Ratio: the counter of bad events."""
    total: Selector | None = None
    """Ratio: the counter of all events."""
    buckets: Selector | None = None
    """Histogram: its `_bucket` series."""
    values: Selector | None = None
    """Gauge: its series, one a pod."""


_PARTS = {"ratio": {"bad", "total"}, "histogram": {"buckets"}, "gauge": {"values"}}


class Indicator(Strict):
    """One thing that the judge compares between the colours."""

    name: Name
    """Its name in every report."""
    kind: Literal["ratio", "histogram", "gauge"]
    """What its data are."""
    direction: Literal["increase", "decrease", "either"] = "increase"
    """Which change is a regression."""
    margin: Positive | None = None
    """The relative change that a pass must exclude; default: the judge's."""
    objective: Share | None = None
    """Ratio: the share of bad events that the service's objective allows: both colours breaking it
    together stops the release too."""
    query: Query | None = None
    """Where its series are; default for a ratio named `errors`: what the gateway counts."""

    @model_validator(mode="after")
    def _fits(self) -> "Indicator":
        """The query has what the kind needs, and nothing else."""
        given = self.query.model_fields_set if self.query else set[str]()
        if self.query is None and (self.name, self.kind) == ("errors", "ratio"):
            return self
        if given != _PARTS[self.kind]:
            found = " and ".join(sorted(given)) or "nothing"
            raise refused(
                f"{self.name!r} is a {self.kind} with a query of {found}",
                "there would never be data for it, and no step would be taken",
                f"write `query:` with {' and '.join(sorted(_PARTS[self.kind]))}",
            )
        if self.objective is not None and self.kind != "ratio":
            raise refused(
                f"{self.name!r} is a {self.kind} with an objective",
                "a share of bad events means nothing for it, so nothing would trip",
                "remove it, or watch the share of slow requests as a ratio",
            )
        return self


class Judge(Strict):
    """How a candidate under traffic is compared with what serves."""

    indicators: Annotated[list[Indicator], Field(min_length=1)] = [
        Indicator(name="errors", kind="ratio")
    ]
    """What is compared; default: the errors that the gateway counts."""
    false_alarm_rate: Share = 0.01
    """Over the whole release and all indicators, however often one looks."""
    margin: Positive = 0.1
    """The relative change that a pass must exclude."""
    interval: PositiveDuration = "1s"
    """Time between two looks; not below the interval at which the series are scraped."""
    detectable: Factor = 5.0
    """How many times as many errors must have been noticeable before a step is taken: the guard
    against promoting what no request has reached."""


class Twin(Strict):
    """The part of a twin's settings that says how releases go."""

    strategy: Strategy = Strategy()
    """How traffic moves between its colours."""
    judge: Judge = Judge()
    """What a candidate under traffic is judged by."""
    slos: list[Path] = []
    """OpenSLO files, relative to the project. What remains of their error budgets sets the pace of
    a ramp, and a spent one freezes every release."""


_KEY = re.compile(r"ed25519:[A-Za-z0-9+/]{43}=")


def _key(value: object) -> object:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise refused(
            "a trusted key is no ed25519 public key (its value is not repeated here)",
            "no override could ever be verified by it",
            "write the line that `switchyard override keygen` prints: ed25519:<44 characters>",
        )
    return value


PublicKey = Annotated[str, BeforeValidator(_key)]
