"""`switchyard retry`: try a rejected release again, knowing why it was rejected."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pydantic import BaseModel

from cli import cluster, output
from cli.errors import BadNews, TimedOut
from cli.follow import PhaseStream, until
from cli.views import RETRY, SwitchView

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightkube import Client

    from cli.views import PhaseView

DEFAULT_TIMEOUT = 600.0
"""Seconds. The default health timeout is five minutes, and the shift follows it."""


class RetryResult(BaseModel):
    """What `retry --json` prints."""

    twin: str
    release: str
    rejected_because: str
    """Why it had been rejected."""
    done: bool
    """Whether the new try has ended; false with --no-wait."""
    promoted: bool | None
    """Whether the goal serves now; null with --no-wait."""
    serving: str | None
    phase: str
    reason: str
    took_seconds: float | None
    flip_ms: float | None


def retry(
    client: Client,
    twin: str | None,
    *,
    wait: bool = True,
    timeout: float = DEFAULT_TIMEOUT,
    on_phase: Callable[[SwitchView, PhaseView], None] | None = None,
) -> RetryResult:
    """Clear the rejection of the present goal and let the controller try it again.

    Raises:
        BadNews: the present goal is not rejected; nothing was changed.
        TimedOut: asked for, and not ended within `timeout` seconds.
    """
    view = cluster.switch(client, twin)
    release = _retryable(view)
    stream = PhaseStream(release, on_phase, told=view.phases)
    before = view.last_ending(release)
    asked = time.monotonic()
    asked_of = cluster.annotate(client, view, {RETRY: release})
    if not wait:
        return _result(view, asked_of, release, took=None)

    def ended(seen: SwitchView) -> bool:
        stream.tell(seen)
        taken = RETRY not in seen.annotations
        return seen.at_rest and (taken or seen.last_ending(release) != before)

    last = until(client, asked_of, ended, timeout=timeout)
    if not ended(last):
        raise TimedOut(
            value=f"retry of release {release} of {view.name}",
            consequence=f"not ended after {timeout:g} s, the switch says {last.phase}: "
            f"{last.reason or 'nothing'}",
            fix=f"it goes on without us: `switchyard watch {view.name}`",
        )
    return _result(view, last, release, took=time.monotonic() - asked)


def _retryable(view: SwitchView) -> str:
    if view.phase == "Rejected" and view.release and view.ended:
        return view.release
    raise BadNews(
        value=f"{view.name} is {view.phase}, {view.serving or 'nothing'} serves",
        consequence="there is nothing to retry: the present goal is not rejected",
        fix=f"`switchyard explain {view.name}` tells what is under way and what is remembered",
    )


def _result(
    before: SwitchView, after: SwitchView, release: str, *, took: float | None
) -> RetryResult:
    ending = after.last_ending(release) if took is not None else None
    return RetryResult(
        twin=after.name,
        release=release,
        rejected_because=before.reason,
        done=took is not None,
        promoted=None if took is None else after.promoted,
        serving=after.serving,
        phase=after.phase,
        reason=after.reason,
        took_seconds=None if took is None else round(took, 3),
        flip_ms=ending.flip_ms if ending else None,
    )


def sentence(result: RetryResult) -> str:
    """The result for people, one line of markup."""
    if not result.done:
        return f"retry of {result.release} asked for; `switchyard watch {result.twin}` follows it"
    took = output.duration(result.took_seconds or 0.0)
    serves = f"{output.colour_markup(result.serving)} serves {result.twin}"
    if result.promoted:
        return f"{serves} after {took}"
    return f"[bold red]rejected again[/] after {took}: {result.reason}; {serves}"
