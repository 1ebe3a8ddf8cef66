"""Prometheus metrics of the controller."""

from prometheus_client import Counter, Gauge, Histogram

from controller.api import Status, Switch
from controller.decide import Decision
from controller.phases import Colour, Phase
from controller.writer import Verb

_SWITCH = ["namespace", "switch"]

PHASE = Gauge("switchyard_phase", "1 for the phase that the switch is in", [*_SWITCH, "phase"])
SERVING = Gauge("switchyard_serving", "1 for the colour that serves", [*_SWITCH, "colour"])
WEIGHT = Gauge("switchyard_weight", "Share of the candidate colour in percent", _SWITCH)
ENDINGS = Counter("switchyard_releases", "Releases that ended", [*_SWITCH, "outcome"])
FLIP_SECONDS = Histogram(
    "switchyard_flip_seconds",
    "From the first weight write to the proof in the data plane",
    _SWITCH,
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 30),
)
DECISIONS = Counter("switchyard_decisions", "Decisions by reason", [*_SWITCH, "reason"])
TICK_SECONDS = Histogram(
    "switchyard_tick_seconds",
    "From looking to having acted",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
WRITES = Counter("switchyard_api_writes", "Writes to the API server", ["verb", "result"])
LEADER = Gauge("switchyard_leader", "1 while this replica leads")


def count_write(verb: Verb, result: str) -> None:
    """Note a write to the API server."""
    WRITES.labels(verb.value, result).inc()


def note(switch: Switch, decision: Decision) -> None:
    """Note a decision that was carried out."""
    name = (switch.namespace, switch.name)
    DECISIONS.labels(*name, decision.because.value).inc()
    for phase in Phase:
        PHASE.labels(*name, phase.value).set(decision.status.phase is phase)
    for colour in Colour:
        SERVING.labels(*name, colour.value).set(decision.status.serving is colour)
    WEIGHT.labels(*name).set(decision.status.weight)
    _note_endings(switch, decision.status)


def _note_endings(switch: Switch, status: Status) -> None:
    for ending in status.history:
        if ending in switch.status.history:
            continue
        ENDINGS.labels(switch.namespace, switch.name, ending.outcome.value).inc()
        if ending.flip_ms is not None:
            FLIP_SECONDS.labels(switch.namespace, switch.name).observe(ending.flip_ms / 1000)


def forget(namespace: str, name: str) -> None:
    """A switch is gone: so are its figures."""
    for metric in (PHASE, SERVING, WEIGHT, ENDINGS, FLIP_SECONDS, DECISIONS):
        metric.remove_by_labels({"namespace": namespace, "switch": name})
