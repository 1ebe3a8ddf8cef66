"""What a TrafficSwitch asks for, and the identity of that goal.

Pure, and free of the Pulumi SDK: the command line computes the same release as the program.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import slo
from components.baked_image import BakedImage
from images.lock import Lock
from settings import (
    NAMESPACE,
    Colour,
    Environment,
    Judge,
    Problem,
    SettingsError,
    Strategy,
    Twin,
)

_PROJECT = Path(__file__).resolve().parents[1]
SCRAPE_INTERVAL = 1.0
"""Seconds between two samples: 1, as the observability chart has it."""

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
        SettingsError: an SLO file cannot be used.
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
        "strategy": _strategy(twin.strategy),
        **({"judge": _judge(name, twin.judge)} if twin.strategy.ramps else {}),
        **({"errorBudget": _error_budget(name, twin)} if twin.slos else {}),
        "gates": [],
    }
    return {"release": release_id(spec), **spec}


def _strategy(strategy: Strategy) -> dict[str, Any]:
    """The strategy, without the ramp's part where nothing ramps: it would make another release."""
    ramp = {"steps", "dwell", "sticky_by"}
    excluded = set[str]() if strategy.ramps else ramp
    return strategy.model_dump(by_alias=True, exclude=excluded, exclude_none=True)


def _judge(twin: str, judge: Judge) -> dict[str, Any]:
    plain = judge.model_dump(by_alias=True, exclude_none=True)
    for indicator in plain["indicators"]:
        indicator.setdefault("query", gateway_errors(twin))
    return plain


def gateway_errors(twin: str) -> dict[str, str]:
    """What the gateway counts of a twin's requests, in both colours."""
    counter = f'switchyard_gateway_requests_total{{twin="{twin}",outcome="%s"}}'
    return {"bad": counter % "error", "total": counter % "all"}


def _error_budget(name: str, twin: Twin) -> dict[str, Any]:
    slos = [
        {"name": slo.name, "objective": slo.objective, "windowSeconds": float(slo.window)}
        for slo in objectives(name, twin)
    ]
    return {"slos": slos}


def objectives(name: str, twin: Twin) -> tuple[slo.Slo, ...]:
    """The service level objectives of a twin.

    Raises:
        SettingsError: a file cannot be used.
    """
    try:
        return slo.load([_PROJECT / path for path in twin.slos])
    except slo.SloError as error:
        where = f"{NAMESPACE}:twins.{name}.slos"
        problems = [
            Problem(f"{where}: {one.file}: {one.where}", one.value, one.consequence, one.fix)
            for one in error.problems
        ]
        raise SettingsError("The stack", problems) from error


def slo_rules(twins: Mapping[str, Twin]) -> str:
    """The rule file of all twins' objectives, for Prometheus.

    Raises:
        SettingsError: a file cannot be used.
    """
    found = {name: objectives(name, twin) for name, twin in twins.items() if twin.slos}
    return slo.rule_file(found, scrape_interval=SCRAPE_INTERVAL)
