"""Recording a switch while the command line follows it, and its report when its release ends.

Deliberately silent: it sits beside a picture that owns the terminal, and a recording that cannot be
written must not end what is being watched.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cli.errors import Failure
from cli.release_report import making
from cli.release_report.reading import mapping
from components.recording import Recording

if TYPE_CHECKING:
    from lightkube import Client


class Keeper:
    """Keeps what is seen of one switch.

    Args:
        twin: name of the twin.
        by: who records, e.g. `watch`.
    """

    def __init__(self, twin: str, by: str) -> None:
        self._twin = twin
        self._recording = Recording(twin, by)
        self._under_way: str | None = None

    def begin(self, client: Client) -> None:
        """Record the switch as it is now."""
        with suppress(Failure):
            self.see(making.resource(client, self._twin))

    def see(self, switch: dict[str, Any]) -> None:
        """Record this state; write the report when a release that was under way has ended."""
        spec, status = mapping(switch.get("spec")), mapping(switch.get("status"))
        release = status.get("release")
        with suppress(OSError):
            self._recording.observe(spec, status)
        if not release:
            return
        if status.get("settled") != release or status.get("phase") == "RollingBack":
            self._under_way = str(release)
        elif self._under_way == release:
            self._under_way = None
            # in the thread that follows: a report that cannot be made must not end it
            with suppress(Exception):
                making.from_resource(switch)

    def close(self) -> None:
        """Let somebody else record."""
        self._recording.close()
