"""What the controller itself says of its releases is what the release report tells."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from controller_simulator import DIGESTS, Cluster, make_spec
from scripted_judges import STEPS, about_to_ramp

from cli.release_report import history, page, reading, story
from components.recording import Recorder
from controller.phases import ENDED
from judge.exposure.history import parse

if TYPE_CHECKING:
    from cli.release_report.document import ReleaseDocument

pytestmark = pytest.mark.pure
LIMIT = 2000


async def recorded(cluster: Cluster, *, only_the_end: bool = False) -> ReleaseDocument:
    """The report of the release that the cluster is about to make."""
    recorder, lines = Recorder("shop", "pulumi up"), list[str]()
    release = cluster.switch["spec"]["release"]
    cluster.start()
    for _ in range(LIMIT):
        cluster.now += timedelta(seconds=await cluster.tick() or 0)
        status = cluster.status
        ended = status.phase in ENDED and status.settled == release
        if status.release == release and (ended or not only_the_end):
            line = recorder.line(cluster.switch["spec"], cluster.switch["status"], cluster.now)
            lines += [json.dumps(line)] if line is not None else []
        if ended:
            document = story.tell(reading.read(lines), cluster.now)
            page.render(document)
            return document
    raise AssertionError("the release never ended")


def told(document: ReleaseDocument) -> list[float]:
    return [one.weight for one in document.weights]


async def test_a_good_ramp_is_told_step_by_step_with_the_controllers_reasons() -> None:
    cluster, _ = await about_to_ramp()
    document = await recorded(cluster)
    assert document.outcome == "promoted"
    assert told(document) == [0, *STEPS, 100]
    steps = [one for one in document.decisions if one.what == "weight"]
    assert all(one.reason for one in steps), "a step without its reason cannot be reviewed"
    assert document.judge is not None
    assert document.judge.requests_exposed
    assert document.indicators[0].name == "errors"
    assert len(document.indicators[0].series.t) > len(STEPS)
    assert document.former.digests == DIGESTS["v1"]
    assert document.recording.gaps == []
    assert all(sooner.at <= later.at for sooner, later in pairwise(document.decisions))


async def test_a_ramp_that_nobody_recorded_has_the_same_weights_and_reasons() -> None:
    (first, _), (second, _) = [await about_to_ramp() for _ in range(2)]
    whole, rebuilt = await recorded(first), await recorded(second, only_the_end=True)
    assert told(rebuilt) == told(whole)
    for mine, theirs in zip(rebuilt.weights, whole.weights, strict=True):
        # who watches sees weights in the routes a look before their write is stamped
        assert mine.t == pytest.approx(theirs.t, abs=0.05)
    assert rebuilt.phases == whole.phases
    assert rebuilt.recording.gaps, "and that it was not recorded is said"
    assert [one.title for one in rebuilt.decisions if one.what == "weight"] == [
        one.title for one in whole.decisions if one.what == "weight"
    ]


@pytest.mark.parametrize("weight", STEPS)
async def test_a_failing_ramp_tells_where_it_was_stopped(weight: int) -> None:
    cluster, judges = await about_to_ramp()
    judges.verdicts[weight] = "FAIL"
    document = await recorded(cluster)
    assert document.outcome == "rolledBack"
    assert f"stopped at {weight} %" in document.headline
    assert told(document)[-2:] == [weight, 0]
    assert "the judge says FAIL" in document.reason
    assert document.judge is not None
    assert document.judge.verdict == "FAIL"


async def test_a_blue_green_release_is_told_without_judge_and_budget() -> None:
    cluster = Cluster()
    cluster.create(make_spec("blue", "v1"))
    await cluster.settle()
    cluster.run("green", "v2")
    cluster.driver = None
    cluster.set_spec(make_spec("green", "v2"))
    document = await recorded(cluster)
    assert document.outcome == "promoted"
    assert told(document) == [0, 100]
    assert (document.judge, document.budget, document.indicators) == (None, None, [])
    assert document.flip_ms is not None
    assert document.way_back.until is not None


async def test_the_policy_can_learn_from_what_the_controller_said() -> None:
    cluster, _ = await about_to_ramp()
    line = history.line(await recorded(cluster))
    (past,) = parse([json.dumps(line)])
    assert past.bad is False
    assert past.change_size == 1.0
    assert past.services == ("orders", "storefront")
    assert [weight for _, weight in past.weights] == [0, *STEPS, 100]
    assert past.time_to_100 is not None
