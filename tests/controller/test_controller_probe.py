"""Probing gateway pods over real sockets."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from controller.api import Service
from controller.gateway_probe import GatewayProbe, Proxy, proxies
from controller.phases import Colour
from controller.sight import NotReady, Ready, Shown, Unknown

pytestmark = pytest.mark.pure

SERVICE = Service(name="storefront", hostnames=("shop.localhost",), probe="/readyz")
Answerer = Callable[[web.Request], web.Response]


class Gateway:
    """A gateway pod that answers as told."""

    def __init__(self) -> None:
        self.answer: Answerer = lambda _request: web.Response()
        self.requests: list[web.Request] = []
        self.proxy = Proxy("envoy-0", "127.0.0.1", 0)

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        return self.answer(request)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    fake = Gateway()
    app = web.Application()
    app.router.add_get("/{tail:.*}", fake.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port: int = runner.addresses[0][1]
    fake.proxy = Proxy("envoy-0", "127.0.0.1", port)
    yield fake
    await runner.cleanup()


@pytest.fixture
async def probe() -> AsyncIterator[GatewayProbe]:
    async with GatewayProbe() as opened:
        yield opened


def coloured(colour: str, status: int = 200) -> Answerer:
    return lambda _request: web.Response(status=status, headers={"x-switchyard-colour": colour})


async def test_a_preview_asks_with_the_header_the_host_and_the_probe_path(
    gateway: Gateway, probe: GatewayProbe
) -> None:
    gateway.answer = coloured("green")
    assert await probe.preview([gateway.proxy], [SERVICE], Colour.GREEN) == Ready()
    request = gateway.requests[0]
    assert request.headers["x-switchyard-preview"] == "green"
    assert request.host == "shop.localhost"
    assert request.path == "/readyz"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (coloured("blue"), "by blue"),
        (coloured("green", 503), "answered 503"),
        (coloured("green", 404), "answered 404"),
        (coloured("-"), "by no colour"),
        (lambda _request: web.Response(), "by no colour"),
    ],
)
async def test_a_preview_answered_wrongly_is_not_ready(
    gateway: Gateway, probe: GatewayProbe, answer: Answerer, reason: str
) -> None:
    gateway.answer = answer
    verdict = await probe.preview([gateway.proxy], [SERVICE], Colour.GREEN)
    assert isinstance(verdict, NotReady)
    assert reason in verdict.reason


async def test_a_redirect_is_an_answer_and_is_not_followed(
    gateway: Gateway, probe: GatewayProbe
) -> None:
    gateway.answer = lambda _request: web.Response(
        status=302, headers={"location": "http://192.0.2.1/", "x-switchyard-colour": "green"}
    )
    assert await probe.preview([gateway.proxy], [SERVICE], Colour.GREEN) == Ready()


async def test_one_old_answer_among_new_ones_is_seen(gateway: Gateway, probe: GatewayProbe) -> None:
    answers = iter([coloured(colour) for colour in ("green", "blue", "green")])

    def answer(request: web.Request) -> web.Response:
        return next(answers)(request)

    gateway.answer = answer
    sight = await probe.live([gateway.proxy], [SERVICE])
    assert isinstance(sight, Shown)
    assert not sight.all_show(Colour.GREEN)
    assert sight.laggards(Colour.GREEN) == ["storefront on envoy-0 shows blue and green"]


async def test_no_pods_and_pods_that_do_not_answer_are_unknown(
    gateway: Gateway, probe: GatewayProbe
) -> None:
    gateway.answer = coloured("green")
    dead = Proxy("envoy-1", "127.0.0.1", 1)
    assert isinstance(await probe.live([], [SERVICE]), Unknown)
    assert isinstance(await probe.preview([], [SERVICE], Colour.GREEN), Unknown)
    sight = await probe.live([gateway.proxy, dead], [SERVICE])
    assert isinstance(sight, Unknown)
    assert "envoy-1 did not answer" in sight.reason


async def test_nothing_shown_proves_nothing() -> None:
    assert not Shown({}).all_show(Colour.GREEN)
    assert not Shown({}).all_show(None)


def test_only_ready_pods_are_asked_once_each_on_the_http_port() -> None:
    def endpoint(address: str, **conditions: bool) -> dict[str, object]:
        return {
            "addresses": [address],
            "conditions": conditions,
            "targetRef": {"name": f"pod-{address}"},
        }

    piece = {
        "metadata": {},
        "ports": [{"name": "https-443", "port": 10443}, {"name": "http-80", "port": 10080}],
        "endpoints": [
            endpoint("10.0.0.1", ready=True),
            endpoint("10.0.0.1", ready=True),
            endpoint("10.0.0.2", ready=False),
            endpoint("10.0.0.3", ready=True, terminating=True),
        ],
    }
    assert proxies([piece]) == [Proxy("pod-10.0.0.1", "10.0.0.1", 10080)]
    assert proxies([{**piece, "ports": []}]) == []
    assert Proxy("x", "fd00::1", 1).url("/") == "http://[fd00::1]:1/"
