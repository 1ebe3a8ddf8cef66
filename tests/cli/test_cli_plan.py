"""`switchyard plan`: what the stack file would do, by the models that the program uses."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import shop_story
import yaml
from cli_runs import run

from cli import plan_power, stack_file
from cli.environments import Environment
from cli.plan import Kind, TwinPlan, Wanted, of_twin, wanted
from cli.traffic import ColourTraffic, Traffic
from cli.views import switch_view

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import CommandLine
    from fake_kube import FakeApi

pytestmark = pytest.mark.pure
OTHER = "sha256:" + "7" * 64
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/trafficswitches.switchyard.dev"
SHA = "0123456789abcdef0123456789abcdef01234567"
PLATFORM = ("argocd", "controller", "envoy", "envoy-gateway", "postgres", "prometheus", "redis")


def goal(live: str, **digests: dict[str, str]) -> Wanted:
    """The stack file says `live`, and what the colours run."""
    contents = {
        colour: {
            "revision": shop_story.REVISIONS[colour],
            "digests": {**shop_story.DIGESTS[colour], **digests.get(colour, {})},
        }
        for colour in ("blue", "green")
    }
    spec = shop_story.spec(live)
    spec["candidate"] = contents[live]
    return wanted("shop", spec, contents)


def present() -> list[Environment]:
    return [
        Environment(
            colour=colour,
            namespace=f"shop-{colour}",
            target_revision=shop_story.REVISIONS[colour],
            digests=shop_story.DIGESTS[colour],
        )
        for colour in ("blue", "green")
    ]


def plan(want: Wanted, now: dict[str, Any] | None) -> TwinPlan:
    return of_twin(want, switch_view(now) if now else None, present() if now else [])


def test_nothing_changed_is_nothing_to_do() -> None:
    told = plan(goal("blue"), shop_story.on_blue())
    assert told.kind is Kind.NOTHING
    assert told.steps == []


def test_the_one_line_change_is_a_release_of_all_services_at_once() -> None:
    told = plan(goal("green"), shop_story.on_blue())
    assert told.kind is Kind.RELEASE
    assert (told.serving, told.live) == ("blue", "green")
    assert told.services == ["storefront", "orders"]
    assert [change.what for change in told.difference] == ["revision", "storefront"], (
        "orders has the same digest in both colours, so users see no change of it"
    )
    assert all(colour.changes == [] for colour in told.colours), "no environment changes"
    assert told.steps[-1] == "blue stays warm and untouched for 1h"
    assert "switchyard abort shop" in told.rollback[0]


def test_the_first_release_has_nothing_to_go_back_to() -> None:
    told = plan(goal("blue"), None)
    assert told.kind is Kind.FIRST
    assert "nothing to go back to" in told.rollback[0]
    assert told.serving is None


def test_other_content_on_the_idle_colour_moves_no_traffic() -> None:
    told = plan(goal("blue", green={"storefront": OTHER}), shop_story.on_blue())
    assert told.kind is Kind.PREPARE
    assert told.services == []
    (change,) = told.colours[1].changes
    assert (change.what, change.after) == ("storefront", OTHER)
    assert "no traffic moves" in told.steps[-1]


def test_other_content_on_the_idle_colour_spoils_the_way_back() -> None:
    told = plan(goal("green", blue={"storefront": OTHER}), shop_story.on_green())
    assert any("rollback window is open" in note for note in told.notes)


def test_other_content_on_the_serving_colour_would_be_refused() -> None:
    told = plan(goal("blue", blue={"storefront": OTHER}), shop_story.on_blue())
    assert told.kind is Kind.REFUSED
    assert "write `live: green`" in told.blockers[0]
    assert told.steps == []


def test_rejected_digests_would_be_refused_until_retried() -> None:
    told = plan(goal("green"), shop_story.rejected())
    assert told.kind is Kind.REFUSED
    assert "`switchyard retry shop`" in told.blockers[0]
    assert "storefront 0/2 available after 5m" in told.blockers[0]


def test_a_service_more_is_told() -> None:
    now = shop_story.on_blue()
    now["spec"]["services"].pop()
    now["spec"]["release"] = "0" * 16
    told = plan(goal("blue"), now)
    assert told.kind is Kind.ADJUST
    assert told.notes == ["service orders becomes part of the switch"]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A valid stack `test`, written into a project folder of its own."""
    monkeypatch.setattr(stack_file, "PROJECT", tmp_path)
    names = [f"{name}-{v}" for name in ("storefront", "orders") for v in ("v1", "v2")]
    images = {
        name: {"inputs": OTHER, "reference": f"10.213.0.1:5000/switchyard/{name}@{_digest(name)}"}
        for name in [*PLATFORM, *names]
    }
    lock = {"registry": "10.213.0.1:5000", "images": images}
    (tmp_path / "images.test.lock.yaml").write_text(yaml.safe_dump(lock))
    config = {
        "foundation": {"kind": "yard"},
        "images": {"lock": "images.test.lock.yaml"},
        "edge": {"address": "http://127.0.0.1:8080", "serviceAddress": "10.215.0.80"},
        "git": {
            "environments": "git://10.213.0.1/environments.git",
            "addons": "git://10.213.0.1/addons.git",
            "addonsRevision": SHA,
        },
        "databasePassword": {"secure": "v1:abc"},
        "twins": {
            "shop": {
                "live": "green",
                "blue": _colour("blue", "v1"),
                "green": _colour("green", "v2"),
                "services": [
                    {"name": "storefront", "hostnames": ["shop.localhost"]},
                    {"name": "orders", "hostnames": ["orders.localhost"]},
                ],
            }
        },
    }
    _write(tmp_path, config)
    return config


def _digest(name: str) -> str:
    service, _, version = name.rpartition("-")
    colour = {"v1": "blue", "v2": "green"}.get(version)
    return shop_story.DIGESTS[colour][service] if colour else OTHER


def _colour(colour: str, version: str) -> dict[str, Any]:
    images = {name: f"{name}-{version}" for name in ("storefront", "orders")}
    return {"revision": shop_story.REVISIONS[colour], "images": images}


def _write(folder: Path, config: dict[str, Any]) -> None:
    document = {"config": {f"switchyard:{key}": value for key, value in config.items()}}
    (folder / "Pulumi.test.yaml").write_text(yaml.safe_dump(document))


def test_plan_reads_the_stack_file_and_the_cluster(
    api: FakeApi, switchyard: CommandLine, stack: dict[str, Any]
) -> None:
    assert stack
    api.put(shop_story.on_blue())
    api.documents[CRD] = {"kind": "CustomResourceDefinition"}
    told = switchyard("plan", "--stack", "test")
    assert told.code == 0, told.err
    for fact in ("blue serves → green", "Moves as one", "storefront, orders", "333333333333"):
        assert fact in told.out
    document = switchyard("plan", "--stack", "test", "--json").document
    assert set(document) == {"stack", "cluster", "twins"}
    assert set(document["twins"][0]) == {
        "twin",
        "kind",
        "serving",
        "live",
        "release",
        "colours",
        "services",
        "difference",
        "steps",
        "ramp",
        "rollback",
        "blockers",
        "notes",
    }
    assert document["twins"][0]["kind"] == "release"


def test_the_release_is_the_one_that_the_program_would_ask_for(
    api: FakeApi, switchyard: CommandLine, stack: dict[str, Any]
) -> None:
    api.documents[CRD] = 404
    first = switchyard("plan", "--stack", "test", "--json").document["twins"][0]
    assert first["kind"] == "first"
    spec = shop_story.on_blue()
    spec["spec"] = {**shop_story.spec("green"), "release": first["release"]}
    api.documents[CRD] = {"kind": "CustomResourceDefinition"}
    spec["status"] |= {"serving": "green", "release": first["release"]}
    api.put(spec)
    again = switchyard("plan", "--stack", "test", "--json").document["twins"][0]
    assert again["kind"] == "nothing", f"the same stack file is the same goal: {stack['twins']}"


def test_a_plan_that_would_be_refused_is_bad_news(
    api: FakeApi, switchyard: CommandLine, stack: dict[str, Any]
) -> None:
    assert stack
    api.documents[CRD] = {"kind": "CustomResourceDefinition"}
    api.put(shop_story.rejected())
    told = switchyard("plan", "--stack", "test")
    assert told.code == 1
    assert "would be refused" in told.out


def test_a_stack_file_that_is_refused_is_invalid_input(
    switchyard: CommandLine, stack: dict[str, Any], tmp_path: Path
) -> None:
    spoilt = copy.deepcopy(stack)
    spoilt["twins"]["shop"]["live"] = "gren"
    _write(tmp_path, spoilt)
    told = switchyard("plan", "--stack", "test")
    assert told.code == 2
    assert "'gren' is no colour" in told.err


@pytest.mark.parametrize(("text", "why"), [("a: [1\nb: 2", "not YAML"), ("a: 1", "no settings")])
def test_a_stack_file_that_cannot_be_read_is_invalid_input(
    switchyard: CommandLine, stack: dict[str, Any], tmp_path: Path, text: str, why: str
) -> None:
    assert stack
    (tmp_path / "Pulumi.test.yaml").write_text(text)
    told = switchyard("plan", "--stack", "test")
    assert told.code == 2
    assert why in told.err


def test_an_unknown_twin_is_refused_with_those_there_are(
    switchyard: CommandLine, stack: dict[str, Any]
) -> None:
    assert stack
    told = switchyard("plan", "ship", "--stack", "test")
    assert told.code == 2
    assert "name one of: shop" in told.err


def test_a_stack_on_a_yard_that_is_down_cannot_be_asked(
    stack: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack
    monkeypatch.setenv("SWITCHYARD_CACHE", str(tmp_path / "cache"))
    told = run("plan", "--stack", "test")
    assert told.code == 3
    assert "switchyard yard up" in told.err


def canary(**more: object) -> dict[str, Any]:
    strategy = {"kind": "canary", "steps": [1, 25], "dwell": "1m"}
    judge = {
        "indicators": [{"name": "errors", "kind": "ratio", "objective": 0.01}],
        "falseAlarmRate": 0.01,
        "detectable": 5.0,
    }
    return {**shop_story.spec("green"), "strategy": strategy, "judge": judge, **more}


def counting(rps: float, errors: float) -> Traffic:
    one = ColourTraffic(requests_per_second=rps, errors_per_second=errors)
    return Traffic(colours={"blue": one, "green": ColourTraffic()})


def test_a_ramp_is_planned_with_what_each_step_could_show() -> None:
    busy = plan_power.of_spec(canary(), counting(500.0, 1.0))
    assert busy is not None
    assert [step.weight for step in busy.steps] == [1, 25]
    assert busy.error_rate == 0.01, "the objective says more than the few errors of now"
    assert busy.steps[-1].verdict == "ok"
    assert busy.steps[-1].detectable is not None
    quiet = plan_power.of_spec(canary(), counting(0.1, 0.0))
    assert quiet is not None
    assert quiet.steps[0].verdict == "refused", "a step that can see nothing is not glossed over"
    assert "would help" in quiet.steps[0].sentence


def test_the_power_of_a_ramp_without_traffic_is_not_known() -> None:
    unknown = plan_power.of_spec(canary(), Traffic(no_data_because="Prometheus is away"))
    assert unknown is not None
    assert (unknown.steps, unknown.requests_per_second) == ([], None)
    assert "Prometheus is away" in unknown.note


def test_what_does_not_ramp_has_no_power() -> None:
    spec = {**shop_story.spec("green"), "strategy": {"kind": "blueGreen"}}
    assert plan_power.of_spec(spec, counting(1.0, 0.0)) is None
