"""`switchyard slo`: the rules of OpenSLO files, and every problem of those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from cli_runs import run

pytestmark = pytest.mark.pure

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop" / "slo"


def files() -> list[str]:
    return sorted(str(path) for path in SHOP.glob("*.yaml"))


def test_the_rules_are_printed_as_prometheus_reads_them() -> None:
    told = run("slo", *files(), "--twin", "shop", "--scrape-interval", "2")
    assert told.code == 0, told.err
    groups = yaml.safe_load(told.out)["groups"]
    assert [group["name"] for group in groups[:3]] == [
        "slo-sli-shop-shop-availability",
        "slo-meta-shop-shop-availability",
        "slo-alerts-shop-shop-availability",
    ]
    assert yaml.safe_load(run("slo", *files(), "--json").document["rules"])


def test_every_problem_is_told_and_nothing_is_printed(tmp_path: Path) -> None:
    broken = tmp_path / "slo.yaml"
    broken.write_text("kind: SLOs\n---\nkind: SLO\napiVersion: openslo/v1\n")
    told = run("slo", str(broken), str(tmp_path / "nowhere.yaml"))
    assert told.code == 2
    assert told.out == ""
    assert "write 'SLO'" in told.err
    assert "metadata: is missing" in told.err
    assert "nowhere.yaml" in told.err
