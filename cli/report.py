"""The report of a release: `reports/last-release.json` for machines, `.md` for people."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cli.engine import PROJECT
from cli.flips import Flip, percentile
from cli.output import clock, console, emit
from cli.views import PhaseView

FOLDER = PROJECT / "reports"


class Spread(BaseModel):
    """The spread of a figure in milliseconds; None where nothing was measured."""

    p50: float | None
    p99: float | None
    max: float | None
    count: int


class Movement(BaseModel):
    """One flip: which way, why, and how the data plane followed."""

    to: str
    why: str
    asked_at: datetime
    written_at: datetime
    seen_at: datetime | None
    followed_ms: float | None
    """From the write until users were served by the new colour alone; None without load."""


class ReleaseReport(BaseModel):
    """What a release did, and what its users got.

    `requests`, `failed` and `wrong` are None when the release ran without load.
    """

    twin: str
    release: str | None
    from_colour: str | None
    to: str
    outcome: str
    reason: str
    serving: str | None
    started: datetime
    ended: datetime
    pulumi_s: float
    requests: int | None
    failed: int | None
    wrong: int | None
    flip_ms: Spread
    rollback_ms: float | None
    """The slowest rollback, from the command until users were served by the former colour alone."""
    phases: list[PhaseView]
    flips: list[Movement]
    load: dict[str, Any] | None

    @property
    def good(self) -> bool:
        """Whether the goal serves and no user noticed."""
        return self.serving == self.to and not self.failed and not self.wrong


def spread(values: list[float]) -> Spread:
    """The spread of these milliseconds."""
    return Spread(
        p50=percentile(values, 0.5),
        p99=percentile(values, 0.99),
        max=max(values, default=None),
        count=len(values),
    )


def movements(flips: list[Flip], followed: list[float] | None) -> list[Movement]:
    """Flips with the figure that belongs to each."""
    figures: list[float | None] = list(followed) if followed is not None else [None] * len(flips)
    return [
        Movement(**vars(flip), followed_ms=figure)
        for flip, figure in zip(flips, figures, strict=True)
    ]


def write(report: ReleaseReport) -> tuple[Path, Path]:
    """Write both forms; returns their paths, JSON first."""
    FOLDER.mkdir(exist_ok=True)
    machine, human = FOLDER / "last-release.json", FOLDER / "last-release.md"
    replace(machine, json.dumps(report.model_dump(mode="json"), indent=2) + "\n")
    replace(human, markdown(report))
    return machine, human


def publish(report: ReleaseReport, *, as_json: bool) -> None:
    """Write the report and show it, as one JSON document or for people."""
    machine, human = write(report)
    if as_json:
        emit(report)
        return
    console().print(markdown(report), markup=False)
    console().print(f"report: {machine} and {human.name}", markup=False)


def replace(path: Path, text: str) -> None:
    """Write a file atomically: an interruption leaves the old one or the new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as out:
        out.write(text)
    Path(temporary).replace(path)


def markdown(report: ReleaseReport) -> str:
    """The report for people."""
    mark = "✓" if report.good else "✗"
    came_from = report.from_colour or "nothing"
    lines = [
        f"# {mark} {report.twin}: {came_from} → {report.to}, {report.outcome}",
        "",
        report.reason,
        "",
        "| | |",
        "|---|---|",
        f"| serving | **{report.serving}** |",
        f"| release | `{report.release}` |",
        f"| began | {clock(report.started)} |",
        (
            f"| took | {(report.ended - report.started).total_seconds():.1f} s"
            f" (`pulumi up` {report.pulumi_s:.1f} s) |"
        ),
        *_load_rows(report),
        *_flip_rows(report),
        "",
        "## Phases",
        "| at | phase | why |",
        "|---|---|---|",
        *(f"| {clock(p.at)} | {p.phase} | {p.reason} |" for p in report.phases),
        "",
        "## Flips",
        "| to | why | written | every gateway pod seen | users followed after |",
        "|---|---|---|---|---|",
        *(
            f"| {m.to} | {m.why} | {clock(m.written_at)} | {clock(m.seen_at)} | "
            f"{_milliseconds(m.followed_ms)} |"
            for m in report.flips
        ),
        "",
    ]
    return "\n".join(lines)


def _load_rows(report: ReleaseReport) -> list[str]:
    if report.load is None:
        return ["| load | none: this release ran without measured traffic |"]
    latency = report.load.get("latency_ms", {})
    return [
        f"| requests | {report.requests:,} (open loop, {report.load.get('rate', 0):,.0f}/s) |",
        f"| failed | **{report.failed}** |",
        f"| wrong | **{report.wrong}** |",
        f"| latency | p50 {latency.get('p50', 0):.1f} ms, p99 {latency.get('p99', 0):.1f} ms |",
    ]


def _flip_rows(report: ReleaseReport) -> list[str]:
    flips = report.flip_ms
    return [
        (
            f"| flip (users, from the write) | p50 {_milliseconds(flips.p50)}, "
            f"p99 {_milliseconds(flips.p99)}, of {flips.count} |"
        ),
        f"| rollback (users, from the command) | {_milliseconds(report.rollback_ms)} |",
    ]


def _milliseconds(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.0f} ms"
