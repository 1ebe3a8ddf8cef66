"""The way of a release on the production code, over a cluster in memory."""

import asyncio
from datetime import timedelta

import pytest
from controller_simulator import DIGESTS, SERVICES, Cluster, make_spec, serving_blue

from controller.api import Status
from controller.driver import InterruptedLookError
from controller.phases import ENDED, Outcome, Phase
from controller.writer import Verb

pytestmark = pytest.mark.pure

GREEN_V2 = make_spec("green", "v2")
ALL_BLUE = {name: {"shop-blue": 100, "shop-green": 0} for name in ("storefront", "orders")}
ALL_GREEN = {name: {"shop-blue": 0, "shop-green": 100} for name in ("storefront", "orders")}


def phases(status: Status) -> list[str]:
    return [record.phase.value for record in status.phases]


async def test_the_first_release_goes_the_whole_way_and_has_no_former_colour() -> None:
    cluster = Cluster()
    cluster.create(make_spec("blue", "v1"))
    await cluster.settle()
    assert phases(cluster.status) == [
        "Pending",
        "Preparing",
        "Probing",
        "Shifting",
        "Confirming",
        "Settled",
    ]
    assert cluster.live_weights() == ALL_BLUE
    assert cluster.status.serving == "blue"
    assert cluster.status.previous is None, "there is nothing to go back to"


async def test_a_cutover_moves_all_services_and_tells_when_it_was_seen() -> None:
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    await cluster.settle()
    status = cluster.status
    assert cluster.live_weights() == ALL_GREEN
    assert (status.serving, status.weight, status.settled) == ("green", 100, GREEN_V2["release"])
    assert status.previous is not None
    assert status.previous.colour == "blue"
    assert status.rollback_until is not None
    assert status.shift is not None
    assert status.shift.seen_at is not None
    assert status.shift.flip_ms is not None
    assert status.history[-1].outcome is Outcome.PROMOTED


async def test_every_live_route_is_written_once_and_in_a_fixed_order() -> None:
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    await cluster.settle()
    routes = [w.name for w in cluster.writes if w.verb is Verb.APPLY_ROUTE]
    assert routes == ["orders", "storefront"]


async def test_the_status_says_shifting_before_the_first_weight_moves() -> None:
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    await cluster.settle()
    verbs = [
        (w.verb, w.body.get("status", {}).get("phase"))
        for w in cluster.writes
        if w.verb is not Verb.EVENT
    ]
    first_route = next(i for i, (verb, _) in enumerate(verbs) if verb is Verb.APPLY_ROUTE)
    assert verbs[first_route - 1] == (Verb.STATUS, "Shifting")


async def test_wrong_digests_wait_then_time_out_and_production_is_untouched() -> None:
    cluster = await serving_blue()
    cluster.run("green", "v3")
    cluster.set_spec(GREEN_V2)
    await cluster.settle(limit=400)
    status = cluster.status
    assert status.phase is Phase.REJECTED
    assert "not among the candidate's digests" in status.reason
    assert "within 5m" in status.reason
    assert cluster.live_weights() == ALL_BLUE
    assert not [w for w in cluster.writes if w.verb is Verb.APPLY_ROUTE], "no route may be written"
    assert status.rejected[-1].digests == DIGESTS["v2"]
    assert status.settled == GREEN_V2["release"], "a rejection is an ending, too"


@pytest.mark.parametrize("kind", ["Deployment", "EndpointSlice", "HTTPRoute", "Job"])
async def test_what_cannot_be_listed_holds_and_never_passes(kind: str) -> None:
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    cluster.server.broken.add(kind)
    cluster.start()
    for _ in range(20):
        await cluster.tick()
    assert cluster.status.phase in {Phase.PREPARING, Phase.PROBING}
    assert cluster.live_weights() == ALL_BLUE
    assert "ConnectError" in cluster.status.reason
    cluster.server.broken.clear()
    await cluster.settle()
    assert cluster.status.serving == "green", "it goes on once it can see"


async def test_no_gateway_pods_hold() -> None:
    cluster = await serving_blue()
    cluster.set_pods(0)
    cluster.set_spec(GREEN_V2)
    cluster.start()
    for _ in range(20):
        await cluster.tick()
    assert cluster.status.phase is Phase.PROBING
    assert "no ready gateway pod" in cluster.status.reason


async def test_a_preview_that_does_not_answer_holds() -> None:
    cluster = await serving_blue()
    cluster.silent.add("green")
    cluster.set_spec(GREEN_V2)
    await cluster.settle(limit=2000)
    assert cluster.status.phase is Phase.REJECTED
    assert "was answered 503 by no colour" in cluster.status.reason
    assert cluster.live_weights() == ALL_BLUE


async def test_weights_that_are_never_seen_go_back_and_the_reason_says_so() -> None:
    cluster = await serving_blue()
    cluster.catch_up()
    cluster.stuck = True
    cluster.set_spec(GREEN_V2)
    cluster.start()
    while cluster.status.phase is not Phase.ROLLING_BACK:
        cluster.now += timedelta(seconds=await cluster.tick() or 0)
    await cluster.settle()
    assert cluster.status.phase is Phase.REJECTED
    assert "not seen in the data plane within 30s" in cluster.status.reason
    assert cluster.live_weights() == ALL_BLUE
    assert cluster.status.history[-1].outcome is Outcome.ROLLED_BACK


async def test_a_candidate_that_loses_its_endpoints_while_moving_is_taken_back() -> None:
    cluster = await serving_blue()
    cluster.catch_up()
    cluster.stuck = True
    cluster.set_spec(GREEN_V2)
    cluster.start()
    while cluster.status.phase is not Phase.CONFIRMING:
        await cluster.tick()
    cluster.run("green", "v2", endpoints=0)
    cluster.stuck = False
    await cluster.settle()
    assert "green lost its endpoints" in cluster.status.reason
    assert cluster.live_weights() == ALL_BLUE


async def test_going_back_to_a_colour_without_endpoints_is_refused_for_it_would_be_an_outage() -> (
    None
):
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    await cluster.settle()
    cluster.run("blue", "v1", endpoints=0)
    cluster.annotate(abort=GREEN_V2["release"])
    for _ in range(10):
        await cluster.tick()
    assert cluster.status.phase is Phase.ROLLING_BACK
    assert "cannot take the traffic back" in cluster.status.reason
    assert cluster.live_weights() == ALL_GREEN
    cluster.run("blue", "v1")
    await cluster.settle()
    assert cluster.live_weights() == ALL_BLUE


async def test_an_abort_in_the_rollback_window_goes_back_and_remembers_the_digests() -> None:
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    await cluster.settle()
    cluster.annotate(abort=GREEN_V2["release"], abort_reason="prices are wrong")
    await cluster.tick()
    assert cluster.live_weights() == ALL_BLUE, "the very first look moves the weights"
    await cluster.settle()
    status = cluster.status
    assert (status.phase, status.serving, status.weight) == (Phase.REJECTED, "blue", 0)
    assert status.reason == "aborted: prices are wrong"
    assert status.rejected[-1].digests == DIGESTS["v2"]
    assert status.history[-1].outcome is Outcome.ABORTED
    assert status.history[-1].flip_ms is not None
    assert cluster.switch["metadata"]["annotations"] == {}, "an obeyed command is taken away"


async def test_an_abort_before_anything_moved_touches_no_route() -> None:
    cluster = await serving_blue()
    cluster.silent.add("green")
    cluster.set_spec(GREEN_V2)
    cluster.start()
    for _ in range(6):
        await cluster.tick()
    cluster.annotate(abort=GREEN_V2["release"])
    await cluster.settle()
    assert cluster.status.phase is Phase.REJECTED
    assert cluster.status.history[-1].outcome is Outcome.ABORTED
    assert not [w for w in cluster.writes if w.verb is Verb.APPLY_ROUTE]


async def test_an_abort_after_the_window_is_not_followed() -> None:
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    await cluster.settle()
    cluster.now += timedelta(hours=2)
    cluster.annotate(abort=GREEN_V2["release"])
    await cluster.settle()
    assert cluster.status.serving == "green"
    events = [w.body["message"] for w in cluster.writes if w.verb is Verb.EVENT]
    assert any("rollback window ended" in message for message in events)


@pytest.mark.parametrize("command", ["abort", "retry"])
async def test_a_command_for_another_release_is_ignored_and_taken_away(command: str) -> None:
    cluster = await serving_blue()
    cluster.annotate(**{command: "feedfeedfeedfeed"})
    await cluster.settle()
    assert cluster.status.serving == "blue"
    assert cluster.switch["metadata"]["annotations"] == {}


async def test_rejected_digests_stay_rejected_until_a_retry() -> None:
    cluster = await serving_blue()
    cluster.silent.add("green")
    cluster.set_spec(GREEN_V2)
    await cluster.settle(limit=2000)
    cluster.silent.clear()
    cluster.set_spec(make_spec("blue", "v1"))
    await cluster.settle()
    assert cluster.status.phase is Phase.SETTLED
    again = make_spec("green", "v2", release="0123456789abcdef")
    cluster.set_spec(again)
    await cluster.settle()
    assert cluster.status.phase is Phase.REJECTED
    assert "were rejected in release" in cluster.status.reason
    assert cluster.live_weights() == ALL_BLUE
    cluster.annotate(retry=again["release"])
    await cluster.settle()
    assert cluster.status.serving == "green"
    assert cluster.status.rejected == (), "a success is forgiven"


async def test_the_serving_colour_is_immutable_and_its_new_digests_are_not_blamed() -> None:
    cluster = await serving_blue()
    cluster.set_spec(make_spec("blue", "v2"))
    await cluster.settle()
    assert cluster.status.phase is Phase.REJECTED
    assert "the serving colour is immutable" in cluster.status.reason
    assert "live: green" in cluster.status.reason, "the reason names the way out"
    assert cluster.status.rejected == ()
    cluster.set_spec(GREEN_V2)
    await cluster.settle()
    assert cluster.status.serving == "green"


async def test_another_goal_while_traffic_moves_goes_back_first_and_blames_nobody() -> None:
    cluster = await serving_blue()
    cluster.catch_up()
    cluster.stuck = True
    cluster.set_spec(GREEN_V2)
    cluster.start()
    while cluster.status.phase is not Phase.CONFIRMING:
        await cluster.tick()
    cluster.stuck = False
    cluster.set_spec(make_spec("blue", "v1"))
    await cluster.settle()
    assert cluster.status.phase is Phase.SETTLED
    assert cluster.live_weights() == ALL_BLUE
    assert cluster.status.rejected == ()
    assert cluster.status.history[-1].outcome is Outcome.ROLLED_BACK


async def test_a_goal_that_already_serves_settles_at_once() -> None:
    cluster = await serving_blue()
    cluster.set_spec(make_spec("blue", "v1", release="00000000deadbeef"))
    await cluster.settle()
    assert cluster.status.settled == "00000000deadbeef"
    assert not [w for w in cluster.writes if w.verb is Verb.APPLY_ROUTE]


async def test_a_manual_edit_of_a_route_is_repaired() -> None:
    cluster = await serving_blue()
    route = await cluster.server.get(type("HTTPRoute", (), {}), "shop", "orders")
    route["spec"]["rules"][0]["backendRefs"][1]["weight"] = 50
    cluster.server.put("HTTPRoute", route)
    await cluster.settle()
    assert cluster.live_weights() == ALL_BLUE
    assert any(w.body.get("reason") == "DriftRepaired" for w in cluster.writes)


async def test_a_route_of_somebody_else_is_never_written() -> None:
    cluster = Cluster()
    foreign = {
        "metadata": {"name": "orders", "namespace": "shop", "labels": {}},
        "spec": {"rules": []},
    }
    cluster.server.put("HTTPRoute", foreign)
    cluster.create(make_spec("blue", "v1"))
    await cluster.settle(limit=400)
    assert cluster.status.phase is Phase.REJECTED
    assert "HTTPRoute orders exists and belongs to somebody else" in cluster.status.reason
    assert "orders" not in [w.name for w in cluster.writes]


async def test_new_hostnames_wait_for_the_same_evidence_as_new_content() -> None:
    cluster = await serving_blue()
    moved = [{**SERVICES[0], "hostnames": ["new.localhost"]}, SERVICES[1]]
    cluster.set_spec(make_spec("blue", "v1", release="1" * 16, services=moved))
    await cluster.settle()
    assert phases(cluster.status)[-3:] == ["Shifting", "Confirming", "Settled"]
    routes = {w.name: w.body for w in cluster.writes if w.verb is Verb.APPLY_ROUTE}
    assert routes["storefront"]["spec"]["hostnames"] == ["new.localhost"]


async def test_a_service_taken_out_of_the_switch_loses_its_routes() -> None:
    cluster = await serving_blue()
    cluster.set_spec(make_spec("blue", "v1", release="2" * 16, services=SERVICES[:1]))
    await cluster.settle()
    left = sorted(name for kind, _, name in cluster.server.objects if kind == "HTTPRoute")
    assert left == ["storefront", "storefront-preview"]


async def test_a_failed_first_release_leaves_nothing_that_serves() -> None:
    cluster = Cluster()
    cluster.stuck = True
    cluster.create(make_spec("blue", "v1"))
    cluster.start()
    while cluster.status.phase is not Phase.CONFIRMING:
        await cluster.tick()
    cluster.annotate(abort=make_spec("blue", "v1")["release"])
    await cluster.settle()
    assert cluster.status.phase is Phase.REJECTED
    assert cluster.status.serving is None
    assert cluster.live_weights() == {}


async def test_a_gate_without_a_verdict_holds() -> None:
    cluster = await serving_blue()
    cluster.set_spec(make_spec("green", "v2", gates=[{"kind": "contracts"}]))
    cluster.start()
    for _ in range(20):
        await cluster.tick()
    assert cluster.status.phase is Phase.PROBING
    assert cluster.status.reason == "gate contracts has no verdict"


async def test_deadlines_do_not_run_while_no_controller_looks() -> None:
    cluster = await serving_blue()
    cluster.run("green", "v3")
    cluster.set_spec(GREEN_V2)
    cluster.start()
    for _ in range(5):
        await cluster.tick()
    cluster.now += timedelta(days=1)
    cluster.start()
    await cluster.tick()
    assert cluster.status.phase is Phase.PREPARING


async def test_a_status_that_was_tampered_with_starts_anew_and_moves_nothing() -> None:
    cluster = await serving_blue()
    switch = await cluster.server.get(type("TrafficSwitch", (), {}), "shop", "shop")
    switch["status"] |= {"phase": "RollingBack"}
    cluster.server.put("TrafficSwitch", switch)
    await cluster.settle()
    assert cluster.status.phase in ENDED
    assert cluster.live_weights() == ALL_BLUE


async def test_an_abort_does_not_wait_for_a_gateway_pod_that_hangs() -> None:
    cluster = await serving_blue()
    cluster.catch_up()
    cluster.stuck = True
    cluster.set_spec(GREEN_V2)
    cluster.start()
    while cluster.status.phase is not Phase.CONFIRMING:
        await cluster.tick()
    assert cluster.driver is not None
    cluster.hangs = True
    looking = asyncio.create_task(cluster.driver.tick())
    await asyncio.sleep(0.01)
    assert not looking.done(), "the look hangs on the gateway pod"
    cluster.annotate(abort=GREEN_V2["release"])
    cluster.driver.wake.set()
    with pytest.raises(InterruptedLookError):
        await looking
    cluster.hangs = False
    await cluster.tick()
    assert cluster.live_weights() == ALL_BLUE
