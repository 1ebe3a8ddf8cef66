"""`switchyard judge`: the judge offline, over ticks that were recorded.

The same session that the controller feeds live; this reads its input and writes its reports.
Deliberately imports no cluster, no engine and no settings: it runs wherever two files are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options  # noqa: TC001 - typer reads the annotations
from cli.errors import ExitCode, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from judge.config import Config
    from judge.errors import Refused
    from judge.verdict import Report

NEWS_EVERY = 5.0
"""Seconds between lines of progress on stderr: 5, so that a short run is silent."""

Configuration = Annotated[
    Path,
    typer.Option(
        "--config",
        metavar="FILE",
        help="YAML: the `judge` block of a TrafficSwitch, alone or within the whole document.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command()(judge)


def judge(*, config: Configuration, as_json: options.Json = False) -> None:
    """Judge recorded ticks: one JSON object a line on stdin, see docs/judge.md.

    With --json, one JSON object a tick comes out; without, a line whenever a verdict changes and a
    table at the end. Exits 0 when the last verdict is PASS, 1 when it is FAIL, 4 when it is HOLD
    (neither is shown yet), 2 when configuration or ticks are invalid.
    """
    last: Report | None = None
    for report in _reports(_configuration(config), _told(sys.stdin)):
        if as_json:
            _write(report)
        elif last is None or _verdicts(report) != _verdicts(last):
            sys.stdout.write(_line(report))
            sys.stdout.flush()
        last = report
    if not as_json:
        from cli import output

        output.console().print(_table(last) if last else "no ticks came, so nothing was judged")
    raise typer.Exit(_exit_code(last))


def _reports(config: Config, lines: Iterable[tuple[int, str]]) -> Iterator[Report]:
    """The report of every tick.

    Raises:
        Invalid: a line is no tick, naming the line.
    """
    from judge.errors import ObservationError
    from judge.reading import tick
    from judge.session import Session

    session = Session(config)
    for number, line in lines:
        document = _parsed(number, line)
        try:
            yield session.tick(tick(document, config))
        except ObservationError as error:
            raise _invalid(f"line {number}: ", error) from error


def _told(stream: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines that hold something, counted from 1; tells progress when it takes long."""
    from time import monotonic

    from cli import output

    number, spoken = 0, monotonic()
    try:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, line
            if monotonic() - spoken > NEWS_EVERY:
                spoken = monotonic()
                output.progress(f"{number:,} ticks judged")
    except UnicodeDecodeError as error:
        raise Invalid(
            value=f"line {number + 1}: byte {error.object[error.start]:#04x}",
            consequence="is not UTF-8, so the line cannot be read",
            fix="write the ticks as UTF-8",
        ) from error


def _parsed(number: int, line: str) -> Any:  # noqa: ANN401 - JSON
    import json

    try:
        return json.loads(line)
    except ValueError as error:
        raise Invalid(
            value=f"line {number}: {line.strip()[:60]!r}",
            consequence=f"is not JSON ({error}), so neither this tick nor what follows is judged",
            fix="write one JSON object a line, each complete on its line",
        ) from error


def _configuration(path: Path) -> Config:
    import yaml

    from judge import config
    from judge.errors import ConfigError

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(
            value=f"--config {path}",
            consequence=f"cannot be read: {error.strerror or error}",
            fix="name the file that holds the `judge` block",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(
            value=f"--config {path}",
            consequence=f"is not YAML: {' '.join(str(error).split())}",
            fix="write `indicators: [{name: errors, kind: ratio}]`",
        ) from error
    try:
        return config.parse(document)
    except ConfigError as error:
        raise _invalid(f"{path}: ", error) from error


def _invalid(where: str, error: Refused) -> Invalid:
    return Invalid(value=f"{where}{error.value}", consequence=error.consequence, fix=error.fix)


def _write(report: Report) -> None:
    import json

    line = json.dumps(report.to_json(), ensure_ascii=False, allow_nan=False)
    sys.stdout.write(line + "\n")
    # whoever pipes ticks in live wants each answer as it comes
    sys.stdout.flush()


def _verdicts(report: Report) -> tuple[object, ...]:
    return (report.verdict, *((name, one.verdict) for name, one in report.indicators.items()))


def _line(report: Report) -> str:
    return f"t={report.t:g}  {report.verdict.value}  {report.reason}\n"


def _table(report: Report) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for name, one in report.indicators.items():
        table.add_row(Text(name, style="bold"), _painted(one.verdict.value), Text(one.sentence))
    users = "" if report.users_exposed is None else f", {report.users_exposed:,} users"
    exposed = f"{report.requests_exposed:,} requests{users} met the candidate"
    return Group(
        Text.assemble("\n", _painted(report.verdict.value), f" at t={report.t:g}: {report.reason}"),
        Text(exposed, style="dim"),
        table,
    )


def _painted(verdict: str) -> Any:  # noqa: ANN401 - rich's Text, imported where it is needed
    from rich.text import Text

    style = {"PASS": "bold green", "FAIL": "bold red"}.get(verdict, "bold yellow")
    return Text(verdict, style=style)


def _exit_code(last: Report | None) -> ExitCode:
    verdict = last.verdict.value if last else "HOLD"
    return {"PASS": ExitCode.OK, "FAIL": ExitCode.BAD_NEWS}.get(verdict, ExitCode.TIMED_OUT)
