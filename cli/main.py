"""`switchyard`: all verbs in one command line, and how it ends.

Deliberately imports nothing heavy: `switchyard --help` must answer at once, so the modules that
register verbs import what a verb needs when it runs.
"""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from cli import (
    judge,
    options,
    publish,
    release,
    up,
    verbs_budget,
    verbs_machine,
    verbs_stack,
    verbs_switch,
)
from cli.errors import ExitCode, Failure
from cli.release_report import verb as release_report

EPILOG = """Exit codes: 0 good news · 1 bad news (rejected, refused, problems or drift found) · \
2 usage or invalid input · 3 cluster or engine cannot be reached · 4 timed out · 130 interrupted."""


class Verbs(TyperGroup):
    """The group of all verbs: turns expected failures into their message and exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer vendors click and hides its types
        """Run the verb; no traceback for what is expected to fail now and then."""
        from cli import output

        try:
            return super().invoke(ctx)
        except Failure as failure:
            output.failure(failure, as_json=bool(ctx.meta.get(options.JSON_KEY)))
            sys.exit(failure.code)
        except KeyboardInterrupt:
            output.progress("interrupted; what was already asked of the cluster stays asked")
            sys.exit(ExitCode.INTERRUPTED)
        except BrokenPipeError:
            # `switchyard status | head` closed our stdout: nothing more to say, and nothing wrong
            sys.stdout = None
            sys.exit(ExitCode.OK)


app = typer.Typer(
    name="switchyard",
    cls=Verbs,
    help="Two identical environments, one switch, and nothing moves without evidence.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# in the order in which `--help` lists them
for _room in (
    up,
    release,
    verbs_switch,
    verbs_budget,
    release_report,
    judge,
    verbs_stack,
    publish,
    verbs_machine,
):
    _room.register(app)
