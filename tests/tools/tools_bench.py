"""A workbench for the toolchain: fake tools, and sources that do as they are told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.obtain import Obtainer
from tools.progress import Silent
from tools.recipe import Apt, Deb, Group, OnPath, Source, Tool, Wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.cache import Cache
    from tools.workshop import Order, Outcomes, Workshop

APT = Apt(packages=("widget",))
DEB = Deb(package="widget", files={"widget": "usr/bin/widget"})
WHEEL = Wheel(requirements="envoy.txt", tree="t", executable="widget")
PATH = OnPath(wanted=">=2,<3")


def widget(*offered: Source, name: str = "widget") -> Tool:
    """Return a tool without a version probe."""
    return Tool(
        name=name, group=Group.YARD, version="2.1", probe=None, sources=offered or (DEB, WHEEL)
    )


@dataclass
class Bench:
    """Runs the obtainer against sources whose answers the test chooses."""

    cache: Cache
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    refuse: dict[str, str] = field(default_factory=dict[str, str])
    """Kind of source to the reason why it gives nothing."""
    forget: frozenset[str] = frozenset()
    """Commands that no source leaves."""
    during: Callable[[Order[Source]], None] = lambda _order: None
    guard: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, orders: list[Order[Source]], _workshop: Workshop) -> Outcomes:
        """Stand in for every source but PATH."""
        outcomes: Outcomes = {}
        for order in orders:
            kind = type(order.source).__name__
            with self.guard:
                self.asked.append((order.tool.name, kind))
            self.during(order)
            outcomes[order.tool.name] = self.refuse.get(kind)
            if kind in self.refuse:
                continue
            for command in set(order.tool.executables) - self.forget:
                made = order.bin / command
                made.write_text(f"#!/bin/sh\necho {order.tool.version}\n")
                made.chmod(0o755)
        return outcomes

    def obtainer(self, *tools: Tool) -> Obtainer:
        """Return a run over tools."""
        return Obtainer(tools, cache=self.cache, reporter=Silent())
