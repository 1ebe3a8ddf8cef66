"""The observability chart: whom it scrapes, and what it calls the series."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from recorded import PROJECT

pytestmark = pytest.mark.pure

FILES = PROJECT / "components" / "charts" / "observability" / "files"


@pytest.fixture
def discovery(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # a cache beside the chart would be published with it, and change its revision
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("discovery", FILES / "discovery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pod(name: str, **status: str) -> dict[str, Any]:
    labels = {
        "switchyard.dev/twin": "shop",
        "switchyard.dev/colour": "green",
        "app.kubernetes.io/name": "orders",
    }
    return {
        "metadata": {"name": name, "labels": labels},
        "status": {"phase": "Running", "podIP": "10.214.0.9", **status},
    }


def test_a_pod_of_a_twin_is_scraped_under_twin_colour_and_service(discovery: ModuleType) -> None:
    assert discovery.targets(discovery.JOBS["twins"], [pod("orders-1")]) == [
        {
            "targets": ["10.214.0.9:9090"],
            "labels": {
                "twin": "shop",
                "colour": "green",
                "service": "orders",
                "pod": "orders-1",
                "pod_ip": "10.214.0.9",
            },
        }
    ]


def test_pods_that_cannot_answer_are_left_out(discovery: ModuleType) -> None:
    migration = pod("orders-migrate")
    migration["metadata"]["ownerReferences"] = [{"kind": "Job"}]
    waiting = pod("orders-2", phase="Pending", podIP="")
    ended = pod("orders-3", phase="Succeeded")
    assert discovery.targets(discovery.JOBS["twins"], [migration, waiting, ended]) == []


def test_an_unchanged_list_of_targets_is_not_written_again(
    discovery: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "twins.json"
    groups = discovery.targets(discovery.JOBS["twins"], [pod("orders-1")])
    discovery.write(path, groups)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    discovery.write(path, groups)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    discovery.write(path, [])
    assert path.read_text() == "[]"


def relabelled(series: dict[str, str]) -> dict[str, str]:
    """What the gateway's metric relabelling makes of a series."""
    text = (FILES / "prometheus.yaml").read_text().replace("{{ .Values.scrapeInterval }}", "2s")
    job = yaml.safe_load(text)["scrape_configs"][0]
    labels = dict(series)
    for rule in job["metric_relabel_configs"]:
        action = rule.get("action", "replace")
        regex = re.compile(rule["regex"])
        if action == "labeldrop":
            labels = {key: value for key, value in labels.items() if not regex.fullmatch(key)}
            continue
        found = regex.fullmatch(";".join(labels.get(one, "") for one in rule["source_labels"]))
        if action == "keep":
            assert found, "the series would be dropped"
        elif found:
            labels[rule["target_label"]] = found.expand(rule["replacement"].replace("$", "\\"))
    return labels


@pytest.mark.parametrize(("route", "kind"), [("orders", "live"), ("orders-preview", "preview")])
def test_the_data_planes_series_say_twin_service_and_the_pod_behind(route: str, kind: str) -> None:
    labels = relabelled(
        {
            "__name__": "envoy_cluster_endpoint_rq_total",
            "envoy_cluster_name": f"httproute/shop/{route}/rule/0",
            "envoy_endpoint_address": "10.214.0.9:8080",
            "pod_ip": "10.214.0.2",
        }
    )
    expected = {"twin": "shop", "service": "orders", "route": kind, "pod_ip": "10.214.0.9"}
    assert expected.items() <= labels.items()


def test_every_outcome_of_the_data_plane_gets_its_colour() -> None:
    group = yaml.safe_load((FILES / "rules.yaml").read_text())["groups"][0]
    assert [rule["labels"]["outcome"] for rule in group["rules"]] == ["all", "success", "error"]
    assert {rule["record"] for rule in group["rules"]} == {"switchyard_gateway_requests_total"}
    assert all("group_left (colour)" in rule["expr"] for rule in group["rules"])
