"""Whatever happens, in whatever order: production moves on complete evidence alone."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta

import pytest
from controller_simulator import DIGESTS, REVISIONS, Cluster, make_spec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from controller.api import Status
from controller.endings import find_rejection
from controller.phases import ENDED, MOVED, Colour, Phase
from controller.writer import Verb, Write

pytestmark = pytest.mark.pure

COLOURS = st.sampled_from(["blue", "green"])
VERSIONS = st.sampled_from(sorted(REVISIONS))


class Release(RuleBasedStateMachine):
    """A cluster to which anything may happen, and a controller that may die at any write."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        self.loop = asyncio.new_event_loop()
        self.versions = {"blue": "v1", "green": "v1"}
        self.checked = 0
        self.releases = 0

    def teardown(self) -> None:
        self.loop.close()

    def run(self, coroutine: Coroutine[object, object, object]) -> None:
        self.loop.run_until_complete(coroutine)

    @initialize(settled=st.booleans())
    def begin(self, settled: bool) -> None:  # noqa: FBT001 - hypothesis calls it by name
        self.cluster.create(make_spec("blue", "v1"))
        self.cluster.start()
        if settled:
            self.run(self.cluster.settle())

    # what the controller does

    @rule(looks=st.integers(1, 8))
    def look(self, looks: int) -> None:
        for _ in range(looks):
            if self.cluster.driver is None:
                self.cluster.start()
            self.run(self.cluster.tick())
            self.check_writes()

    @rule(nth=st.integers(1, 4))
    def doom(self, nth: int) -> None:
        """From now on a process that dies after its nth write."""
        self.cluster.start(die_after=nth)

    # what people do

    @rule(live=COLOURS, version=VERSIONS)
    def ask_for(self, live: str, version: str) -> None:
        self.releases += 1
        self.cluster.set_spec(make_spec(live, version, release=f"{self.releases:016x}"))

    @rule(version=VERSIONS)
    def release(self, version: str) -> None:
        """What a release usually is: the idle colour gets new content and is asked for."""
        idle = "green" if self.cluster.status.serving == "blue" else "blue"
        if self.cluster.status.phase in ENDED:
            self.deploy(idle, version, healthy=True, endpoints=2)
        self.ask_for(idle, version)

    @rule(
        live=COLOURS,
        trouble=st.sampled_from(["silent", "sick", "gone", "gateway", "blind", "other"]),
    )
    def release_in_trouble(self, live: str, trouble: str) -> None:
        """A goal whose evidence lacks one single thing."""
        self.release("v2")
        if trouble == "silent":
            self.cluster.silent = {live}
        if trouble in {"sick", "gone"}:
            self.deploy(live, self.versions[live], trouble != "sick", 0 if trouble == "gone" else 2)
        if trouble == "gateway":
            self.cluster.set_pods(0)
        if trouble == "blind":
            self.cluster.server.broken.add("Deployment")
        if trouble == "other":
            self.deploy(live, "v3", healthy=True, endpoints=2)
        self.look(6)

    @rule(command=st.sampled_from(["abort", "retry"]))
    def command(self, command: str) -> None:
        self.cluster.annotate(**{command: self.cluster.switch["spec"]["release"]})

    @rule(name=st.sampled_from(["orders", "storefront"]), weight=st.sampled_from([0, 50, 100]))
    @precondition(lambda self: bool(self.cluster.live_weights()))
    def meddle(self, name: str, weight: int) -> None:
        route = self.cluster.server.objects.get(("HTTPRoute", "shop", name))
        if route is not None:
            route["spec"]["rules"][0]["backendRefs"][0]["weight"] = weight

    # what the world does

    @rule(
        colour=COLOURS, version=VERSIONS, healthy=st.booleans(), endpoints=st.sampled_from([0, 2])
    )
    def deploy(self, colour: str, version: str, healthy: bool, endpoints: int) -> None:  # noqa: FBT001
        self.versions[colour] = version
        self.cluster.run(colour, version, available=2 if healthy else 1, endpoints=endpoints)

    @rule(kind=st.sampled_from(["Deployment", "EndpointSlice", "HTTPRoute"]))
    def break_reading(self, kind: str) -> None:
        self.cluster.server.broken.add(kind)

    @rule()
    def mend_reading(self) -> None:
        self.cluster.server.broken.clear()

    @rule(pods=st.sampled_from([0, 1, 2, 2]))
    def scale_gateway(self, pods: int) -> None:
        self.cluster.set_pods(pods)

    @rule(silent=st.sampled_from(["", "", "blue", "green"]))
    def silence(self, silent: str) -> None:
        self.cluster.silent = {silent}

    @rule(stuck=st.booleans())
    def stick(self, stuck: bool) -> None:  # noqa: FBT001
        self.cluster.stuck = stuck

    @rule(minutes=st.sampled_from([0.2, 1, 6, 90]))
    def pass_time(self, minutes: float) -> None:
        self.cluster.now += timedelta(minutes=minutes)

    # what must hold

    def check_writes(self) -> None:
        for write in self.cluster.writes[self.checked :]:
            self.check_write(write)
        self.checked = len(self.cluster.writes)

    def check_write(self, write: Write) -> None:
        if write.verb is Verb.STATUS:
            self.check_status(Status.model_validate(write.body["status"]))
        if write.verb is Verb.APPLY_ROUTE and not write.name.endswith("-preview"):
            weights = [b["weight"] for b in write.body["spec"]["rules"][0]["backendRefs"]]
            names = [b["namespace"] for b in write.body["spec"]["rules"][0]["backendRefs"]]
            assert sorted(weights) == [0, 100], "weights move as a whole and sum to 100"
            assert names == ["shop-blue", "shop-green"], "both colours, always, in fixed order"
            self.check_target(Colour(names[weights.index(100)].removeprefix("shop-")))

    def check_target(self, colour: Colour) -> None:
        status = self.cluster.status
        allowed = {status.serving}
        if status.phase in MOVED and status.attempt:
            allowed = {status.attempt.to}
        if status.phase is Phase.ROLLING_BACK and status.rollback and status.rollback.to:
            allowed = {status.rollback.to.colour}
        assert colour in allowed, f"{colour} was given the traffic in {status.phase}"

    def check_status(self, status: Status) -> None:
        """On the entry into Shifting the evidence is looked for in the world itself."""
        entered = status.phases[-1:]
        if status.phase is not Phase.SHIFTING or not entered or entered[0].at != self.cluster.now:
            return
        assert status.attempt is not None
        to = status.attempt.to
        cluster = self.cluster
        assert not cluster.server.broken, "something could not be read"
        assert DIGESTS[self.versions[to]] == status.attempt.digests, "other digests than asked for"
        assert to not in cluster.silent, "the preview did not answer"
        pods = cluster.server.objects["EndpointSlice", "envoy-gateway-system", "edge-x"]
        assert pods["endpoints"], "no gateway pod was asked"
        assert find_rejection(status, status.attempt.digests) is None, "these digests were rejected"
        for app in DIGESTS["v1"]:
            running = cluster.server.objects["Deployment", f"shop-{to}", app]
            assert running["status"]["availableReplicas"] == 2
            assert cluster.server.objects["EndpointSlice", f"shop-{to}", f"{app}-x"]["endpoints"]

    @invariant()
    def serving_is_what_was_seen(self) -> None:
        status = self.cluster.status
        if status.phase is Phase.SETTLED and status.attempt:
            assert status.serving is status.attempt.to
            assert status.settled == status.attempt.release
        assert (status.serving is None) == (status.current is None)
        if status.current:
            assert status.current.colour is status.serving

    @invariant()
    def bookkeeping_is_bounded(self) -> None:
        status = self.cluster.status
        assert len(status.history) <= 40
        assert len(status.phases) <= 32
        assert len({str(sorted(r.digests.items())) for r in status.rejected}) == len(
            status.rejected
        )

    @rule()
    def heal_and_come_to_rest(self) -> None:
        """Once the world is well every goal ends, and the routes are what the ending says."""
        cluster = self.cluster
        cluster.server.broken.clear()
        cluster.silent.clear()
        cluster.stuck = False
        cluster.set_pods(2)
        for colour, version in self.versions.items():
            cluster.run(colour, version)
        cluster.start()
        self.run(cluster.settle(limit=1500))
        self.check_writes_after_rest()
        status = cluster.status
        assert status.phase in ENDED
        if status.serving is not None:
            expected = {f"shop-{c}": 100 if c is status.serving else 0 for c in Colour}
            assert set(cluster.live_weights()) == {"orders", "storefront"}
            assert all(weights == expected for weights in cluster.live_weights().values())
        assert cluster.switch["metadata"]["annotations"] == {}, "no command is left behind"

    def check_writes_after_rest(self) -> None:
        """Many looks have passed: only what does not depend on the moment is checked."""
        self.checked = len(self.cluster.writes)


Release.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestRelease = Release.TestCase
