"""The release history: what the exposure policy learns from, one JSON line a release.

The controller and the release report write it; the shape is documented in docs/exposure.md. Keys
that this version does not know are let pass, so that an older policy reads a newer history.
Deliberately not here: files. Text comes in, records come out.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

PROMOTED = "promoted"
ROLLED_BACK = "rolledBack"
_HOURS = 24.0


class HistoryError(ValueError):
    """A line of the history cannot be used; tells line, value, consequence and fix."""

    def __init__(self, line: int, value: str, consequence: str, fix: str) -> None:
        super().__init__(f"history line {line}: {value}: {consequence}; {fix}")
        self.line = line
        self.value = value
        self.consequence = consequence
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Past:
    """One release of the past. `None` is "not known", never zero."""

    release: str
    twin: str
    at: datetime
    """When it began; its weekday is read in the time zone it is written in."""
    outcome: str
    """promoted, rolledBack, rejected or aborted; others, of newer versions, teach nothing."""
    hour: float
    """Hour of the day in the same time zone, 0 up to but not including 24."""
    change_size: float | None = None
    """In any unit, as long as it is the same throughout; the controller writes the share of the
    services that changed."""
    services: tuple[str, ...] = ()
    """Names of the services touched, sorted."""
    budget_left: float | None = None
    """Share of the error budget left at the start: 1 is all of it, negative is overdrawn."""
    verdicts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Outcome by gate or indicator."""
    weights: tuple[tuple[float, float], ...] = ()
    """(seconds since the start, percent), as the weights were."""
    requests_exposed: float | None = None
    requests_harmed: float | None = None
    time_to_100: float | None = None
    """Seconds; None when it never got there."""

    @property
    def bad(self) -> bool | None:
        """Whether traffic showed it to be bad; None when traffic had no say.

        A release that was refused before traffic moved, or that a person aborted, teaches nothing
        about what a ramp would have found.
        """
        return {PROMOTED: False, ROLLED_BACK: True}.get(self.outcome)

    @property
    def key(self) -> tuple[datetime, str, str]:
        """Its place in the history; a retried release has the same id but another time."""
        return (self.at.astimezone(UTC), self.twin, self.release)


def parse(lines: Iterable[str]) -> tuple[Past, ...]:
    """The history in order of time; a line that is there twice counts once, blank lines not at all.

    Raises:
        HistoryError: a line is no JSON object, or a known key holds what it cannot hold.
    """
    found: dict[tuple[datetime, str, str], Past] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            past = _Line(number, line).past()
            found[past.key] = past
    return in_order(found.values())


def in_order(history: Iterable[Past]) -> tuple[Past, ...]:
    """By time, then by name: the order must not depend on who collected the lines."""
    return tuple(sorted(history, key=lambda past: past.key))


def digest(history: Iterable[Past]) -> str:
    """SHA-256 over what can be learnt from, so that a model names exactly its history."""
    rows = [
        [
            past.release,
            past.twin,
            past.key[0].isoformat(),
            past.at.weekday(),
            past.hour,
            past.bad,
            past.change_size,
            sorted(past.services),
            past.budget_left,
        ]
        for past in in_order(history)
    ]
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class _Line:
    """One line under reading; remembers its number for the errors."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        try:
            content: object = json.loads(text)
        except ValueError as error:
            raise self.refuse(
                f"not JSON ({error})", "the history cannot be learnt from", "remove or mend it"
            ) from error
        if not isinstance(content, dict):
            raise self.refuse(
                f"a {type(content).__name__}, not an object",
                "a release has names for its values",
                "write one JSON object a line",
            )
        self.content = cast("dict[str, Any]", content)

    def refuse(self, value: str, consequence: str, fix: str) -> HistoryError:
        return HistoryError(self.number, value, consequence, fix)

    def past(self) -> Past:
        at = self.moment("at")
        hour = self.number_of("hour", least=0.0)
        if hour is None:
            hour = at.hour + at.minute / 60
        if hour >= _HOURS:
            raise self.refuse(f"hour {hour:g}", "a day has hours 0 to 23", "write the hour of `at`")
        budget = self.number_of("budgetLeft")
        if budget is not None and budget > 1.0:
            raise self.refuse(
                f"budgetLeft {budget:g}", "more than all of the budget", "write a share, 1 is all"
            )
        return Past(
            release=self.text("release"),
            twin=self.text("twin"),
            at=at,
            outcome=self.text("outcome"),
            hour=hour,
            change_size=self.number_of("changeSize", least=0.0),
            services=self.names("services"),
            budget_left=budget,
            verdicts=self.verdicts(),
            weights=self.weights(),
            requests_exposed=self.number_of("requestsExposed", least=0.0),
            requests_harmed=self.number_of("requestsHarmed", least=0.0),
            time_to_100=self.number_of("timeTo100", least=0.0),
        )

    def text(self, key: str) -> str:
        value = self.content.get(key)
        if not isinstance(value, str) or not value:
            raise self.refuse(
                f"{key} {json.dumps(value)}",
                "the release cannot be told from others",
                f"write a text that is not empty as {key}",
            )
        return value

    def moment(self, key: str) -> datetime:
        text = self.text(key)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise self.refuse(
                f"{key} {text}", "no moment, so no weekday and no order", "write RFC 3339"
            ) from error
        if moment.tzinfo is None:
            raise self.refuse(
                f"{key} {text}", "without a time zone the order is a guess", "add Z or an offset"
            )
        return moment

    def number_of(self, key: str, least: float = -math.inf) -> float | None:
        value = self.content.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or value < least:
            bound = f" of at least {least:g}" if math.isfinite(least) else ""
            raise self.refuse(
                f"{key} {json.dumps(value)}",
                "learning from it would bend every later release",
                f"write a number{bound}, or null where it is not known",
            )
        return float(value)

    def names(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key)
        if value is None:
            return ()
        if not _is_list(value) or not all(isinstance(name, str) for name in value):
            raise self.refuse(
                f"{key} {json.dumps(value)}",
                "services are told apart by name",
                "write a list of names",
            )
        return tuple(sorted(set(cast("list[str]", value))))

    def verdicts(self) -> dict[str, str]:
        value = self.content.get("verdicts")
        if not isinstance(value, dict):
            return {}
        return {str(k): str(v) for k, v in cast("dict[str, object]", value).items()}

    def weights(self) -> tuple[tuple[float, float], ...]:
        value = self.content.get("weights")
        if value is None:
            return ()
        try:
            return tuple((float(t), float(weight)) for t, weight in value)
        except (TypeError, ValueError) as error:
            raise self.refuse(
                f"weights {json.dumps(value)}",
                "the ramp cannot be replayed",
                "write [[seconds, percent], …]",
            ) from error


def _is_list(value: object) -> bool:
    return isinstance(value, list)
