"""`switchyard tools …`: the tools room's API, with this command line's output and exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from rich.table import Table

import tools
from cli import output
from cli.errors import BadNews, Invalid
from tools import catalog
from tools.__main__ import describe

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tools.recipe import Tool


class ToolState(BaseModel):
    """One tool."""

    name: str
    group: str
    version: str
    state: str
    """ready or absent."""
    source: str
    seconds: float | None
    """What obtaining it took; null when it is absent."""
    commands: dict[str, str | None]


class Toolbox(BaseModel):
    """What `tools list --json` and `tools ensure --json` print."""

    cache: str
    tools: list[ToolState]


def everything() -> Toolbox:
    """Every tool of the catalogue."""
    return _toolbox(catalog.TOOLS)


def ensure(names: list[str]) -> Toolbox:
    """Obtain tools or groups; all when none is named.

    Raises:
        Invalid: a name means nothing.
        BadNews: some could not be had; all others are there.
    """
    wanted = names or [*tools.groups]
    try:
        tools.ensure(wanted)
        return _toolbox(catalog.select(wanted))
    except tools.UnknownTool as error:
        raise Invalid(
            value=", ".join(names),
            consequence=str(error),
            fix="`switchyard tools list` names all of them",
        ) from error
    except tools.ToolMissing as error:
        raise BadNews(
            value=", ".join(missing.tool for missing in error.missing),
            consequence=f"could not be had; all others are there. {error}",
            fix="mend what is named, then run the same command: what is there costs nothing",
        ) from error


def _toolbox(chosen: tuple[Tool, ...]) -> Toolbox:
    found: list[Any] = [dict(describe(tool)) for tool in chosen]
    return Toolbox(
        cache=str(tools.cache_dir()), tools=[ToolState.model_validate(one) for one in found]
    )


def render(toolbox: Toolbox) -> RenderableType:
    """The tools for people."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("tool", "group", "version", "state", "source"):
        table.add_column(heading, no_wrap=True)
    for tool in toolbox.tools:
        ready = tool.state == "ready"
        state = "[green]ready[/]" if ready else "[yellow]absent[/]"
        table.add_row(tool.name, tool.group, tool.version, state, tool.source or output.NOTHING)
    return table
