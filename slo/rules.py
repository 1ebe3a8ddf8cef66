"""Prometheus rules of SLOs: error ratios, the state of the budget, burn-rate alerts.

Records and labels bear Sloth's names (slok/sloth, pkg/common/conventions), so its dashboards read
them; `twin` is added. Where the expressions differ from Sloth's, it is for the budget's sake:

- The error ratio of the whole period is weighted by events. Sloth's default averages the ratios of
  the base window, in which a quiet night counts as much as a busy noon; what a release spends is
  counted in events. Sloth's own `disableOptimized` gives the same value at many times the cost.
- Events are recorded beside ratios: `slo:period_events:total` and `slo:period_events:bad`, counts
  over the period (seconds, where the file gives a ratio alone). Both are there only while the
  indicator has data now: a budget that nobody measures any more is no data, and never a pass.
- `slo:period_coverage:ratio`: how much of the period there are samples of.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import yaml

from slo import promql
from slo.durations import DAY, write
from slo.errors import Problem, SloError
from slo.model import BurnAlert, Events, Slo
from slo.windows import (
    AlertWindow,
    AlertWindows,
    alert_windows,
    evaluation_interval,
    shortest_period,
)

EVENTS = "slo:period_events:total"
"""Record: events in the period, a count."""
BAD_EVENTS = "slo:period_events:bad"
"""Record: bad events in the period, a count."""
COVERAGE = "slo:period_coverage:ratio"
"""Record: share of the period of which there are samples, 0 to 1."""
ERROR_RATIO = "slo:sli_error:ratio_rate"
"""Record, followed by the window: bad events by all events, 0 to 1."""
ALERT = "ErrorBudgetBurn"
"""Alert: the budget burns too fast; `sloth_severity` says page or ticket."""
EXHAUSTED = "ErrorBudgetExhausted"
"""Alert: the budget is spent, so releases are frozen."""

_BASE_TOTAL = "slo:sli_events:rate"
_BASE_BAD = "slo:sli_bad_events:rate"
_WINDOW = "sloth_window"

Rule = dict[str, Any]


def rules(slos: Iterable[Slo], *, twin: str, scrape_interval: float) -> dict[str, Any]:
    """The content of a Prometheus rule file for the SLOs of one twin.

    Args:
        slos: with distinct names.
        twin: name of the twin; a label on every record, and what `{{.twin}}` stands for.
        scrape_interval: seconds between two samples of the indicators, as Prometheus is configured.

    Raises:
        SloError: a window is too short for the scrape interval.
    """
    groups = [group for one in slos for group in _SloRules(one, twin, scrape_interval).groups()]
    return {"groups": groups}


def rule_file(twins: Mapping[str, Iterable[Slo]], *, scrape_interval: float) -> str:
    """One rule file for all twins, as YAML; the same bytes for the same SLOs.

    Raises:
        SloError: a window is too short for the scrape interval.
    """
    groups = [
        group
        for twin, slos in sorted(twins.items())
        for group in rules(slos, twin=twin, scrape_interval=scrape_interval)["groups"]
    ]
    return yaml.dump({"groups": groups}, Dumper=_Readable, sort_keys=False, width=10_000)


class _Readable(yaml.CSafeDumper):
    """Safe YAML whose expressions are blocks of lines, for whoever reads them in the cluster."""

    def ignore_aliases(self, data: object) -> bool:
        """Repeat what is the same: Prometheus' users do not read YAML's anchors."""
        del data
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    represent = cast("Callable[..., yaml.ScalarNode]", dumper.represent_scalar)  # pyright: ignore[reportUnknownMemberType]
    return represent("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


class _SloRules:
    """The rules of one SLO of one twin."""

    def __init__(self, slo: Slo, twin: str, scrape_interval: float) -> None:
        if slo.window < shortest_period(scrape_interval):
            raise SloError([_too_short(slo, scrape_interval)])
        self._slo = slo
        self._twin = twin
        self._windows: AlertWindows = alert_windows(slo.window, scrape_interval)
        self._interval = evaluation_interval(self._windows, scrape_interval)
        self._identity = {
            "sloth_id": slo.id,
            "sloth_service": slo.service,
            "sloth_slo": slo.name,
            "twin": twin,
        }
        self._labels = {**_labels(slo), **self._identity}
        self._title = _plain(slo.title)
        matchers = ", ".join(f"{key}={_quoted(text)}" for key, text in self._identity.items())
        self._only = f"{{{matchers}}}"

    def groups(self) -> list[Rule]:
        """Indicator, state and alerts; Prometheus evaluates a group's rules in their order."""
        return [
            self._group("sli", self._base() + self._ratios()),
            self._group("meta", self._meta()),
            self._group("alerts", self._alerts()),
        ]

    def _group(self, kind: str, content: list[Rule]) -> Rule:
        return {
            "name": f"slo-{kind}-{self._twin}-{self._slo.id}",
            "interval": write(self._interval),
            "rules": content,
        }

    def _record(self, record: str, expr: str, **labels: str) -> Rule:
        return {"record": record, "expr": expr, "labels": {**self._labels, **labels}}

    def _base(self) -> list[Rule]:
        """Events a second over the base window, from which the period is added up."""
        indicator, window = self._slo.indicator, write(self._windows.base)
        if not isinstance(indicator, Events):
            return []
        return [
            self._record(f"{_BASE_TOTAL}{window}", self._events(indicator.total, window)),
            self._record(f"{_BASE_BAD}{window}", self._events(indicator.bad, window)),
        ]

    def _ratios(self) -> list[Rule]:
        """Error ratios over every window that an alert asks for, and over the period."""
        asked = {alert.lookback for alert in self._slo.alerts}
        lengths = sorted({*self._windows.lengths, *asked} - {self._slo.window})
        made = [
            self._record(
                f"{ERROR_RATIO}{write(length)}",
                self._ratio(write(length)),
                **{_WINDOW: write(length)},
            )
            for length in lengths
        ]
        period = write(self._slo.window)
        made.append(
            self._record(f"{ERROR_RATIO}{period}", self._period_ratio(), **{_WINDOW: period})
        )
        return made

    def _events(self, query: str, window: str) -> str:
        """One series of events a second, whatever labels the query leaves."""
        return f"sum({promql.fill(query, window=window, twin=self._twin)})"

    def _ratio(self, window: str) -> str:
        indicator = self._slo.indicator
        if not isinstance(indicator, Events):
            error = promql.fill(indicator.error, window=window, twin=self._twin)
            # NaN, which a ratio of nothing is, would stand in the sum of the whole period
            return f"(({error}) >= 0) <= 1"
        bad, total = (self._events(one, window) for one in (indicator.bad, indicator.total))
        # no events is no ratio: a division by zero would stand in the sum of the whole period
        return f"{bad}\n/\n({total} > 0)"

    def _period_ratio(self) -> str:
        base, period = write(self._windows.base), write(self._slo.window)
        if isinstance(self._slo.indicator, Events):
            bad = f"sum_over_time({_BASE_BAD}{base}{self._only}[{period}])"
            total = f"sum_over_time({_BASE_TOTAL}{base}{self._only}[{period}])"
            return f"{bad}\n/\n({total} > 0)"
        metric = f"{ERROR_RATIO}{base}{self._only}[{period}]"
        return f"sum_over_time({metric})\n/ ignoring ({_WINDOW})\ncount_over_time({metric})"

    def _meta(self) -> list[Rule]:
        slo = self._slo
        base, period = write(self._windows.base), write(slo.window)
        made = [
            self._record("slo:objective:ratio", f"vector({slo.objective!r})"),
            self._record("slo:error_budget:ratio", f"vector({slo.budget!r})"),
            self._record("slo:time_period:days", f"vector({_figure(slo.window / DAY)})"),
            self._record("slo:current_burn_rate:ratio", self._burn_rate(base)),
            self._record("slo:period_burn_rate:ratio", self._burn_rate(period)),
            self._record(
                "slo:period_error_budget_remaining:ratio",
                f"1 - slo:period_burn_rate:ratio{self._only}",
            ),
            self._record(
                "sloth_slo_info",
                "vector(1)",
                sloth_version="switchyard",
                sloth_mode="switchyard",
                sloth_spec="openslo/v1",
                sloth_objective=f"{100 * slo.objective:g}",
            ),
        ]
        if isinstance(slo.indicator, Events):
            total, bad = f"{_BASE_TOTAL}{base}{self._only}", f"{_BASE_BAD}{base}{self._only}"
            counts = (self._added_up(total), self._added_up(bad))
            seen = (total, bad)
        else:
            # nobody knows the events of a ratio: each second counts as one, and its ratio as bad
            ratio = f"{ERROR_RATIO}{base}{self._only}"
            counts = (self._seconds(ratio), self._added_up(ratio))
            seen = (ratio,)
        total, bad = (f"max({one}) without ({_WINDOW})" for one in counts)
        now = "\nand\n".join(f"max({one}) without ({_WINDOW})" for one in seen)
        covered = f"{self._seconds(seen[0])} / {slo.window}"
        made += [
            # only while everything that the indicator is made of has data now
            self._record(EVENTS, f"{total}\nand\n{now}"),
            self._record(BAD_EVENTS, f"{bad}\nand\n{now}"),
            self._record(COVERAGE, f"clamp_max(max({covered}) without ({_WINDOW}), 1)"),
        ]
        return made

    def _burn_rate(self, window: str) -> str:
        """Sloth's expression: the error ratio in budgets."""
        return (
            f"{ERROR_RATIO}{window}{self._only}\n"
            "/ on (sloth_id, sloth_slo, sloth_service, twin) group_left\n"
            f"slo:error_budget:ratio{self._only}"
        )

    def _added_up(self, rate: str) -> str:
        """The period's sum of a rate by the seconds that each of its samples stands for."""
        return f"sum_over_time({rate}[{write(self._slo.window)}]) * {self._interval}"

    def _seconds(self, metric: str) -> str:
        """How many seconds of the period the samples stand for."""
        return f"count_over_time({metric}[{write(self._slo.window)}]) * {self._interval}"

    def _alerts(self) -> list[Rule]:
        windows = self._windows
        made = [
            self._burning("page", windows.page_quick, windows.page_slow),
            self._burning("ticket", windows.ticket_quick, windows.ticket_slow),
            {
                "alert": EXHAUSTED,
                "expr": f"slo:period_error_budget_remaining:ratio{self._only} <= 0",
                "labels": {**self._identity, "sloth_severity": "ticket"},
                "annotations": {
                    "title": f"The error budget of {self._title} is spent",
                    "summary": (
                        "{{$labels.twin}}: {{$labels.sloth_slo}} has "
                        f"no error budget left in its window of {write(self._slo.window)}; "
                        "releases are frozen until it recovers, save for a signed override."
                    ),
                },
            },
        ]
        for alert in self._slo.alerts:
            made += self._asked(alert)
        return made

    def _burning(self, severity: str, quick: AlertWindow, slow: AlertWindow) -> Rule:
        """Sloth's alert: the quick pair or the slow pair, each in both its windows."""
        pairs = [self._pair(quick), self._pair(slow)]
        return {
            "alert": ALERT,
            "expr": "\nor\n".join(pairs),
            "labels": {**self._identity, "sloth_severity": severity},
            "annotations": {
                "title": (
                    f"({severity}) "
                    "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate "
                    "is too fast."
                ),
                "summary": (
                    f"{{{{$labels.twin}}}}: {self._title} burns its error budget at more than "
                    f"{quick.factor:.3g}x over {write(quick.long)} or {slow.factor:.3g}x over "
                    f"{write(slow.long)}."
                ),
            },
        }

    def _pair(self, pair: AlertWindow) -> str:
        both = (
            f"    max({ERROR_RATIO}{write(length)}{self._only} > "
            f"({_figure(pair.factor)} * {self._slo.budget!r})) without ({_WINDOW})"
            for length in (pair.short, pair.long)
        )
        return "(\n" + "\n    and\n".join(both) + "\n)"

    def _asked(self, alert: BurnAlert) -> list[Rule]:
        """The alerts of one OpenSLO policy."""
        common = {
            "for": write(alert.after) if alert.after else "0s",
            "labels": {
                **self._identity,
                "sloth_severity": _plain(alert.severity),
                "condition": alert.name,
                **({"notify": _plain(",".join(alert.targets))} if alert.targets else {}),
            },
        }
        ratio = f"{ERROR_RATIO}{write(alert.lookback)}{self._only}"
        made: list[Rule] = []
        if alert.when_breaching:
            summary = (
                f"{{{{$labels.twin}}}}: {self._title} burns its error budget at more than "
                f"{alert.threshold:g}x over {write(alert.lookback)}."
            )
            expr = f"{ratio} > ({_figure(alert.threshold)} * {self._slo.budget!r})"
            made.append(
                {"alert": ALERT, "expr": expr, **common, "annotations": {"summary": summary}}
            )
        if alert.when_no_data:
            summary = f"{self._twin}: {self._title} has no data, so its budget is not known."
            made.append(
                {
                    "alert": "ErrorBudgetNoData",
                    "expr": f"absent({ratio})",
                    **common,
                    "annotations": {"summary": summary},
                }
            )
        return made


def _labels(slo: Slo) -> dict[str, str]:
    """The file's labels under names that Prometheus allows."""
    return {re.sub(r"[^a-zA-Z0-9_]|^(?=[0-9])", "_", key): text for key, text in slo.labels}


def _plain(text: str) -> str:
    """Text that holds no template: Prometheus would read one, and a broken one stops it."""
    return text.replace("{{", "{ {")


def _figure(value: float) -> str:
    """A number as PromQL reads it back, without needless digits: `6`, `14.4`."""
    return repr(value).removesuffix(".0")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _too_short(slo: Slo, scrape_interval: float) -> Problem:
    least = shortest_period(scrape_interval)
    return Problem(
        slo.source,
        f"SLO {slo.name}: spec.timeWindow",
        f"a window of {write(slo.window)} is short for a sample every {scrape_interval:g} s",
        "the alerts' windows would hold too few samples to tell anything",
        f"write at least {write(-(-least // 60) * 60)}, or scrape more often",
    )
