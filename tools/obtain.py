"""Obtains tools: the cache first, then each source in order, the lanes side by side.

A tool that a source cannot give goes on to its next source at once, with one line of explanation.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools import keys, on_path, sources
from tools.cache import Cache, Entry, Receipt
from tools.errors import Attempt, Interrupted, Missing, SourceFailed, ToolMissing
from tools.recipe import Apt, Lane, OnPath, Source, Tool
from tools.runner import Runner
from tools.workshop import Order, Reporter, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_LOCK_POLL_SECONDS = 1.0


_Settled = tuple[Tool, str | None]
"""A tool, and None when it is there, or the reason why this source did not give it."""


@dataclass(order=True)
class _Job:
    """Tools to be had from one source together; the most urgent tool decides the order."""

    urgency: int
    number: int
    wanted: list[tuple[Tool, Source]] = field(compare=False)


class Obtainer:
    """One run over a list of tools."""

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        cache: Cache,
        reporter: Reporter,
        runner: Runner | None = None,
    ) -> None:
        self._tools = list(tools)
        self._cache = cache
        self._reporter = reporter
        self._runner = runner or Runner()
        self._workshop = Workshop(
            cache=cache, runner=self._runner, reporter=reporter, need=self._need
        )
        self._attempts: dict[str, list[Attempt]] = {}
        self._begun = time.monotonic()
        self._jobs: dict[Lane, queue.PriorityQueue[_Job]] = {
            lane: queue.PriorityQueue() for lane in Lane
        }
        self._settled: queue.Queue[_Settled | BaseException] = queue.Queue()
        self._count = 0

    def run(self) -> None:
        """Obtain all; returns when every tool is there.

        Raises:
            ToolMissing: some could not be had; the others are there all the same.
            KeyboardInterrupt: stopped by the user; finished tools stay.
        """
        absent = [tool for tool in self._tools if self.find(tool) is None]
        if not absent:
            return
        self._reporter.start([tool.name for tool in absent])
        lanes = [
            threading.Thread(target=self._serve, args=(lane,), daemon=True, name=f"lane-{lane}")
            for lane in Lane
        ]
        try:
            for lane in lanes:
                lane.start()
            self._drive(absent)
        except BaseException:
            self._runner.stop()
            for lane in lanes:
                lane.join()
            raise
        finally:
            self._runner.stop()
            self._reporter.stop()

    def find(self, tool: Tool) -> Entry | None:
        """Return the tool's entry, its links in place, without obtaining anything."""
        entry = self._cache.find(tool, keys.recipe(tool))
        if entry is not None:
            self._cache.link(tool, entry)
        return entry

    def _drive(self, absent: list[Tool]) -> None:
        """Hand tools from source to source until each is there or out of sources."""
        wanted = [tool for tool in absent if not self._take_from_path(tool)]
        missing = self._plan(wanted)
        pending = {tool.name for tool in wanted} - {tool.name for tool in missing}
        while pending:
            try:
                settled = self._settled.get(timeout=0.5)
            except queue.Empty:
                continue
            if isinstance(settled, BaseException):
                raise settled
            tool, reason = settled
            if reason is not None:
                hopeless = self._plan([tool])
                missing += hopeless
                if not hopeless:
                    continue
            pending.discard(tool.name)
        if missing:
            raise ToolMissing([self._account(tool) for tool in missing])

    def _plan(self, tools: Sequence[Tool]) -> list[Tool]:
        """Queue each tool at its next source, batched; returns those that have none left."""
        batches: dict[tuple[object, ...], list[tuple[Tool, Source]]] = {}
        hopeless: list[Tool] = []
        for tool in tools:
            tried = len(self._attempts.get(tool.name, ()))
            if tried >= len(tool.sources):
                hopeless.append(tool)
                self._reporter.missing(tool.name)
                continue
            source = tool.sources[tried]
            batches.setdefault(sources.batch(tool, source), []).append((tool, source))
        for wanted in batches.values():
            self._count += 1
            urgency = min(self._urgency(tool) for tool, _ in wanted)
            lane = sources.lane(wanted[0][1])
            self._jobs[lane].put(_Job(urgency=urgency, number=self._count, wanted=wanted))
        return hopeless

    def _urgency(self, tool: Tool) -> int:
        """Return the tool's place in the order of this run."""
        names = [one.name for one in self._tools]
        return names.index(tool.name) if tool.name in names else -1

    def _take_from_path(self, tool: Tool) -> bool:
        """Use what the machine has, if it is fit; else remember why not."""
        source = tool.sources[0]
        if not isinstance(source, OnPath):
            return False
        self._reporter.working(tool.name, "looking on PATH")
        staging = self._cache.stage(f"path-{os.getpid()}", tool)
        try:
            found = on_path.locate(tool, source.wanted, self._cache)
            witnesses = on_path.adopt(found, staging / "bin")
            self._keep(tool, source, staging, time.monotonic(), witnesses)
        except SourceFailed as reason:
            self._note(tool, source, str(reason))
            return False
        finally:
            self._cache.sweep(f"path-{os.getpid()}")
        return True

    def _serve(self, lane: Lane) -> None:
        """Work off one lane's jobs until the run is over."""
        while not self._runner.stopped:
            try:
                job = self._jobs[lane].get(timeout=0.2)
            except queue.Empty:
                continue
            try:
                self._hold(lane, job, self._settled.put)
            except Interrupted:
                return
            except BaseException as error:  # noqa: BLE001 - the driver raises it
                self._settled.put(error)
                return

    def _hold(self, lane: Lane, job: _Job, settle: Callable[[_Settled], None]) -> None:
        """Do a job with the lane's lock, waiting while another run has it."""
        waited = False
        while True:
            with self._cache.lock(lane) as ours:
                if ours:
                    self._cache.sweep(lane)
                    self._do(lane, job, settle)
                    return
            if not waited:
                for tool, _ in job.wanted:
                    self._reporter.working(tool.name, "waiting for another run")
                waited = True
            self._runner.wait(_LOCK_POLL_SECONDS)

    def _do(self, lane: Lane, job: _Job, settle: Callable[[_Settled], None]) -> None:
        """Order from the source what another run has not obtained meanwhile."""
        orders: list[Order[Source]] = []
        for tool, source in job.wanted:
            if self.find(tool) is not None:
                self._reporter.ready(tool.name, tool.version, "another run", self._elapsed())
                settle((tool, None))
                continue
            log = self._cache.logs / f"{tool.name}.log"
            log.unlink(missing_ok=True)
            self._reporter.working(tool.name, sources.describe(source))
            staging = self._cache.stage(lane, tool)
            orders.append(Order(tool=tool, source=source, staging=staging, log=log))
        if not orders:
            return
        begun = time.monotonic()
        outcomes = sources.ask(orders, self._workshop)
        for order in orders:
            reason = outcomes.get(order.tool.name, "the source forgot the order")
            if reason is None:
                reason = self._finish(order, begun)
            if reason is not None:
                shutil.rmtree(order.staging, ignore_errors=True)
                self._note(order.tool, order.source, reason)
            settle((order.tool, reason))

    def _finish(self, order: Order[Source], begun: float) -> str | None:
        """Keep what a source left; returns the reason when it is no good."""
        try:
            witnesses: dict[str, list[int]] = {}
            if isinstance(order.source, Apt):
                found = on_path.locate(order.tool, ">=0", self._cache)
                witnesses = on_path.adopt(found, order.bin)
            self._keep(order.tool, order.source, order.staging, begun, witnesses)
        except SourceFailed as reason:
            return str(reason)
        return None

    def _keep(
        self,
        tool: Tool,
        source: Source,
        staging: Path,
        begun: float,
        witnesses: dict[str, list[int]],
    ) -> None:
        """Prove that the tool runs, move it into the cache and link it."""
        version = tool.version
        main = staging / "bin" / tool.executables[0]
        for command in tool.executables:
            made = staging / "bin" / command
            if not made.is_file():
                raise SourceFailed(f"it left no {command}")
            if not os.access(made, os.X_OK):
                made.chmod(0o755)
        if tool.probe is not None:
            version = on_path.probe(main, tool.probe)
        seconds = round(time.monotonic() - begun, 1)
        receipt = Receipt(
            tool=tool.name,
            version=version,
            source=sources.describe(source),
            seconds=seconds,
            witnesses=witnesses,
        )
        entry = self._cache.keep(tool, keys.recipe(tool), staging, receipt)
        self._cache.link(tool, entry)
        self._reporter.ready(tool.name, version, sources.describe(source), seconds)

    def _need(self, tool: Tool) -> Path:
        """Obtain a tool in the midst of another's job, in the calling lane."""
        self._attempts.pop(tool.name, None)
        for source in tool.sources:
            if self.find(tool) is not None:
                break
            if isinstance(source, OnPath):
                self._take_from_path(tool)
            else:
                self._borrow(tool, source)
        entry = self.find(tool)
        if entry is None:
            raise SourceFailed(str(self._account(tool)))
        return entry.command(tool.executables[0])

    def _borrow(self, tool: Tool, source: Source) -> None:
        """Do one job of another lane here; the driver need not hear of it."""
        job = _Job(urgency=-1, number=0, wanted=[(tool, source)])
        self._hold(sources.lane(source), job, lambda _settled: None)

    def _note(self, tool: Tool, source: Source, reason: str) -> None:
        """Remember an attempt and tell it in one line."""
        attempt = Attempt(source=sources.describe(source), reason=reason)
        self._attempts.setdefault(tool.name, []).append(attempt)
        self._reporter.remark(tool.name, f"{attempt.source}: {reason.splitlines()[0]}")

    def _account(self, tool: Tool) -> Missing:
        """Return the report on a tool that no source had."""
        return Missing(
            tool=tool.name, attempts=tuple(self._attempts.get(tool.name, ())), fix=sources.fix(tool)
        )

    def _elapsed(self) -> float:
        """Return the seconds since this run began."""
        return time.monotonic() - self._begun
