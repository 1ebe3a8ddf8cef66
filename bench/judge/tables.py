"""The figures as Markdown, one table for good releases and one for broken ones."""

from bench.judge.judges import JUDGES
from bench.judge.outcome import Summary
from bench.judge.scenarios import SCENARIOS

NONE = "–"  # noqa: RUF001 - no figure
SHORT = 120
"""Times below this are told in seconds."""
TEN = 9.95
"""Percentages from here on are told without decimals."""


def table(found: dict[str, dict[str, Summary]]) -> str:
    """By scenario and judge."""
    good = {name: row for name, row in found.items() if not SCENARIOS[name].faulty}
    broken = {name: row for name, row in found.items() if SCENARIOS[name].faulty}
    parts: list[str] = []
    if good:
        head = (
            "good release",
            "judge",
            "stopped wrongly (95 % interval)",
            "passed",
            "time to pass",
            "passed against the interval",
            "runs",
        )
        parts.append(_markdown(head, [_good(*cell) for cell in _cells(good)]))
    if broken:
        head = (
            "broken release",
            "judge",
            "stopped",
            "time to stop: median",
            "p90",
            "requests exposed",
            "bad answers",
            "let through",
            "runs",
        )
        parts.append(_markdown(head, [_broken(*cell) for cell in _cells(broken)]))
    return "\n\n".join(parts)


def _cells(found: dict[str, dict[str, Summary]]) -> list[tuple[str, str, Summary]]:
    """Scenario, judge, figures; a scenario is named in its first row."""
    return [
        (SCENARIOS[name].title if first == 0 else "", JUDGES[judge].name, figures)
        for name, row in found.items()
        for first, (judge, figures) in enumerate(row.items())
    ]


def _good(title: str, judge: str, figures: Summary) -> tuple[str, ...]:
    low, high = _percent(figures.stopped_low), _percent(figures.stopped_high)
    return (
        title,
        judge,
        f"{_percent(figures.stopped)} % ({low} to {high})",
        f"{_percent(figures.passed)} %",
        minutes(figures.pass_median),
        f"{figures.dishonest}",
        f"{figures.runs:,}",
    )


def _broken(title: str, judge: str, figures: Summary) -> tuple[str, ...]:
    return (
        title,
        judge,
        f"{_percent(figures.stopped)} %",
        minutes(figures.stop_median),
        minutes(figures.stop_p90),
        f"{figures.exposed:,.0f}",
        NONE if figures.harmed is None else f"{figures.harmed:,.0f}",
        f"{_percent(figures.let_through)} %",
        f"{figures.runs:,}",
    )


def minutes(seconds: float | None) -> str:
    """A time as people read it; seconds below two minutes."""
    if seconds is None:
        return NONE
    return f"{seconds:.0f} s" if seconds < SHORT else f"{seconds / 60:.1f} min"


def _percent(share: float) -> str:
    """0.62, 4.1, 38, 100."""
    value = 100 * share
    return f"{value:.{0 if value >= TEN else 1 if value >= 1 else 2}f}" if value else "0"


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
