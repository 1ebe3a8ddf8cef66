"""Asking Prometheus: bounded in time and size, and every way of not answering is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from controller_simulator import Cluster
from scripted_judges import about_to_ramp

from controller import prometheus
from controller.api import Switch
from controller.budgets import Budgets
from controller.judges import BEGINNING, PrometheusJudges
from controller.observed import Judgement
from controller.phases import Phase
from controller.prometheus import NoAnswerError, Prometheus
from controller.series import NonsenseError
from controller.sight import Unknown

pytestmark = pytest.mark.pure

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fake:
    """A Prometheus that answers what a test wants."""

    def __init__(self) -> None:
        self.answer: Any = {"status": "success", "data": {"resultType": "matrix", "result": []}}
        self.asked: list[dict[str, str]] = []
        self.delay = 0.0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.asked.append({key: str(value) for key, value in form.items()})
        await asyncio.sleep(self.delay)
        if isinstance(self.answer, web.StreamResponse):
            return self.answer
        return web.json_response(self.answer)


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
async def address(fake: Fake) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/api/v1/query", fake)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


@pytest.fixture
async def client(address: str) -> AsyncIterator[Prometheus]:
    async with Prometheus(address) as client:
        yield client


def matrix(*series: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}}


async def test_raw_samples_are_asked_for_by_selector_and_time(
    fake: Fake, client: Prometheus
) -> None:
    fake.answer = matrix({"metric": {"colour": "blue"}, "values": [[10.5, "3"], [11.5, "4"]]})
    (series,) = await client.samples('up{job="x"}', 2.5, 12.0)
    assert series.samples == ((10.5, 3.0), (11.5, 4.0))
    assert fake.asked == [{"query": 'up{job="x"}[2500ms]', "time": "12.000"}]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (web.Response(text="<html>", status=502), "502 and no JSON"),
        ({"status": "error", "error": "parse error"}, "refused the query: parse error"),
        ({"status": "success"}, "refused the query"),
        ([1, 2], "refused the query"),
        (
            {"status": "success", "data": {"resultType": "vector", "result": []}},
            "no raw samples; write a selector",
        ),
    ],
)
async def test_what_is_no_answer_is_told(
    fake: Fake,
    client: Prometheus,
    answer: object,
    why: str,
) -> None:
    fake.answer = answer
    with pytest.raises(NoAnswerError, match=why):
        await client.samples("up", 5, 10)


async def test_a_slow_answer_is_none(
    fake: Fake, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prometheus, "TIMEOUT", 0.05)
    fake.delay = 1.0
    async with Prometheus(address) as hurried:
        with pytest.raises(NoAnswerError, match="did not answer within"):
            await hurried.samples("up", 5, 10)


async def test_an_answer_without_end_is_none(
    fake: Fake, client: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prometheus, "LARGEST", 1000)
    fake.answer = matrix(*({"metric": {"n": str(n)}, "values": []} for n in range(100)))
    with pytest.raises(NoAnswerError, match="narrow the query"):
        await client.samples("up", 5, 10)


async def test_nobody_there_is_told() -> None:
    async with Prometheus("http://127.0.0.1:1") as nobody:
        with pytest.raises(NoAnswerError, match="does not answer"):
            await nobody.value("up", 1)


async def test_samples_of_another_shape_are_nonsense(fake: Fake, client: Prometheus) -> None:
    fake.answer = matrix({"metric": {}, "values": [["now", "many"]]})
    with pytest.raises(NonsenseError):
        await client.samples("up", 5, 10)


async def test_values_of_an_expression(fake: Fake, client: Prometheus) -> None:
    result = [{"metric": {"a": "b"}, "value": [1, "2.5"]}]
    fake.answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
    assert await client.value("sum(up)", 1) == [({"a": "b"}, 2.5)]
    fake.answer["data"]["result"] = [{"metric": {}, "value": ["x"]}]
    with pytest.raises(NoAnswerError, match="makes no sense"):
        await client.value("sum(up)", 1)


# the judges' side of it


async def at_first_weight(**strategy: Any) -> tuple[Cluster, Switch]:  # noqa: ANN401
    cluster, judges = await about_to_ramp(steps=[10, 100], **strategy)
    judges.away = "not yet"
    cluster.start()
    while not (cluster.status.ramp and cluster.status.ramp.seen_at):
        await cluster.tick()
    raw = json.loads(json.dumps(cluster.switch))
    query = {"bad": "bad_total", "total": "all_total"}
    raw["spec"]["judge"] = {"indicators": [{"name": "errors", "kind": "ratio", "query": query}]}
    return cluster, Switch.read(raw)


async def heard(judges: PrometheusJudges, switch: Switch) -> Judgement | Unknown:
    """What is said once there was time to ask."""
    for _ in range(100):
        said = judges.look(switch)
        if said is not BEGINNING:
            return said
        await asyncio.sleep(0.02)
    raise AssertionError("nothing was ever said")


def clock(switch: Switch, seconds: float) -> Callable[[], float]:
    assert switch.status.ramp is not None
    began = switch.status.ramp.weights[0].at.timestamp()
    return lambda: began + seconds


def counting(began: float, **grown: float) -> dict[str, Any]:
    """Both counters of both colours, growing each second."""
    return matrix(
        *(
            {
                "metric": {"colour": colour},
                "values": [[began + s + 0.2, str(1000 + s * step)] for s in range(-8, 12)],
            }
            for colour, step in grown.items()
        )
    )


async def test_a_look_never_waits_and_is_told_what_was_judged(
    fake: Fake, client: Prometheus
) -> None:
    _, switch = await at_first_weight()
    now = clock(switch, 10)
    fake.answer = counting(now() - 10, blue=90, green=10)
    judges = PrometheusJudges(client, Budgets(client), now)
    assert isinstance(judges.look(switch), Unknown), "the first look has nothing to tell yet"
    said = await heard(judges, switch)
    assert isinstance(said, Judgement), said
    assert said.follows is None
    assert said.seconds == 8.0
    asked = {one["query"].partition("[")[0] for one in fake.asked}
    assert asked == {"bad_total", "all_total"}
    polls = len(fake.asked)
    assert await heard(judges, switch) is said
    assert len(fake.asked) == polls, "what was said waits to be written before more is asked"


async def test_prometheus_away_or_talking_nonsense_is_unknown_with_its_reason(
    fake: Fake, client: Prometheus
) -> None:
    _, switch = await at_first_weight()
    fake.answer = web.Response(status=503, text="starting")
    judges = PrometheusJudges(client, Budgets(client), clock(switch, 10))
    said = await heard(judges, switch)
    assert said == Unknown("Prometheus answered 503 and no JSON")


async def test_a_defect_in_the_judge_holds_and_never_ends_the_loop(
    fake: Fake, client: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    from controller import judging  # noqa: PLC0415 - as the judges do

    def broken(**_: object) -> None:
        raise ZeroDivisionError("a defect")

    _, switch = await at_first_weight()
    assert fake.answer
    monkeypatch.setattr(judging, "advance", broken)
    said = await heard(PrometheusJudges(client, Budgets(client), clock(switch, 10)), switch)
    assert said == Unknown("the judge failed: ZeroDivisionError: a defect")


async def test_another_ramp_begins_anew_and_the_end_of_one_forgets_it(
    fake: Fake, client: Prometheus
) -> None:
    _, switch = await at_first_weight()
    now = clock(switch, 10)
    fake.answer = counting(now() - 10, blue=90, green=10)
    judges = PrometheusJudges(client, Budgets(client), now)
    assert isinstance(await heard(judges, switch), Judgement)
    assert switch.status.attempt is not None
    later = switch.status.attempt.model_copy(update={"release": "another"})
    retried = switch.status.model_copy(update={"attempt": later, "release": "another"})
    assert isinstance(judges.look(switch.model_copy(update={"status": retried})), Unknown)
    ended = switch.status.model_copy(update={"phase": Phase.SETTLED})
    judges.look(switch.model_copy(update={"status": ended}))
    assert judges.look(switch) is BEGINNING, "what ended is forgotten"
