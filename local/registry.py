"""The registry: one supervised process on the node's address, its blobs kept across yards."""

import http.client
from collections.abc import Generator
from contextlib import contextmanager

from local import binaries, network
from local.addresses import NODE_ADDRESS, REGISTRY, REGISTRY_PORT
from local.binaries import binary, ensure
from local.layout import Layout
from local.lease import lease
from local.program import Program
from local.rendering import yaml_file
from local.supervision import Supervisor
from local.waiting import wait_for

NAME = "registry"


def program(layout: Layout) -> Program:
    """The registry's process; writes its configuration."""
    layout.registry.mkdir(parents=True, exist_ok=True)
    config = yaml_file(
        layout.config / "registry.yaml",
        {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(layout.registry)},
                "delete": {"enabled": True},
                "maintenance": {
                    "uploadpurging": {
                        "enabled": True,
                        "age": "24h",
                        "interval": "24h",
                        "dryrun": False,
                    }
                },
            },
            "http": {"addr": REGISTRY},
        },
    )
    # The registry's client library takes a trace exporter from the environment; none is wanted.
    return Program(
        name=NAME,
        command=(binary("docker-registry"), "serve", str(config)),
        environment={"OTEL_TRACES_EXPORTER": "none"},
    )


def answers() -> str | None:
    """None if the registry answers, else why not."""
    connection = http.client.HTTPConnection(NODE_ADDRESS, REGISTRY_PORT, timeout=2)
    try:
        connection.request("GET", "/v2/")
        status = connection.getresponse().status
    except OSError as error:
        return f"http://{REGISTRY}/v2/ does not answer ({error})"
    finally:
        connection.close()
    return None if status == http.client.OK else f"http://{REGISTRY}/v2/ answers {status}"


@contextmanager
def running() -> Generator[str]:
    """Lend the registry, without the rest of the yard unless that is up anyway.

    Yields:
        Its address, ``host:port``, to be spoken to over plain http.

    Raises:
        YardError: it does not answer within 30 s.
    """
    ensure(binaries.REGISTRY)
    layout = Layout()
    with lease(layout):
        network.set_up()
        supervisor = Supervisor(layout)
        supervisor.apply(program(layout))
        wait_for("the registry answers", answers, timeout=30, log=layout.log(NAME))
        yield REGISTRY
