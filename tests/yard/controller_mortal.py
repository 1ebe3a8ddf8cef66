"""The production controller with a writer that ends the process right after its nth write."""

import asyncio
import os

from prometheus_client import start_http_server

from controller import __main__ as program
from controller import logs
from controller.resources import Object
from controller.writer import LEASE_VERBS, Write, Writer

DIE_AFTER = int(os.environ.get("DIE_AFTER", "0"))


class MortalWriter(Writer):
    """Renewals of the lease are not counted: they come by the clock, not by the release."""

    done = 0

    async def write(self, write: Write) -> Object:
        answer = await super().write(write)
        if write.verb not in LEASE_VERBS:
            self.done += 1
            if self.done == DIE_AFTER:
                os._exit(137)
        return answer


logs.set_up()
start_http_server(int(os.environ["METRICS_PORT"]), addr="127.0.0.1")
asyncio.run(program.run(MortalWriter))
