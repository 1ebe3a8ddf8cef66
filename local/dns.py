"""Cluster DNS: CoreDNS as a process of the node, so that names resolve before any pod runs."""

import http.client
from pathlib import Path

from local.addresses import CLUSTER_DOMAIN, DNS_HEALTH_PORT, NODE_ADDRESS
from local.binaries import binary
from local.layout import Layout
from local.pki import kubeconfig
from local.program import Program
from local.rendering import text_file

NAME = "coredns"
_UPSTREAM = Path("/etc/resolv.conf")


def program(layout: Layout) -> Program:
    """The name server, on the node's address alone."""
    file = text_file(layout.config / "Corefile", corefile(kubeconfig(layout, NAME)))
    return Program(name=NAME, command=(binary("coredns"), "-conf", str(file)), files=(file,))


def corefile(credentials: Path, upstream: Path = _UPSTREAM) -> str:
    """CoreDNS's configuration; other names go to the host's resolvers if it has any."""
    forward = f"    forward . {upstream}\n" if _has_resolvers(upstream) else ""
    return f""".:53 {{
    bind {NODE_ADDRESS}
    errors
    health 127.0.0.1:{DNS_HEALTH_PORT}
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        kubeconfig {credentials}
        pods insecure
        ttl 5
        fallthrough in-addr.arpa ip6.arpa
    }}
{forward}    cache 30 {{
        disable success {CLUSTER_DOMAIN}
        disable denial {CLUSTER_DOMAIN}
    }}
}}
"""


def answers() -> str | None:
    """None if the name server is healthy, else why not."""
    connection = http.client.HTTPConnection("127.0.0.1", DNS_HEALTH_PORT, timeout=2)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except OSError as error:
        return f"it does not answer ({error})"
    finally:
        connection.close()
    return None if status == http.client.OK else f"its health is {status}"


def _has_resolvers(file: Path) -> bool:
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return any(line.split()[:1] == ["nameserver"] for line in lines)
