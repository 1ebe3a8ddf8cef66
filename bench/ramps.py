"""Releases that stop themselves, live: good and broken candidates ramped on the yard under load.

    python -m bench.ramps --runs 10                  all of them, each ten times
    python -m bench.ramps --runs 3 --only errors     one of them

Blue serves v1; green gets the candidate, by `pulumi up` as any environment does. Then the switch is
asked for green by steps, again and again, and nobody but the controller decides. Every answer that
a user got is checked by the load generator.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import settings
import tools
from cli import bake, cluster, engine, loads, retry
from cli.engine import PROJECT
from cli.stack_file import StackFile
from components import release

if TYPE_CHECKING:
    from collections.abc import Generator

    from lightkube import Client

    from cli.views import SwitchView

STACK, TWIN = "local", "shop"
SERVICES = ("storefront", "orders", "recommender")
STRATEGY: dict[str, Any] = {"kind": "canary", "steps": [10, 50], "dwell": "40s"}
"""Sized for the yard: two steps, each held for forty seconds of evidence or until it has power; a
leak shows only once garbage was collected."""
RATE = 200
LONGEST = 300.0
"""Seconds within which a ramp must have ended."""
CANDIDATES = {
    "good": "v2",
    "aa": "v1",
    "errors": "errors",
    "latency": "latency",
    "leak": "leak",
    "wrong": "wrong",
}
"""Name of a show to the version that green runs."""


@dataclass(frozen=True)
class Run:
    """One ramp as its users and its operators saw it."""

    candidate: str
    promoted: bool
    seconds: float
    """From the goal to its end."""
    highest: int
    """The greatest share that the candidate got, in percent."""
    exposed: float
    """Requests that the candidate answered under judgement."""
    harmed: float
    """Bad ones among them, as the gateway counts."""
    requests: int
    failed: int
    """Requests of users that failed, while it ran."""
    wrong: int
    """Answers of wrong content."""
    reason: str

    @property
    def right(self) -> bool:
        """Whether it ended as it ought to."""
        return self.promoted == (self.candidate in {"good", "aa"})


class Stage:
    """The yard, with a stack file of its own.

    Args:
        folder: where the copy of the stack file is.
        strategy: how traffic moves.
        more: further keys of the twin.
    """

    def __init__(
        self, folder: Path, strategy: dict[str, Any] | None = None, **more: object
    ) -> None:
        self.config = folder / f"Pulumi.{STACK}.yaml"
        shutil.copy(PROJECT / self.config.name, self.config)
        shutil.copy(PROJECT / f"images.{STACK}.lock.yaml", folder)
        self._strategy = strategy or STRATEGY
        self._more = more
        self._count = 0

    def client(self) -> Client:
        """A connection to the yard."""
        return cluster.client(STACK)

    def switch(self) -> SwitchView:
        """The switch as it is."""
        return cluster.switch(self.client(), TWIN)

    def prepare(self, images: dict[str, str]) -> None:
        """Let blue serve and green run the candidate, by `pulumi up`."""
        if self.switch().serving != "blue":
            self.flip("blue")
        file = StackFile(STACK, self.config)
        twin = file.twin(TWIN)[1]
        twin["live"] = "blue"
        twin["green"]["images"] = images
        file.save()
        if not engine.of_stack(STACK, self.config).update():
            raise RuntimeError("pulumi up failed, so green does not run the candidate")

    def flip(self, live: str) -> None:
        """Move everything at once."""
        self._settled(self._ask(live, {"kind": "blueGreen"}))

    def ramp(self) -> SwitchView:
        """Ask for green by steps, and wait for the end."""
        return self._settled(self._ask("green", self._strategy))

    def again(self) -> SwitchView:
        """Try the rejected release again."""
        retry.retry(self.client(), TWIN, timeout=LONGEST)
        return self.switch()

    def start(self) -> str:
        """Ask for green by steps and do not wait; returns the release."""
        return self._ask("green", self._strategy)

    def _settled(self, wanted: str) -> SwitchView:
        deadline = time.monotonic() + LONGEST
        while not ((view := self.switch()).settled == wanted and view.at_rest):
            if time.monotonic() > deadline:
                told = f"release {wanted} did not end within {LONGEST:g} s: {view.reason}"
                raise TimeoutError(told)
            time.sleep(0.5)
        return view

    def _ask(self, live: str, strategy: dict[str, Any]) -> str:
        """Write the goal as the program would, but without it."""
        self._count += 1
        file = StackFile(STACK, self.config)
        twin = file.twin(TWIN)[1]
        twin["live"] = live
        twin["strategy"] = {**strategy, "healthTimeout": "2m"}
        for key, value in self._more.items():
            twin[key] = value
        file.save()
        loaded = settings.load_file(self.config)
        lock = settings.lock(loaded, self.config.parent)
        spec = release.switch_spec(TWIN, loaded.twins[TWIN], lock)
        unique = {**spec, "n": f"{self._count} {time.time_ns()}"}
        spec["release"] = release.release_id(unique)
        document = {
            "apiVersion": "switchyard.dev/v1alpha1",
            "kind": "TrafficSwitch",
            "metadata": {"name": TWIN, "namespace": TWIN},
            "spec": spec,
        }
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=document)
        return spec["release"]


def kubectl(*arguments: str, stdin: object = None) -> str:
    """Run kubectl on the yard.

    Raises:
        RuntimeError: with what it said.
    """
    config = tools.cache_dir() / "yard" / "kubeconfig"
    text = None if stdin is None else yaml.safe_dump(stdin)
    done = subprocess.run(
        [str(tools.path("kubectl")), "--kubeconfig", str(config), *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def images_of(version: str) -> dict[str, str]:
    """Images of a version by digest, baked if need be; the stack's lock stays as it is."""
    names = {service: f"{service}-{version}" for service in SERVICES}
    path = PROJECT / f"images.{STACK}.lock.yaml"
    before = path.read_bytes()
    try:
        baked = bake.bake(list(names.values()), stack=STACK, fresh=False)
    finally:
        path.write_bytes(before)
    found = {one.name: one.reference for one in baked.images}
    return {service: found[name] for service, name in names.items()}


@contextmanager
def stage(**more: Any) -> Generator[Stage]:  # noqa: ANN401
    """A stage that leaves the switch to the stack's own file, with blue serving."""
    with tempfile.TemporaryDirectory(prefix="switchyard-ramps-") as folder:
        one = Stage(Path(folder), **more)
        try:
            yield one
        finally:
            one.flip("blue")  # also where it serves already: the goal is not to stay a broken one


def measured(one: Stage, candidate: str, *, again: bool) -> Run:
    """One ramp under load."""
    with loads.running(loads.Plan(rate=RATE, requests=200_000)) as load:
        load.wait_for_answers()
        time.sleep(5)  # some traffic to compare with, in the series too
        began = time.monotonic()
        view = one.again() if again else one.ramp()
        if view.ramp is None:  # remembered from an earlier run: try it again on purpose
            began, view = time.monotonic(), one.again()
        seconds = time.monotonic() - began
        load.stop()
        figures = load.report()
    weights = [weight.weight for weight in view.ramp.weights] if view.ramp else []
    return Run(
        candidate=candidate,
        promoted=view.serving == "green",
        seconds=round(seconds, 1),
        highest=max(weights, default=0),
        exposed=view.judge.requests_exposed if view.judge else 0,
        harmed=view.judge.requests_harmed if view.judge else 0,
        requests=figures["requests"],
        failed=figures["failed"],
        wrong=figures["wrong"],
        reason=view.reason,
    )


def show(candidate: str, runs: int) -> list[Run]:
    """The same candidate ramped several times."""
    results: list[Run] = []
    with stage() as one:
        one.prepare(images_of(CANDIDATES[candidate]))
        for number in range(runs):
            if one.switch().serving == "green":
                one.flip("blue")
            again = one.switch().phase == "Rejected" and number > 0
            results.append(measured(one, candidate, again=again))
            sys.stdout.write(json.dumps(asdict(results[-1])) + "\n")
            sys.stdout.flush()
    return results


def summary(results: list[Run]) -> str:
    """A line a candidate, as `bench/RESULTS.md` has it."""
    lines = [
        "| candidate | right | seconds | share | exposed | bad | requests | failed | wrong |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(run.candidate for run in results):
        runs = [run for run in results if run.candidate == name]
        spans = sorted(run.seconds for run in runs)
        lines.append(
            f"| {name} | {sum(run.right for run in runs)} of {len(runs)} "
            f"| {spans[len(spans) // 2]:g} (to {spans[-1]:g}) | {max(r.highest for r in runs)} % "
            f"| {sum(r.exposed for r in runs):.0f} | {sum(r.harmed for r in runs):.0f} "
            f"| {sum(r.requests for r in runs)} | {sum(r.failed for r in runs)} "
            f"| {sum(r.wrong for r in runs)} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the shows; 1 when any ended otherwise than it ought to."""
    parser = argparse.ArgumentParser(prog="python -m bench.ramps", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--only", choices=[*CANDIDATES], action="append")
    options = parser.parse_args(arguments)
    results = [run for name in options.only or CANDIDATES for run in show(name, options.runs)]
    sys.stdout.write(summary(results) + "\n")
    return 0 if all(run.right for run in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
