"""The figures as Markdown: the judges side by side, and Switchyard's own in detail."""

from collections.abc import Callable

from bench.judge.judges import JUDGES
from bench.judge.outcome import Summary
from bench.judge.scenarios import SCENARIOS

Found = dict[str, dict[str, Summary]]
"""By scenario and judge."""

NONE = "–"  # noqa: RUF001 - no figure
SHORT = 120
"""Times below this are told in seconds."""
TEN = 9.95
"""Percentages from here on are told without decimals."""
OWN = "switchyard"


def tables(found: Found) -> str:
    """Everything that was measured."""
    good = {name: row for name, row in found.items() if not SCENARIOS[name].faulty}
    broken = {name: row for name, row in found.items() if SCENARIOS[name].faulty}
    parts: list[str] = []
    if good:
        parts += ["Good releases that were stopped", side_by_side(good, stopped)]
        if any(OWN in row for row in good.values()):
            parts += ["Good releases under Switchyard's judge", in_detail(good, _good)]
    if broken:
        parts += ["Median time until broken releases were stopped", side_by_side(broken, time)]
        parts += ["Requests that the candidate had answered by then", side_by_side(broken, exposed)]
        if any(OWN in row for row in broken.values()):
            parts += ["Broken releases under Switchyard's judge", in_detail(broken, _broken)]
    return "\n\n".join(parts)


def side_by_side(found: Found, cell: Callable[[Summary], str]) -> str:
    """A row a scenario, a column a judge."""
    judges = list(dict.fromkeys(name for row in found.values() for name in row))
    head = ("", *(JUDGES[name].name for name in judges))
    rows = [
        (SCENARIOS[name].title, *(cell(row[judge]) if judge in row else NONE for judge in judges))
        for name, row in found.items()
    ]
    return _markdown(head, rows)


def in_detail(found: Found, columns: Callable[[Summary], dict[str, str]]) -> str:
    """A row a scenario, of Switchyard alone."""
    rows = {name: columns(row[OWN]) for name, row in found.items() if OWN in row}
    head = ("", *next(iter(rows.values())))
    return _markdown(head, [(SCENARIOS[name].title, *row.values()) for name, row in rows.items()])


def stopped(figures: Summary) -> str:
    """The share of the runs that were stopped."""
    return f"{percent(figures.stopped)} %"


def time(figures: Summary) -> str:
    """The median time to the stop, and the share let through where that is not none."""
    let_through = f", {percent(figures.let_through)} % let through" if figures.let_through else ""
    return f"{minutes(figures.stop_median)}{let_through}"


def exposed(figures: Summary) -> str:
    """The median of the requests that the candidate answered."""
    return f"{figures.exposed:,.0f}"


def _good(figures: Summary) -> dict[str, str]:
    low, high = percent(figures.stopped_low), percent(figures.stopped_high)
    return {
        "stopped": f"{percent(figures.stopped)} %",
        "95 % interval": f"{low} to {high} %",
        "passed": f"{percent(figures.passed)} %",
        "median time to pass": minutes(figures.pass_median),
        "passed against the interval": f"{figures.dishonest}",
        "runs": f"{figures.runs:,}",
    }


def _broken(figures: Summary) -> dict[str, str]:
    return {
        "stopped": f"{percent(figures.stopped)} %",
        "median time": minutes(figures.stop_median),
        "p90": minutes(figures.stop_p90),
        "requests exposed": exposed(figures),
        "bad answers": NONE if figures.harmed is None else f"{figures.harmed:,.0f}",
        "let through": f"{percent(figures.let_through)} %",
        "passed against the interval": f"{figures.dishonest}",
        "runs": f"{figures.runs:,}",
    }


def minutes(seconds: float | None) -> str:
    """A time as people read it; seconds below two minutes."""
    if seconds is None:
        return NONE
    return f"{seconds:.0f} s" if seconds < SHORT else f"{seconds / 60:.1f} min"


def percent(share: float) -> str:
    """0.62, 4.1, 38, 100."""
    value = 100 * share
    return f"{value:.{0 if value >= TEN else 1 if value >= 1 else 2}f}" if value else "0"


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
