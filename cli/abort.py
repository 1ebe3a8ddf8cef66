"""`switchyard abort`: back to the former colour, at once."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel

from cli import cluster, output
from cli.errors import BadNews, TimedOut
from cli.follow import PhaseStream, until
from cli.views import ABORT, ABORT_REASON, SwitchView

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightkube import Client

    from cli.views import PhaseView

DEFAULT_REASON = "asked for on the command line"
DEFAULT_TIMEOUT = 60.0
"""Seconds. The weights are back within one; a busy or restarting controller takes some more."""


class AbortResult(BaseModel):
    """What `abort --json` prints."""

    twin: str
    release: str
    reason: str
    former: str | None
    """The colour to go back to; null when nothing served before this release."""
    serving: str | None
    phase: str
    requested_at: datetime
    done: bool
    """Whether the weights were seen to be back; false with --no-wait."""
    took_seconds: float | None
    """From the request to the news of its ending, as measured here; null with --no-wait."""
    flip_ms: float | None
    """From the first weight written to the last gateway pod seen, as the controller measured."""


def abort(
    client: Client,
    twin: str | None,
    *,
    reason: str = DEFAULT_REASON,
    wait: bool = True,
    timeout: float = DEFAULT_TIMEOUT,
    on_phase: Callable[[SwitchView, PhaseView], None] | None = None,
) -> AbortResult:
    """Abort the release under way, or undo the last one within its rollback window.

    Raises:
        BadNews: there is nothing to abort; nothing was changed.
        TimedOut: asked for, and not seen within `timeout` seconds.
    """
    view = cluster.switch(client, twin)
    release = _abortable(view, datetime.now(UTC))
    stream = PhaseStream(release, on_phase, told=view.phases)
    before = view.last_ending(release)
    asked, asked_at = time.monotonic(), datetime.now(UTC)
    former = _former(view)
    view = cluster.annotate(client, view, {ABORT: release, ABORT_REASON: reason})
    if not wait:
        return _result(view, release, reason, former, asked_at=asked_at, took=None)

    def answered(seen: SwitchView) -> bool:
        stream.tell(seen)
        return seen.at_rest and (seen.last_ending(release) != before or _taken(seen))

    last = until(client, view, answered, timeout=timeout)
    took = time.monotonic() - asked
    if last.last_ending(release) == before and _taken(last):
        raise _ignored(last, release)
    if not answered(last):
        raise TimedOut(
            value=f"abort of release {release} of {view.name}",
            consequence=f"not seen after {timeout:g} s, the switch says {last.phase}: "
            f"{last.reason or 'nothing'}",
            fix="the request stands and is carried out once the controller sees it: "
            "`switchyard doctor` tells whether it runs",
        )
    return _result(last, release, reason, former, asked_at=asked_at, took=took)


def _taken(view: SwitchView) -> bool:
    """Whether the controller has taken the request away, which it does once it has acted on it."""
    return ABORT not in view.annotations


def _ignored(view: SwitchView, release: str) -> BadNews:
    return BadNews(
        value=f"abort of release {release} of {view.name}",
        consequence=f"the controller did not follow it; it is {view.phase}: {view.reason}",
        fix=f"its reason is an event: `kubectl -n {view.namespace} get events "
        "--field-selector reason=CommandIgnored`",
    )


def _abortable(view: SwitchView, now: datetime) -> str:
    """The release that an abort would act on."""
    release = view.working or view.release
    if release and not view.at_rest and view.phase != "RollingBack":
        return release
    if release and view.phase == "Settled" and view.rollback_left(now) and view.previous:
        return release
    raise BadNews(
        value=f"{view.name} is {view.phase}, {view.serving or 'nothing'} serves",
        consequence=f"there is nothing to abort: {_why_not(view, now)}",
        fix=_instead(view),
    )


def _why_not(view: SwitchView, now: datetime) -> str:
    if view.phase == "RollingBack":
        return "the weights are on their way back already"
    if view.phase == "Rejected":
        return f"the release was refused ({view.reason})" if view.reason else "it was refused"
    if view.previous is None:
        return "no other colour has served before"
    if view.rollback_until and view.rollback_left(now) is None:
        closed = view.rollback_until.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return f"the rollback window closed at {closed}"
    return "no rollback window is open"


def _instead(view: SwitchView) -> str:
    if view.phase == "RollingBack":
        return f"follow it with `switchyard watch {view.name}`"
    if view.phase == "Rejected":
        return f"nothing to do; `switchyard explain {view.name}` tells why it was refused"
    if view.previous is None or view.previous.colour is None:
        return "release another colour first"
    return (
        f"to move back, write `live: {view.previous.colour}` in the stack file and `switchyard up`"
    )


def _former(view: SwitchView) -> str | None:
    if view.phase == "Settled":
        return view.previous.colour if view.previous else None
    return view.attempt.origin if view.attempt else view.serving


def _result(
    view: SwitchView,
    release: str,
    reason: str,
    former: str | None,
    *,
    asked_at: datetime,
    took: float | None,
) -> AbortResult:
    ending = view.last_ending(release) if took is not None else None
    return AbortResult(
        twin=view.name,
        release=release,
        reason=reason,
        former=former,
        serving=view.serving,
        phase=view.phase,
        requested_at=asked_at,
        done=took is not None,
        took_seconds=None if took is None else round(took, 3),
        flip_ms=ending.flip_ms if ending else None,
    )


def sentence(result: AbortResult) -> str:
    """The result for people, one line of markup."""
    if not result.done:
        return (
            f"abort of release {result.release} asked for; "
            f"`switchyard watch {result.twin}` follows it"
        )
    took = output.duration(result.took_seconds or 0.0)
    flip = "" if result.flip_ms is None else f", {result.flip_ms:g} ms of it in the data plane"
    return f"{output.colour_markup(result.serving)} serves {result.twin} again after {took}{flip}"
