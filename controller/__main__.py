"""`python -m controller`: the release controller of one cluster.

Environment:
    KUBECONFIG: used outside of a cluster.
    POD_NAMESPACE: where the Lease lives (default `switchyard`).
    POD_NAME: this replica's unique name (default: the host's name).
    METRICS_PORT: Prometheus metrics (default 9090).
    LIVENESS_PORT: /livez (default 8080).
    PROMETHEUS: its address (default http://prometheus.observability:9090).
    SWITCHYARD_TRUSTED_KEYS: who may sign an override, JSON {name: "ed25519:…"} (default: nobody).
    LOG_LEVEL: DEBUG, INFO, WARNING… (default INFO).
"""

import asyncio
import logging
import os
import socket

import kopf
from prometheus_client import start_http_server

from controller import logs, metrics, resources
from controller.budgets import Budgets, trusted_keys
from controller.gateway_probe import GatewayProbe
from controller.handlers import build_registry
from controller.judges import PrometheusJudges
from controller.lease import Leadership
from controller.observe import Reader
from controller.prometheus import Prometheus
from controller.resources import ApiServer, ServerError
from controller.writer import Writer

log = logging.getLogger("controller")

WAIT_FOR_CRD = 1.0
"""Seconds between looks for the TrafficSwitch CRD: 1; it may be applied after the controller."""


async def wait_for_crd(server: ApiServer) -> None:
    """Wait until the API server knows TrafficSwitches."""
    while True:
        try:
            await server.list(resources.TRAFFIC_SWITCH, resources.EVERYWHERE)
        except ServerError as error:
            if error.is_missing:
                log.warning("the TrafficSwitch CRD is not there yet; apply controller/crd.yaml")
            else:
                log.warning("TrafficSwitches cannot be listed", extra={"error": str(error)})
        else:
            return
        await asyncio.sleep(WAIT_FOR_CRD)


async def run(writer_class: type[Writer] = Writer) -> None:
    """Run until told to stop by SIGTERM or SIGINT."""
    server = ApiServer()
    namespace = os.environ.get("POD_NAMESPACE", "switchyard")
    identity = os.environ.get("POD_NAME") or socket.gethostname()
    leadership = Leadership(server, namespace, identity)
    writer = writer_class(server, leadership.may_write, metrics.count_write)
    await wait_for_crd(server)
    keys = trusted_keys(os.environ.get("SWITCHYARD_TRUSTED_KEYS"))
    address = os.environ.get("PROMETHEUS", "http://prometheus.observability:9090")
    async with GatewayProbe() as probe, Prometheus(address) as prometheus:
        judges = PrometheusJudges(prometheus, Budgets(prometheus, keys))
        await kopf.operator(
            registry=build_registry(Reader(server, probe, judges), writer, leadership),
            standalone=True,
            clusterwide=True,
            liveness_endpoint=f"http://0.0.0.0:{os.environ.get('LIVENESS_PORT', '8080')}/livez",
        )
    await server.close()


def main() -> None:
    """Entry point of the image."""
    logs.set_up()
    start_http_server(int(os.environ.get("METRICS_PORT", "9090")))
    asyncio.run(run())


if __name__ == "__main__":
    main()
