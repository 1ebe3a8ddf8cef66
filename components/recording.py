"""What a release's switch said while it ran, kept as JSON lines for the release report.

A line holds what changed in the status since the same writer's previous line, as the API server
writes it, so that a field of a newer controller is kept too. `Recorder` is pure; `Recording` owns
the file. Deliberately not here: what the lines mean (`cli/release_report` reads them).

Free of the Pulumi SDK: the program records during `pulumi up`, the command line during `watch`.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from components.narration import Narrator, Status

VERSION = 1
"""Of the lines' shape; documented in docs/release-report.md."""

FOLDER = Path(__file__).resolve().parent.parent / "reports" / "recordings"

FINEST = 0.5
"""Seconds between two lines of evidence alone, at the least: half a look of the judge."""

RESOLUTION = 1 / 3600
"""The same as a share of the release's age: each second of the first hour is kept, then ever fewer,
so that the recording of a week takes megabytes. A change of anything else is always kept."""

_DERIVED = frozenset({"conditions", "observedGeneration", "rejected"})
"""Of the status, what says nothing about this release that its other fields do not."""

_LOOKS = frozenset({"evidence", "judge", "ramp", "reason"})
"""What changes with every look of the judge."""

_STEPS = ("step", "weight", "since", "seenAt", "weights", "chosen", "override")
"""Of the ramp, what does not."""


class Recorder:
    """Makes lines of the successive states of one switch; pure.

    Args:
        twin: name of the switch.
        by: who records, e.g. `pulumi up`.
    """

    def __init__(self, twin: str, by: str) -> None:
        self._twin = twin
        self._by = by
        self._written: Status | None = None
        self._written_at: datetime | None = None
        self._began: datetime | None = None

    def line(self, spec: Status, status: Status, seen: datetime) -> dict[str, Any] | None:
        """The line that this state adds; None when it adds nothing.

        Args:
            spec: of the switch; kept where it is this release's own.
            status: of the switch.
            seen: when the state was seen, aware of its time zone.
        """
        release = status.get("release")
        kept = _kept(status, spec)
        before = self._written or {}
        changed: Status = {key: kept[key] for key in kept if kept[key] != before.get(key)}
        changed |= dict.fromkeys(before.keys() - kept.keys())
        if not release or not changed or (self._written and self._too_soon(before, kept, seen)):
            return None
        line: dict[str, Any] = {
            "v": VERSION,
            "seen": _moment(seen),
            "by": self._by,
            "twin": self._twin,
            "release": release,
        }
        if self._written is None:
            line["first"] = True
            self._began = seen
        self._written, self._written_at = kept, seen
        return {**line, "status": changed}

    def _too_soon(self, before: Status, kept: Status, seen: datetime) -> bool:
        """Whether only evidence moved, no verdict changed, and the last line is still fresh."""
        if self._written_at is None or self._began is None:
            return False
        if _told(before) != _told(kept):
            return False
        age, since = seen - self._began, seen - self._written_at
        return since.total_seconds() < max(FINEST, age.total_seconds() * RESOLUTION)


class Recording:
    """The recordings of one switch: a file a release, appended to by one process at a time.

    Whoever holds the file's lock records; when that process ends, however it ends, the next one
    that sees a change takes over.

    Args:
        twin: name of the switch.
        by: who records, e.g. `pulumi up`.
        folder: where the recordings are; the project's own when None.
    """

    def __init__(self, twin: str, by: str, folder: Path | None = None) -> None:
        self._twin = twin
        self._by = by
        self._folder = folder or FOLDER
        self._release: str | None = None
        self._recorder = Recorder(twin, by)
        self._file: int | None = None

    def observe(self, spec: Status, status: Status, seen: datetime | None = None) -> None:
        """Record this state if it is news and nobody else records this release.

        Raises:
            OSError: the file cannot be written.
        """
        release = status.get("release")
        if not release:
            return
        if release != self._release:
            self.close()
            self._release, self._recorder = str(release), Recorder(self._twin, self._by)
        if self._file is None and not self._take(str(release)):
            return
        line = self._recorder.line(spec, status, seen or datetime.now(UTC))
        if line is not None:
            self._append(line)

    def _append(self, line: dict[str, Any]) -> None:
        text = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        written = 0
        try:
            # one write a line: an interruption leaves whole lines
            written = os.write(self._file, text) if self._file is not None else 0
        finally:
            if written < len(text):
                # what the lost line said, the next one must say: begin anew with a whole state
                self.close()
                self._recorder = Recorder(self._twin, self._by)
        if written < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """Let somebody else record."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def _take(self, release: str) -> bool:
        """Open the file and lock it; False when another process records."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = path_of(release, self._folder)
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            # a machine that died tore the last line: what follows must not be lost with it
            os.write(file, b"\n")
        self._file = file
        return True


class Recorded:
    """A narrator whose statuses are recorded beside what it tells.

    A recording that cannot be written is told once, and nothing else comes of it.

    Args:
        narrator: tells the story.
        spec: of the switch.
        recording: keeps it.
    """

    def __init__(self, narrator: Narrator, spec: Status, recording: Recording) -> None:
        self._narrator = narrator
        self._spec = spec
        self._recording = recording
        self._told = False

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to tell."""
        return self._narrator.ended

    def lines(self, status: Status) -> Iterator[str]:
        """The lines of the narrator."""
        try:
            self._recording.observe(self._spec, status)
        except OSError as error:
            if not self._told:
                self._told = True
                yield f"this release is not recorded, its report will have gaps: {error}"
        yield from self._narrator.lines(status)


def path_of(release: str, folder: Path) -> Path:
    """The recording of a release.

    Args:
        release: identity of the release.
        folder: where the recordings are.
    """
    return folder / f"{safe(release)}.jsonl"


def safe(release: str) -> str:
    """The release as the name of a file, whatever it is called."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in release)


def _kept(status: Status, spec: Status) -> Status:
    """What is recorded of a state: the status without what is derived or opaque, and the goal."""
    release = status.get("release")
    kept = {key: value for key, value in status.items() if key not in _DERIVED}
    if isinstance(judge := kept.get("judge"), dict):
        # the judge's own memory: kilobytes that only the judge can read
        judge = cast("Status", judge)
        kept["judge"] = {key: value for key, value in judge.items() if key != "state"}
    history = kept.get("history")
    endings = cast("list[object]", history) if isinstance(history, list) else []
    kept["history"] = [past for past in endings if _of(past, "release") == release]
    if spec.get("release") == release:
        kept["spec"] = spec
    return kept


def _told(kept: Status) -> Status:
    """The state without what merely grows: what is to be recorded whenever it changes."""
    told = {key: value for key, value in kept.items() if key not in _LOOKS}
    told["steps"] = [_of(kept.get("ramp"), key) for key in _STEPS]
    told["verdict"] = _of(kept.get("judge"), "verdict")
    evidence = kept.get("evidence")
    items = cast("list[object]", evidence) if isinstance(evidence, list) else []
    told["verdicts"] = [(_of(one, "verdict"), _of(one, "noData")) for one in items]
    return told


def _of(value: object, key: str) -> object:
    return cast("Status", value).get(key) if isinstance(value, dict) else None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
