"""Making a release's report: recording and cluster in, `reports/<release>.html`, `.json` out.

The present state of the switch is the last word of every recording: where nobody recorded, its own
memory still tells phases, weights and outcome.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli import cluster, output
from cli import report as files
from cli.errors import BadNews, Failure, Invalid, Unreachable
from cli.release_report import history, page, reading, story
from cli.release_report.reading import mapping, mappings
from components import recording
from components.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightkube import Client

    from cli.release_report.document import ReleaseDocument

BY = "report"
"""Who saw the last state."""


@dataclass(frozen=True)
class Report:
    """A report that was written.

    Attributes:
        document: what it says.
        page: for people.
        data: for machines.
    """

    document: ReleaseDocument
    page: Path
    data: Path


def from_cluster(connect: Callable[[], Client], twin: str | None, release: str | None) -> Report:
    """Report a release from its recording, if there is one, and from what the switch knows.

    Args:
        connect: gives a client of the cluster.
        twin: name of the twin; the only one when None.
        release: its identity, or the beginning of it; the latest one when None.

    Raises:
        Invalid: no such release was recorded or is remembered.
        Unreachable: the cluster does not answer, and no recorded release was named.
    """
    try:
        switch = resource(connect(), twin)
    except Unreachable as failure:
        path = recording.path_of(release or "", recording.FOLDER)
        if release is None or not path.exists():
            raise
        output.progress(f"{failure.value}: {failure.consequence}; reporting the recording alone")
        return from_recording(path)
    return from_resource(switch, release)


def from_resource(switch: dict[str, Any], release: str | None = None) -> Report:
    """Report a release from its recording, if there is one, and from this state of the switch.

    Args:
        switch: the TrafficSwitch as the API server returns it.
        release: as for `from_cluster`.

    Raises:
        Invalid: no such release was recorded or is remembered.
        BadNews: there has been no release at all.
    """
    wanted = _wanted(release, mapping(switch.get("status")))
    path = recording.path_of(wanted, recording.FOLDER)
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return _write(reading.read([*lines, *_last_word(switch, wanted, reading.read(lines))]))


def from_recording(path: Path) -> Report:
    """Report what a recording holds, asking nobody.

    Raises:
        Invalid: it cannot be read, or is no recording.
    """
    try:
        found = reading.read(path.read_text(errors="replace").splitlines())
    except OSError as error:
        raise Invalid(
            value=str(path),
            consequence=f"it cannot be read ({error.strerror}), there is nothing to report",
            fix=f"name a recording, for example one of {recording.FOLDER}",
        ) from error
    if not found.moments:
        raise Invalid(
            value=str(path),
            consequence="it holds no state of any release",
            fix="name a recording that `pulumi up` or `switchyard watch` wrote",
        )
    return _write(found)


def after_release(client: Client, twin: str) -> None:
    """The report at a release's end; what goes wrong is told and nothing else comes of it."""
    captured(client, twin)()


def captured(client: Client, twin: str) -> Callable[[], None]:
    """Keep a switch as it is now, for the report that the result writes when there is time for it.

    What goes wrong, then or now, is told and nothing else comes of it.
    """
    try:
        switch = resource(client, twin)
    except Failure as failure:
        output.progress(f"the release report is not written: {failure}")
        return lambda: None

    def write() -> None:
        try:
            output.progress(f"release report: {from_resource(switch).page}")
        except Exception as error:  # noqa: BLE001 - a report that cannot be given ends no release
            output.progress(f"the release report is not written: {error}")

    return write


def resource(client: Client, twin: str | None) -> dict[str, Any]:
    """One twin's TrafficSwitch as the API server returns it.

    Raises:
        Invalid: unknown twin, or none named while there are several.
        Unreachable: the cluster does not answer.
    """
    found = {
        str(mapping(one.get("metadata")).get("name")): one for one in cluster.resources(client)
    }
    if twin is None and len(found) == 1:
        return next(iter(found.values()))
    # names what is wrong when there is no such twin
    return found[twin] if twin in found else found[cluster.switch(client, twin).name]


def data(document: ReleaseDocument) -> str:
    """The JSON, one field a line: figures by the thousand want no line each."""
    fields = document.model_dump(mode="json", by_alias=True)
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in fields.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _write(found: reading.Reading) -> Report:
    document = story.tell(found, datetime.now(UTC))
    folder, name = files.FOLDER, recording.safe(document.release)
    report = Report(document, folder / f"{name}.html", folder / f"{name}.json")
    folder.mkdir(parents=True, exist_ok=True)
    files.replace(report.data, data(document))
    files.replace(report.page, page.render(document))
    history.keep(document, folder)
    return report


def _wanted(release: str | None, status: dict[str, Any]) -> str:
    """The whole identity of the release that is meant."""
    latest = str(status.get("release") or "")
    if release is None:
        if latest:
            return latest
        raise BadNews(
            value="the switch",
            consequence="it has never worked on a release, there is nothing to report",
            fix="release something first",
        )
    remembered = [str(past.get("release")) for past in mappings(status.get("history"))]
    recorded = [path.stem for path in recording.FOLDER.glob("*.jsonl")]
    known = dict.fromkeys([latest, *reversed(remembered), *sorted(recorded)])
    found = [one for one in known if one == release] or [
        one for one in known if one.startswith(release)
    ]
    if len(found) == 1:
        return found[0]
    raise Invalid(
        value=f"release {release!r}",
        consequence="it was not recorded here and the switch does not remember it"
        if not found
        else f"{len(found)} releases begin like that",
        fix=f"name one of: {', '.join(one for one in known if one)}",
    )


def _last_word(switch: dict[str, Any], release: str, so_far: reading.Reading) -> list[str]:
    """What the switch says of the release now, as a line of the recording."""
    meta, spec = mapping(switch.get("metadata")), mapping(switch.get("spec"))
    status = mapping(switch.get("status"))
    if status.get("release") != release:
        status = _remembered(status, release, so_far)
    line = Recorder(str(meta.get("name")), BY).line(spec, status, datetime.now(UTC))
    return [] if line is None else [json.dumps(line)]


def _remembered(status: dict[str, Any], release: str, so_far: reading.Reading) -> dict[str, Any]:
    """The state of a release that another one has followed: as recorded, and how it ended."""
    endings = [past for past in mappings(status.get("history")) if past.get("release") == release]
    if not endings:
        return {}
    last = so_far.moments[-1] if so_far.moments else None
    if last is not None and last.began >= str(endings[-1].get("startedAt") or ""):
        return {**last.status, "history": endings}
    ending = endings[-1]
    attempt = {key: ending.get(key) for key in ("release", "from", "to", "startedAt")}
    return {"release": release, "attempt": attempt, "history": endings}
