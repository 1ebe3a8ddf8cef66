"""The release history: a JSON line a release, what the exposure policy learns from.

Its reader and the meaning of each field are `judge/exposure/history.py`. A release that is reported
again (it was undone within its window, say) replaces its line.
"""

from __future__ import annotations

import fcntl
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cli.report import replace

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from cli.release_report.document import ReleaseDocument

NAME = "history.jsonl"
ENDED = frozenset({"promoted", "rolledBack", "rejected", "aborted"})


def line(document: ReleaseDocument) -> dict[str, Any] | None:
    """The line of a release; None of one that has not ended."""
    began, judge = document.started_at, document.judge
    if document.outcome not in ENDED or began is None:
        return None
    changed, digests = document.changed, document.candidate.digests
    return {
        "release": document.release,
        "twin": document.twin,
        "at": began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "hour": round(began.hour + began.minute / 60, 2),
        "changeSize": None if changed is None else round(len(changed) / len(digests), 4),
        "services": changed or [],
        "outcome": document.outcome,
        "verdicts": {one.name: one.verdict for one in document.indicators},
        "budgetLeft": document.budget.before if document.budget else None,
        "weights": [[one.t, one.weight] for one in document.weights],
        "requestsExposed": judge.requests_exposed if judge else None,
        "requestsHarmed": judge.requests_harmed if judge else None,
        "timeTo100": document.time_to_full_s,
    }


def merged(text: str, fresh: dict[str, Any]) -> str:
    """The history with this release in it, in the order in which releases were first reported."""
    mine = (fresh["release"], fresh["twin"], fresh["at"])
    kept: list[str] = []
    placed = False
    for old in text.splitlines():
        if _key(old) != mine:
            kept.append(old)
        elif not placed:
            kept.append(_compact(fresh))
            placed = True
    if not placed:
        kept.append(_compact(fresh))
    return "\n".join(kept) + "\n"


def keep(document: ReleaseDocument, folder: Path) -> None:
    """Write a release that has ended into the folder's history."""
    fresh = line(document)
    if fresh is None:
        return
    path = folder / NAME
    with _alone(folder):
        replace(path, merged(path.read_text() if path.exists() else "", fresh))


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Two reports at once must not lose each other's line."""
    with (folder / f".{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key(text: str) -> tuple[object, object, object] | None:
    """Which release a line is of; None of one that cannot be read, which is left as it is."""
    try:
        found = json.loads(text)
        return found.get("release"), found.get("twin"), found.get("at")
    except (ValueError, AttributeError):
        return None


def _compact(fresh: dict[str, Any]) -> str:
    return json.dumps(fresh, separators=(",", ":"), ensure_ascii=False)
