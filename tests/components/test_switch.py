"""What the switch asks for, and what it makes of the answer."""

import copy
from typing import Any

import pulumi
import pytest
from recorded import Run

from components import release
from components.narration import ApplicationNarrator, Narrator, ReleaseNarrator
from settings import Colour

pytestmark = pytest.mark.pure

ID = "0123456789abcdef"


def test_the_switch_waits_for_this_very_release_to_end(run: Run) -> None:
    switch = run().one("shop-switch-resource").inputs
    wanted = f"jsonpath={{.status.settled}}={switch['spec']['release']}"
    assert switch["metadata"]["annotations"]["pulumi.com/waitFor"] == wanted


def test_the_release_id_is_a_hash_of_all_the_rest(run: Run) -> None:
    spec = run().one("shop-switch-resource").inputs["spec"]
    assert len(spec["release"]) == 16
    for key in set(spec) - {"release"}:
        other = copy.deepcopy(spec)
        other[key] = "something else"
        assert release.release_id(other) != release.release_id(spec), (
            f"{key} is not in the identity"
        )


def test_the_release_id_does_not_depend_on_the_order_of_keys() -> None:
    spec: dict[str, Any] = {"live": "blue", "candidate": {"a": 1, "b": 2}}
    turned = {"candidate": {"b": 2, "a": 1}, "live": "blue", "release": "whatever"}
    assert release.release_id(spec) == release.release_id(turned)


def test_the_candidate_is_the_content_of_the_live_colour(run: Run, config: dict[str, Any]) -> None:
    config["twins"]["shop"]["live"] = "green"
    spec = run().one("shop-switch-resource").inputs["spec"]
    assert spec["candidate"]["revision"] == config["twins"]["shop"]["green"]["revision"]
    assert spec["colours"] == {
        "blue": {"namespace": "shop-blue"},
        "green": {"namespace": "shop-green"},
    }
    assert all(digest.startswith("sha256:") for digest in spec["candidate"]["digests"].values())


def test_an_update_after_which_another_colour_serves_fails_with_the_controllers_reason(
    run: Run, config: dict[str, Any]
) -> None:
    config["twins"]["shop"]["live"] = "green"
    status = {
        "serving": "blue",
        "phase": "Rejected",
        "reason": "orders answered 500 to every probe",
    }
    with pytest.raises(pulumi.RunError) as caught:
        run(status=status)
    text = str(caught.value)
    assert "green was to serve, and blue serves: orders answered 500 to every probe" in text
    assert "switchyard retry --twin shop" in text
    assert "`live: blue`" in text


def test_an_update_after_which_nothing_serves_fails_as_well(run: Run) -> None:
    with pytest.raises(pulumi.RunError, match="blue was to serve, and nothing serves"):
        run(status={"phase": "Rejected"})


def test_a_preview_does_not_judge_what_is_still_to_change(run: Run, config: dict[str, Any]) -> None:
    config["twins"]["shop"]["live"] = "green"
    run(preview=True, status={"serving": "blue", "phase": "Settled"})


def test_namespaces_of_the_colours_follow_the_twin() -> None:
    assert release.namespace("shop", Colour.GREEN) == "shop-green"


def status(*phases: str, settled: str = "", of: str = ID) -> dict[str, Any]:
    listed = [
        {"phase": phase, "at": f"2026-01-01T10:00:0{index}.250Z", "reason": f"because {phase}"}
        for index, phase in enumerate(phases)
    ]
    return {"release": of, "settled": settled, "phases": listed}


def told(narrator: Narrator, seen: dict[str, Any]) -> list[str]:
    return list(narrator.lines(seen))


def test_a_ramp_is_judged_by_what_the_gateway_counts_unless_told_otherwise(
    run: Run, config: dict[str, Any]
) -> None:
    plain = run().one("shop-switch-resource").inputs["spec"]
    assert "judge" not in plain, "where nothing ramps, the judge is no part of the release"
    assert "steps" not in plain["strategy"]
    config["twins"]["shop"]["strategy"] = {"kind": "canary", "steps": [5, 50], "dwell": "30s"}
    spec = run().one("shop-switch-resource").inputs["spec"]
    counter = 'switchyard_gateway_requests_total{twin="shop",outcome="%s"}'
    assert spec["judge"]["indicators"] == [
        {
            "name": "errors",
            "kind": "ratio",
            "direction": "increase",
            "query": {"bad": counter % "error", "total": counter % "all"},
        }
    ]
    assert (spec["strategy"]["steps"], spec["strategy"]["dwell"]) == ([5, 50], "30s")


def test_an_objective_is_recorded_and_bounds_releases(run: Run, config: dict[str, Any]) -> None:
    config["twins"]["shop"]["slos"] = ["examples/shop/slo/availability.yaml"]
    graph = run()
    values = graph.one("observability-application").inputs["spec"]["source"]["helm"]["valuesObject"]
    assert "sloth_slo: availability" in values["sloRules"]
    spec = graph.one("shop-switch-resource").inputs["spec"]
    assert [slo["name"] for slo in spec["errorBudget"]["slos"]] == ["availability"]


def test_an_slo_file_that_is_not_there_is_a_problem_of_the_stack(
    run: Run, config: dict[str, Any]
) -> None:
    config["twins"]["shop"]["slos"] = ["nowhere.yaml"]
    with pytest.raises(pulumi.RunError, match=r"nowhere\.yaml"):
        run()


def test_trusted_keys_reach_the_controller_and_not_the_switch(
    run: Run, config: dict[str, Any]
) -> None:
    key = f"ed25519:{'A' * 43}="
    config["trustedKeys"] = {"ann": key}
    graph = run()
    assert key not in str(graph.one("shop-switch-resource").inputs), "its editors are not trusted"
    deployment = graph.one("release-controller-deployment").inputs
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "SWITCHYARD_TRUSTED_KEYS", "value": f'{{"ann": "{key}"}}'} in env


class TestReleaseNarrator:
    def test_tells_each_phase_once(self) -> None:
        narrator = ReleaseNarrator(ID)
        assert told(narrator, status("Settled", settled="old", of="old")) == []
        assert told(narrator, status("Pending")) == ["10:00:00.250 Pending: because Pending"]
        assert told(narrator, status("Pending")) == []
        lines = told(narrator, status("Pending", "Preparing", "Probing"))
        assert [line.split()[1] for line in lines] == ["Preparing:", "Probing:"]
        assert not narrator.ended

    def test_ends_with_the_release(self) -> None:
        narrator = ReleaseNarrator(ID)
        told(narrator, status("Pending"))
        lines = told(narrator, status("Pending", "Rejected", settled=ID))
        assert lines == ["10:00:01.250 Rejected: because Rejected"]
        assert narrator.ended

    def test_tells_nothing_of_a_release_that_was_over_before(self) -> None:
        narrator = ReleaseNarrator(ID)
        assert told(narrator, status("Pending", "Settled", settled=ID)) == []
        assert narrator.ended

    def test_of_a_release_under_way_tells_where_it_is(self) -> None:
        narrator = ReleaseNarrator(ID)
        lines = told(narrator, status("Pending", "Preparing", "Probing"))
        assert lines == ["10:00:02.250 Probing: because Probing"]

    def test_tells_a_retry_from_its_start(self) -> None:
        narrator = ReleaseNarrator(ID)
        told(narrator, status("Pending"))
        told(narrator, status("Pending", "Preparing", "Probing"))
        assert told(narrator, status("Pending")) == ["10:00:00.250 Pending: because Pending"]

    def test_tells_why_a_ramp_holds_when_the_reason_is_another_one(self) -> None:
        narrator = ReleaseNarrator(ID)
        told(narrator, status("Ramping"))

        def held(reason: str, weight: int = 5) -> list[str]:
            ramp = {"weight": weight, "reason": reason}
            judge = {"verdict": "HOLD", "reason": "e = 1.2", "at": "2026-01-01T10:00:09.000Z"}
            return told(
                narrator, {**status("Ramping"), "phase": "Ramping", "ramp": ramp, "judge": judge}
            )

        first = held("12 requests show nothing")
        assert first == ["10:00:09.000 Ramping at 5 %: 12 requests show nothing; HOLD: e = 1.2"]
        assert held("13 requests show nothing") == [], "a figure that moves is no other reason"
        assert len(held("judging for 1m")) == 1
        assert len(held("judging for 1m", weight=25)) == 1, "but another step is"

    def test_bears_a_status_without_anything(self) -> None:
        assert told(ReleaseNarrator(ID), {}) == []
        assert told(ReleaseNarrator(ID), {"release": ID}) == []


def application(sync: str, health: str, *, goal: str = ID, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "sync": {"status": sync, "comparedTo": {"source": {"name": goal}}},
        "health": {"status": health},
        "operationState": {"phase": "Succeeded"},
        **more,
    }


class TestApplicationNarrator:
    def test_says_what_is_still_ailing_and_why_once(self) -> None:
        narrator = ApplicationNarrator(ID)
        ailing = [
            {
                "kind": "Deployment",
                "name": "orders",
                "health": {"status": "Degraded", "message": "exceeded its progress deadline"},
            },
            {"kind": "Service", "name": "orders", "health": {"status": "Healthy"}},
        ]
        status = application("Synced", "Degraded", resources=ailing)
        line = "Synced, Degraded; Deployment orders: exceeded its progress deadline"
        assert told(narrator, status) == [line]
        assert told(narrator, status) == []
        assert not narrator.ended

    def test_says_why_a_sync_failed(self) -> None:
        failed = {"phase": "Failed", "message": "one object failed to apply"}
        status = application("OutOfSync", "Missing", operationState=failed)
        assert told(ApplicationNarrator(ID), status) == [
            "OutOfSync, Missing; one object failed to apply"
        ]

    def test_says_what_prevents_the_first_comparison(self) -> None:
        status = {"conditions": [{"type": "InvalidSpecError", "message": "key is missing"}]}
        lines = told(ApplicationNarrator(ID), status)
        assert lines == ["not compared yet, unknown; key is missing"]

    def test_says_nothing_of_another_goal(self) -> None:
        narrator = ApplicationNarrator(ID)
        assert told(narrator, application("Synced", "Healthy", goal="older")) == []
        assert not narrator.ended, "a stale status must not end the story"

    def test_ends_when_it_has_arrived(self) -> None:
        narrator = ApplicationNarrator(ID)
        assert told(narrator, application("Synced", "Healthy")) == []
        assert narrator.ended
