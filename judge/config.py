"""What a release is judged by: the `judge` block of a TrafficSwitch.

Deliberately knows neither queries nor clocks: those keys of the block belong to the controller,
and are passed over here.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from judge.errors import ConfigError

FALSE_ALARM_RATE = 0.01
"""Probability of stopping a release without fault, over all indicators and looks: 1 in 100."""
MARGIN = 0.1
"""Relative; a pass must exclude a regression larger than this: a tenth."""
HIGHEST_FALSE_ALARM_RATE = 0.5
"""Above this a coin would do."""
CLOSE = 0.75
"""Likeness (difflib's) from which an unknown key is taken for a misspelt one and refused."""


class Kind(StrEnum):
    """What an indicator's data are; one line of meaning each."""

    RATIO = "ratio"
    """Bad events among all events, such as failed requests."""
    HISTOGRAM = "histogram"
    """Counts per bucket, such as latency."""
    GAUGE = "gauge"
    """Values, such as memory in use."""


class Direction(StrEnum):
    """What change of the candidate against the baseline is a regression."""

    INCREASE = "increase"
    """More is worse, as with errors and latency."""
    DECREASE = "decrease"
    """Less is worse, as with a conversion rate."""
    EITHER = "either"
    """Any change is worse."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing that is watched."""

    name: str
    kind: Kind
    direction: Direction = Direction.INCREASE
    margin: float = MARGIN
    """Relative change that a pass must exclude."""
    objective: float | None = None
    """Ratios alone: the absolute SLO as the largest share of bad events, such as 0.01; the tripwire
    fails the release when both colours together break it. None: no tripwire."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole block."""

    indicators: tuple[Indicator, ...]
    false_alarm_rate: float = FALSE_ALARM_RATE
    """Over the whole release and all indicators, however often one looks."""
    margin: float = MARGIN
    """The margin of indicators that name none of their own."""

    def __post_init__(self) -> None:
        _refuse_empty(self.indicators)


def parse(block: Mapping[str, Any]) -> Config:
    """Read a `judge` block, or a document that holds one as `judge` or `spec.judge`.

    Args:
        block: `{indicators: [{name, kind, direction, margin, objective}], falseAlarmRate, margin}`;
            keys of others (`interval`, an indicator's `query`) are passed over.

    Raises:
        ConfigError: naming the value, the consequence and the fix.
    """
    block = _unwrapped(block)
    _refuse_misspelt("the judge block", block, ("indicators", "falseAlarmRate", "margin"))
    margin = _positive("margin", block.get("margin", MARGIN))
    rate = _number("falseAlarmRate", block.get("falseAlarmRate", FALSE_ALARM_RATE))
    if not 0 < rate <= HIGHEST_FALSE_ALARM_RATE:
        raise ConfigError(
            f"falseAlarmRate {rate:g}",
            "is no usable probability of a false alarm",
            f"write one above 0 and at most {HIGHEST_FALSE_ALARM_RATE}, such as 0.01",
        )
    listed = block.get("indicators")
    if not isinstance(listed, Sequence) or isinstance(listed, str | bytes):
        raise ConfigError(
            f"indicators {listed!r}",
            "is no list, so there is nothing to judge by",
            "write a list: `indicators: [{name: errors, kind: ratio}]`",
        )
    entries = cast("Sequence[Any]", listed)
    return Config(
        tuple(_indicator(nth, one, margin) for nth, one in enumerate(entries)), rate, margin
    )


def _unwrapped(block: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a document as parsed
    for key in ("spec", "judge"):
        if isinstance(block, Mapping) and key in block and "indicators" not in block:
            block = cast("Mapping[str, Any]", block)[key]
    if not isinstance(block, Mapping):
        raise ConfigError(
            f"the judge block {block!r}",
            "is no mapping, so there is nothing to judge by",
            "write `indicators: [{name: errors, kind: ratio}]`",
        )
    return cast("Mapping[str, Any]", block)


def _indicator(nth: int, entry: Any, margin: float) -> Indicator:  # noqa: ANN401 - as parsed
    where = f"indicators[{nth}]"
    if not isinstance(entry, Mapping):
        raise ConfigError(
            f"{where} {entry!r}", "is no mapping", "write `{name: errors, kind: ratio}`"
        )
    entry = cast("Mapping[str, Any]", entry)
    _refuse_misspelt(where, entry, ("name", "kind", "direction", "margin", "objective"))
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(
            f"{where}.name {name!r}",
            "is no name, so its ticks cannot be found",
            "name the indicator as the ticks do, such as `errors`",
        )
    kind = Kind(_one_of(f"{name}.kind", entry.get("kind"), [kind.value for kind in Kind]))
    direction = _one_of(
        f"{name}.direction", entry.get("direction", "increase"), [one.value for one in Direction]
    )
    own = entry.get("margin")
    least = margin if own is None else _positive(f"{name}.margin", own)
    if direction == Direction.DECREASE.value and least >= 1:
        raise ConfigError(
            f"{name}.margin {least:g}",
            "is a decrease by everything or more, so that everything would pass",
            "write a relative decrease below 1 that you could live with, such as 0.1",
        )
    return Indicator(
        name=name,
        kind=kind,
        direction=Direction(direction),
        margin=least,
        objective=_objective(name, kind, entry.get("objective")),
    )


def _objective(name: str, kind: Kind, value: Any) -> float | None:  # noqa: ANN401 - as parsed
    if value is None:
        return None
    objective = _number(f"{name}.objective", value)
    if kind is not Kind.RATIO:
        raise ConfigError(
            f"{name}.objective {objective:g}",
            f"has no meaning for a {kind.value}: the tripwire counts bad events",
            "watch it as a ratio too: bad is what breaks the objective",
        )
    if not 0 < objective < 1:
        raise ConfigError(
            f"{name}.objective {objective:g}",
            "is no share of bad events, so the tripwire would always or never trip",
            "write the largest share of bad events allowed, such as 0.001 for an SLO of 99.9 %",
        )
    return objective


def _refuse_empty(indicators: tuple[Indicator, ...]) -> None:
    if not indicators:
        raise ConfigError(
            "indicators []",
            "leaves nothing to judge by, and nothing would ever pass",
            "name at least one: `{name: errors, kind: ratio}`",
        )
    names = [one.name for one in indicators]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(
            f"indicator {twice!r}",
            "is named twice, so its ticks belong to neither",
            "give each indicator a name of its own",
        )


def _refuse_misspelt(where: str, block: Mapping[str, Any], known: Sequence[str]) -> None:
    """A misspelt key would silently fall back to a default; a stranger belongs to somebody else."""
    folded = {key.lower().replace("_", "").replace("-", ""): key for key in known}
    for key in block:
        if key in known:
            continue
        plain = str(key).lower().replace("_", "").replace("-", "")
        like = difflib.get_close_matches(plain, list(folded), n=1, cutoff=CLOSE)
        if like:
            raise ConfigError(
                f"{where}: {key!r}",
                f"is not a key, and {folded[like[0]]!r} would silently take its default",
                f"write {folded[like[0]]!r}",
            )


def _one_of(where: str, value: Any, known: Sequence[str]) -> str:  # noqa: ANN401 - as parsed
    if value not in known:
        raise ConfigError(
            f"{where} {value!r}", "is not known to the judge", f"write one of {', '.join(known)}"
        )
    return str(value)


def _positive(where: str, value: Any) -> float:  # noqa: ANN401 - as parsed
    number = _number(where, value)
    if number <= 0:
        raise ConfigError(
            f"{where} {number:g}",
            "asks a pass to exclude any change at all, which no amount of traffic can",
            "write a relative change above 0 that you could live with, such as 0.1",
        )
    return number


def _number(where: str, value: Any) -> float:  # noqa: ANN401 - as parsed
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{where} {value!r}", "is not a number", "write a number, such as 0.01")
    return float(value)
