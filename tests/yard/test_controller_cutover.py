"""The release controller against the real cluster and the real gateway, under load.

It runs with the rights of its ServiceAccount alone, so every test here is a test of rbac.yaml too.
"""

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from controller_twin import (
    SERVICES,
    TWIN,
    Controller,
    Load,
    Tiny,
    in_cluster_controller_at_rest,
    kubectl,
    service_account_config,
    wait_until,
)

pytestmark = pytest.mark.yard

FLIPS = 20
ALL = {"blue": [100, 0], "green": [0, 100]}


@pytest.fixture(scope="module")
def config(standing: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:  # noqa: ARG001
    """Credentials of the controller's ServiceAccount, while the in-cluster controller rests."""
    with in_cluster_controller_at_rest():
        yield service_account_config(tmp_path_factory.mktemp("controller"))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "controller.log"


@pytest.fixture(scope="module")
def tiny(config: Path, log: Path) -> Iterator[Tiny]:
    """The twin with blue serving."""
    twin = Tiny()
    twin.destroy()
    try:
        twin.create()
        controller = Controller(config, log)
        status = twin.wait_settled(twin.ask(twin.goal("blue")))
        controller.stop()
        assert status["serving"] == "blue", status["reason"]
        yield twin
    finally:
        twin.destroy()


@pytest.fixture
def controller(tiny: Tiny, config: Path, log: Path) -> Iterator[Controller]:  # noqa: ARG001
    running = Controller(config, log)
    yield running
    running.kill()


def note(figure: str) -> None:
    """Figures for people: shown by `pytest -rA` or `-s`."""
    sys.stdout.write(f"{figure}\n")


def serving(twin: Tiny) -> str:
    return twin.status()["serving"]


def idle(twin: Tiny) -> str:
    return "green" if serving(twin) == "blue" else "blue"


def assert_clean(report: dict[str, Any]) -> None:
    assert report["failed"] == 0, report["examples"]
    assert report["untrue"] == 0, report["examples"]
    assert report["requests"] > 100, "a test without load proves nothing"


@pytest.mark.usefixtures("controller")
def test_twenty_flips_lose_no_request_and_are_seen_within_a_second(
    tiny: Tiny, tmp_path: Path
) -> None:
    load = Load(tmp_path / "load.json")
    flips: list[int] = []
    for _ in range(FLIPS):
        colour = idle(tiny)
        status = tiny.wait_settled(tiny.ask(tiny.goal(colour)))
        assert status["serving"] == colour, status["reason"]
        flips.append(status["shift"]["flipMs"])
    report = load.stop()
    note(f"flips: median {statistics.median(flips)} ms, worst {max(flips)} ms of {flips}")
    assert_clean(report)
    assert max(flips) < 1000, "p99 of 20 is the worst of them"


@pytest.mark.usefixtures("controller")
def test_an_abort_restores_the_former_colour_within_a_second_of_the_command(
    tiny: Tiny, tmp_path: Path
) -> None:
    former, colour = serving(tiny), idle(tiny)
    load = Load(tmp_path / "load.json")
    release = tiny.ask(tiny.goal(colour))
    tiny.wait_settled(release)
    time.sleep(1)  # some traffic on the new colour, so that the way back is seen in it
    said = time.time()
    tiny.abort(release)
    wait_until(lambda: tiny.status()["phase"] == "Rejected", "the way back")
    report = load.stop()
    status = tiny.status()
    assert_clean(report)
    assert (status["serving"], status["history"][-1]["outcome"]) == (former, "aborted")
    last = max(change["at"] for change in report["changes"] if change["to"] == former)
    note(f"abort: {1000 * (last - said):.0f} ms from the command to the last service's answer")
    assert last - said < 1
    forgive(tiny, colour)


def forgive(twin: Tiny, colour: str) -> None:
    """Let rejected digests serve again, for the tests that follow."""
    release = twin.ask(twin.goal(colour))
    twin.wait_settled(release)
    kubectl("-n", TWIN, "annotate", "trafficswitch", TWIN, f"switchyard.dev/retry={release}")
    wait_until(lambda: serving(twin) == colour, f"{colour} after a retry")
    twin.wait_settled(release)


def writes_of_a_cutover(twin: Tiny, controller: Controller) -> int:
    """How many writes a cutover takes, the lease's apart, as the controller itself counts them."""
    before = counted_writes(controller)
    twin.wait_settled(twin.ask(twin.goal(idle(twin))))
    wait_until(lambda: counted_writes(controller) > before, "the writes")
    time.sleep(2)  # the events of the last step follow the status
    return counted_writes(controller) - before


def counted_writes(controller: Controller) -> int:
    url = f"http://127.0.0.1:{controller.metrics_port}/metrics"
    with urllib.request.urlopen(url) as answer:
        lines = answer.read().decode().splitlines()
    return sum(
        int(float(line.rpartition(" ")[2]))
        for line in lines
        if line.startswith("switchyard_api_writes_total") and "lease" not in line
    )


def test_death_after_every_write_of_a_cutover_ends_settled_without_a_failed_request(
    tiny: Tiny, config: Path, log: Path, tmp_path: Path
) -> None:
    healthy = Controller(config, log)
    wait_ready(healthy)
    total = writes_of_a_cutover(tiny, healthy)
    healthy.kill()
    assert total >= 10, "six statuses, two routes and their events"
    load = Load(tmp_path / "load.json")
    for nth in range(1, total + 1):
        colour = idle(tiny)
        release = tiny.ask(tiny.goal(colour))
        died = dies(Controller(config, log, die_after=nth), tiny, release)
        assert died or nth > total - 2, f"write {nth} of {total} did not come"
        after = Controller(config, log)
        status = tiny.wait_settled(release)
        after.kill()
        assert status["serving"] == colour, f"after death at write {nth}: {status['reason']}"
        assert status["phase"] == "Settled"
        assert tiny.weights() == dict.fromkeys(SERVICES, ALL[colour])
        assert [p["phase"] for p in status["phases"]] == [
            "Pending", "Preparing", "Probing", "Shifting", "Confirming", "Settled",
        ]  # fmt: skip
    report = load.stop()
    note(f"{total} deaths, {report['requests']} requests")
    assert_clean(report)


def test_death_after_every_write_of_an_abort_ends_in_the_former_colour(
    tiny: Tiny, config: Path, log: Path, tmp_path: Path
) -> None:
    load = Load(tmp_path / "load.json")
    for nth in range(1, 6):
        healthy = Controller(config, log)
        former, colour = serving(tiny), idle(tiny)
        release = tiny.ask(tiny.goal(colour))
        assert tiny.wait_settled(release)["serving"] == colour
        healthy.kill()
        tiny.abort(release)
        doomed = Controller(config, log, die_after=nth)
        assert doomed.process.wait(60) == 137, f"write {nth} of the abort did not come"
        after = Controller(config, log)
        wait_until(lambda: tiny.status()["phase"] == "Rejected", "the way back")
        assert serving(tiny) == former
        assert tiny.weights() == dict.fromkeys(SERVICES, ALL[former])
        forgive(tiny, colour)
        after.kill()
    assert_clean(load.stop())


def dies(doomed: Controller, twin: Tiny, release: str) -> bool:
    """Whether the process died at its write; a cutover has one or two more when it is seen late."""

    def is_over() -> bool:
        status = twin.status()
        return doomed.is_dead or (status.get("settled") == release and status["phase"] == "Settled")

    wait_until(is_over, "a death or the end of the release")
    time.sleep(1)  # the events come after the end
    died = doomed.is_dead
    doomed.kill()
    assert not died or doomed.process.returncode == 137
    return died


def wait_ready(controller: Controller) -> None:
    def answers() -> bool:
        url = f"http://127.0.0.1:{controller.liveness_port}/livez"
        try:
            with urllib.request.urlopen(url) as answer:
                return bool(json.load(answer).get("leading"))
        except OSError:
            return False

    wait_until(answers, "the controller's lead", 60)


def test_two_replicas_never_fight_and_the_second_takes_over(
    tiny: Tiny, config: Path, log: Path
) -> None:
    first = Controller(config, log, name="first")
    wait_ready(first)
    second = Controller(config, log, name="second")
    try:
        tiny.wait_settled(tiny.ask(tiny.goal(idle(tiny))))
        time.sleep(2)
        assert counted_writes(second) == 0, "only the leader writes"
        assert counted_writes(first) > 0
        first.kill()
        colour = idle(tiny)
        status = tiny.wait_settled(tiny.ask(tiny.goal(colour)))
        assert status["serving"] == colour, "the second took over"
    finally:
        first.kill()
        second.kill()


@pytest.mark.usefixtures("controller")
def test_deleting_a_gateway_pod_during_a_flip_ends_settled_all_the_same(tiny: Tiny) -> None:
    pods = kubectl(
        "get", "pods", "-A", "-l", "gateway.envoyproxy.io/owning-gateway-name=edge",
        "-o", "jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{'\\n'}{end}",
    ).splitlines()  # fmt: skip
    where, pod = pods[0].split()
    colour = idle(tiny)
    release = tiny.ask(tiny.goal(colour))
    kubectl("-n", where, "delete", "pod", pod, "--wait=false")
    assert tiny.wait_settled(release)["serving"] == colour
    kubectl(
        "-n", where, "wait", "deployment", "--all", "--for=condition=Available", "--timeout=120s"
    )


def test_a_manual_edit_of_a_route_is_repaired_and_a_steady_switch_writes_nothing(
    tiny: Tiny, controller: Controller
) -> None:
    colour = serving(tiny)
    patch = '[{"op":"replace","path":"/spec/rules/0/backendRefs/0/weight","value":50}]'
    kubectl("-n", TWIN, "patch", "httproute", SERVICES[0], "--type=json", "-p", patch)
    wait_until(
        lambda: tiny.weights() == dict.fromkeys(SERVICES, ALL[colour]), "the repair of the drift"
    )

    time.sleep(3)
    before = counted_writes(controller)
    time.sleep(12)  # two looks of an idle switch
    assert counted_writes(controller) == before


@pytest.mark.usefixtures("controller")
def test_wrong_digests_never_move_traffic_and_time_out(tiny: Tiny, tmp_path: Path) -> None:
    colour = idle(tiny)
    other = next(n for n in ("storefront-v1", "storefront-v2") if n != tiny.content[colour])
    load = Load(tmp_path / "load.json")
    before = tiny.weights()
    status = tiny.wait_settled(tiny.ask(tiny.goal(colour, image=other, healthTimeout="5s")))
    report = load.stop()
    assert_clean(report)
    assert status["phase"] == "Rejected"
    assert "not among the candidate's digests" in status["reason"]
    assert tiny.weights() == before
    assert {change["to"] for change in report["changes"]} == {serving(tiny)}


def test_it_is_small_and_starts_fast(tiny: Tiny, config: Path, log: Path) -> None:  # noqa: ARG001
    started = time.perf_counter()
    controller = Controller(config, log)
    wait_ready(controller)
    seconds = time.perf_counter() - started
    try:
        time.sleep(3)
        mebibytes = controller.resident_kib() / 1024
        note(f"leading after {seconds:.2f} s, resident {mebibytes:.0f} MiB")
        assert mebibytes < 100
    finally:
        stopped = time.perf_counter()
        assert controller.stop() == 0, "a graceful stop is no failure"
    assert time.perf_counter() - stopped < 10
    cpu = subprocess.run(
        [controller.process.args[0], "-c", IMPORT_COST],  # type: ignore[index]
        capture_output=True,
        text=True,
        check=True,
    )
    note(f"CPU of importing everything: {cpu.stdout.strip()} s")
    assert float(cpu.stdout) < 2, "starting costs less than two seconds of a processor"


IMPORT_COST = "import controller.__main__, time; print(time.process_time())"
