"""What a TrafficSwitch asks for, and the identity of that goal.

Pure, and free of the Pulumi SDK: the command line computes the same release as the program.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from components.baked_image import BakedImage
from images.lock import Lock
from settings import Colour, Environment, Twin

GATEWAY = {"name": "edge", "namespace": "edge"}
"""The Gateway that every switch's routes attach to."""


def release_id(spec: Mapping[str, Any]) -> str:
    """Identity of a goal: 16 hex digits of SHA-256 over the canonical JSON of `spec` without it."""
    rest = {key: value for key, value in spec.items() if key != "release"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digests(environment: Environment, lock: Lock) -> dict[str, str]:
    """Service to image digest, for one colour.

    Raises:
        ImageError: the lock lacks an image.
    """
    return {
        service: BakedImage.of(value, lock).digest for service, value in environment.images.items()
    }


def namespace(twin: str, colour: Colour) -> str:
    """The namespace of one colour of a twin."""
    return f"{twin}-{colour}"


def switch_spec(name: str, twin: Twin, lock: Lock) -> dict[str, Any]:
    """The `spec` of a twin's TrafficSwitch, its release id included.

    Raises:
        ImageError: the lock lacks an image.
    """
    candidate = twin.environment(twin.live)
    spec: dict[str, Any] = {
        "live": str(twin.live),
        "gateway": GATEWAY,
        "colours": {str(colour): {"namespace": namespace(name, colour)} for colour in Colour},
        "services": [service.model_dump(by_alias=True) for service in twin.services],
        "candidate": {
            "revision": candidate.revision,
            "digests": digests(candidate, lock),
        },
        "strategy": twin.strategy.model_dump(by_alias=True),
        "gates": [],
    }
    return {"release": release_id(spec), **spec}
