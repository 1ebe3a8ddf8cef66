"""Asks every gateway pod what it answers: the only proof that weights have arrived.

Connections are kept alive, one pool a pod. Several probes run at once, so that they reach several
of a proxy's worker threads.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp

from controller.api import Service
from controller.phases import Colour
from controller.routes import COLOUR_HEADER, PREVIEW_HEADER
from controller.sight import NotReady, Readiness, Ready, Shown, Sight, Unknown
from controller.workloads import ready_endpoints

CONSECUTIVE = 3
"""How many answers in a row must show the colour, for each gateway pod and service."""
BURST = 32
"""How many answers are asked of each at once when a share is to be seen."""
AT_ONCE = 4
"""How many of them at the same time: 4, so that they reach several worker threads."""
TIMEOUT = 2.0
"""Seconds that an answer may take: 2; a probe that takes longer proves nothing."""


@dataclass(frozen=True, slots=True, order=True)
class Proxy:
    """A ready gateway pod."""

    name: str
    host: str
    port: int

    def url(self, path: str) -> str:
        """The address of a path on it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway pod answered; an error stands for no answer at all."""

    status: int = 0
    colour: Colour | None = None
    error: str | None = None


def proxies(slices: Iterable[Mapping[str, Any]]) -> list[Proxy]:
    """The ready pods behind the gateway's Service, once each."""
    found = {
        Proxy(_pod_name(endpoint) or address, address, port)
        for item in slices
        if (port := _port(item)) is not None
        for endpoint in ready_endpoints(item)
        for address in endpoint.get("addresses", ())[:1]
    }
    return sorted(found)


def _pod_name(endpoint: Mapping[str, Any]) -> str | None:
    target: Mapping[str, str] = endpoint.get("targetRef") or {}
    return target.get("name")


def _port(item: Mapping[str, Any]) -> int | None:
    """The plain HTTP listener's port: Envoy Gateway names it after its protocol."""
    ports: list[dict[str, Any]] = item.get("ports") or []
    http = [p for p in ports if str(p.get("name") or "").startswith("http-")]
    chosen = (http or [p for p in ports if p.get("port")])[:1]
    return chosen[0]["port"] if chosen else None


def _colour(text: str | None) -> Colour | None:
    return Colour(text) if text in {c.value for c in Colour} else None


class GatewayProbe:
    """An HTTP client for gateway pods."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, proxy: Proxy, service: Service, preview: Colour | None = None) -> Answer:
        """Send one probe; errors of the connection are an answer too."""
        if self._session is None:
            raise RuntimeError("the probe was used before it was opened")
        headers = {"Host": service.hostnames[0], "User-Agent": "switchyard-probe"}
        if preview is not None:
            headers[PREVIEW_HEADER] = preview.value
        try:
            async with self._session.get(
                proxy.url(service.probe), headers=headers, allow_redirects=False
            ) as response:
                await response.read()
                return Answer(response.status, _colour(response.headers.get(COLOUR_HEADER)))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return Answer(error=f"{type(error).__name__} {error}".strip())

    async def preview(
        self, pods: Sequence[Proxy], services: Sequence[Service], colour: Colour
    ) -> Readiness:
        """Whether the candidate answers every service through every gateway pod."""
        if not pods:
            return Unknown("there is no ready gateway pod to ask")
        for _ in range(CONSECUTIVE):
            pairs = [(pod, service) for pod in pods for service in services]
            answers = await asyncio.gather(*(self.ask(p, s, colour) for p, s in pairs))
            for (pod, service), answer in zip(pairs, answers, strict=True):
                if answer.error is not None:
                    return Unknown(f"gateway pod {pod.name} did not answer: {answer.error}")
                problem = _preview_problem(answer, colour)
                if problem is not None:
                    where = f"{service.name}{service.probe} by gateway pod {pod.name}"
                    return NotReady(f"the preview of {where} {problem}")
        return Ready()

    async def live(
        self, pods: Sequence[Proxy], services: Sequence[Service], times: int = CONSECUTIVE
    ) -> Sight:
        """What production is answered with, through every gateway pod.

        Args:
            pods: the gateway pods.
            services: the services, each asked of each pod.
            times: how often; many of them by a few at the same time.
        """
        if not pods:
            return Unknown("there is no ready gateway pod to ask")
        seen: dict[tuple[str, str], Counter[Colour | None]] = {}
        pairs = [(pod, service) for pod in pods for service in services]
        at_once = AT_ONCE if times > CONSECUTIVE else 1  # a few are to be one after the other
        for _ in range(0, times, at_once):
            asked = pairs * at_once
            answers = await asyncio.gather(*(self.ask(p, s) for p, s in asked))
            for (pod, service), answer in zip(asked, answers, strict=True):
                if answer.error is not None:
                    return Unknown(f"gateway pod {pod.name} did not answer: {answer.error}")
                seen.setdefault((pod.name, service.name), Counter())[answer.colour] += 1
        return Shown({key: frozenset(counts) for key, counts in seen.items()}, seen)


def _preview_problem(answer: Answer, colour: Colour) -> str | None:
    if answer.colour is not colour:
        return f"was answered {answer.status} by {answer.colour or 'no colour'}"
    if not HTTPStatus.OK <= answer.status < HTTPStatus.BAD_REQUEST:
        return f"was answered {answer.status}"
    return None
