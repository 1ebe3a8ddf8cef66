"""Asks Prometheus for raw samples, in bounded time; what goes wrong is told, never guessed at."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self, cast

import aiohttp

from controller.series import Series

TIMEOUT = 2.0
"""Seconds that an answer may take: 2; a later one would be of another moment."""
LARGEST = 32 * 1024 * 1024
"""Bytes of an answer that are read: 32 MiB, many times what a careful selector gives."""


class NoAnswerError(Exception):
    """Prometheus gave no usable answer; the text says why."""


class Prometheus:
    """A client of one Prometheus' HTTP API.

    Args:
        address: URL prefix, such as `http://prometheus.observability:9090`.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def samples(self, selector: str, seconds: float, until: float) -> list[Series]:
        """The raw samples of all series that a selector finds.

        Args:
            selector: such as `http_requests_total{twin="shop"}`.
            seconds: how far back.
            until: Unix time of the newest sample.

        Raises:
            NoAnswerError: no answer in time, or one that makes no sense.
        """
        found = await self._ask(f"{selector}[{max(round(seconds * 1000), 1)}ms]", until)
        if found.get("resultType") != "matrix":
            raise NoAnswerError(
                f"{selector} gives a {found.get('resultType')} and no raw samples; write a selector"
            )
        return await asyncio.to_thread(Series.read_all, found.get("result"))

    async def value(self, expression: str, at: float) -> list[tuple[dict[str, str], float]]:
        """The value of an expression at one moment, for each of its series.

        Raises:
            NoAnswerError: no answer in time, or one that makes no sense.
        """
        found = await self._ask(expression, at)
        if found.get("resultType") != "vector":
            raise NoAnswerError(f"{expression} gives a {found.get('resultType')} and no vector")
        try:
            return [(dict(one["metric"]), float(one["value"][1])) for one in found["result"]]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise NoAnswerError(f"the answer to {expression} makes no sense: {error}") from error

    async def _ask(self, query: str, at: float) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("Prometheus was asked before the client was opened")
        form = {"query": query, "time": f"{at:.3f}"}
        try:
            async with self._session.post(f"{self._address}/api/v1/query", data=form) as response:
                body = await response.content.read(LARGEST + 1)
                while not response.content.at_eof() and len(body) <= LARGEST:
                    body += await response.content.read(LARGEST)
        except TimeoutError as error:
            raise NoAnswerError(f"Prometheus did not answer within {TIMEOUT:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError(f"Prometheus does not answer: {error}") from error
        return await asyncio.to_thread(_content, body, response.status)


def _content(body: bytes, status: int) -> dict[str, Any]:
    """The data of an answer."""
    if len(body) > LARGEST:
        raise NoAnswerError(f"Prometheus answered more than {LARGEST >> 20} MiB; narrow the query")
    try:
        document = cast("object", json.loads(body))
    except ValueError as error:
        raise NoAnswerError(f"Prometheus answered {status} and no JSON") from error
    plain = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    data = plain.get("data")
    if plain.get("status") != "success" or not isinstance(data, dict):
        raise NoAnswerError(f"Prometheus refused the query: {plain.get('error') or status}")
    return cast("dict[str, Any]", data)
