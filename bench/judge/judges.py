"""Everyone who judges, by the name that the command line and the tables use."""

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bench.judge.outcome import Watched
from bench.judge.peers.argo_rollouts import ArgoRollouts
from bench.judge.peers.flagger import Flagger
from bench.judge.peers.kayenta import Classifier, Kayenta
from bench.judge.peers.peer import Peer
from bench.judge.peers.z_test import ZTest
from bench.judge.switchyard import Switchyard
from bench.judge.traffic import Traffic

PROJECT = Path(__file__).resolve().parents[2]
SIMULATION = ("errors", "gauges", "latency", "outcome", "ramp", "switchyard", "ticks", "traffic")
"""What decides which figures come out, beside the judges and the scenarios' values."""


class Judge(Protocol):
    """Something that watches releases."""

    @property
    def name(self) -> str:
        """As the tables print it."""
        ...

    def watch(self, traffic: Traffic) -> Watched:
        """What it says of every run."""
        ...


@dataclass(frozen=True)
class Promoting:
    """A peer, which passes at the end of the ramp whatever it has not stopped."""

    peer: Peer

    @property
    def name(self) -> str:
        """The peer's."""
        return self.peer.name

    def watch(self, traffic: Traffic) -> Watched:
        """Its stops; it knows no interval, so that it cannot be caught passing against one."""
        stopped = self.peer.stops(traffic)
        passed = np.where(np.isnan(stopped), float(traffic.ticks), np.nan)
        return Watched(stopped, passed, np.zeros(traffic.runs, dtype=np.bool_))


JUDGES: dict[str, Judge] = {
    "switchyard": Switchyard(),
    "kayenta": Promoting(Kayenta(name="Kayenta, every 10 min")),
    "kayenta-often": Promoting(Kayenta(name="Kayenta, every min after 10", interval=1)),
    "kayenta-either": Promoting(
        Kayenta(name="Kayenta, every 5 min, either way", interval=5, classifier=Classifier())
    ),
    "flagger": Promoting(Flagger()),
    "argo": Promoting(ArgoRollouts()),
    "z-test": Promoting(ZTest()),
    "z-test-all": Promoting(ZTest(name="z-test of all so far", cumulative=True)),
}


def sources(name: str) -> str:
    """A digest of the code that a judge's figures rest on: the simulation's, and its own."""
    if name == "switchyard":
        own = needed_by(PROJECT / "judge/panel.py")
    else:
        own = set(PROJECT.glob("bench/judge/peers/*.py"))
    simulation = {PROJECT / f"bench/judge/{name}.py" for name in SIMULATION}
    text = "".join(path.read_text() for path in sorted(own | simulation))
    return hashlib.sha256(text.encode()).hexdigest()


def needed_by(module: Path) -> set[Path]:
    """The files of the room that a module imports, itself among them."""
    found: set[Path] = set()
    left = [module]
    while left:
        path = left.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                files = [module.parent.parent / f"{name.replace('.', '/')}.py" for name in names]
                left += [file for file in files if file.is_file() and file.parent == module.parent]
    return found
