"""A cluster in memory for the controller's production code.

Only the API server and the gateway pods are made of dictionaries here.
Its writer can be told to die after any write."""

import asyncio
import copy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from controller import resources
from controller.api import GROUP, KIND, VERSION, Digests, Service, Status
from controller.driver import Driver, GoneError
from controller.gateway_probe import Answer, GatewayProbe, Proxy
from controller.observe import Judges, Reader
from controller.phases import ENDED, Colour
from controller.resources import ApiServer, Object, ServerError
from controller.routes import PREVIEW
from controller.workloads import SERVICE_LABEL
from controller.writer import ConflictError, Write, Writer

REVISIONS = {"v1": "a" * 40, "v2": "b" * 40, "v3": "c" * 40}
DIGESTS: dict[str, Digests] = {
    version: {"storefront": f"sha256:{n}a".ljust(71, "0"), "orders": f"sha256:{n}b".ljust(71, "0")}
    for n, version in enumerate(REVISIONS)
}
SERVICES = [
    {
        "name": "storefront",
        "hostnames": ["shop.localhost"],
        "path": "/",
        "port": 8080,
        "probe": "/readyz",
    },
    {
        "name": "orders",
        "hostnames": ["orders.localhost"],
        "path": "/",
        "port": 8080,
        "probe": "/readyz",
    },
]
START = datetime(2026, 1, 1, tzinfo=UTC)


class DeadError(BaseException):
    """The process was killed; nothing of the production code may catch that."""


def make_spec(live: str, version: str, release: str | None = None, **more: object) -> Object:
    digests = DIGESTS[version]
    return {
        "release": release or f"{live[0]}{version}".encode().hex().ljust(16, "0"),
        "live": live,
        "gateway": {"name": "edge", "namespace": "edge"},
        "colours": {"blue": {"namespace": "shop-blue"}, "green": {"namespace": "shop-green"}},
        "services": SERVICES,
        "candidate": {"revision": REVISIONS[version], "digests": digests},
        "strategy": {
            "kind": "blueGreen",
            "rollbackWindow": "1h",
            "healthTimeout": "5m",
            "confirmTimeout": "30s",
        },
        "gates": [],
        **more,
    }


def key(kind: type[Any], namespace: str, name: str) -> tuple[str, str, str]:
    return (kind.__name__.removesuffix("Status"), namespace, name)


class MemoryServer(ApiServer):
    """An API server of dictionaries: resource versions, conflicts and not-founds are real."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.versions = itertools.count(1)
        self.broken: set[str] = set()

    def put(self, kind: str, body: Object) -> None:
        body = copy.deepcopy(body)
        body["metadata"]["resourceVersion"] = str(next(self.versions))
        meta = body["metadata"]
        self.objects[kind, meta["namespace"], meta["name"]] = body

    def _find(self, kind: type[Any], namespace: str, name: str) -> Object:
        found = self.objects.get(key(kind, namespace, name))
        if found is None:
            raise ServerError(404, f"{name} not found")
        return found

    async def get(self, kind: type[Any], namespace: str, name: str) -> Object:
        return copy.deepcopy(self._find(kind, namespace, name))

    async def list(
        self, kind: type[Any], namespace: str, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        if kind.__name__ in self.broken:
            raise ServerError(0, "ConnectError: simulated")
        return [
            {"kind": kind.__name__, **copy.deepcopy(body)}
            for (name, where, _), body in sorted(self.objects.items())
            if name == kind.__name__
            and namespace in {where, resources.EVERYWHERE}
            and (labels or {}).items() <= (body["metadata"].get("labels") or {}).items()
        ]

    async def create(self, kind: type[Any], namespace: str, body: Object) -> Object:
        if key(kind, namespace, body["metadata"]["name"]) in self.objects:
            raise ServerError(409, "already exists")
        self.put(kind.__name__, body)
        return await self.get(kind, namespace, body["metadata"]["name"])

    async def replace(self, kind: type[Any], namespace: str, name: str, body: Object) -> Object:
        found = self._find(kind, namespace, name)
        if body["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
            raise ServerError(409, "the object has been modified")
        if kind.__name__.endswith("Status"):
            body = {**found, "status": body["status"]}
        self.put(kind.__name__.removesuffix("Status"), body)
        return await self.get(kind, namespace, name)

    async def merge(self, kind: type[Any], namespace: str, name: str, body: Object) -> Object:
        found = copy.deepcopy(self._find(kind, namespace, name))
        if body["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
            raise ServerError(409, "the object has been modified")
        for annotation, value in body["metadata"]["annotations"].items():
            assert value is None, "the controller only ever takes annotations away"
            found["metadata"]["annotations"].pop(annotation, None)
        self.put(kind.__name__, found)
        return await self.get(kind, namespace, name)

    async def apply(self, kind: type[Any], namespace: str, name: str, body: Object) -> Object:
        self.put(kind.__name__, body)
        return await self.get(kind, namespace, name)

    async def delete(self, kind: type[Any], namespace: str, name: str) -> Object:
        self._find(kind, namespace, name)
        del self.objects[key(kind, namespace, name)]
        return {}


class MortalWriter(Writer):
    """Dies right after a write has been made, as a killed process does."""

    def __init__(self, server: ApiServer, die_after: int | None, log: list[Write]) -> None:
        super().__init__(server, lambda: True)
        self._left = die_after
        self._log = log

    async def write(self, write: Write) -> Object:
        answer = await super().write(write)
        self._log.append(write)
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                raise DeadError
        return answer


class MemoryProbe(GatewayProbe):
    """Gateway pods that serve what the routes of the simulated API server say, or lag behind it."""

    def __init__(self, cluster: "Cluster") -> None:
        super().__init__()
        self._cluster = cluster

    async def ask(self, proxy: Proxy, service: Service, preview: Colour | None = None) -> Answer:
        if self._cluster.hangs:
            await asyncio.sleep(3600)
        return self._cluster.answer(proxy.name, service.name, preview)


@dataclass
class Cluster:
    """The whole simulated world."""

    server: MemoryServer = field(default_factory=MemoryServer)
    now: datetime = START
    silent: set[str] = field(default_factory=set[str])
    """Colours whose preview does not answer."""
    stuck: bool = False
    """Whether the gateway pods stay with what they have."""
    hangs: bool = False
    """Whether the gateway pods do not answer at all."""
    shown: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """The weights that the gateway pods go by, by service and colour."""
    turns: dict[tuple[str, str], dict[str, float]] = field(
        default_factory=dict[tuple[str, str], dict[str, float]]
    )
    judges: Judges | None = None
    writes: list[Write] = field(default_factory=list[Write])
    driver: Driver | None = None

    def __post_init__(self) -> None:
        self.set_pods(2)
        for colour in Colour:
            self.run(colour, "v1")

    # the world

    def run(self, colour: str, version: str, *, available: int = 2, endpoints: int = 2) -> None:
        """Let a colour run a version."""
        namespace = f"shop-{colour}"
        for app, digest in DIGESTS[version].items():
            self.server.put("Deployment", deployment(namespace, colour, app, digest, available))
            addresses = [
                {"addresses": [f"10.0.0.{i}"], "conditions": {"ready": True}}
                for i in range(endpoints)
            ]
            self.server.put(
                "EndpointSlice",
                {
                    "metadata": {
                        "name": f"{app}-x",
                        "namespace": namespace,
                        "labels": {SERVICE_LABEL: app},
                    },
                    "endpoints": addresses,
                    "ports": [{"name": "http", "port": 8080}],
                },
            )

    def set_pods(self, count: int) -> None:
        """Let there be so many ready gateway pods."""
        self.server.put(
            "EndpointSlice",
            {
                "metadata": {
                    "name": "edge-x",
                    "namespace": "envoy-gateway-system",
                    "labels": {
                        "gateway.envoyproxy.io/owning-gateway-name": "edge",
                        "gateway.envoyproxy.io/owning-gateway-namespace": "edge",
                    },
                },
                "endpoints": [
                    {"addresses": [f"10.1.0.{i}"], "targetRef": {"name": f"envoy-{i}"}}
                    for i in range(count)
                ],
                "ports": [{"name": "http-80", "port": 10080}],
            },
        )

    def live_weights(self) -> dict[str, dict[str, int]]:
        """The weights of each live route by namespace."""
        return {
            name: {b["namespace"]: b["weight"] for b in body["spec"]["rules"][0]["backendRefs"]}
            for (kind, _, name), body in self.server.objects.items()
            if kind == "HTTPRoute" and not name.endswith(f"-{PREVIEW}")
        }

    def answer(self, pod: str, service: str, preview: Colour | None) -> Answer:
        """What a gateway pod answers."""
        if preview is not None:
            if (
                preview in self.silent
                or ("HTTPRoute", "shop", f"{service}-preview") not in self.server.objects
            ):
                return Answer(status=503)
            return Answer(status=200, colour=preview)
        if not self.stuck:
            self.catch_up()
        colour = self.next_of(pod, service)
        return Answer(200, Colour(colour)) if colour else Answer(404)

    def next_of(self, pod: str, service: str) -> str | None:
        """Smooth weighted turns, as Envoy takes them."""
        weights = {c: w for c, w in self.shown.get(service, {}).items() if w}
        if not weights:
            return None
        owed = self.turns.setdefault((pod, service), {})
        for colour, weight in weights.items():
            owed[colour] = owed.get(colour, 0.0) + weight
        chosen = max(weights, key=lambda colour: owed[colour])
        owed[chosen] -= sum(weights.values())
        return chosen

    def catch_up(self) -> None:
        """The data plane takes over what the routes say."""
        shown = {
            name: {ns.removeprefix("shop-"): weight for ns, weight in weights.items()}
            for name, weights in self.live_weights().items()
        }
        if shown != self.shown:
            self.shown, self.turns = shown, {}

    # the switch

    def create(self, spec: Object) -> None:
        """Create the TrafficSwitch."""
        self.server.put(
            KIND,
            {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "metadata": {
                    "name": "shop",
                    "namespace": "shop",
                    "uid": "u-1",
                    "generation": 1,
                    "annotations": {},
                },
                "spec": spec,
            },
        )

    @property
    def switch(self) -> Object:
        return self.server.objects[KIND, "shop", "shop"]

    @property
    def status(self) -> Status:
        return Status.model_validate(self.switch.get("status") or {})

    def set_spec(self, spec: Object) -> None:
        """Change the goal."""
        changed = copy.deepcopy(self.switch)
        if changed["spec"] != spec:
            changed["spec"] = spec
            changed["metadata"]["generation"] += 1
        self.server.put(KIND, changed)

    def annotate(self, **annotations: str) -> None:
        """Give commands."""
        changed = copy.deepcopy(self.switch)
        for name, value in annotations.items():
            changed["metadata"]["annotations"][f"{GROUP}/{name.replace('_', '-')}"] = value
        self.server.put(KIND, changed)

    # the controller

    def start(self, die_after: int | None = None) -> None:
        """Start a fresh process of the controller."""
        self.driver = Driver(
            namespace="shop",
            name="shop",
            world=Reader(self.server, MemoryProbe(self), self.judges),
            writer=MortalWriter(self.server, die_after, self.writes),
            clock=lambda: self.now,
        )

    async def tick(self) -> float | None:
        """One look; None when the process died or had to yield to another writer."""
        assert self.driver is not None
        self.now += timedelta(milliseconds=10)
        try:
            return await self.driver.tick()
        except DeadError:
            self.driver = None
            return None
        except (ConflictError, GoneError):
            return None

    async def settle(self, die_after: int | None = None, limit: int = 60) -> int:
        """Run until nothing is under way, restarting a process that died; returns the deaths."""
        deaths = 0
        if self.driver is None or die_after is not None:
            self.start(die_after)
        for _ in range(limit):
            delay = await self.tick()
            if self.driver is None:
                deaths += 1
                self.start()
                continue
            is_idle = self.status.phase in ENDED and delay is not None and delay > 0
            if is_idle and self.status.release == self.switch["spec"]["release"]:
                return deaths
            self.now += timedelta(seconds=delay or 0)
        raise AssertionError(f"nothing settled: {self.status.phase} because {self.status.reason}")


def deployment(namespace: str, colour: str, app: str, digest: str, available: int = 2) -> Object:
    """A Deployment of two replicas as the API server tells it."""
    return {
        "metadata": {
            "name": app,
            "namespace": namespace,
            "generation": 1,
            "labels": {"switchyard.dev/colour": colour, "app.kubernetes.io/name": app},
        },
        "spec": {
            "replicas": 2,
            "template": {
                "spec": {"containers": [{"image": f"10.213.0.1:5000/shop/{app}@{digest}"}]}
            },
        },
        "status": {
            "observedGeneration": 1,
            "replicas": 2,
            "updatedReplicas": 2,
            "availableReplicas": available,
        },
    }


async def serving_blue() -> Cluster:
    """A cluster in which blue serves v1 and green runs v2, ready to take over."""
    cluster = Cluster()
    cluster.create(make_spec("blue", "v1"))
    await cluster.settle()
    cluster.run("green", "v2")
    cluster.writes.clear()
    return cluster
