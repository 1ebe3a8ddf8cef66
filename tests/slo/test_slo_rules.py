"""The rules: their shape beside Sloth's, and what promtool says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from openslo_files import Document, Write, prometheus

import slo
from slo.rules import ALERT, BAD_EVENTS, COVERAGE, EVENTS, EXHAUSTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLOTH_ID = (
    '{sloth_id="my-service-requests-availability", sloth_service="my-service", '
    'sloth_slo="requests-availability", twin="shop"}'
)


@pytest.fixture
def made(document: Document, write: Write) -> dict[str, Any]:
    return slo.rules(slo.load([write(document)]), twin="shop", scrape_interval=15)


def every_rule(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in content["groups"] for rule in group["rules"]]


def recorded(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["record"]: rule for rule in every_rule(content) if "record" in rule}


@pytest.mark.pure
def test_error_ratios_are_recorded_over_every_window_of_the_workbook_and_the_period(
    made: dict[str, Any],
) -> None:
    windows = [
        name.removeprefix("slo:sli_error:ratio_rate")
        for name in recorded(made)
        if name.startswith("slo:sli_error:")
    ]
    assert windows == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    for name, rule in recorded(made).items():
        if name.startswith("slo:sli_error:"):
            assert name.endswith(rule["labels"]["sloth_window"])


@pytest.mark.pure
def test_the_records_of_the_budget_bear_sloths_names_and_expressions(made: dict[str, Any]) -> None:
    # slok/sloth, examples/_gen/openslo-getting-started.yml, with the label twin beside its own
    found = {name: rule["expr"] for name, rule in recorded(made).items()}
    assert found["slo:objective:ratio"] == "vector(0.999)"
    assert found["slo:error_budget:ratio"] == "vector(0.001)"
    assert found["slo:time_period:days"] == "vector(30)"
    assert found["slo:current_burn_rate:ratio"] == (
        f"slo:sli_error:ratio_rate5m{SLOTH_ID}\n"
        "/ on (sloth_id, sloth_slo, sloth_service, twin) group_left\n"
        f"slo:error_budget:ratio{SLOTH_ID}"
    )
    assert found["slo:period_burn_rate:ratio"] == (
        f"slo:sli_error:ratio_rate30d{SLOTH_ID}\n"
        "/ on (sloth_id, sloth_slo, sloth_service, twin) group_left\n"
        f"slo:error_budget:ratio{SLOTH_ID}"
    )
    assert found["slo:period_error_budget_remaining:ratio"] == (
        f"1 - slo:period_burn_rate:ratio{SLOTH_ID}"
    )
    assert recorded(made)["sloth_slo_info"]["labels"]["sloth_objective"] == "99.9"


@pytest.mark.pure
def test_alerts_are_sloths_pairs_of_windows(made: dict[str, Any]) -> None:
    page, ticket, exhausted = (rule for rule in every_rule(made) if "alert" in rule)
    above = [
        f"max(slo:sli_error:ratio_rate{window}{SLOTH_ID} > ({factor} * 0.001)) "
        "without (sloth_window)"
        for window, factor in [("5m", "14.4"), ("1h", "14.4"), ("30m", "6"), ("6h", "6")]
    ]
    assert page["expr"] == (
        f"(\n    {above[0]}\n    and\n    {above[1]}\n)\nor\n"
        f"(\n    {above[2]}\n    and\n    {above[3]}\n)"
    )
    for window, factor in [("2h", "3"), ("1d", "3"), ("6h", "1"), ("3d", "1")]:
        assert f"ratio_rate{window}{SLOTH_ID} > ({factor} * 0.001)" in ticket["expr"]
    assert [rule["labels"]["sloth_severity"] for rule in (page, ticket)] == ["page", "ticket"]
    assert exhausted["alert"] == EXHAUSTED


@pytest.mark.pure
def test_labels_of_the_file_reach_every_record_under_a_name_prometheus_allows(
    document: Document, write: Write
) -> None:
    document["metadata"]["labels"] = {"team.name": ["wine", "orders"], "twin": "another"}
    content = slo.rules(slo.load([write(document)]), twin="shop", scrape_interval=15)
    for rule in recorded(content).values():
        assert rule["labels"]["team_name"] == "wine,orders"
        assert rule["labels"]["twin"] == "shop", "a file cannot speak for another twin"


@pytest.mark.pure
def test_the_twins_name_is_put_in_and_its_rules_kept_apart(
    document: Document, write: Write
) -> None:
    document["spec"]["indicator"]["spec"]["ratioMetric"]["total"] = prometheus(
        'requests_total{twin="{{.twin}}"}'
    )
    slos = slo.load([write(document)])
    content = yaml.safe_load(slo.rule_file({"wine": slos, "beer": slos}, scrape_interval=15))
    assert [group["name"].split("-")[2] for group in content["groups"]] == ["beer"] * 3 + [
        "wine"
    ] * 3
    totals = [rule for rule in every_rule(content) if rule.get("record") == "slo:sli_events:rate5m"]
    assert [rule["expr"] for rule in totals] == [
        'sum(sum(rate(requests_total{twin="beer"}[5m])))',
        'sum(sum(rate(requests_total{twin="wine"}[5m])))',
    ]


@pytest.mark.pure
def test_no_slo_is_an_empty_rule_file() -> None:
    assert yaml.safe_load(slo.rule_file({}, scrape_interval=15)) == {"groups": []}


@pytest.mark.pure
def test_the_same_slos_give_the_same_bytes(document: Document, write: Write) -> None:
    slos = slo.load([write(document)])
    one, other = (
        slo.rule_file(dict.fromkeys(twins, slos), scrape_interval=15) for twins in ("ab", "ba")
    )
    assert one == other


@pytest.mark.pure
def test_a_window_too_short_for_the_scrapes_is_refused(document: Document, write: Write) -> None:
    document["spec"]["timeWindow"] = [{"duration": "5m", "isRolling": True}]
    slos = slo.load([write(document)])
    assert slo.rules(slos, twin="shop", scrape_interval=2)
    with pytest.raises(slo.SloError, match="write at least 15m"):
        slo.rules(slos, twin="shop", scrape_interval=30)


def checked(tmp_path: Path, text: str, promtool: Callable[..., str]) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    promtool("check", "rules", "rules.yaml")


def examined(tmp_path: Path, promtool: Callable[..., str], test: dict[str, Any]) -> None:
    """Run one test of promtool's over rules.yaml, evaluated as often as its samples come."""
    unit = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": test["interval"],
        "tests": [test],
    }
    (tmp_path / "unit.yaml").write_text(yaml.safe_dump(unit))
    promtool("test", "rules", "unit.yaml")


@pytest.mark.parametrize("window", ["1h", "1d", "7d", "28d", "30d", "90d"])
def test_prometheus_takes_the_rules_of_any_window(
    document: Document,
    write: Write,
    tmp_path: Path,
    promtool: Callable[..., str],
    window: str,
) -> None:
    document["metadata"]["labels"] = {"team.name": "wine"}
    document["metadata"]["displayName"] = 'Availability of "the" shop\\ and {{.more}}'
    document["spec"]["timeWindow"] = [{"duration": window, "isRolling": True}]
    slos = slo.load([write(document)])
    checked(tmp_path, slo.rule_file({"shop": slos, "tea": slos}, scrape_interval=2), promtool)


def test_prometheus_takes_raw_ratios_histograms_and_policies(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    spec = document["spec"]
    spec["indicator"]["spec"] = {
        "ratioMetric": {
            "rawType": "success",
            "raw": prometheus("avg_over_time(ratio[{{.window}}])"),
        }
    }
    spec["alertPolicies"] = [
        {
            "kind": "AlertPolicy",
            "metadata": {"name": "mine"},
            "spec": {
                "alertWhenBreaching": True,
                "alertWhenNoData": True,
                "conditions": [
                    {
                        "kind": "AlertCondition",
                        "metadata": {"name": "fast"},
                        "spec": {
                            "severity": "sev1 {{",
                            "condition": {
                                "threshold": 2,
                                "lookbackWindow": "45m",
                                "alertAfter": "5m",
                            },
                        },
                    }
                ],
                "notificationTargets": [{"targetRef": "slack"}],
            },
        }
    ]
    slos = slo.load([write(document)])
    text = slo.rule_file({"shop": slos}, scrape_interval=15)
    checked(tmp_path, text, promtool)
    content = yaml.safe_load(text)
    assert "slo:sli_error:ratio_rate45m" in recorded(content)
    asked = [rule for rule in every_rule(content) if rule.get("for") == "5m"]
    assert [rule["labels"]["notify"] for rule in asked] == ["slack", "slack"]


HOUR_OF_10_A_SECOND = 36_000


def an_hour(document: Document, write: Write, tmp_path: Path) -> None:
    document["spec"]["timeWindow"] = [{"duration": "1h", "isRolling": True}]
    document["spec"]["objectives"] = [{"target": 0.99}]
    text = slo.rule_file({"shop": slo.load([write(document)])}, scrape_interval=15)
    (tmp_path / "rules.yaml").write_text(text)


def at(moment: str, expr: str, value: float, within: float = 1e-9) -> dict[str, Any]:
    close = f"abs({expr} - {value}) <= bool {within}"
    return {"expr": close, "eval_time": moment, "exp_samples": [{"labels": "{}", "value": 1}]}


def none_at(moment: str, expr: str) -> dict[str, Any]:
    return {"expr": expr, "eval_time": moment, "exp_samples": []}


def test_the_budget_is_what_the_counts_say_of_it(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    an_hour(document, write, tmp_path)
    examined(
        tmp_path,
        promtool,
        {
            "interval": "15s",
            # 10 requests a second, one in 200 bad: half of a budget of 1 in 100
            "input_series": [
                {"series": 'requests_total{code="200"}', "values": "0+149.25x300"},
                {"series": 'requests_total{code="500"}', "values": "0+0.75x300"},
            ],
            "promql_expr_test": [
                at("70m", "sum(slo:sli_error:ratio_rate1h)", 0.005),
                at("70m", "sum(slo:period_burn_rate:ratio)", 0.5),
                at("70m", "sum(slo:period_error_budget_remaining:ratio)", 0.5),
                at("70m", f"sum({EVENTS})", HOUR_OF_10_A_SECOND, within=160),
                at("70m", f"sum({BAD_EVENTS})", HOUR_OF_10_A_SECOND / 200, within=0.8),
                at("70m", f"sum({COVERAGE})", 1),
                at("30m", f"sum({COVERAGE})", 0.5, within=0.01),
                # the budget from the events is the budget from the ratio
                at(
                    "70m",
                    f"sum(1 - {BAD_EVENTS} / (0.01 * {EVENTS}))",
                    0.5,
                ),
            ],
        },
    )


def test_a_quiet_hour_weighs_by_its_events_where_sloths_default_weighs_by_the_clock(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    an_hour(document, write, tmp_path)
    own = "{" + SLOTH_ID.strip("{}") + "}"
    sloth_default = (
        f"sum_over_time(slo:sli_error:ratio_rate1m15s{own}[1h])"
        f" / ignoring (sloth_window) count_over_time(slo:sli_error:ratio_rate1m15s{own}[1h])"
    )
    sloth_exact = 'sum(rate(requests_total{code="500"}[1h])) / (sum(rate(requests_total[1h])) > 0)'
    examined(
        tmp_path,
        promtool,
        {
            "interval": "15s",
            # half an hour of 100 a second without an error, half an hour of 1 a second all bad
            "input_series": [
                {"series": 'requests_total{code="200"}', "values": "0+1500x120 180000+0x120"},
                {"series": 'requests_total{code="500"}', "values": "0+0x120 0+15x120"},
            ],
            "promql_expr_test": [
                at("1h", "sum(slo:sli_error:ratio_rate1h)", 0.01, within=5e-4),
                at("1h", f"sum({sloth_exact})", 0.01, within=2e-4),
                at("1h", f"sum({sloth_default})", 0.5, within=0.03),
            ],
        },
    )


def test_a_metric_that_went_away_leaves_no_budget_to_release_on(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    an_hour(document, write, tmp_path)
    examined(
        tmp_path,
        promtool,
        {
            "interval": "15s",
            "input_series": [
                {"series": 'requests_total{code="200"}', "values": "0+150x80 stale"},
                {"series": 'requests_total{code="500"}', "values": "0+0x80 stale"},
            ],
            "promql_expr_test": [
                at("19m", f"sum({BAD_EVENTS})", 0),
                none_at("22m", f"sum({EVENTS})"),
                none_at("22m", f"sum({BAD_EVENTS})"),
            ],
        },
    )


def test_errors_that_are_no_longer_counted_are_no_data_and_not_none(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    an_hour(document, write, tmp_path)
    examined(
        tmp_path,
        promtool,
        {
            "interval": "15s",
            "input_series": [
                {"series": 'requests_total{code="200"}', "values": "0+150x240"},
                {"series": 'requests_total{code="500"}', "values": "0+1x80 stale"},
            ],
            "promql_expr_test": [
                at("19m", f"sum({BAD_EVENTS})", 76, within=5),
                none_at("23m", f"sum({EVENTS})"),
                none_at("23m", f"sum({BAD_EVENTS})"),
            ],
        },
    )


def test_no_traffic_is_known_to_be_none_and_spends_nothing(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    an_hour(document, write, tmp_path)
    examined(
        tmp_path,
        promtool,
        {
            "interval": "15s",
            "input_series": [
                {"series": 'requests_total{code="200"}', "values": "7+0x300"},
                {"series": 'requests_total{code="500"}', "values": "0+0x300"},
            ],
            "promql_expr_test": [
                at("70m", f"sum({EVENTS})", 0),
                at("70m", f"sum({BAD_EVENTS})", 0),
                none_at("70m", "sum(slo:sli_error:ratio_rate1m15s)"),
            ],
        },
    )


def test_of_a_ratio_each_second_counts_as_an_event(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    document["spec"]["indicator"]["spec"] = {
        "ratioMetric": {
            "rawType": "success",
            "raw": prometheus("avg_over_time(ratio[{{.window}}])"),
        }
    }
    an_hour(document, write, tmp_path)
    examined(
        tmp_path,
        promtool,
        {
            "interval": "15s",
            "input_series": [{"series": "ratio", "values": "0.995x160 NaN 0.995x79 stale"}],
            "promql_expr_test": [
                at("55m", "sum(slo:period_error_budget_remaining:ratio)", 0.5, within=1e-6),
                at("55m", f"sum({EVENTS})", 3300, within=120),
                at("55m", f"sum({BAD_EVENTS}) / sum({EVENTS})", 0.005),
                at("55m", f"sum({COVERAGE})", 55 / 60, within=0.04),
                none_at("65m", f"sum({EVENTS})"),
            ],
        },
    )


def test_a_page_fires_while_the_budget_burns_and_stops_soon_after_it_does(
    document: Document, write: Write, tmp_path: Path, promtool: Callable[..., str]
) -> None:
    """A 30-day objective of 99.9 %: 2 % errors burn at 20x, above 14.4 in both windows."""
    text = slo.rule_file({"shop": slo.load([write(document)])}, scrape_interval=60)
    (tmp_path / "rules.yaml").write_text(text)
    labels = {
        "sloth_id": "my-service-requests-availability",
        "sloth_service": "my-service",
        "sloth_slo": "requests-availability",
        "twin": "shop",
        "sloth_severity": "page",
    }
    summary = (
        "shop: requests-availability burns its error budget at more than 14.4x over 1h or 6x "
        "over 6h."
    )
    firing = [
        {
            "exp_labels": labels,
            "exp_annotations": {
                "title": "(page) my-service requests-availability SLO error budget burn rate is "
                "too fast.",
                "summary": summary,
            },
        }
    ]

    def page(moment: str, expected: list[dict[str, Any]]) -> dict[str, Any]:
        # tickets fire as well; promtool asks for all alerts of a name, so their label is left out
        return {"eval_time": moment, "alertname": ALERT, "exp_alerts": expected}

    ticket = {
        "exp_labels": {**labels, "sloth_severity": "ticket"},
        "exp_annotations": {
            "title": "(ticket) my-service requests-availability SLO error budget burn rate is "
            "too fast.",
            "summary": "shop: requests-availability burns its error budget at more than 3x over "
            "1d or 1x over 3d.",
        },
    }
    examined(
        tmp_path,
        promtool,
        {
            "interval": "1m",
            # an hour without errors, an hour of 2 %, then none
            "input_series": [
                {
                    "series": 'requests_total{code="200"}',
                    "values": "0+6000x60 360000+5880x60 712800+6000x400",
                },
                {
                    "series": 'requests_total{code="500"}',
                    "values": "0+0x60 0+120x60 7200+0x400",
                },
            ],
            "alert_rule_test": [
                page("1h", []),
                page("1h50m", [*firing, ticket]),
                # the short window has seen the end of it, though the long one still remembers
                page("3h", [ticket]),
            ],
        },
    )
