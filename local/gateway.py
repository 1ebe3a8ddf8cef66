"""The yard's network load balancer: 127.0.0.1:8080 → the gateway's Service, layer 4, nothing else.

Envoy as a plain TCP proxy. It knows no pods: kube-proxy chooses one per connection, so a pod that
drains keeps the connections it has and gets no new ones.
"""

import json

from local.addresses import GATEWAY_PORT, GATEWAY_SERVICE
from local.binaries import binary
from local.layout import Layout
from local.program import Program
from local.rendering import text_file

NAME = "gateway"
_TCP_PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
_MONITOR = (
    "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3"
    ".DownstreamConnectionsConfig"
)
_MOST_CONNECTIONS = 8000
"""Two sockets each; below the 20,000 open files of a machine that cannot raise its limit."""

_BACKLOG = 4096
"""Connections that may wait to be accepted; Envoy's 128 overflow when a busy machine stalls."""


def program(layout: Layout) -> Program:
    """The forwarder."""
    config = text_file(layout.config / "gateway.json", json.dumps(bootstrap(), indent=2))
    return Program(
        name=NAME,
        command=(
            *(binary("envoy"), "--config-path", str(config), "--concurrency", "1"),
            # Hot restart would share memory through files in /dev/shm.
            *("--disable-hot-restart", "--log-level", "warning"),
        ),
        files=(config,),
        stop_seconds=5,
    )


def bootstrap() -> dict[str, object]:
    """Envoy's configuration: one listener, one cluster, no administration port."""
    tcp_proxy = {
        "@type": _TCP_PROXY,
        "stat_prefix": NAME,
        "cluster": NAME,
        # While kube-proxy forgets a pod that died, a connect may meet it; the next one will not.
        "max_connect_attempts": 5,
        # Clients and proxies decide when an idle connection ends, not the wire between them.
        "idle_timeout": "0s",
    }
    return {
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": _MONITOR,
                        "max_active_downstream_connections": _MOST_CONNECTIONS,
                    },
                }
            ]
        },
        "static_resources": {
            "listeners": [
                {
                    "name": NAME,
                    "address": _address("127.0.0.1", GATEWAY_PORT),
                    "tcp_backlog_size": _BACKLOG,
                    "filter_chains": [
                        {"filters": [{"name": "tcp", "typed_config": tcp_proxy}]},
                    ],
                }
            ],
            "clusters": [
                {
                    "name": NAME,
                    "type": "STATIC",
                    "connect_timeout": "1s",
                    "circuit_breakers": {"thresholds": [{"max_connections": _MOST_CONNECTIONS}]},
                    "load_assignment": {
                        "cluster_name": NAME,
                        "endpoints": [
                            {
                                "lb_endpoints": [
                                    {"endpoint": {"address": _address(GATEWAY_SERVICE, 80)}}
                                ]
                            }
                        ],
                    },
                }
            ],
        },
    }


def _address(host: str, port: int) -> dict[str, object]:
    return {"socket_address": {"address": host, "port_value": port}}
