"""The recording of a release: what is kept of its states, and how it survives interruptions."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shop_story
from hypothesis import given
from hypothesis import strategies as st
from shop_story import RELEASE, START

from cli.release_report import reading
from components.narration import ReleaseNarrator
from components.recording import Recorded, Recorder, Recording, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.pure
GREEN = RELEASE["green"]
Object = dict[str, Any]


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def judged(at: float, e: float, verdict: str = "HOLD") -> Object:
    """A release under judgement, `at` seconds after its start."""
    switch = shop_story.to_green("Ramping", 5)
    switch["status"] |= {
        "evidence": [{"name": "errors", "verdict": verdict, "e": e}],
        "judge": {"at": shop_story.stamp(at), "state": "x" * 4000},
        "ramp": {"step": 1, "weight": 5, "judged": at, "until": shop_story.stamp(at + 9)},
    }
    return switch


def record(recorder: Recorder, switch: Object, at: float) -> Object | None:
    return recorder.line(switch["spec"], switch["status"], START + seconds(at))


def test_the_first_line_holds_all_and_the_next_what_changed() -> None:
    recorder = Recorder("shop", "pulumi up")
    first = record(recorder, shop_story.to_green("Shifting", 0), 0)
    second = record(recorder, shop_story.to_green("Confirming", 100), 1)
    assert first is not None
    assert second is not None
    assert first["first"] is True
    assert first["status"]["attempt"]["to"] == "green"
    assert first["status"]["spec"]["strategy"]["kind"] == "blueGreen", "the goal explains the rest"
    assert set(second["status"]) == {"weight", "phase", "reason", "phases"}


def test_the_same_state_twice_is_one_line() -> None:
    recorder, switch = Recorder("shop", "watch"), shop_story.on_green()
    assert record(recorder, switch, 0) is not None
    assert record(recorder, switch, 60) is None


def test_a_field_that_goes_is_recorded_as_gone() -> None:
    recorder = Recorder("shop", "watch")
    record(recorder, shop_story.on_green(), 0)
    after = shop_story.on_green()
    del after["status"]["rollbackUntil"]
    line = record(recorder, after, 1)
    assert line is not None
    assert line["status"] == {"rollbackUntil": None}


def test_the_judges_memory_and_other_releases_are_not_recorded() -> None:
    line = record(Recorder("shop", "watch"), judged(1, 2.0), 1)
    assert line is not None
    text = json.dumps(line)
    assert "xxxx" not in text, "kilobytes that only the judge can read"
    assert [past["release"] for past in line["status"]["history"]] == []
    assert "conditions" not in line["status"]


def test_a_goal_that_is_not_this_releases_own_is_left_out() -> None:
    switch = shop_story.to_green("Shifting", 0)
    line = Recorder("shop", "watch").line(shop_story.spec("blue"), switch["status"], START)
    assert line is not None
    assert "spec" not in line["status"]


def test_nothing_is_recorded_of_a_switch_without_a_release() -> None:
    assert Recorder("shop", "watch").line(shop_story.spec("green"), {}, START) is None


def test_evidence_alone_is_thinned_as_the_release_grows_old_and_verdicts_never_are() -> None:
    recorder = Recorder("shop", "watch")
    record(recorder, judged(0, 1.0), 0)
    assert record(recorder, judged(1, 1.1), 1.0) is not None, "each second of the first hour"
    assert record(recorder, judged(1.1, 1.2), 1.1) is None
    assert record(recorder, judged(1.2, 1.2, "FAIL"), 1.2) is not None
    assert record(recorder, judged(36000, 1.3), 36000) is not None
    assert record(recorder, judged(36005, 1.4), 36005) is None, "one in ten seconds after ten hours"
    assert record(recorder, judged(36011, 1.5), 36011) is not None


def lines_of(*states: tuple[float, Object]) -> list[str]:
    recorder = Recorder("shop", "pulumi up")
    found = (record(recorder, switch, at) for at, switch in states)
    return [json.dumps(line) for line in found if line is not None]


def test_reading_gives_back_the_states_that_were_seen() -> None:
    lines = lines_of(
        (0, shop_story.to_green("Shifting", 0)),
        (1, shop_story.to_green("Confirming", 100)),
        (2, shop_story.on_green()),
    )
    found = reading.read(lines)
    assert (found.release, found.twin, found.damaged) == (GREEN, "shop", 0)
    assert [moment.status["phase"] for moment in found.moments] == [
        "Shifting",
        "Confirming",
        "Settled",
    ]
    assert found.moments[1].status["attempt"]["to"] == "green", "what did not change is still there"


def test_a_torn_line_is_counted_and_costs_nothing_else() -> None:
    lines = lines_of((0, shop_story.to_green("Shifting", 0)))
    after = lines_of((2, shop_story.on_green()))
    found = reading.read([*lines, lines[0][: len(lines[0]) // 2], *after])
    assert found.damaged == 1
    assert [moment.status["phase"] for moment in found.moments] == ["Shifting", "Settled"]


def test_a_second_recorder_that_sees_the_same_state_adds_nothing() -> None:
    once = lines_of((0, shop_story.on_green()))
    assert len(reading.read([*once, *once]).moments) == 1


@given(st.lists(st.text() | st.dictionaries(st.text(), st.integers() | st.none()).map(json.dumps)))
def test_reading_survives_any_text(lines: list[str]) -> None:
    assert reading.read(lines).moments == []


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.lists(st.dictionaries(st.sampled_from(["phase", "weight", "ramp"]), SCALARS)))
def test_folding_the_lines_gives_the_last_state(statuses: list[Object]) -> None:
    recorder = Recorder("shop", "watch")
    lines = [
        recorder.line({}, {"release": GREEN, **status}, START + seconds(number))
        for number, status in enumerate(statuses)
    ]
    found = reading.read([json.dumps(line) for line in lines if line is not None])
    if statuses:
        told = {key: value for key, value in statuses[-1].items() if value is not None}
        assert found.moments[-1].status == {"release": GREEN, "history": [], **told}


def observe(recording: Recording, switch: Object, at: float) -> None:
    recording.observe(switch["spec"], switch["status"], START + seconds(at))


def test_one_process_records_at_a_time_and_the_next_takes_over(tmp_path: Path) -> None:
    first, second = (Recording("shop", by, tmp_path) for by in ("pulumi up", "watch"))
    observe(first, shop_story.to_green("Preparing", 0), 0)
    observe(second, shop_story.to_green("Preparing", 0), 0)
    first.close()
    observe(second, shop_story.to_green("Shifting", 0), 1)
    second.close()
    lines = path_of(GREEN, tmp_path).read_text().splitlines()
    found = reading.read(lines)
    assert [(one.by, one.status["phase"], one.first) for one in found.moments] == [
        ("pulumi up", "Preparing", True),
        ("watch", "Shifting", True),
    ]


def test_another_release_has_a_file_of_its_own(tmp_path: Path) -> None:
    recording = Recording("shop", "watch", tmp_path)
    observe(recording, shop_story.on_blue(), 0)
    observe(recording, shop_story.to_green("Preparing", 0), 1)
    recording.close()
    assert {path.stem for path in tmp_path.iterdir()} == set(RELEASE.values())


def test_what_follows_a_torn_line_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    path_of(GREEN, tmp_path).write_text('{"v": 1, "rel')
    recording = Recording("shop", "watch", tmp_path)
    observe(recording, shop_story.on_green(), 0)
    recording.close()
    found = reading.read(path_of(GREEN, tmp_path).read_text().splitlines())
    assert (found.damaged, len(found.moments)) == (1, 1)


def test_after_a_failed_write_the_next_line_holds_all_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording("shop", "watch", tmp_path)
    observe(recording, shop_story.to_green("Preparing", 0), 0)
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, text: real(file, text[:20]))
    with pytest.raises(OSError, match="space"):
        observe(recording, shop_story.to_green("Shifting", 0), 1)
    monkeypatch.undo()
    observe(recording, shop_story.to_green("Confirming", 100), 2)
    recording.close()
    found = reading.read(path_of(GREEN, tmp_path).read_text().splitlines())
    assert found.damaged == 1
    assert found.moments[-1].status["phase"] == "Confirming"
    assert found.moments[-1].status["attempt"], (
        "a full disk must not leave a state without its rest"
    )


def test_a_release_with_a_hostile_name_stays_in_its_folder(tmp_path: Path) -> None:
    assert path_of("../../etc/passwd", tmp_path).parent == tmp_path


def test_the_narrator_tells_its_story_and_that_it_cannot_record_once(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    switch = shop_story.to_green("Preparing", 0)
    narrator = Recorded(
        ReleaseNarrator(GREEN), switch["spec"], Recording("shop", "pulumi up", blocked)
    )
    told = [line for state in story() for line in narrator.lines(state["status"])]
    assert sum("not recorded" in line for line in told) == 1
    assert any("Preparing" in line for line in told), "the story is told all the same"
    assert narrator.ended, "an update must not wait for a recording"


def story() -> Iterator[Object]:
    yield shop_story.to_green("Preparing", 0)
    after = copy.deepcopy(shop_story.on_green())
    after["status"]["phases"].insert(0, shop_story.to_green("Preparing", 0)["status"]["phases"][0])
    yield after


INTERRUPTED = """
import sys, time
sys.path[:0] = {path!r}
import shop_story
from pathlib import Path
from components.recording import Recording
recording = Recording("shop", "pulumi up", Path({folder!r}))
for number in range(10**6):
    switch = shop_story.to_green("Preparing", 0)
    switch["status"]["reason"] = f"look {{number}}"
    switch["status"]["weight"] = number
    recording.observe(switch["spec"], switch["status"])
    print(number, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_that_was_seen_is_lost_when_the_recorder_is_killed(
    tmp_path: Path, how: signal.Signals
) -> None:
    rooms = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    program = INTERRUPTED.format(path=rooms, folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        for _ in range(50):
            process.stdout.readline()
        process.send_signal(how)
        told = [line for line in process.stdout.read().split("\n") if line]
    seen = int(told[-1]) if told else 49
    found = reading.read(path_of(GREEN, tmp_path).read_text().splitlines())
    assert found.damaged <= 1
    assert found.moments[-1].status["weight"] >= seen
