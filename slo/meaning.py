"""What an SLO object comes to: one `Slo` an objective, with everything it refers to resolved.

Also what OpenSLO allows and a budget of events over a rolling window cannot honour; that is refused
with the reason rather than approximated.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from slo import durations, openslo, policies, promql
from slo.model import Events, Ratio, Slo

if TYPE_CHECKING:
    from slo.findings import Findings, Place
    from slo.objects import Objects

_NO_WINDOW = "no budget can be added up"


def of(item: openslo.SloObject, place: Place, objects: Objects, problems: Findings) -> list[Slo]:
    """The objectives of an SLO; problems and fewer of them when it cannot be used."""
    reader = _Reader(item, place, objects, problems)
    before = len(problems.found)
    reader.check_service()
    reader.check_method()
    window = reader.window()
    alerts = policies.alerts(item.spec.alert_policies, place, objects, problems)
    made: list[Slo] = []
    many = len(item.spec.objectives) > 1
    for index, objective in enumerate(item.spec.objectives):
        target = reader.target(index, objective)
        indicator = reader.indicator(index, objective)
        if len(problems.found) > before or target is None or indicator is None or window is None:
            continue
        made.append(
            Slo(
                name=f"{item.metadata.name}-{index}" if many else item.metadata.name,
                service=item.spec.service,
                title=objective.display_name or item.metadata.display_name or item.metadata.name,
                description=item.spec.description,
                objective=target,
                window=window,
                indicator=indicator,
                alerts=alerts,
                labels=tuple(
                    (key, value if isinstance(value, str) else ",".join(value))
                    for key, value in sorted(item.metadata.labels.items())
                ),
                source=place.file,
            )
        )
    return made


class _Reader:
    """One SLO object, and where to tell what is wrong with it."""

    def __init__(
        self, item: openslo.SloObject, place: Place, objects: Objects, problems: Findings
    ) -> None:
        self._spec = item.spec
        self._place = place
        self._objects = objects
        self._problems = problems

    def check_service(self) -> None:
        """A service must exist, once any is described."""
        services = list(self._objects.all(openslo.ServiceObject))
        if services:
            self._objects.get(
                openslo.ServiceObject,
                self._spec.service,
                self._problems,
                self._place,
                "spec.service",
            )

    def check_method(self) -> None:
        """Events alone can be charged to a release."""
        if self._spec.budgeting_method == "Timeslices":
            self._refuse(
                "spec.budgetingMethod",
                "'Timeslices' counts slices of time",
                "a release could not be charged with the events it spoilt, nor a step be planned",
                "write 'Occurrences'",
            )

    def window(self) -> int | None:
        """Seconds of the rolling window."""
        where = "spec.timeWindow"
        if len(self._spec.time_window) != 1:
            return self._refuse(
                where,
                f"holds {len(self._spec.time_window)} windows",
                _NO_WINDOW,
                "write exactly one: `- {duration: 30d, isRolling: true}`",
            )
        window = self._spec.time_window[0]
        if window.calendar is not None or window.is_rolling is False:
            return self._refuse(
                where,
                "is aligned to the calendar",
                "the budget would be whole again at midnight of some first, whatever happened "
                "the day before, and releases would wait for that",
                "write a rolling one: `- {duration: 30d, isRolling: true}`",
            )
        length = durations.parse(window.duration)
        if length is None:
            return self._refuse(
                f"{where}.0.duration",
                f"{window.duration!r} has no fixed length in seconds",
                "no rate can be taken over it",
                "write digits and one of m, h, d, w: `30d`, `4w`, `1h`",
            )
        return length

    def target(self, index: int, objective: openslo.Objective) -> float | None:
        """The objective as a share, 0 < share < 1."""
        where = f"spec.objectives.{index}"
        share, percent = objective.target, objective.target_percent
        if (share is None) == (percent is None):
            return self._refuse(
                where,
                "has both target and targetPercent" if share is not None else "has no target",
                "there is no telling how much may go wrong",
                "write one of them: `target: 0.999` or `targetPercent: 99.9`",
            )
        if share is not None:
            value, written = Decimal(repr(share)), f"target: {share:g}"
        else:
            value, written = Decimal(repr(percent)) / 100, f"targetPercent: {percent:g}"
        if value.is_nan() or not 0 < value < 1:
            percentage = share is not None and 1 < share < 100  # noqa: PLR2004 - percent
            return self._refuse(
                where,
                f"`{written}` is no share of events between nothing and all",
                "a promise of everything has no budget to spend, and one of nothing no limit",
                f"write `targetPercent: {share:g}`" if percentage else "write e.g. `target: 0.999`",
            )
        return float(value)

    def indicator(self, index: int, objective: openslo.Objective) -> Events | Ratio | None:
        """How good and bad events are told apart."""
        spec, where = self._indicator_spec()
        if spec is None:
            return None
        ratio, threshold = spec.ratio_metric, spec.threshold_metric
        if (ratio is None) == (threshold is None):
            return self._refuse(
                where,
                "has both ratioMetric and thresholdMetric" if ratio else "has no metric",
                "good and bad events could not be told apart",
                "write one of ratioMetric and thresholdMetric",
            )
        if ratio is not None:
            return self._ratio(ratio, f"{where}.ratioMetric")
        assert threshold is not None  # noqa: S101 - one of the two is, see above
        return self._threshold(threshold, objective, index, f"{where}.thresholdMetric")

    def _indicator_spec(self) -> tuple[openslo.IndicatorSpec | None, str]:
        inline, ref = self._spec.indicator, self._spec.indicator_ref
        if (inline is None) == (ref is None):
            self._refuse(
                "spec",
                "has both indicator and indicatorRef" if ref else "has no indicator",
                "there is no telling what is measured",
                "write one of indicator and indicatorRef",
            )
            return None, ""
        if inline is not None:
            return inline.spec, "spec.indicator.spec"
        assert ref is not None  # noqa: S101 - one of the two is, see above
        found = self._objects.get(
            openslo.SliObject, ref, self._problems, self._place, "spec.indicatorRef"
        )
        return (found.spec if found else None), f"SLI {ref}: spec"

    def _ratio(self, ratio: openslo.RatioMetric, where: str) -> Events | Ratio | None:
        given = {
            name for name in ("good", "bad", "total", "raw") if getattr(ratio, name) is not None
        }
        if given not in ({"good", "total"}, {"bad", "total"}, {"raw"}):
            return self._refuse(
                where,
                f"has {' and '.join(sorted(given)) or 'no metric'}",
                "no error ratio follows from that",
                "write good and total, or bad and total, or raw with rawType",
            )
        if ratio.raw is not None:
            return self._raw(ratio, ratio.raw, where)
        assert ratio.total is not None  # noqa: S101 - see above
        total = self._rate(ratio.total, f"{where}.total", counter=ratio.counter)
        name = "bad" if ratio.bad is not None else "good"
        counted = ratio.bad or ratio.good
        assert counted is not None  # noqa: S101 - see above
        some = self._rate(counted, f"{where}.{name}", counter=ratio.counter)
        if total is None or some is None:
            return None
        return Events(bad=some, total=total) if name == "bad" else _from_good(some, total)

    def _raw(self, ratio: openslo.RatioMetric, raw: openslo.Metric, where: str) -> Ratio | None:
        if ratio.raw_type is None:
            return self._refuse(
                where,
                "has raw without rawType",
                "a ratio of successes could be taken for one of failures",
                "write `rawType: success` or `rawType: failure`",
            )
        query = self._query(raw, f"{where}.raw")
        if query is None:
            return None
        try:
            return Ratio(error=promql.error_ratio(query, of_failures=ratio.raw_type == "failure"))
        except promql.QueryError as error:
            return self._unusable(f"{where}.raw", query, error)

    def _threshold(
        self, metric: openslo.Metric, objective: openslo.Objective, index: int, where: str
    ) -> Events | None:
        at = f"spec.objectives.{index}"
        if len(self._spec.objectives) > 1:
            return self._refuse(
                "spec.objectives",
                f"holds {len(self._spec.objectives)} objectives of a thresholdMetric",
                "openslo/v1 allows one",
                "write an SLO for each",
            )
        if objective.op != "lte" or objective.value is None:
            return self._refuse(
                at,
                f"has op {objective.op} and value {objective.value}",
                "a histogram's buckets count what is at most their bound, and nothing else",
                "write `op: lte` and as `value` one of the histogram's bounds",
            )
        query = self._query(metric, where)
        if query is None:
            return None
        try:
            good, total = promql.histogram(query, objective.value)
        except promql.QueryError as error:
            return self._unusable(where, query, error)
        return _from_good(good, total)

    def _rate(self, metric: openslo.Metric, where: str, *, counter: bool) -> str | None:
        query = self._query(metric, where)
        if query is None:
            return None
        try:
            return promql.rate(query, counter=counter)
        except promql.QueryError as error:
            return self._unusable(where, query, error)

    def _query(self, metric: openslo.Metric, where: str) -> str | None:
        """The query of a metric of Prometheus."""
        source = metric.metric_source
        kind, at = source.type, f"{where}.metricSource"
        if source.metric_source_ref is not None:
            found = self._objects.get(
                openslo.DataSourceObject,
                source.metric_source_ref,
                self._problems,
                self._place,
                f"{at}.metricSourceRef",
            )
            if found is None:
                return None
            kind = kind or found.spec.type
        if kind is None or kind.lower() != "prometheus":
            return self._refuse(
                f"{at}.type",
                f"{kind!r} is not Prometheus" if kind else "is missing",
                "no rule of Prometheus can read it",
                "write `type: Prometheus`",
            )
        query = source.spec.get("query")
        if not isinstance(query, str) or not query.strip():
            return self._refuse(
                f"{at}.spec.query",
                f"{query!r} is no query" if query is not None else "is missing",
                "there is nothing to ask Prometheus",
                "write PromQL",
            )
        return query

    def _unusable(self, where: str, query: str, error: promql.QueryError) -> None:
        self._refuse(f"{where}.metricSource.spec.query", repr(query), error.consequence, error.fix)

    def _refuse(self, where: str, value: str, consequence: str, fix: str) -> None:
        self._problems.add(self._place, where, value, consequence, fix)


def _from_good(good: str, total: str) -> Events:
    """Bad events from good ones.

    Never less than none: two series that are read a moment apart must not give budget back.
    """
    return Events(bad=f"clamp_min(({total}) - ({good}), 0)", total=total)
