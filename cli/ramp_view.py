"""A ramp and its evidence as the command line reads and shows them; leniently, like `views`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

_STYLE = {"PASS": "green", "FAIL": "bold red"}


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class _View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class ExposureView(_View):
    """Events or readings that evidence rests on."""

    baseline: float = 0.0
    candidate: float = 0.0


class EvidenceView(_View):
    """What the judge holds of one indicator."""

    name: str = ""
    verdict: str = "HOLD"
    kind: str = ""
    e: float | None = None
    bound: float | None = None
    interval: list[float | None] = Field(default_factory=list[float | None])
    exposure: ExposureView | None = None
    sentence: str = ""
    no_data: str | None = None


class JudgeView(_View):
    """What the judge said last."""

    verdict: str = "HOLD"
    reason: str = ""
    at: Moment = None
    requests_exposed: float = 0.0
    requests_harmed: float = 0.0
    rps: float = 0.0
    error_rate: float = 0.0


class WeighingView(_View):
    """From when on the candidate had which share."""

    at: Moment = None
    weight: int = 0


class RampView(_View):
    """How far a ramp has come."""

    step: int = 0
    weight: int = 0
    since: Moment = None
    seen_at: Moment = None
    dwell: str = ""
    judged: float = 0.0
    chosen: str = ""
    reason: str = ""
    detectable: float | None = None
    power: str = ""
    weights: list[WeighingView] = Field(default_factory=list[WeighingView])
    budget_left: float | None = None
    override: str | None = None


def facts(
    ramp: RampView | None, judge: JudgeView | None, evidence: list[EvidenceView]
) -> list[str]:
    """What a ramp stands on, a sentence each."""
    lines: list[str] = []
    if ramp is not None:
        seen = "seen at every gateway pod" if ramp.seen_at else "not seen everywhere yet"
        judged = f"{ramp.judged:.0f} s of {ramp.dwell} judged"
        lines.append(f"ramp: step {ramp.step + 1}, {ramp.weight} %, {seen}, {judged}")
        lines += [f"this share: {ramp.chosen}"] if ramp.chosen else []
        lines += [f"not further yet: {ramp.reason}"] if ramp.reason else []
        lines += [f"power: {ramp.power}"] if ramp.power else []
        if ramp.budget_left is not None:
            lines.append(f"error budget: {ramp.budget_left:.1%} left")
        lines += [f"freeze lifted by {ramp.override}"] if ramp.override else []
    if judge is not None:
        lines.append(
            f"judge: {judge.verdict}: {judge.reason}; {judge.requests_exposed:,.0f} requests "
            f"exposed, {judge.requests_harmed:,.0f} of them bad"
        )
    lines += [_sentence(one) for one in evidence]
    return lines


def _sentence(one: EvidenceView) -> str:
    missing = f" (no data: {one.no_data})" if one.no_data else ""
    return f"{one.name} {one.verdict}: {one.sentence or 'no evidence yet'}{missing}"


def table(evidence: list[EvidenceView]) -> RenderableType:
    """Verdict, e-value and interval of each indicator."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    grid.add_column("evidence")
    grid.add_column("verdict")
    for heading in ("e", "fails at", "interval", "candidate", "baseline"):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("", overflow="ellipsis", no_wrap=True)
    for one in evidence:
        exposure = one.exposure or ExposureView()
        grid.add_row(
            one.name,
            Text(one.verdict, style=_STYLE.get(one.verdict, "yellow")),
            "" if one.e is None else f"{one.e:.3g}",
            "" if one.bound is None else f"{one.bound:.3g}",
            interval(one.interval),
            f"{exposure.candidate:,.0f}",
            f"{exposure.baseline:,.0f}",
            Text(one.no_data or "", style="red"),
        )
    return grid


def interval(ends: list[float | None]) -> str:
    """Both ends; an unbounded one is an arrow."""
    if len(ends) != 2:  # noqa: PLR2004 - lower and upper
        return ""
    lower, upper = ("" if end is None else f"{end:.3g}" for end in ends)
    return f"{lower or '←'} … {upper or '→'}"
