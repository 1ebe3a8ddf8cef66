"""What `switchyard status` tells, and how the cluster is found."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest
import shop_story
from cli_runs import run

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import CommandLine
    from fake_kube import FakeApi

pytestmark = pytest.mark.pure


def test_status_tells_what_serves_and_what_stands_ready(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_green())
    told = switchyard("status")
    assert told.code == 0, told.err
    for fact in ("serving green", "Settled", "rollback window: 5", "100%", "2/2", "Synced"):
        assert fact in told.out, f"{fact!r} is missing: the reader would have to ask the cluster"
    assert "3333333333" in told.out, "the digest that serves is not shown"


def test_status_as_json_has_a_stable_shape(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.on_green())
    status = switchyard("status", "--json").document
    assert set(status) == {"stack", "cluster", "twins"}
    (twin,) = status["twins"]
    assert set(twin) == {
        "twin",
        "namespace",
        "goal",
        "serving",
        "weights",
        "phase",
        "reason",
        "release",
        "taken_up",
        "settled",
        "ramp",
        "judge",
        "evidence",
        "rollback_until",
        "rollback_left_seconds",
        "colours",
        "routes",
        "conditions",
    }
    assert twin["weights"] == {"blue": 0, "green": 100}
    assert 3400 < twin["rollback_left_seconds"] <= 3540
    blue, green = twin["colours"]
    assert (blue["colour"], green["colour"]) == ("blue", "green"), "blue first, always"
    assert green["serving"]
    assert green["digests"] == shop_story.DIGESTS["green"]
    assert green["revision"] == shop_story.REVISIONS["green"]
    assert green["is_ready"] is True
    assert twin["routes"][0] == {
        "service": "storefront",
        "present": True,
        "weights": {"blue": 100, "green": 0},
    }, "the routes are told as the cluster has them, not as they ought to be"


def test_a_closed_rollback_window_is_null_and_not_zero(
    api: FakeApi, switchyard: CommandLine
) -> None:
    switch = shop_story.on_green()
    switch["status"]["rollbackUntil"] = shop_story.soon(-1)
    api.put(switch)
    assert switchyard("status", "--json").document["twins"][0]["rollback_left_seconds"] is None
    assert "rollback window" not in switchyard("status").out


def test_a_refused_release_is_bad_news(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.rejected())
    told = switchyard("status")
    assert told.code == 1, "a script must see that the goal does not serve"
    assert "storefront 0/2 available after 5m" in told.out


def test_a_goal_that_nobody_took_up_shows_the_weights_of_what_serves(
    api: FakeApi, switchyard: CommandLine
) -> None:
    switch = shop_story.on_blue()
    switch["metadata"]["generation"] = 2
    switch["spec"] = shop_story.spec("green")
    api.put(switch)
    told = switchyard("status", "--json").document["twins"][0]
    assert told["weights"] == {"blue": 100, "green": 0}, "weight 100 is blue's, not the new goal's"
    assert told["taken_up"] is False
    assert "not taken up by the controller yet" in switchyard("status").out


@pytest.mark.parametrize(("weight", "weights"), [(0, None), (100, {"blue": 100, "green": 0})])
def test_the_first_release_has_weights_once_they_are_written(
    api: FakeApi, switchyard: CommandLine, weight: int, weights: dict[str, int] | None
) -> None:
    switch = shop_story.on_blue()
    switch["status"] |= {"serving": None, "phase": "Confirming", "weight": weight}
    api.put(switch)
    assert switchyard("status", "--json").document["twins"][0]["weights"] == weights


def test_a_status_of_an_older_generation_does_not_count_as_ready(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_blue())
    deployment = shop_story.deployment("storefront", "sha256:" + "9" * 64)
    deployment["metadata"]["generation"] = 2
    api.documents["/apis/apps/v1/namespaces/shop-green/deployments"] = {"items": [deployment]}
    green = switchyard("status", "--json").document["twins"][0]["colours"][1]
    assert green["is_ready"] is False


def test_a_colour_without_workloads_is_unknown_and_not_ready(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_blue())
    api.documents["/apis/apps/v1/namespaces/shop-green/deployments"] = {"items": []}
    assert switchyard("status", "--json").document["twins"][0]["colours"][1]["is_ready"] is None
    assert "no workloads" in switchyard("status").out


def test_a_broken_status_is_shown_and_never_a_traceback(
    api: FakeApi, switchyard: CommandLine
) -> None:
    switch = shop_story.on_blue()
    switch["status"] = {"serving": None, "phase": None, "history": None, "rollbackUntil": "soon"}
    api.put(switch)
    told = switchyard("status", "--json").document["twins"][0]
    assert told["serving"] is None
    assert told["weights"] is None, "no data is not 0"
    assert told["phase"] == "Unknown"


def test_a_cluster_without_twins_says_how_to_make_one(switchyard: CommandLine) -> None:
    told = switchyard("status")
    assert told.code == 0
    assert "switchyard up" in told.out


def test_an_unknown_twin_is_refused_with_the_names_there_are(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_blue())
    told = switchyard("status", "ship", "--json")
    assert told.code == 2
    assert told.document["error"]["fix"] == "name one of: shop"
    assert told.document["error"]["exit_code"] == 2


def test_a_cluster_that_does_not_know_the_kind_cannot_be_asked(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.documents["/apis/switchyard.dev/v1alpha1/trafficswitches"] = 404
    told = switchyard("status")
    assert told.code == 3
    assert "does not know TrafficSwitch" in told.err


def test_refused_credentials_are_told_as_such(api: FakeApi, switchyard: CommandLine) -> None:
    api.documents["/apis/switchyard.dev/v1alpha1/trafficswitches"] = 403
    told = switchyard("status")
    assert told.code == 3
    assert "refuses these credentials" in told.err


def test_an_api_server_that_nobody_runs_is_code_three(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "current-context": "gone",
                "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "gone", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    told = run("status", "--kubeconfig", str(kubeconfig))
    assert told.code == 3
    assert f"127.0.0.1:{port}" in told.err, "the address is what one checks first"


def test_a_missing_kubeconfig_is_invalid_input(tmp_path: Path) -> None:
    told = run("status", "--kubeconfig", str(tmp_path / "none"))
    assert told.code == 2
    assert "does not exist" in told.err


def test_an_unreadable_kubeconfig_is_invalid_input(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("[not, a, kubeconfig]")
    assert run("status", "--kubeconfig", str(path)).code == 2


def test_an_unknown_context_names_those_there_are(
    switchyard: CommandLine,
) -> None:
    told = switchyard("status", "--context", "elsewhere")
    assert told.code == 2
    assert "pass --context with one of: fake" in told.err


def test_an_unknown_stack_is_invalid_input() -> None:
    told = run("status", "--stack", "nowhere")
    assert told.code == 2
    assert "Pulumi.nowhere.yaml" in told.err


def test_an_unknown_option_is_a_usage_error(switchyard: CommandLine) -> None:
    assert switchyard("status", "--jason").code == 2


def test_a_ramp_is_told_with_its_evidence_and_why_it_waits(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.ramping(5))
    (twin,) = switchyard("status", "--json").document["twins"]
    assert twin["weights"] == {"blue": 95, "green": 5}
    assert (twin["ramp"]["weight"], twin["judge"]["verdict"]) == (5, "HOLD")
    assert twin["evidence"][0]["interval"] == [0.5, None], "unbounded is null, never a number"
    shown = switchyard("status").out
    assert "0.5 … →" in shown
    assert "no series of green for buckets" in shown
    told = switchyard("explain").out.replace("\n", " ")
    for part in ("not further yet: judging for 1m", "3 of 120 bad", "82.0% left", "3.1 times"):
        assert part in told, told


def test_evidence_of_a_release_that_ended_is_no_news(api: FakeApi, switchyard: CommandLine) -> None:
    switch = shop_story.ramping(5)
    switch["status"] |= {"phase": "Rejected", "settled": shop_story.RELEASE["green"], "weight": 0}
    api.put(switch)
    (twin,) = switchyard("status", "--json").document["twins"]
    assert (twin["ramp"], twin["judge"], twin["evidence"]) == (None, None, [])
