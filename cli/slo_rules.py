"""`switchyard slo`: reads OpenSLO files and writes the Prometheus rules that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slo
from cli.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def rule_file(paths: Sequence[Path], twin: str, scrape_interval: float) -> str:
    """The rule file of these files' objectives, as YAML.

    Args:
        paths: OpenSLO files.
        twin: the twin that they are for.
        scrape_interval: seconds between two samples.

    Raises:
        Invalid: the files are refused; names every problem.
    """
    try:
        return slo.rule_file({twin: slo.load(paths)}, scrape_interval=scrape_interval)
    except slo.SloError as error:
        first = error.problems[0]
        others = len(error.problems) - 1
        more = f" (and {others} more: {_others(error)})" if others else ""
        raise Invalid(
            value=f"{first.file}: {first.where}: {first.value}{more}",
            consequence=first.consequence,
            fix=first.fix,
        ) from error


def _others(error: slo.SloError) -> str:
    return "; ".join(
        f"{one.file}: {one.where}: {one.value} - {one.fix}" for one in error.problems[1:]
    )
