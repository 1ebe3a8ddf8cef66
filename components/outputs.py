"""The outputs of a stack: few, and each named for the one who asks."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pulumi

import settings
from components.twin import Twin


def of(stack: settings.Settings, twins: Mapping[str, Twin]) -> dict[str, Any]:
    """Output name to value; each value is keyed by twin."""
    return {
        "urls": {
            name: urls(stack.edge.address, twin.services) for name, twin in stack.twins.items()
        },
        "serving": {name: twin.serving for name, twin in twins.items()},
        "phase": {name: twin.phase for name, twin in twins.items()},
        "digests": {name: twin.digests for name, twin in twins.items()},
        "rollback": {
            name: f"switchyard abort --stack {pulumi.get_stack()} --twin {name}" for name in twins
        },
    }


def urls(address: str, services: list[settings.Service]) -> dict[str, str]:
    """Service to the URL of its first hostname, at the port of the gateway's address."""
    edge = urlsplit(address)
    port = f":{edge.port}" if edge.port else ""
    return {
        service.name: f"{edge.scheme}://{service.hostnames[0]}{port}{service.path}"
        for service in services
    }
