"""The shop as a cluster would hold it: a TrafficSwitch at rest on blue, and both environments."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]
REVISIONS = {"blue": "b" * 40, "green": "c" * 40}
DIGESTS = {
    "blue": {"storefront": "sha256:" + "1" * 64, "orders": "sha256:" + "2" * 64},
    "green": {"storefront": "sha256:" + "3" * 64, "orders": "sha256:" + "2" * 64},
}
RELEASE = {"blue": "b10e000000000001", "green": "93ee000000000002"}
START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def stamp(seconds: float = 0.0) -> str:
    """A moment of the story, `seconds` after its start."""
    moment = START + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def soon(minutes: float) -> str:
    """A moment from now."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


SERVICES = [
    {"name": "storefront", "hostnames": ["shop.localhost"], "path": "/", "port": 8080},
    {"name": "orders", "hostnames": ["orders.localhost"], "path": "/", "port": 8080},
]


def content(colour: str) -> Object:
    return {
        "colour": colour,
        "revision": REVISIONS[colour],
        "digests": DIGESTS[colour],
        "services": SERVICES,
    }


def spec(live: str) -> Object:
    return {
        "release": RELEASE[live],
        "live": live,
        "gateway": {"name": "edge", "namespace": "edge"},
        "colours": {"blue": {"namespace": "shop-blue"}, "green": {"namespace": "shop-green"}},
        "services": copy.deepcopy(SERVICES),
        "candidate": {"revision": REVISIONS[live], "digests": DIGESTS[live]},
        "strategy": {"kind": "blueGreen", "rollbackWindow": "1h", "healthTimeout": "5m"},
        "gates": [],
    }


def attempt(live: str, origin: str | None) -> Object:
    return {
        "release": RELEASE[live],
        "from": origin,
        "to": live,
        "revision": REVISIONS[live],
        "digests": DIGESTS[live],
        "services": SERVICES,
        "startedAt": stamp(),
    }


def ending(live: str, outcome: str, seconds: float, reason: str = "") -> Object:
    return {
        "release": RELEASE[live],
        "from": "blue" if live == "green" else "green",
        "to": live,
        "outcome": outcome,
        "reason": reason,
        "startedAt": stamp(),
        "endedAt": stamp(seconds),
        "flipMs": 37,
    }


def on_blue() -> Object:
    """Blue serves, as asked for; nothing served before."""
    return {
        "apiVersion": "switchyard.dev/v1alpha1",
        "kind": "TrafficSwitch",
        "metadata": {"name": "shop", "namespace": "shop", "uid": "u1", "generation": 1},
        "spec": spec("blue"),
        "status": {
            "observedGeneration": 1,
            "serving": "blue",
            "weight": 100,
            "mirror": 0,
            "phase": "Settled",
            "release": RELEASE["blue"],
            "settled": RELEASE["blue"],
            "reason": "every gateway pod serves blue",
            "attempt": attempt("blue", None),
            "phases": [
                {"phase": "Preparing", "at": stamp(0), "reason": "a new goal"},
                {"phase": "Settled", "at": stamp(3.5), "reason": "every gateway pod serves blue"},
            ],
            "current": content("blue"),
            "history": [ending("blue", "promoted", 3.5)],
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "Promoted",
                    "message": "",
                    "lastTransitionTime": stamp(3.5),
                }
            ],
        },
    }


def to_green(phase: str, weight: int) -> Object:
    """A release of green under way."""
    switch = on_blue()
    switch["metadata"]["generation"] = 2
    switch["spec"] = spec("green")
    switch["status"] |= {
        "observedGeneration": 2,
        "weight": weight,
        "phase": phase,
        "release": RELEASE["green"],
        "reason": f"reason of {phase}",
        "attempt": attempt("green", "blue"),
        "phases": [{"phase": phase, "at": stamp(10), "reason": f"reason of {phase}"}],
    }
    return switch


def on_green() -> Object:
    """Green has been promoted; the rollback window is open."""
    switch = to_green("Settled", 100)
    switch["status"] |= {
        "serving": "green",
        "settled": RELEASE["green"],
        "current": content("green"),
        "previous": content("blue"),
        "rollbackUntil": soon(59),
        "history": [ending("blue", "promoted", 3.5), ending("green", "promoted", 12)],
    }
    return switch


def rejected() -> Object:
    """Green was refused; blue serves."""
    switch = to_green("Rejected", 0)
    reason = "storefront 0/2 available after 5m"
    switch["status"] |= {
        "settled": RELEASE["green"],
        "reason": reason,
        "rejected": [
            {
                "release": RELEASE["green"],
                "revision": REVISIONS["green"],
                "digests": DIGESTS["green"],
                "reason": reason,
                "at": stamp(300),
            }
        ],
        "history": [ending("blue", "promoted", 3.5), ending("green", "rejected", 300, reason)],
    }
    return switch


def deployment(name: str, digest: str, *, ready: int = 2) -> Object:
    return {
        "metadata": {
            "name": name,
            "generation": 1,
            "labels": {"app.kubernetes.io/name": name},
        },
        "spec": {
            "replicas": 2,
            "template": {"spec": {"containers": [{"image": f"registry/{name}@{digest}"}]}},
        },
        "status": {"observedGeneration": 1, "readyReplicas": ready},
    }


def application(colour: str, *, sync: str = "Synced", health: str = "Healthy") -> Object:
    return {
        "metadata": {
            "name": f"shop-{colour}",
            "namespace": "argocd",
            "labels": {"switchyard.dev/twin": "shop", "switchyard.dev/colour": colour},
        },
        "spec": {"source": {"targetRevision": REVISIONS[colour]}},
        "status": {
            "sync": {"status": sync, "revision": REVISIONS[colour]},
            "health": {"status": health},
        },
    }


def route(name: str, blue: int, green: int) -> Object:
    backends = [
        {"name": name, "namespace": "shop-blue", "port": 8080, "weight": blue},
        {"name": name, "namespace": "shop-green", "port": 8080, "weight": green},
    ]
    return {"metadata": {"name": name}, "spec": {"rules": [{"backendRefs": backends}]}}


def documents(blue: int = 100, green: int = 0) -> dict[str, Object | int]:
    """What stands around the switch."""
    apps = "/apis/apps/v1/namespaces/shop-{}/deployments"
    return {
        **{
            apps.format(colour): {
                "items": [deployment(name, digest) for name, digest in DIGESTS[colour].items()]
            }
            for colour in ("blue", "green")
        },
        "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications": {
            "items": [application("blue"), application("green")]
        },
        "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes": {
            "items": [route("storefront", blue, green), route("orders", blue, green)]
        },
    }


def ramping(weight: int) -> Object:
    """A release of green under judgement."""
    switch = to_green("Ramping", weight)
    switch["status"] |= {
        "ramp": {
            "step": 1,
            "weight": weight,
            "since": stamp(10),
            "seenAt": stamp(11),
            "dwell": "1m",
            "judged": 12.0,
            "chosen": "the next step of 1/5/25/50/100 %",
            "reason": "judging for 1m",
            "power": "120 requests would have shown 3.1 times as many",
            "budgetLeft": 0.82,
        },
        "judge": {
            "state": "opaque",
            "at": stamp(20),
            "verdict": "HOLD",
            "reason": "neither a regression nor its absence is shown yet",
            "requestsExposed": 120,
            "requestsHarmed": 3,
        },
        "evidence": [
            {
                "name": "errors",
                "verdict": "HOLD",
                "e": 4.2,
                "bound": 300,
                "interval": [0.5, None],
                "exposure": {"baseline": 2400, "candidate": 120},
                "sentence": "3 of 120 bad at the candidate",
            },
            {"name": "latency", "verdict": "HOLD", "noData": "no series of green for buckets"},
        ],
    }
    return switch
