"""The node's network: a bridge with its address, the way to services, and rules of our own.

Pods' interfaces are the CNI plugin's, service rules kube-proxy's. What all three leave behind is
removed here, each by the name it was given, so that nobody else's rules are touched.
"""

from pathlib import Path

from local import packet_filter, port_mappings
from local.addresses import (
    NETWORKS,
    NODE_ADDRESS,
    NODE_BRIDGE,
    POD_BRIDGE,
    POD_NETWORK,
    SERVICE_NETWORK,
)
from local.binaries import found
from local.host import attempt, run

TABLE = "switchyard"
CNI_NETWORK = "switchyard"
"""Name of the pods' network; the portmap plugin derives its chains' comments from it."""
_PROXY_TABLES = (("ip", "kube-proxy"), ("ip6", "kube-proxy"))

_RULES = f"""
table ip {TABLE}
delete table ip {TABLE}
table ip {TABLE} {{
  comment "the yard's own rules; removed by `switchyard yard down`"
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr {POD_NETWORK} ip daddr != {{ {", ".join(NETWORKS)} }} masquerade
  }}
  chain unknown-services {{
    ip daddr {SERVICE_NETWORK} ip protocol tcp reject with tcp reset
    ip daddr {SERVICE_NETWORK} reject
  }}
  chain output {{
    type filter hook output priority filter - 5;
    jump unknown-services
  }}
  chain forward {{
    type filter hook forward priority filter - 5;
    jump unknown-services
  }}
}}
"""
"""Masquerading for what leaves the machine. A service address that kube-proxy did not translate is
refused at once; else kube-proxy would drop the packet and its sender wait for a timeout."""


def set_up() -> None:
    """Give the node its bridge, address, route and rules; harmless when it has them."""
    if not _link(NODE_BRIDGE):
        run("ip", "link", "add", NODE_BRIDGE, "type", "bridge")
    run("ip", "address", "replace", f"{NODE_ADDRESS}/24", "dev", NODE_BRIDGE)
    run("ip", "link", "set", NODE_BRIDGE, "up")
    # Without it a machine that has no default route could not reach a service at all: the route is
    # looked up before kube-proxy translates the address.
    run("ip", "route", "replace", SERVICE_NETWORK, "dev", NODE_BRIDGE, "src", NODE_ADDRESS)
    packet_filter.apply(_RULES)


def is_up() -> bool:
    """Whether the node's address is on its bridge."""
    if not _link(NODE_BRIDGE):
        return False
    return f"inet {NODE_ADDRESS}/" in run("ip", "-o", "-4", "address", "show", "dev", NODE_BRIDGE)


def tear_down(*, foreign_tables: frozenset[str]) -> None:
    """Remove interfaces and rules of the yard, its pods and its services; harmless when gone.

    Args:
        foreign_tables: packet filter tables ("ip nat") that were there before the yard; they stay,
            freed of the yard's chains.
    """
    for name in _ports(POD_BRIDGE):
        attempt("ip", "link", "delete", name)
    for name in (POD_BRIDGE, NODE_BRIDGE):
        if _link(name):
            run("ip", "link", "delete", name)
    tables = packet_filter.tables()
    for family, name in (("ip", TABLE), *_PROXY_TABLES):
        table = f"{family} {name}"
        if table in tables and (name == TABLE or table not in foreign_tables):
            packet_filter.delete_table(family, name)
    port_mappings.remove(CNI_NETWORK, foreign_tables=foreign_tables)
    # The next yard's pods have the same addresses, and old translations would misdirect them.
    if (conntrack := found("conntrack")) is not None:
        attempt(str(conntrack), "-D", "-s", POD_NETWORK)
        attempt(str(conntrack), "-D", "-d", SERVICE_NETWORK)


def _link(name: str) -> bool:
    return Path(f"/sys/class/net/{name}").exists()


def _ports(bridge: str) -> list[str]:
    folder = Path(f"/sys/class/net/{bridge}/brif")
    return sorted(port.name for port in folder.iterdir()) if folder.is_dir() else []
