"""An open loop of requests: each is sent at its time, whether or not earlier ones were answered.

Usage: controller_load.py TARGET RATE REPORT HOST...
Ends by SIGINT and then writes the report: requests, failed, untrue, and each change of colour.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

COLOUR, SHOP = "x-switchyard-colour", "x-shop-colour"


class Tally:
    """What was answered."""

    def __init__(self) -> None:
        self.requests = 0
        self.failed = 0
        self.untrue = 0
        self.examples: list[str] = []
        self.last: dict[str, str] = {}
        self.changes: list[dict[str, Any]] = []

    def fail(self, what: str) -> None:
        self.failed += 1
        self.examples = [*self.examples, what][:10]

    def answer(self, host: str, status: int, headers: Mapping[str, str]) -> None:
        if status != 200:
            self.fail(f"{host}: {status}")
            return
        colour = headers.get(COLOUR, "")
        if colour != headers.get(SHOP):
            self.untrue += 1
            self.examples = [
                *self.examples,
                f"{host}: gateway says {colour}, shop {headers.get(SHOP)}",
            ][:10]
        if self.last.get(host) != colour:
            self.changes.append({"host": host, "to": colour, "at": time.time()})
            self.last[host] = colour

    async def ask(self, session: aiohttp.ClientSession, target: str, host: str) -> None:
        self.requests += 1
        try:
            async with session.get(target, headers={"Host": host}) as response:
                await response.read()
                self.answer(host, response.status, response.headers)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self.fail(f"{host}: {type(error).__name__} {error}")


async def main(target: str, rate: int, hosts: list[str]) -> Tally:
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, over.set)
    tally, under_way = Tally(), set[asyncio.Task[None]]()
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        started = time.perf_counter()
        count = 0
        while not over.is_set():
            task = asyncio.create_task(tally.ask(session, target, hosts[count % len(hosts)]))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            count += 1
            await asyncio.sleep(max(0.0, started + count / rate - time.perf_counter()))
        await asyncio.gather(*under_way)
    return tally


if __name__ == "__main__":
    tally = asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[4:]))
    Path(sys.argv[3]).write_text(json.dumps(vars(tally)))
