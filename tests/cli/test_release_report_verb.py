"""`switchyard report`, the recording beside `watch`, and the release history."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import shop_story
from cli_runs import run
from release_story import FAILING, lines, ramp
from shop_story import RELEASE

from cli.release_report import history, reading, story
from cli.release_report.document import SCHEMA, ReleaseDocument
from cli.release_report.keeping import Keeper
from components import recording
from judge.exposure.history import parse

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import CommandLine
    from fake_kube import FakeApi

pytestmark = pytest.mark.pure
GREEN, BLUE = RELEASE["green"], RELEASE["blue"]


def write_recording(reports: Path, states: list[str], release: str = GREEN) -> Path:
    path = recording.path_of(release, reports / "recordings")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(states) + "\n")
    return path


def test_the_latest_release_is_reported_when_none_is_named(
    api: FakeApi, switchyard: CommandLine, reports: Path
) -> None:
    api.put(shop_story.on_green())
    told = switchyard("report")
    assert told.code == 0, told.err
    assert "green serves: promoted after 12.0 s" in told.out
    assert str(reports / f"{GREEN}.html") in told.out
    assert (reports / f"{GREEN}.html").read_text().startswith("<!doctype html>")


def test_as_json_it_is_the_document_that_is_written(
    api: FakeApi, switchyard: CommandLine, reports: Path
) -> None:
    api.put(shop_story.on_green())
    told = switchyard("report", "--json").document
    assert told["schema"] == SCHEMA
    assert told == json.loads((reports / f"{GREEN}.json").read_text())
    assert set(told) == {
        field.alias or name for name, field in ReleaseDocument.model_fields.items()
    }


def test_the_path_alone_is_for_other_programs(
    api: FakeApi, switchyard: CommandLine, reports: Path
) -> None:
    api.put(shop_story.on_green())
    assert switchyard("report", "--open-path").out == f"{reports / f'{GREEN}.html'}\n"


def test_a_release_is_named_by_its_beginning(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.on_green())
    told = switchyard("report", BLUE[:4], "--json").document
    assert told["release"] == BLUE, "the switch remembers the one before, too"
    assert told["outcome"] == "promoted"
    assert told["duration_s"] == 3.5


def test_an_unknown_release_is_refused_with_those_that_are_known(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_green())
    told = switchyard("report", "nonsense")
    assert told.code == 2
    assert GREEN in told.err
    assert BLUE in told.err


def test_a_switch_without_any_release_has_nothing_to_report(
    api: FakeApi, switchyard: CommandLine
) -> None:
    switch = shop_story.on_blue()
    switch["status"] = {}
    api.put(switch)
    assert switchyard("report").code == 1


def test_a_recording_is_reported_without_any_cluster(reports: Path, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.jsonl"
    path.write_text("\n".join(lines(ramp(FAILING))))
    told = run("report", "--from", str(path))
    assert told.code == 0, "the report was made, however the release ended"
    assert "rolled back" in told.out
    assert (reports / f"{GREEN}.html").exists()


@pytest.mark.parametrize("text", ["", "not a recording\n"])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    assert run("report", "--from", str(path)).code == 2


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    told = run("report", "--from", str(tmp_path / "absent.jsonl"))
    assert told.code == 2
    assert "cannot be read" in told.err


def test_with_the_cluster_gone_a_recorded_release_is_still_reported(
    api: FakeApi, switchyard: CommandLine, reports: Path
) -> None:
    write_recording(reports, lines(ramp(FAILING)))
    api.stop()
    told = switchyard("report", GREEN)
    assert told.code == 0, told.err
    assert "reporting the recording alone" in told.err
    assert switchyard("report").code == 3, "which release is the latest, nobody can tell"


def test_the_switchs_last_word_ends_a_recording_that_was_broken_off(
    api: FakeApi, switchyard: CommandLine, reports: Path
) -> None:
    states = list(ramp(FAILING))
    write_recording(reports, lines(states[:8]))
    api.put(states[-1][1])
    told = switchyard("report", "--json").document
    assert told["outcome"] == "rolledBack"
    assert len(told["recording"]["gaps"]) == 1
    assert [one["weight"] for one in told["weights"]] == [0, 1, 0], "from the ramp's own trail"


def test_a_release_that_another_followed_ends_as_the_history_says(
    api: FakeApi, switchyard: CommandLine, reports: Path
) -> None:
    states = list(ramp(FAILING))
    write_recording(reports, lines(states[:8]))
    later = shop_story.on_blue()
    later["status"]["history"] = states[-1][1]["status"]["history"]
    api.put(later)
    told = switchyard("report", GREEN, "--json").document
    assert told["outcome"] == "rolledBack"
    assert told["weights"][-1]["weight"] == 0
    assert told["indicators"][0]["series"]["t"], "what was recorded is kept"


def test_a_release_that_nobody_recorded_keeps_its_verdicts_and_figures(
    api: FakeApi, switchyard: CommandLine
) -> None:
    later = shop_story.on_blue()
    later["status"]["history"] = list(ramp(FAILING))[-1][1]["status"]["history"]
    later["status"]["history"][-1]["ramp"]["verdicts"] = {"errors": "FAIL"}
    api.put(later)
    told = switchyard("report", GREEN, "--json").document
    assert [(one["name"], one["verdict"]) for one in told["indicators"]] == [("errors", "FAIL")]
    assert told["judge"]["requests_exposed"]
    assert [one["weight"] for one in told["weights"]] == [0, 1, 0]
    assert told["recording"]["gaps"], "evidence that is not known is said not to be"


def test_watching_records_and_reports_a_release_at_its_end(reports: Path) -> None:
    keeper = Keeper("shop", "watch")
    for _, switch in ramp(FAILING):
        keeper.see(switch)
    keeper.close()
    found = reading.read((reports / "recordings" / f"{GREEN}.jsonl").read_text().splitlines())
    assert found.moments[-1].status["phase"] == "Rejected"
    assert json.loads((reports / f"{GREEN}.json").read_text())["outcome"] == "rolledBack"


def test_a_release_that_was_over_before_watching_began_is_not_reported_again(
    reports: Path,
) -> None:
    keeper = Keeper("shop", "watch")
    keeper.see(shop_story.on_green())
    keeper.close()
    assert not (reports / f"{GREEN}.html").exists()


def test_a_folder_that_cannot_be_written_ends_no_watch(reports: Path) -> None:
    reports.write_text("in the way")
    keeper = Keeper("shop", "watch")
    for _, switch in ramp(FAILING):
        keeper.see(switch)


def failed() -> dict[str, Any]:
    document = story.tell(reading.read(lines(ramp(FAILING))), shop_story.START)
    found = history.line(document)
    assert found is not None
    return found


def test_the_history_line_is_one_that_the_exposure_policy_reads() -> None:
    (past,) = parse([json.dumps(failed())])
    assert (past.release, past.twin, past.outcome) == (GREEN, "shop", "rolledBack")
    assert past.bad is True
    assert past.services == ("storefront",)
    assert past.change_size == 0.5
    assert past.verdicts["errors"] == "FAIL"
    assert [weight for _, weight in past.weights] == [0, 1, 0]
    assert past.requests_exposed
    assert past.requests_harmed
    assert past.time_to_100 is None
    assert past.budget_left == pytest.approx(0.82)
    assert past.hour == 12.0


def test_a_release_under_way_has_no_line_in_the_history() -> None:
    states = list(ramp(FAILING))[:6]
    document = story.tell(reading.read(lines(states)), shop_story.START)
    assert history.line(document) is None


def test_a_release_that_is_reported_again_replaces_its_line_and_no_other() -> None:
    first, other, again = failed(), failed() | {"release": "other"}, failed()
    again["outcome"] = "aborted"
    text = history.merged(history.merged("", first), other)
    text = history.merged("half a li\n" + text, again)
    assert text.startswith("half a li\n"), "what is not ours is kept"
    assert [past.outcome for past in parse(text.splitlines()[1:])] == ["aborted", "rolledBack"]


def test_reports_of_one_release_keep_one_line(
    api: FakeApi, switchyard: CommandLine, reports: Path
) -> None:
    api.put(shop_story.on_green())
    switchyard("report")
    later = copy.deepcopy(shop_story.on_green())
    later["status"]["history"].append(shop_story.ending("green", "aborted", 60, "slow"))
    later["status"] |= {"phase": "Rejected", "serving": "blue", "weight": 0}
    api.put(later)
    switchyard("report")
    text = (reports / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["outcome"] for line in text] == ["aborted"]
