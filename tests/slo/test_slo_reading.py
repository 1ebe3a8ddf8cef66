"""OpenSLO files: what is understood, and how refusals read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openslo_files import Document, Write, prometheus

import slo
from slo.model import Events, Ratio

pytestmark = pytest.mark.pure

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop" / "slo"


def refused(*paths: Path) -> str:
    with pytest.raises(slo.SloError) as caught:
        slo.load(paths)
    for problem in caught.value.problems:
        assert problem.value, "a refusal names the value"
        assert problem.consequence, "a refusal names what it would do"
        assert problem.fix, "a refusal says what to write"
    return str(caught.value)


def ratio(document: Document) -> Document:
    return document["spec"]["indicator"]["spec"]["ratioMetric"]


def put(document: Document, path: str, value: object) -> None:
    """Set what a path of keys and indices leads to."""
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = document
    for part in way:
        place = place[part]
    place[last] = value


def test_a_counter_and_its_failures_become_rates(document: Document, write: Write) -> None:
    (one,) = slo.load([write(document)])
    assert (one.name, one.service, one.objective, one.window) == (
        "requests-availability",
        "my-service",
        0.999,
        30 * 86400,
    )
    assert one.indicator == Events(
        bad='sum(rate(requests_total{code="500"}[{{.window}}]))',
        total="sum(rate(requests_total[{{.window}}]))",
    )


def test_a_budget_has_no_binary_noise(document: Document, write: Write) -> None:
    put(document, "spec.objectives", [{"targetPercent": 99.9}])
    (one,) = slo.load([write(document)])
    assert (one.objective, one.budget) == (0.999, 0.001), "Sloth writes 0.9990000000000001"


def test_good_events_leave_the_bad_ones_and_never_fewer_than_none(
    document: Document, write: Write
) -> None:
    metric = ratio(document)
    del metric["bad"]
    metric["good"] = prometheus('sum(requests_total{code!="500"})')
    (one,) = slo.load([write(document)])
    assert isinstance(one.indicator, Events)
    assert one.indicator.bad == (
        "clamp_min((sum(rate(requests_total[{{.window}}]))) - "
        '(sum(rate(requests_total{code!="500"}[{{.window}}]))), 0)'
    )


def test_promql_with_a_window_is_taken_as_it_is(document: Document, write: Write) -> None:
    ratio(document)["total"] = prometheus("sum(rate(a[{{ .window }}])) + sum(rate(b[{{.window}}]))")
    (one,) = slo.load([write(document)])
    assert isinstance(one.indicator, Events)
    assert one.indicator.total == "sum(rate(a[{{.window}}])) + sum(rate(b[{{.window}}]))"


@pytest.mark.parametrize(("kind", "error"), [("failure", "{q}"), ("success", "1 - ({q})")])
def test_a_raw_ratio_is_turned_into_one_of_errors(
    document: Document, write: Write, kind: str, error: str
) -> None:
    query = "avg_over_time(ratio[{{.window}}])"
    put(
        document,
        "spec.indicator.spec.ratioMetric",
        {"raw": prometheus(query), "rawType": kind},
    )
    (one,) = slo.load([write(document)])
    assert one.indicator == Ratio(error=error.format(q=query))


@pytest.mark.parametrize(
    ("value", "bucket"),
    [
        (0.25, 'le="0.25"'),
        (1, 'le=~"1|1[.]0"'),  # clients of Prometheus 2 and 3 write it differently
        (0.00005, 'le=~"0[.]00005|5e-05"'),
    ],
)
def test_a_threshold_on_a_histogram_counts_its_buckets(
    document: Document, write: Write, value: float, bucket: str
) -> None:
    put(
        document,
        "spec.indicator.spec",
        {"thresholdMetric": prometheus('request_seconds_bucket{route="/"}')},
    )
    put(document, "spec.objectives", [{"op": "lte", "value": value, "target": 0.95}])
    (one,) = slo.load([write(document)])
    total = 'sum(rate(request_seconds_count{route="/"}[{{.window}}]))'
    good = f'sum(rate(request_seconds_bucket{{route="/",{bucket}}}[{{{{.window}}}}]))'
    assert one.indicator == Events(bad=f"clamp_min(({total}) - ({good}), 0)", total=total)


def test_references_are_resolved_across_files_and_documents(
    document: Document, write: Write
) -> None:
    indicator = document["spec"].pop("indicator")
    put(document, "spec.indicatorRef", "errors")
    metric = indicator["spec"]["ratioMetric"]
    for name in ("bad", "total"):
        source = metric[name]["metricSource"]
        del source["type"]
        source["metricSourceRef"] = "main"
    head = {"apiVersion": "openslo/v1"}
    others = [
        head | {"kind": "SLI", **indicator},
        head | {"kind": "DataSource", "metadata": {"name": "main"}, "spec": {"type": "Prometheus"}},
        head | {"kind": "Service", "metadata": {"name": "my-service"}, "spec": {}},
    ]
    paths = [write(document, name="a.yaml"), write(*others, name="b.yaml")]
    (one,) = slo.load(paths)
    assert isinstance(one.indicator, Events)


def test_each_objective_of_a_ratio_is_an_slo_of_its_own(document: Document, write: Write) -> None:
    put(
        document,
        "spec.objectives",
        [{"target": 0.9, "displayName": "good enough"}, {"target": 0.99}],
    )
    found = slo.load([write(document)])
    assert [(one.name, one.title, one.objective) for one in found] == [
        ("requests-availability-0", "good enough", 0.9),
        ("requests-availability-1", "requests-availability", 0.99),
    ]


def test_an_alert_policy_is_read_with_its_condition_and_targets(
    document: Document, write: Write
) -> None:
    condition = {
        "severity": "page",
        "condition": {
            "kind": "burnrate",
            "threshold": 2,
            "lookbackWindow": "2h",
            "alertAfter": "5m",
        },
    }
    policy = {
        "apiVersion": "openslo/v1",
        "kind": "AlertPolicy",
        "metadata": {"name": "on-call"},
        "spec": {
            "alertWhenBreaching": True,
            "alertWhenNoData": True,
            "conditions": [{"conditionRef": "fast"}],
            "notificationTargets": [{"targetRef": "slack"}],
        },
    }
    conditions = {
        "apiVersion": "openslo/v1",
        "kind": "AlertCondition",
        "metadata": {"name": "fast"},
        "spec": condition,
    }
    put(document, "spec.alertPolicies", [{"alertPolicyRef": "on-call"}])
    (one,) = slo.load([write(document, policy, conditions)])
    assert one.alerts == (
        slo.BurnAlert(
            name="fast",
            severity="page",
            threshold=2,
            lookback=7200,
            after=300,
            when_breaching=True,
            when_no_data=True,
            targets=("slack",),
        ),
    )


def test_the_shops_own_files_are_good() -> None:
    found = slo.load(sorted(SHOP.glob("*.yaml")))
    assert [one.name for one in found] == ["availability", "latency"]
    assert all(one.window == 3600 for one in found), "the yard's budget recovers within an hour"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("apiVersion", "openslo/v1alpha", ("'openslo/v1alpha'", "only openslo/v1 is read")),
        ("kind", "SLOs", ("'SLOs' is no kind", "write 'SLO'")),
        ("spec.budgetingMethod", "Timeslices", ("'Timeslices'", "write 'Occurrences'")),
        ("spec.timeWindow", [], ("holds 0 windows", "write exactly one")),
        (
            "spec.timeWindow",
            [{"duration": "1M", "calendar": {"startTime": "2026-01-01 00:00:00"}}],
            ("aligned to the calendar", "write a rolling one"),
        ),
        (
            "spec.timeWindow",
            [{"duration": "1M", "isRolling": True}],
            ("'1M' has no fixed length", "write digits and one of m, h, d, w"),
        ),
        ("spec.objectives", [{"target": 99.9}], ("`target: 99.9`", "write `targetPercent: 99.9`")),
        ("spec.objectives", [{"target": 1}], ("`target: 1`", "write e.g. `target: 0.999`")),
        ("spec.objectives", [{"target": 0}], ("`target: 0`", "write e.g. `target: 0.999`")),
        ("spec.objectives", [{"targetPercent": 100}], ("`targetPercent: 100`", "`target: 0.999`")),
        ("spec.objectives", [{"target": float("nan")}], ("`target: nan`", "`target: 0.999`")),
        ("spec.objectives", [{}], ("has no target", "write one of them")),
        (
            "spec.objectives",
            [{"target": 0.9, "targetPercent": 90}],
            ("has both target and targetPercent", "write one of them"),
        ),
        ("spec.serivce", "x", ("'serivce' is no key", "write 'service'")),
        ("metadata.name", "My SLO", ("'My SLO' does not fit", "pattern")),
        ("spec.indicatorRef", "errors", ("has both indicator and indicatorRef", "write one of")),
        ("spec.indicator.spec", {}, ("has no metric", "write one of ratioMetric")),
        (
            "spec.indicator.spec.ratioMetric.good",
            prometheus("requests_total"),
            ("has bad and good and total", "write good and total, or bad and total"),
        ),
        (
            "spec.indicator.spec.ratioMetric.total",
            prometheus("sum(rate(requests_total[5m]))"),
            ("'sum(rate(requests_total[5m]))'", "write PromQL with `[{{.window}}]`"),
        ),
        (
            "spec.indicator.spec.ratioMetric.total",
            prometheus("sum(rate(requests_total[{{.widnow}}]))"),
            ("'sum(rate(requests_total[{{.widnow}}]))'", "use {{.window}} and {{.twin}} alone"),
        ),
        ("spec.indicator.spec.ratioMetric.counter", False, ("", "take the rate yourself")),
        (
            "spec.indicator.spec.ratioMetric.total.metricSource.type",
            "Datadog",
            ("'Datadog' is not Prometheus", "write `type: Prometheus`"),
        ),
        (
            "spec.indicator.spec.ratioMetric.total.metricSource",
            {"type": "Prometheus", "spec": {}},
            ("is missing", "write PromQL"),
        ),
        (
            "spec.indicator.spec.ratioMetric.total.metricSource",
            {"metricSourceRef": "main", "spec": {"query": "requests_total"}},
            ("'main' is no DataSource", "add the DataSource"),
        ),
        (
            "spec.indicator.spec",
            {"ratioMetric": {"raw": prometheus("ratio[{{.window}}]")}},
            ("has raw without rawType", "write `rawType: success`"),
        ),
        (
            "spec.indicator.spec",
            {"ratioMetric": {"raw": prometheus("ratio"), "rawType": "failure"}},
            ("'ratio'", "avg_over_time(error_ratio[{{.window}}])"),
        ),
        (
            "spec.indicator.spec",
            {"thresholdMetric": prometheus("request_seconds_bucket")},
            ("has op None and value None", "write `op: lte`"),
        ),
        ("spec.alertPolicies", [{}], ("has neither alertPolicyRef nor a spec", "name one by")),
        (
            "spec.alertPolicies",
            [{"alertPolicyRef": "on-call"}],
            ("'on-call' is no AlertPolicy", "add the AlertPolicy"),
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_value_and_fix(
    document: Document, write: Write, path: str, value: object, told: tuple[str, str]
) -> None:
    put(document, path, value)
    said = refused(write(document))
    assert all(part in said for part in told), said


@pytest.mark.parametrize(
    "query",
    [
        "sum(rate(requests_total[{{.window}}])",
        "sum(rate(requests_total[{{.window}})])",
        'sum(rate(requests_total{code="500}[{{.window}}]))',
        "sum(rate(requests_total[{{.window}}])))",
    ],
)
def test_a_query_that_would_stop_prometheus_is_refused(
    document: Document, write: Write, query: str
) -> None:
    ratio(document)["total"] = prometheus(query)
    assert "close what is open" in refused(write(document))


def test_brackets_within_strings_are_text(document: Document, write: Write) -> None:
    query = 'sum(rate(requests_total{path=~"/a(b|c]\\"{",twin="{{.twin}}"}[{{.window}}]))'
    ratio(document)["total"] = prometheus(query)
    (one,) = slo.load([write(document)])
    assert isinstance(one.indicator, Events)
    assert one.indicator.total == query


@pytest.mark.parametrize(
    ("query", "objective", "fix"),
    [
        ("request_seconds_sum", {"op": "lte", "value": 1}, "the selector of its buckets"),
        ('x_bucket{le="1"}', {"op": "lte", "value": 1}, "leave `le` out"),
        ("x_bucket", {"op": "gte", "value": 1}, "write `op: lte`"),
    ],
)
def test_a_threshold_that_no_bucket_can_tell_is_refused(
    document: Document, write: Write, query: str, objective: dict[str, object], fix: str
) -> None:
    put(document, "spec.indicator.spec", {"thresholdMetric": prometheus(query)})
    put(document, "spec.objectives", [{"target": 0.95, **objective}])
    assert fix in refused(write(document))


def test_every_problem_of_every_file_is_told_at_once(document: Document, write: Write) -> None:
    put(document, "spec.budgetingMethod", "Timeslices")
    put(document, "spec.objectives", [{"target": 2}])
    said = refused(write(document), Path("/nowhere/slo.yaml"))
    assert "3 problems" in said
    assert "/nowhere/slo.yaml: cannot be read" in said


def test_an_unknown_service_is_refused_once_services_are_described(
    document: Document, write: Write
) -> None:
    other = {
        "apiVersion": "openslo/v1",
        "kind": "Service",
        "metadata": {"name": "my-servise"},
        "spec": {},
    }
    assert "write 'my-servise'" in refused(write(document, other))


def test_two_slos_of_one_name_are_refused(document: Document, write: Write) -> None:
    assert "give each its own name" in refused(write(document, document))


def test_a_file_that_is_listed_twice_is_refused(document: Document, write: Write) -> None:
    path = write(document)
    assert "list no file twice" in refused(path, path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: [", "is no YAML"),
        ("- 1", "is no object"),
        ("kind: SLO\nkind: SLO", "'kind' is written twice"),
        ("kind: \xff", "does not fit"),
    ],
)
def test_what_is_no_openslo_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "slo.yaml"
    path.write_text(text)
    if told != "does not fit":
        assert told in refused(path)
    else:
        refused(path)


def test_an_empty_file_holds_no_slo(tmp_path: Path) -> None:
    path = tmp_path / "slo.yaml"
    path.write_text("---\n---\n")
    assert slo.load([path]) == ()
